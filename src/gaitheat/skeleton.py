"""The COCO-17 skeleton: joint names, mirror pairs, bones, torso, and the body parts of the local branch."""

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
