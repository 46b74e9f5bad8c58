"""CASIA-B, indoors: 124 subjects, 11 views, three conditions (S. Yu, D. Tan, T. Tan, ICPR 2006).

Every subject walks ten times: six in plain clothes (nm), two with a bag (bg), two in a coat (cl).
"""

import re
from dataclasses import replace
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError
from gaitheat.video.recordings import VideoRecording, files

DATASET = "casia-b"
VIEWS = frozenset(f"{angle:03d}" for angle in range(0, 181, 18))
RULE = Partition(
    train=frozenset(f"{number:03d}" for number in range(1, 75)),
    test=frozenset(f"{number:03d}" for number in range(75, 125)),
)
"""Who is to train on unless a file says otherwise."""
_FOLDER = re.compile(rf"[^/]+/(nm-0[1-6]|bg-0[12]|cl-0[12])/({'|'.join(sorted(VIEWS))})")
_VIDEO = re.compile(r"(\d{3})-([a-z]+-\d+)-(\d+)")
_BACKGROUND = re.compile(r"\d{3}-bkgrd-\d{3}")


def recordings(root: Path, partition: Partition | None) -> list[VideoRecording]:
    """One recording a walk, in the order of the files.

    Args:
        root: a folder with, anywhere below it, videos called ``001-nm-01-000.avi``: subject, kind, view.
        partition: who is to train on; the `RULE` if None.

    Videos of the empty scene (``001-bkgrd-000.avi``) are left out. GaitheatError if anything else is there
    that has another name, or a walk twice.
    """
    found: dict[ClipKey, VideoRecording] = {}
    for path in files(root):
        if _BACKGROUND.fullmatch(path.stem):
            continue
        named = _VIDEO.fullmatch(path.stem)
        if named is None:
            raise GaitheatError(
                f"{path}: expected a video called as 001-nm-01-000.avi; check the spelling, or move it away"
            )
        key = key_of(named[1], named[2], named[3], partition)
        if key in found:
            raise GaitheatError(
                f"{path}: expected every walk once, but {found[key].path} is the same; move one"
            )
        found[key] = VideoRecording(path, key, alone=True)
    if not found:
        raise GaitheatError(f"{root}: expected videos called as 001-nm-01-000.avi, but found none")
    return list(found.values())


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``001/nm-01/000``: the kind says condition and take."""
    understood(DATASET, _FOLDER, "001/nm-01/000", subject, kind, view)
    condition, take = kind.split("-")
    return ClipKey(split(DATASET, subject, partition or RULE), subject, condition, view, take, 0)


def _takes(condition: str, *takes: str) -> Selection:
    return Selection(conditions=frozenset({condition}), takes=frozenset(takes))


GALLERY = _takes("nm", "01", "02", "03", "04")
PROBES = {"NM": _takes("nm", "05", "06"), "BG": _takes("bg", "01", "02"), "CL": _takes("cl", "01", "02")}
PROTOCOL = Protocol(
    name=DATASET,
    dataset=DATASET,
    cells=tuple(
        Cell(label, replace(GALLERY, views=VIEWS), replace(probe, views=VIEWS), view_pairs="different")
        for label, probe in PROBES.items()
    ),
    headline=tuple(PROBES),
)
"""Plain walks are enrolled; others, and those with a bag or in a coat, are asked for from other views."""
