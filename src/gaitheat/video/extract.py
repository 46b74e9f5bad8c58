"""Extraction from a file: look twice, know the whole path of a person before cropping a single frame.

First pass: find people every few frames, measure their boxes by their joints, join them to tracks. Second
pass: smooth every path in both directions of time, crop, estimate. ``follow`` is the causal counterpart.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gaitheat.clips import Clip, ClipKey, Estimator, Refusal
from gaitheat.frames import Frame, FrameSource
from gaitheat.video.boxes import Places, smooth_places
from gaitheat.video.collect import PosedFrame, collect, posed_frames
from gaitheat.video.look import SEARCH_EVERY, Preprocessing, estimate, hidden_people, look
from gaitheat.video.packing import PackedFrame, pack, unpack
from gaitheat.video.protocols import Boxes, Detector, PoseEstimator, Tracker
from gaitheat.video.tracker import MotionTracker

MAX_CLIP_FRAMES = 1000
"""A longer track is cut into several clips, so that memory does not grow with the recording."""
FAR = 3.0
"""Seconds from which on a sight has no say in a place any more: its weight is below 1e-15."""
BATCH_FRAMES = 8
"""Frames whose crops are estimated together."""


@dataclass(frozen=True, slots=True)
class Path:
    """One person's smooth way through consecutive frames, known before a frame is cropped."""

    track: int
    person: int
    """Whose: a person who is seen for long has several paths."""
    start: int
    """First frame, counted from the recording's first."""
    places: Places
    sights: int
    """How often the person was seen in the first pass."""

    @property
    def stop(self) -> int:
        """First frame after the last."""
        return self.start + len(self.places.sides)


class Extraction(NamedTuple):
    """What a recording will give: ``planned`` clips and refusals, and the iterator that makes them."""

    planned: int
    items: Iterator[Clip | Refusal]


def extract(
    source: FrameSource,
    key: ClipKey,
    detector: Detector,
    estimator: PoseEstimator,
    preprocessing: Preprocessing = "rgb",
    alone: bool = False,
) -> Extraction:
    """The clips of everybody in a recording.

    Args:
        source: the recording; it is read twice.
        key: what its clips are called; their ``track`` counts people (and pieces of long tracks) from 0.
        detector: finds people.
        estimator: makes the maps.
        preprocessing: ``rgb`` crops in the picture; ``heatmap`` estimates in a loose box, then crops and
            resizes the maps (the rival way, for comparison only).
        alone: whether only the person who is seen most gives clips; the others are refused.
    """
    identity, sha256 = identified(estimator.identity, preprocessing), source.sha256()
    frames, paths = find_paths(source, detector, estimator)
    if not paths:
        refusal = Refusal(key, source.name, sha256, identity, "no person", frames)
        return Extraction(1, iter([refusal]))
    meant = {_seen_most(paths)} if alone else {path.person for path in paths}
    passers_by = [
        Refusal(
            _named(key, path),
            source.name,
            sha256,
            identity,
            "another person",
            len(path.places.sides),
        )
        for path in paths
        if path.person not in meant
    ]
    chosen = [path for path in paths if path.person in meant]
    clips = _clips(source, sha256, key, chosen, estimator, identity, preprocessing)
    return Extraction(len(paths), chain(passers_by, clips))


def _seen_most(paths: Sequence[Path]) -> int:
    """The person who is seen most often; of several, the largest."""

    def prominence(path: Path) -> tuple[int, float]:
        return path.sights, float(path.places.sides.mean())

    return max(paths, key=prominence).person


def _named(key: ClipKey, path: Path) -> ClipKey:
    return replace(key, track=path.track)


def identified(estimator: Estimator, preprocessing: Preprocessing) -> Estimator:
    """The estimator as clips name it: with the way from the picture to its crop."""
    return replace(estimator, preprocessing=f"{preprocessing}-1")


