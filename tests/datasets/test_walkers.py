"""Walkers are evaluated like every other benchmark, but generated instead of read."""

from pathlib import Path

import pytest

from gaitheat.clips import ClipKey
from gaitheat.datasets import DATASETS, dataset_called
from gaitheat.datasets.walkers import PROTOCOLS, TRUTH_SUFFIX
from gaitheat.errors import GaitheatError

TAKES = [("nm", f"0{number}") for number in range(1, 7)] + [
    (c, t) for c in ("bg", "cl") for t in ("01", "02")
]


def test_every_world_has_a_protocol_and_so_has_the_truth_about_it():
    worlds = [name for name in PROTOCOLS if not name.endswith(TRUTH_SUFFIX)]
    assert {"walkers-1-indoor", "walkers-1-street", "walkers-1-motion-only", "walkers-1-shape-only"} <= {
        *worlds
    }
    assert {"walkers-train-indoor", "walkers-train-street"} <= {*worlds}
    assert {*PROTOCOLS} == {*worlds} | {world + TRUTH_SUFFIX for world in worlds}
    assert all(DATASETS[name].protocols == (protocol,) for name, protocol in PROTOCOLS.items())
    assert all(protocol.dataset == name for name, protocol in PROTOCOLS.items())


def test_plain_walks_are_enrolled_and_others_are_asked_for():
    cells = {cell.label: cell for cell in PROTOCOLS["walkers-1-indoor"].cells}
    keys = {take: ClipKey("walkers-1-indoor", "0001", take[0], "090", take[1], 0) for take in TAKES}
    for label, probes in {"NM": TAKES[4:6], "BG": TAKES[6:8], "CL": TAKES[8:]}.items():
        for cell, pairs in ((cells[label], "different"), (cells[f"{label}, same view"], "equal")):
            assert [take for take, key in keys.items() if key in cell.gallery] == TAKES[:4]
            assert [take for take, key in keys.items() if key in cell.probe] == probes
            assert cell.view_pairs == pairs
    assert PROTOCOLS["walkers-1-indoor"].headline == ("NM", "BG", "CL")


def test_who_wants_to_extract_them_is_told_how_they_are_made(tmp_path: Path):
    with pytest.raises(GaitheatError, match=r"generated: run `gaitheat walkers PROFILE --store PATH`$"):
        dataset_called("walkers-1-indoor").recordings(tmp_path, None)


def test_their_figures_are_never_told_without_their_limits():
    assert all("synthetic" in protocol.note for protocol in PROTOCOLS.values())
