"""The class "walking" of the KTH human action data set (C. Schuldt, I. Laptev, B. Caputo, ICPR 2004).

25 subjects, four scenarios: d1 outdoors; d2 outdoors with changing scale or obliquely; d3 outdoors in other
clothes or with a bag; d4 indoors. A video holds several walks across the picture, a few seconds apart.
"""

import re
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError
from gaitheat.video.recordings import VideoRecording

DATASET = "kth"
SEQUENCES = "00sequences.txt"
"""The file of the data set that lists the walks of each video."""
_VIDEO = re.compile(r"(person\d\d)_walking_(d[1-4])")
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


def recordings(root: Path) -> list[VideoRecording]:
    """One recording a walk, in the order of the list.

    Args:
        root: a folder with ``00sequences.txt`` and, anywhere below it, the videos, which are called
            ``personNN_walking_dS_uncomp.avi`` (or .mp4).

    The views are ``odd`` and ``even``: walks alternate between right and left within a video, but which comes
    first differs from video to video, so that equal views of two videos say nothing about the directions.
    A video that the list calls missing is left out. GaitheatError if the list or a video it names is absent.
    """
    listing = root / SEQUENCES
    if not listing.is_file():
        raise GaitheatError(f"{root}: expected the KTH list {SEQUENCES} in it, but found none; copy it there")
    videos = _videos(root)
    found: list[VideoRecording] = []
    absent: list[str] = []
    for line in listing.read_text("utf-8", errors="replace").splitlines():
        walks = _walks(line, listing)
        if walks is None:
            continue
        subject, scenario, ranges = walks
        name = f"{subject}_walking_{scenario}_uncomp"
        if name not in videos:
            absent.append(name)
            continue
        for take, (first, last) in enumerate(ranges, start=1):
            key = ClipKey(DATASET, subject, scenario, "odd" if take % 2 else "even", str(take), 0)
            found.append(VideoRecording(videos[name], key, start=first - 1, stop=last, alone=True))
    if absent:
        raise GaitheatError(
            f"{root}: {SEQUENCES} lists {len(absent)} walking videos that are not there, the first is "
            f"{absent[0]}.avi; add them or delete their lines"
        )
    if not found:
        raise GaitheatError(
            f"{listing}: expected lines as 'person01_walking_d1 frames 1-75, 152-225', got none"
        )
    return found


def _videos(root: Path) -> dict[str, Path]:
    """Walking videos by stem; an original .avi goes before a copy of it."""
    paths = sorted(root.rglob("person*_walking_d*_uncomp.*"), key=lambda path: (path.suffix != ".avi", path))
    videos: dict[str, Path] = {}
    for path in paths:
        if path.suffix in (".avi", ".mp4"):
            videos.setdefault(path.stem, path)
    return videos


def _walks(line: str, listing: Path) -> tuple[str, str, list[tuple[int, int]]] | None:
    """Subject, scenario and 1-based inclusive frame ranges of a line; None if it lists no walks."""
    named = _VIDEO.match(line.strip())
    if named is None or "missing" in line:
        return None
    ranges = [(int(first), int(last)) for first, last in _RANGE.findall(line[named.end() :])]
    if not ranges or any(not 1 <= first < last for first, last in ranges):
        raise GaitheatError(f"{listing}: expected frame ranges as '1-75, 152-225', got {line.strip()!r}")
    return named[1], named[2], ranges


def _scenario(name: str) -> Selection:
    return Selection(conditions=frozenset({name}))


_ACROSS = tuple(
    Cell(f"{gallery} -> {probe}", _scenario(gallery), _scenario(probe))
    for gallery, probe in [("d1", "d2"), ("d1", "d3"), ("d1", "d4"), ("d2", "d1"), ("d3", "d1"), ("d4", "d1")]
)

PROTOCOL = Protocol(
    name="kth",
    dataset=DATASET,
    cells=(
        *_ACROSS,
        # Passes in one direction look alike in everything but the gait: only the opposite direction counts.
        Cell("d1 -> d1, same video", _scenario("d1"), _scenario("d1"), (frozenset({"view"}),)),
    ),
    headline=tuple(cell.label for cell in _ACROSS),
    camera=("condition",),
)
"""Gallery d1 and probes from the other scenarios, and the reverse; within one video for comparison only."""
