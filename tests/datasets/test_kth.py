"""The KTH reader on folders that look like the original, and on the real one where it is at hand."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from gaitheat.datasets.kth import PROTOCOL, recordings
from gaitheat.errors import GaitheatError

LIST = (
    "\r\n"
    "person01_boxing_d1\t\tframes\t1-95, 96-185, 186-245, 246-360\r\n"
    "person01_walking_d1\t\tframes\t1-75, 152-225, 325-400, 480-555\r\n"
    "person01_walking_d4    \tframes\t1-115,155-260 ,280 - 385,   440-565  \r\n"
    "person13_handclapping_d3\t*missing*\r\n"
    "person13_walking_d2  frames  1-150, 345-485\r\n"
    "person13_walking_d3\t*missing*\r\n"
)
NAMES = ["person01_walking_d1", "person01_walking_d4", "person13_walking_d2"]


def lay_out(root: Path, listing: str = LIST, names=NAMES, folder: str = "", suffix: str = ".avi") -> Path:
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "00sequences.txt").write_bytes(listing.encode())
    for name in names:
        (root / folder / f"{name}_uncomp{suffix}").write_bytes(b"")
    return root


@pytest.mark.parametrize(("folder", "suffix"), [("", ".avi"), ("walking", ".avi"), ("videos", ".mp4")])
def test_each_walk_of_the_list_becomes_a_recording(tmp_path, folder, suffix):
    found = recordings(lay_out(tmp_path, folder=folder, suffix=suffix))
    assert [(r.path.name.split("_")[2], r.start, r.stop) for r in found[:8]] == [
        ("d1", 0, 75), ("d1", 151, 225), ("d1", 324, 400), ("d1", 479, 555),
        ("d4", 0, 115), ("d4", 154, 260), ("d4", 279, 385), ("d4", 439, 565),
    ]  # fmt: skip
    assert str(found[-1].key) == "kth/person13/d2/even/2/0"
    assert len(found) == 10
    assert len({r.key for r in found}) == 10
    assert all(r.path.is_file() for r in found)


def test_the_views_alternate(tmp_path):
    views = [(r.key.take, r.key.view) for r in recordings(lay_out(tmp_path))[:4]]
    assert views == [("1", "odd"), ("2", "even"), ("3", "odd"), ("4", "even")]


def test_an_original_goes_before_its_copy(tmp_path):
    lay_out(tmp_path, folder="copies", suffix=".mp4")
    lay_out(tmp_path, folder="originals")
    assert {r.path.suffix for r in recordings(tmp_path)} == {".avi"}


@pytest.mark.parametrize(
    ("listing", "names", "message"),
    [
        (LIST, NAMES[:1], "2 walking videos that are not there.*person01_walking_d4_uncomp"),
        ("person01_boxing_d1 frames 1-95\n", NAMES, "expected lines as"),
        ("person01_walking_d1 frames none\n", NAMES, "expected frame ranges"),
        ("person01_walking_d1 frames 75-1\n", NAMES, "expected frame ranges"),
        ("person01_walking_d1 frames 0-10\n", NAMES, "expected frame ranges"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, listing, names, message):
    with pytest.raises(GaitheatError, match=message) as told:
        recordings(lay_out(tmp_path, listing, names))
    assert "\n" not in str(told.value)


def test_a_folder_without_the_list_says_what_it_needs(tmp_path):
    with pytest.raises(GaitheatError, match=re.escape("00sequences.txt")):
        recordings(tmp_path)


def test_the_protocol_asks_across_scenarios_in_both_directions():
    assert len(PROTOCOL.headline) == 6
    assert not any("same video" in label for label in PROTOCOL.headline)
    assert [cell.label for cell in PROTOCOL.cells if "same video" in cell.label] == ["d1 -> d1, same video"]


def test_the_real_folder_holds_four_walks_a_video():
    root = os.environ.get("GAITHEAT_KTH")
    if not root:
        pytest.skip("set GAITHEAT_KTH to the folder of the KTH data set to read the real one")
    found = recordings(Path(root))
    assert set(Counter(r.path for r in found).values()) <= {3, 4, 5}
    assert {r.key.condition for r in found} == {"d1", "d2", "d3", "d4"}
    assert all(0 <= r.start < r.stop for r in found)
