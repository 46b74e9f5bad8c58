"""The COCO-17 skeleton: joint names, mirror pairs, bones, torso, body parts; 18 joints made 17."""

from typing import Literal

import numpy as np
from jaxtyping import Shaped

JOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""Joint names in COCO order; a joint's index is its channel in the heatmaps."""

MIRROR = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
"""Joint i of a mirrored person is joint MIRROR[i] of the person: left and right change places."""

BONES = (
    (0, 1), (0, 2), (1, 3), (2, 4),
    (5, 6), (5, 11), (6, 12), (11, 12),
    (5, 7), (7, 9), (6, 8), (8, 10),
    (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
"""Pairs of joints that a bone (or the face, or the trunk) connects."""

NOSE = 0
SHOULDERS = (5, 6)
WRISTS = (9, 10)
HIPS = (11, 12)
KNEES = (13, 14)
ANKLES = (15, 16)

PARTS = {
    "head": (0, 1, 2, 3, 4),
    "torso": (5, 6, 11, 12),
    "upper limbs": (7, 8, 9, 10),
    "lower limbs": (13, 14, 15, 16),
}
"""The four body parts; every joint belongs to exactly one."""

Order18 = Literal["openpose", "alphapose"]
"""Orders of 18 joints: the 17 of COCO, and the neck."""

ORDERS_18: dict[Order18, tuple[str, ...]] = {
    "openpose": (
        "nose",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_eye",
        "left_eye",
        "right_ear",
        "left_ear",
    ),
    "alphapose": (*JOINTS, "neck"),
}
"""``openpose``: OpenPose's COCO model; OUMVLP-Pose keeps the joints of both its estimators, OpenPose and
AlphaPose, in this order. ``alphapose``: what AlphaPose itself gives for COCO, the neck put behind it."""


def from_18(
    keypoints: Shaped[np.ndarray, "*frames 18 values"], order: Order18
) -> Shaped[np.ndarray, "*frames 17 values"]:
    """The joints of COCO in their order, without the neck.

    Args:
        keypoints: x, y and whatever else is known of every joint.
        order: by its name in ORDERS_18.
    """
    names = ORDERS_18[order]
    return keypoints[..., [names.index(joint) for joint in JOINTS], :]
