"""One picture: who is where, and how do they stand. Files and streams are looked at in the same way."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray

from gaitheat.clips import Affines
from gaitheat.frames import Frame
from gaitheat.video.boxes import Places, containment, overlaps, places, pose_boxes
from gaitheat.video.collect import MIN_PRESENT, image_keypoints, join
from gaitheat.video.crop import cut, heatmap_affines, recrop
from gaitheat.video.detector import OVERLAP
from gaitheat.video.protocols import Boxes, Detections, Detector, PoseEstimator, Poses

SEARCH_EVERY = 0.3
"""Seconds from one search for people to the next: less than a step."""
EXPECTED_SCORE = 0.2
"""Score of a person who is where a track leads: enough to go on, not to start."""
SAME_PLACE = 0.7
"""Two tracks whose poses share more than this (intersection over union) have become one person."""
INSIDE = 2 / 3
"""A box that lies inside a higher one by more than this share of its area is a part of the same person."""
MOVED = 0.7
"""A box that shares less than this with its own measurement was a bad crop: it is measured once more."""
LOOSE = 1.6
"""Heatmap-space preprocessing only: the loose box, in boxes of RGB-space preprocessing."""
BATCH_CROPS = 16
"""Crops that are estimated together: one takes 3 MB on its way, and a crowd must not take that at once."""

Preprocessing = Literal["rgb", "heatmap"]


def look(
    frame: Frame, boxes: Boxes, estimator: PoseEstimator, detector: Detector | None = None
) -> Detections:
    """Everybody in one picture: who is expected and is there, and (with a detector) who is found besides.

    All boxes are measured by joints: a detector's boxes waver by a tenth of a body, joints do not, and a
    person whom the detector misses is kept by the pose.

    Args:
        frame: the picture.
        boxes: where people are expected.
        estimator: measures them.
        detector: looks for more; None: nobody looks.
    """
    people = measure(frame, Detections(boxes, np.full(len(boxes), EXPECTED_SCORE, np.float32)), estimator)
    if detector is None:
        return people
    return with_newcomers(frame, people, estimator, detector)


def with_newcomers(
    frame: Frame, people: Detections, estimator: PoseEstimator, detector: Detector
) -> Detections:
    """The people who are known already, and those whom the detector finds besides, measured by joints."""
    found = detector(frame.rgb)
    known = overlaps(found.boxes, people.boxes) > OVERLAP
    # Being found once more is no news of the place, but of there being a person: the better score counts.
    scores = np.where(known, found.scores[:, None], 0).max(axis=0, initial=0)
    fresh = ~known.any(axis=1)
    new = measure(frame, Detections(found.boxes[fresh], found.scores[fresh]), estimator)
    return distinct(
        Detections(
            np.concatenate([people.boxes, new.boxes]),
            np.concatenate([np.maximum(people.scores, scores), new.scores]).astype(np.float32),
        )
    )


def distinct(people: Detections) -> Detections:
    """One box a person, the highest: a crop that cuts legs off makes a low box inside the right one."""
    parts = containment(people.boxes, people.boxes) > INSIDE
    heights = people.boxes[:, 3] - people.boxes[:, 1]
    kept: list[int] = []
    for index in np.argsort(-heights, kind="stable").tolist():
        if not parts[index, kept].any():
            kept.append(index)
    return Detections(people.boxes[kept], people.scores[kept])


def measure(frame: Frame, people: Detections, estimator: PoseEstimator) -> Detections:
    """The same people with boxes measured by their joints; boxes that hold no person are dropped.

    A person who is cut off by the crop is measured wrong: where a box moves far, it is measured once more.
    """
    for _ in range(2):
        if not len(people.boxes):
            break
        affines, poses = estimate([frame.rgb] * len(people.boxes), places(people.boxes), estimator)
        boxes, whole = measured(affines, poses)
        moved = overlaps(people.boxes, boxes).diagonal() < MOVED
        people = Detections(boxes[whole], people.scores[whole])
        if not (moved & whole).any():
            break
    return people


def measured(affines: Affines, poses: Poses) -> tuple[Boxes, Bool[np.ndarray, " people"]]:
    """Boxes around poses, and which of them hold a person."""
    boxes = pose_boxes(image_keypoints(poses, affines))
    return boxes, (poses.present > MIN_PRESENT) & np.isfinite(boxes).all(axis=1)


def estimate(
    pictures: list[NDArray[np.uint8]],
    at: Places,
    estimator: PoseEstimator,
    preprocessing: Preprocessing = "rgb",
) -> tuple[Affines, Poses]:
    """Crop and estimate: one person in each picture, N of them, at least one.

    Returns:
        the affines [N, 2, 3] from image pixels to heatmap pixels, and the poses in these heatmap pixels.
    """
    wanted = heatmap_affines(at)
    seen = wanted if preprocessing == "rgb" else heatmap_affines(at, LOOSE)
    crops = [(rgb, affine, estimator.crop_size) for rgb, affine in zip(pictures, seen, strict=True)]
    batches = [crops[start : start + BATCH_CROPS] for start in range(0, len(crops), BATCH_CROPS)]
    poses = join([estimator(np.stack([cut(*crop) for crop in batch])) for batch in batches])
    return wanted, poses if preprocessing == "rgb" else recrop(poses, seen, wanted)


def hidden_people(
    poses: Poses, affines: Affines, pictures: Int64[np.ndarray, " crops"], at: Places
) -> Bool[np.ndarray, " crops"]:
    """Whose crop shows somebody else: of two equal poses in one picture, the one farther from its own path.

    Args:
        poses: poses of all crops; ``affines`` their image-to-heatmap affines.
        pictures: [N] which picture each crop was cut from.
        at: where each person should be.
    """
    boxes = pose_boxes(image_keypoints(poses, affines))
    strays = np.linalg.norm(places(boxes).centres - at.centres, axis=1)
    same = (overlaps(boxes, boxes) > SAME_PLACE) & (pictures[:, None] == pictures[None])
    hidden: NDArray[np.bool_] = (same & (strays[:, None] > strays[None])).any(axis=1)
    return hidden