def find_paths(source: FrameSource, detector: Detector, estimator: PoseEstimator) -> tuple[int, list[Path]]:
    """First pass: how many frames there are, and everybody's smooth paths of at most 1000 frames."""
    tracker: Tracker = MotionTracker()
    sights: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
    times: list[float] = []
    looked = -np.inf
    for position, frame in enumerate(source):
        times.append(frame.time)
        if frame.time >= looked + SEARCH_EVERY:
            looked = frame.time
            people = look(frame, tracker.predict(frame.time), estimator, detector)
            for track, index in tracker.update(frame.time, people):
                sights[track].append((position, people.boxes[index]))
    paths: list[Path] = []
    clock = np.array(times)
    for person, seen in enumerate(sights.values()):
        positions, boxes = zip(*seen, strict=True)
        pieces = _pieces(np.array(positions), np.stack(boxes), clock)
        paths += [Path(len(paths) + number, person, *piece) for number, piece in enumerate(pieces)]
    return len(times), paths


def _pieces(
    positions: NDArray[np.int64], boxes: Boxes, times: NDArray[np.float64]
) -> list[tuple[int, Places, int]]:
    """The way from shortly before the first sight to shortly after the last, in pieces of equal length.

    Each with its first frame, its places, and how often the person was seen in all of them.
    """
    seen = times[positions]
    start = int(np.searchsorted(times, seen[0] - SEARCH_EVERY, side="right"))
    stop = int(np.searchsorted(times, seen[-1] + SEARCH_EVERY))
    pieces = np.array_split(np.arange(start, stop), -(-(stop - start) // MAX_CLIP_FRAMES))
    ways = []
    for frames in pieces:
        shown = times[frames]
        near = slice(*np.searchsorted(seen, [shown[0] - FAR, shown[-1] + FAR]))
        ways.append((int(frames[0]), smooth_places(seen[near], boxes[near], shown), len(seen)))
    return ways


def _clips(
    source: FrameSource,
    sha256: str,
    key: ClipKey,
    paths: list[Path],
    estimator: PoseEstimator,
    identity: Estimator,
    preprocessing: Preprocessing,
) -> Iterator[Clip | Refusal]:
    """Second pass: every path's frames, cropped and estimated; a clip is handed out when its path ends."""
    posed: dict[int, list[PackedFrame]] = {path.track: [] for path in paths}
    waiting = sorted(paths, key=lambda path: path.stop)

    def finish(path: Path) -> Clip | Refusal:
        frames = [unpack(frame) for frame in posed.pop(path.track)]
        return collect(frames, _named(key, path), source.name, sha256, identity)

    for position, frames in _batches(source):
        for track, frame in _pose(position, frames, paths, estimator, preprocessing):
            posed[track].append(pack(frame))
        read = position + len(frames)
        del frames  # else their pixels stay in memory while the next ones are read
        while waiting and waiting[0].stop <= read:
            yield finish(waiting.pop(0))
    yield from map(finish, waiting)


def _batches(source: FrameSource) -> Iterator[tuple[int, list[Frame]]]:
    """Frames in small batches, each with the position of its first."""
    batch: list[Frame] = []
    position = 0
    for frame in source:
        batch.append(frame)
        if len(batch) == BATCH_FRAMES:
            yield position, batch
            position += len(batch)
            batch = []
    if batch:
        yield position, batch


def _pose(
    position: int,
    frames: list[Frame],
    paths: list[Path],
    estimator: PoseEstimator,
    preprocessing: Preprocessing,
) -> list[tuple[int, PosedFrame]]:
    """Everybody in some consecutive frames, the first of which is at ``position``, with their tracks."""
    crops = [
        (path, offset, position + offset - path.start)
        for offset in range(len(frames))
        for path in paths
        if path.start <= position + offset < path.stop
    ]
    if not crops:
        return []
    places = Places(
        np.stack([path.places.centres[step] for path, _, step in crops]),
        np.array([path.places.sides[step] for path, _, step in crops]),
    )
    of = [frames[offset] for _, offset, _ in crops]
    affines, poses = estimate([frame.rgb for frame in of], places, estimator, preprocessing)
    hidden = hidden_people(poses, affines, np.array([offset for _, offset, _ in crops]), places)
    posed = posed_frames(of, affines, poses, hidden)
    return [(path.track, frame) for (path, _, _), frame in zip(crops, posed, strict=True)]
