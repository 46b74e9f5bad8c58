"""Is this person walking? A rule on keypoints alone: the feet move against one another."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

from gaitheat.skeleton import ANKLES, HIPS, KNEES

WALKING_SPEED = 0.5
"""Leg lengths a second between the two feet, from which a person is said to walk."""
TRUSTED_SCORE = 0.5
"""Mean score of knees and ankles below which a frame is left out."""
LAG = 0.2
"""Seconds between the two moments that are compared: long against jitter, short against a step (0.5 s)."""


class Motion(NamedTuple):
    """The answer, and the value that was compared with WALKING_SPEED."""

    walking: bool
    value: float


def leg_motion(
    keypoints: Float32[np.ndarray, "frames 17 3"], times: Float64[np.ndarray, " frames"]
) -> Motion:
    """Whether a person walks: the speed of one foot as seen from the other.

    Args:
        keypoints: [T, 17, 3] x, y in pixels of a frame of reference that keeps the body's size, and score.
        times: [T] seconds, strictly increasing.

    The value is the median over time of the way of (left ankle - right ankle) in 0.2 s, in leg lengths a
    second: arms, the head, a moving camera, a squat, short faults of the estimator do not raise it. It is 0
    if the legs are not seen for 0.2 s.
    """
    seen = keypoints[:, KNEES + ANKLES, 2].mean(1) >= TRUSTED_SCORE
    points, times = keypoints[seen, :, :2].astype(np.float64), times[seen]
    later = times + LAG
    compared = later <= times.max(initial=-np.inf)
    if not compared.any():
        return Motion(False, 0.0)
    apart = points[:, ANKLES[0]] - points[:, ANKLES[1]]
    apart_later = np.stack([np.interp(later, times, axis) for axis in apart.T], axis=1)
    legs = np.linalg.norm(np.diff(points[:, [HIPS, KNEES, ANKLES]], axis=1), axis=3).sum(1).mean(1)
    way = np.linalg.norm(apart_later - apart, axis=1)[compared]
    value = float(np.median(way / np.maximum(legs[compared], 1.0)) / LAG)
    return Motion(value >= WALKING_SPEED, value)
