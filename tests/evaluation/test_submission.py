"""The list for GREW's organisers has their format, and the order of people that the distances say."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.memory import Memory
from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets import dataset_called
from gaitheat.datasets.partition import Partition
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.submission import HEADER, write_submission

PEOPLE = [f"{number:05d}" for number in range(25)]
PARTITION = Partition(frozenset(), frozenset({*PEOPLE, "probe"}))
PROBES = [f"video{number}" for number in range(40)]


def grew(subject: str, kind: str, view: str) -> ClipKey:
    return dataset_called("grew").key_of(subject, kind, view, PARTITION)


KEYS = [grew(subject, kind, f"{subject}{kind}") for subject in PEOPLE for kind in ("01", "02")]
KEYS += [grew("probe", "03", video) for video in PROBES]


def vector(key: ClipKey) -> np.ndarray:
    return np.random.default_rng(int.from_bytes(str(key).encode()[4:], "little")).normal(size=8)


def embed(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([vector(clip.key) for clip in clips], np.float32)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def slow_order(video: str) -> list[str]:
    """Everybody enrolled, the nearest clip first, and nobody twice."""
    probe = vector(grew("probe", "03", video)).astype(np.float32)
    enrolled = [key for key in KEYS if key.condition != "03"]
    enrolled.sort(key=lambda key: float(np.linalg.norm(vector(key).astype(np.float32) - probe)))
    return list(dict.fromkeys(key.subject for key in enrolled))


def test_the_list_has_a_row_a_probe_and_twenty_people_in_order_of_distance(tmp_path):
    path = tmp_path / "list.csv"
    assert write_submission(path, Memory(KEYS), embed) == (40, 0, 25)
    header, *rows = rows_of(path)
    assert header == ["videoId"] + [f"rank{rank}" for rank in range(1, 21)] == list(HEADER)
    assert sorted(row[0] for row in rows) == sorted(PROBES)
    assert all(len(set(row[1:])) == 20 for row in rows)
    for video, *subjects in rows:
        assert subjects == [str(int(subject)) for subject in slow_order(video)[:20]]
    assert path.read_bytes().count(b"\r") == 0


def test_blocks_of_probes_change_nothing(tmp_path, monkeypatch):
    write_submission(tmp_path / "whole.csv", Memory(KEYS), embed, "cos", strips=2)
    monkeypatch.setattr("gaitheat.evaluation.submission.BLOCK", 7)
    write_submission(tmp_path / "parts.csv", Memory(KEYS), embed, "cos", strips=2)
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "parts.csv").read_bytes()


def test_a_probe_that_gave_no_clip_has_a_row_as_well_and_is_counted(tmp_path):
    path = tmp_path / "list.csv"
    lost = [key for key in KEYS if key.take in ("video3", "0000001")]
    kept = [key for key in KEYS if key not in lost]
    assert write_submission(path, Memory(kept, lost), embed) == (40, 1, 25)
    rows = rows_of(path)[1:]
    assert sorted(row[0] for row in rows) == sorted(PROBES)
    assert rows[-1] == ["video3", *map(str, range(20))], "without leading zeros, as others hand them in"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            [key for key in KEYS if key.subject in [*PEOPLE[:19], "probe"]],
            "at least 20 enrolled .* 40 and 19",
        ),
        (KEYS[:-40], "got 0 and 25: import the test clips and the probes"),
        ([*KEYS, replace(KEYS[-1], track=1)], "one clip of each probe, but got several of video39"),
        ([replace(key, dataset="elsewhere") for key in KEYS], "data set 'grew', but got none"),
    ],
)
def test_what_cannot_be_handed_in_is_refused(keys, message, tmp_path):
    with pytest.raises(GaitheatError, match=message):
        write_submission(tmp_path / "list.csv", Memory(keys), embed)
    assert not (tmp_path / "list.csv").exists()
