"""Extraction from a file: look twice, know the whole path of a person before cropping a single frame.

First pass: find people every few frames, measure their boxes by their joints, join them to tracks. Second pass:
smooth every path in both directions of time, crop, estimate. ``follow`` is the causal counterpart for streams.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import NDArray

from gaitheat.clips import Affines, Clip, ClipKey, Estimator, Refusal
from gaitheat.frames import Frame, FrameSource
from gaitheat.video.boxes import centres_and_sides, overlaps, pose_boxes, smooth_path
from gaitheat.video.collect import MIN_PRESENT, PosedFrame, collect, image_keypoints, pick
from gaitheat.video.crop import cut, heatmap_affines, recrop
from gaitheat.video.detector import suppress
from gaitheat.video.protocols import Boxes, Detections, Detector, PoseEstimator, Poses, Tracker
from gaitheat.video.tracker import MotionTracker

SEARCH_EVERY = 0.3
"""Seconds from one search for people to the next: less than a step."""
MAX_CLIP_FRAMES = 1000
"""A longer track is cut into several clips, so that memory does not grow with the recording."""
BATCH_FRAMES = 8
"""Frames whose crops are estimated together."""
EXPECTED_SCORE = 0.2
"""Score of a person who is where a track leads: enough to go on, not to start."""
SAME_PLACE = 0.7
"""Two tracks whose poses share more than this (intersection over union) have become one person."""
LOOSE = 1.6
"""Heatmap-space preprocessing only: the loose box, in boxes of RGB-space preprocessing."""

Preprocessing = Literal["rgb", "heatmap"]


@dataclass(frozen=True, slots=True)
class Path:
    """One person's smooth way through consecutive frames, known before a frame is cropped."""

    track: int
    start: int
    """First frame, counted from the recording's first."""
    centres: Float64[np.ndarray, "frames 2"]
    sides: Float64[np.ndarray, " frames"]

    @property
    def stop(self) -> int:
        """First frame after the last."""
        return self.start + len(self.sides)


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
) -> Extraction:
    """The clips of everybody in a recording.

    Args:
        source: the recording; it is read twice.
        key: what its clips are called; their ``track`` counts people (and pieces of long tracks) from 0.
        detector: finds people.
        estimator: makes the maps.
        preprocessing: ``rgb`` crops in the picture; ``heatmap`` estimates in a loose box, then crops and resizes
            the maps (the rival way, for comparison only).
    """
    identity = identified(estimator.identity, preprocessing)
    paths = find_paths(source, detector, estimator)
    if not paths:
        refusal = Refusal(key, source.name, source.sha256(), identity, "no person", source.length() or 0)
        return Extraction(1, iter([refusal]))
    return Extraction(len(paths), _clips(source, key, paths, estimator, identity, preprocessing))


def identified(estimator: Estimator, preprocessing: Preprocessing) -> Estimator:
    """The estimator as clips name it: with the way from the picture to its crop."""
    return replace(estimator, preprocessing=f"{preprocessing}-1")


def find_paths(source: FrameSource, detector: Detector, estimator: PoseEstimator) -> list[Path]:
    """First pass: where everybody goes, as smooth paths of at most 1000 frames."""
    tracker = MotionTracker()
    sights: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
    times: list[float] = []
    looked = -np.inf
    for position, frame in enumerate(source):
        times.append(frame.time)
        if frame.time >= looked + SEARCH_EVERY:
            looked = frame.time
            people = look(frame, tracker, estimator, detector)
            for track, index in tracker.update(frame.time, people):
                sights[track].append((position, people.boxes[index]))
    paths: list[Path] = []
    clock = np.array(times)
    for seen in sights.values():
        positions, boxes = zip(*seen, strict=True)
        paths += _pieces(np.array(positions), np.stack(boxes), clock, len(paths))
    return paths


def look(frame: Frame, tracker: Tracker, estimator: PoseEstimator, detector: Detector | None) -> Detections:
    """Everybody in one picture: who is expected and is still there, and who is found (with a detector).

    All boxes are measured by joints: a detector's boxes waver by a tenth of a body, joints do not, and a person
    whom the detector misses is kept by the pose.
    """
    expected = tracker.predict(frame.time)
    boxes = [box for _, box in expected]
    scores = [np.full(len(expected), EXPECTED_SCORE, np.float32)]
    if detector is not None:
        found = detector(frame.rgb)
        boxes.append(found.boxes)
        scores.append(found.scores)
    people = Detections(np.concatenate(boxes or [np.zeros((0, 4), np.float32)]), np.concatenate(scores))
    if not len(people.boxes):
        return people
    affines = heatmap_affines(*centres_and_sides(people.boxes))
    poses = estimator(np.stack([cut(frame.rgb, affine, estimator.crop_size) for affine in affines]))
    measured = pose_boxes(image_keypoints(poses, affines))
    whole = (poses.present > MIN_PRESENT) & np.isfinite(measured).all(axis=1)
    return suppress(Detections(measured[whole], people.scores[whole]))


