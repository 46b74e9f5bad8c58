"""Extraction from a stream: everybody is followed as the frames arrive, nothing is known of the future.

The causal counterpart of ``extract``: the same look at a picture, the same filter on a person's path, but
only its past.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

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
    """Takes a stream picture by picture, and says who stands how in each."""

    def __init__(self, detector: Detector, estimator: PoseEstimator) -> None:
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
    identity = identified(estimator.identity, "rgb")
    posed: dict[int, list[PackedFrame]] = {}
    finished = 0

    def finish(track: int) -> Clip | Refusal:
        nonlocal finished
        name = replace(key, track=finished)
        finished += 1
        frames = [unpack(frame) for frame in posed.pop(track)]
        return collect(frames, name, source.name, sha256, identity)

    read = 0
    for frame in source:
        read += 1
        for track, pose in follower.see(frame).items():
            posed.setdefault(track, []).append(pack(pose))
        full = [track for track in posed if len(posed[track]) == MAX_CLIP_FRAMES]
        for track in [*(posed.keys() - follower.following()), *full]:
            yield finish(track)
    for track in list(posed):
        yield finish(track)
    if not finished:
        yield Refusal(key, source.name, sha256, identity, "no person", read)
