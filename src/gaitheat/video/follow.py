"""Extraction from a stream: everybody is followed as the frames arrive, nothing is known of the future.

The causal counterpart of ``extract``: the same look at a picture, the same filter on a person's path, but
only its past.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.frames import Frame, FrameSource
from gaitheat.video.boxes import Places, smooth_places
from gaitheat.video.collect import PosedFrame, collect, posed_frames
from gaitheat.video.extract import MAX_CLIP_FRAMES, identified
from gaitheat.video.look import (
    EXPECTED_SCORE,
    SEARCH_EVERY,
    estimate,
    hidden_people,
    measured,
    with_newcomers,
)
from gaitheat.video.packing import PackedFrame, pack, unpack
from gaitheat.video.protocols import Detections, Detector, PoseEstimator, Tracker
from gaitheat.video.tracker import PATIENCE, MotionTracker

MEMORY = 1.0
"""Seconds of a person's past from which the present place is read."""


@dataclass(slots=True)
class _Sights:
    """When and where a person was seen of late."""

    times: list[float] = field(default_factory=list)
    boxes: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, time: float, box: NDArray[np.float32]) -> None:
        """One more; those that are too old are forgotten."""
        self.times.append(time)
        self.boxes.append(box)
        while self.times[0] < time - MEMORY:
            self.times.pop(0)
            self.boxes.pop(0)


class Follower:
    """Takes a stream picture by picture, and says who stands how in each.

    Attributes:
        identity: the estimator, as clips name it.
    """

    def __init__(self, detector: Detector, estimator: PoseEstimator) -> None:
        self.identity = identified(estimator.identity, "rgb")
        self._detector, self._estimator = detector, estimator
        self._tracker: Tracker = MotionTracker()
        self._sights: dict[int, _Sights] = {}
        self._looked = -np.inf

    def see(self, frame: Frame) -> dict[int, PosedFrame]:
        """Everybody who is followed, by track, in the next picture; newcomers are posed from then on."""
        lost = [track for track, seen in self._sights.items() if frame.time - seen.times[-1] > PATIENCE]
        for track in lost:
            del self._sights[track]
        posed, people = self._pose(frame)
        if frame.time >= self._looked + SEARCH_EVERY:
            self._looked = frame.time
            people = with_newcomers(frame, people, self._estimator, self._detector)
        for track, index in self._tracker.update(frame.time, people):
            self._sights.setdefault(track, _Sights()).add(frame.time, people.boxes[index])
        return posed

    def following(self) -> set[int]:
        """Tracks that have not ended."""
        return set(self._sights)

    def _pose(self, frame: Frame) -> tuple[dict[int, PosedFrame], Detections]:
        if not self._sights:
            return {}, Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        now = np.array([frame.time])
        at = [smooth_places(np.array(s.times), np.stack(s.boxes), now) for s in self._sights.values()]
        places = Places(*map(np.concatenate, zip(*at, strict=True)))
        affines, poses = estimate([frame.rgb] * len(at), places, self._estimator)
        hidden = hidden_people(poses, affines, np.zeros(len(at), np.int64), places)
        posed = posed_frames([frame] * len(at), affines, poses, hidden)
        boxes, whole = measured(affines, poses)
        whole &= ~hidden
        people = Detections(boxes[whole], np.full(whole.sum(), EXPECTED_SCORE, np.float32))
        return dict(zip(self._sights, posed, strict=True)), people


class Piece(NamedTuple):
    """A track, or 1000 frames of it: longer ones come in pieces, so that memory does not grow.

    The last piece of a track may have no frames.
    """

    track: int
    frames: list[PackedFrame]
    ended: bool
    """Whether the track ends with it."""


class Moment(NamedTuple):
    """What is known after a picture."""

    time: float
    growing: dict[int, list[PackedFrame]]
    """Frames so far of everybody who is followed, by track; they grow from moment to moment."""
    done: list[Piece]


def moments(frames: Iterable[Frame], follower: Follower) -> Iterator[Moment]:
    """A stream picture by picture; with the last moment, which has no picture, everybody's track ends."""
    growing: dict[int, list[PackedFrame]] = {}
    now = 0.0
    for frame in frames:
        now = frame.time
        for track, pose in follower.see(frame).items():
            growing.setdefault(track, []).append(pack(pose))
        ended = growing.keys() - follower.following()
        full = {track for track in growing if len(growing[track]) == MAX_CLIP_FRAMES}
        done = [Piece(track, growing.pop(track), track in ended) for track in sorted(ended | full)]
        growing |= {piece.track: [] for piece in done if not piece.ended}
        yield Moment(now, growing, done)
    yield Moment(now, {}, [Piece(track, kept, True) for track, kept in growing.items()])


def follow(
    source: FrameSource, key: ClipKey, detector: Detector, estimator: PoseEstimator
) -> Iterator[Clip | Refusal]:
    """The clips of everybody in a stream, each handed out as soon as its track has ended.

    Args:
        source: it is read once.
        key: what its clips are called; their ``track`` counts people (and pieces of long tracks) from 0.
        detector: finds people.
        estimator: makes the maps.
    """
    follower, sha256 = Follower(detector, estimator), source.sha256()
    finished, read = 0, -1  # the last moment has no picture
    for moment in moments(source, follower):
        read += 1
        for piece in moment.done:
            if piece.frames:
                frames, name = list(map(unpack, piece.frames)), replace(key, track=finished)
                finished += 1
                yield collect(frames, name, source.name, sha256, follower.identity)
    if not finished:
        yield Refusal(key, source.name, sha256, follower.identity, "no person", read)