def _pieces(
    positions: NDArray[np.int64], boxes: Boxes, times: NDArray[np.float64], first_track: int
) -> list[Path]:
    """The path from shortly before the first sight to shortly after the last, in pieces of equal length."""
    start = np.searchsorted(times, times[positions[0]] - SEARCH_EVERY, side="right")
    stop = np.searchsorted(times, times[positions[-1]] + SEARCH_EVERY)
    centres, sides = centres_and_sides(boxes)
    values = np.column_stack([centres, np.log(np.maximum(sides, 1.0))])
    count = -(-(stop - start) // MAX_CLIP_FRAMES)
    paths = []
    for piece, frames in enumerate(np.array_split(np.arange(start, stop), count)):
        smooth = smooth_path(times[positions], values, times[frames])
        paths.append(Path(first_track + piece, int(frames[0]), smooth[:, :2], np.exp(smooth[:, 2])))
    return paths


def _clips(
    source: FrameSource,
    key: ClipKey,
    paths: list[Path],
    estimator: PoseEstimator,
    identity: Estimator,
    preprocessing: Preprocessing,
) -> Iterator[Clip | Refusal]:
    """Second pass: every path's frames, cropped and estimated; a clip is handed out when its path ends."""
    posed: dict[int, list[PosedFrame]] = {path.track: [] for path in paths}
    waiting = sorted(paths, key=lambda path: path.stop)

    def finish(path: Path) -> Clip | Refusal:
        name = replace(key, track=path.track)
        return collect(posed.pop(path.track), name, source.name, source.sha256(), identity)

    for position, frames in _batches(source):
        for path, frame in pose_frames(position, frames, paths, estimator, preprocessing):
            posed[path.track].append(frame)
        while waiting and waiting[0].stop <= position + len(frames):
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


def pose_frames(
    position: int,
    frames: list[Frame],
    paths: list[Path],
    estimator: PoseEstimator,
    preprocessing: Preprocessing,
) -> list[tuple[Path, PosedFrame]]:
    """Everybody in some consecutive frames, the first of which is at ``position``."""
    places = [
        (path, offset)
        for offset in range(len(frames))
        for path in paths
        if path.start <= position + offset < path.stop
    ]
    if not places:
        return []
    index = [position + offset - path.start for path, offset in places]
    centres = np.stack([path.centres[i] for (path, _), i in zip(places, index, strict=True)])
    sides = np.array([path.sides[i] for (path, _), i in zip(places, index, strict=True)])
    pictures = [frames[offset].rgb for _, offset in places]
    affines, poses = estimate(pictures, centres, sides, estimator, preprocessing)
    hidden = hidden_people(poses, affines, np.array([offset for _, offset in places]), centres)
    return [
        (
            path,
            PosedFrame(
                frames[offset].time,
                affines[i],
                pick(poses, slice(i, i + 1)),
                (pictures[i].shape[1], pictures[i].shape[0]),
                bool(hidden[i]),
            ),
        )
        for i, (path, offset) in enumerate(places)
    ]


def estimate(
    pictures: list[NDArray[np.uint8]],
    centres: Float64[np.ndarray, "crops 2"],
    sides: Float64[np.ndarray, " crops"],
    estimator: PoseEstimator,
    preprocessing: Preprocessing = "rgb",
) -> tuple[Affines, Poses]:
    """Crop and estimate: one person in each picture, at the given centre and size.

    Returns:
        the affines [N, 2, 3] from image pixels to heatmap pixels, and the poses in these heatmap pixels.
    """
    tight = heatmap_affines(centres, sides)
    seen = tight if preprocessing == "rgb" else heatmap_affines(centres, sides * LOOSE)
    crops = [cut(rgb, affine, estimator.crop_size) for rgb, affine in zip(pictures, seen, strict=True)]
    poses = estimator(np.stack(crops))
    return tight, poses if preprocessing == "rgb" else recrop(poses, seen, tight)


def hidden_people(
    poses: Poses, affines: Affines, pictures: NDArray[np.int64], centres: Float64[np.ndarray, "crops 2"]
) -> Bool[np.ndarray, " crops"]:
    """Whose crop shows somebody else: of two equal poses in one picture, the one farther from its own path.

    Args:
        poses: poses of all crops; ``affines`` their image-to-heatmap affines.
        pictures: [N] which picture each crop was cut from.
        centres: [N, 2] where each person should be, image pixels.
    """
    boxes = pose_boxes(image_keypoints(poses, affines))
    strays = np.linalg.norm(centres_and_sides(boxes)[0] - centres, axis=1)
    same = (overlaps(boxes, boxes) > SAME_PLACE) & (pictures[:, None] == pictures[None])
    hidden: NDArray[np.bool_] = (same & (strays[:, None] > strays[None])).any(axis=1)
    return hidden
