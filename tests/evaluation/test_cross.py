"""The matrix of networks by data sets hides nothing that differs between training and test."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluation.memory import Memory
from factories import ESTIMATOR
from gaitheat.clips import Clip, ClipKey, Estimator
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.cross import Candidate, crossed, matrix

OTHER = Estimator("opengait18", "imported", "import-1")


def benchmark(name: str, note: str = "") -> Protocol:
    return Protocol(name, name, (Cell("1 in 0", _take("0"), _take("1")),), ("1 in 0",), note)


def _take(name: str) -> Selection:
    return Selection(takes=frozenset({name}))


def keys_of(name: str) -> list[ClipKey]:
    return [ClipKey(name, f"{n:03d}", "nm", "000", take, 0) for n in range(6) for take in ("0", "1")]


def perfect(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([[int(clip.key.subject)] for clip in clips], np.float32)


def wrong(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([[int(clip.key.subject) * (clip.key.take == "1")] for clip in clips], np.float32)


def blind(clips: Sequence[Clip]) -> np.ndarray:
    raise GaitheatError(f"clip {clips[0].key} has no silhouettes")


HERE, THERE = benchmark("here"), benchmark("there", note="Nobody there exists.")
TESTS = [
    (HERE, Memory(keys_of("here"))),
    (THERE, Memory(keys_of("there"), estimators=[OTHER] * 12)),
]
CANDIDATES = [
    Candidate("good", "id", perfect, 1, "here-train", str(ESTIMATOR)),
    Candidate(
        "leaky", "id", perfect, 1, "here", "", lambda key: key.dataset == "here" and key.subject < "002"
    ),
    Candidate("blind", "id", blind, 1, "there-train", str(OTHER)),
]


def test_the_matrix_has_a_row_a_network_and_a_column_a_protocol():
    head, _, good, leaky, blind_row, *rest = matrix(list(crossed(CANDIDATES, TESTS))).splitlines()
    assert head == "| network | trained on | here | there |"
    assert good == "| good | here-train | 100.0 (100.0 to 100.0) | 100.0 (100.0 to 100.0) [1] |"
    assert leaky.startswith("| leaky | here | 100.0 (100.0 to 100.0) [2] [3] | 100.0 (100.0 to 100.0) [4] |")
    assert blind_row.startswith("| blind | there-train | - [5] [6] | - [7] |")
    assert f"[1] trained on clips of {ESTIMATOR}, tested on clips of {OTHER}" in rest
    assert "[2] 2 of the people tested were trained on: these figures do not hold for strangers" in rest
    assert f"[3] tested on clips of {ESTIMATOR}; what made those trained on is not recorded" in rest
    assert "[6] not measured: clip here/000/nm/000/0/0 has no silhouettes" in rest
    assert rest[-1] == "Nobody there exists."


def test_scripts_get_every_measure_with_its_interval():
    rows = json.loads(json.dumps([each.to_row() for each in crossed(CANDIDATES[:1], TESTS)]))
    assert [row["protocol"] for row in rows] == ["here", "there"]
    assert rows[1]["measures"]["mAP"] == {"value": 1, "low": 1, "high": 1}
    assert (rows[1]["trained_estimator"], rows[1]["tested_estimator"]) == (str(ESTIMATOR), str(OTHER))
    assert rows[0]["remarks"] == []


def test_a_data_set_that_cannot_be_tested_on_is_refused_before_anything_is_embedded():
    mixed = Memory(keys_of("there"), estimators=[OTHER] * 11 + [ESTIMATOR])
    with pytest.raises(GaitheatError, match="one pose estimator"):
        next(crossed([CANDIDATES[2]], [TESTS[0], (THERE, mixed)]))
    with pytest.raises(GaitheatError, match="data set 'elsewhere', but got none"):
        next(crossed(CANDIDATES, [(replace(HERE, dataset="elsewhere"), TESTS[0][1])]))


def test_what_was_not_trained_has_nothing_to_remark():
    plain = Candidate("mean-heatmap", "id", wrong)
    found = list(crossed([plain], TESTS))
    assert [each.remarks for each in found] == [(), ()]
    assert found[0].measures["rank-1"].value < 1
