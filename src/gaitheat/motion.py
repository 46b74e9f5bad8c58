"""Is this person walking? A rule on joints alone: the feet pass one another, forwards and backwards."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray

from gaitheat.skeleton import ANKLES, HIPS, KNEES

WALKING_SPEED = 0.42
"""Leg lengths a second between the two feet, along the body's forward direction, from which a person walks.

The slowest of 256 walks of the KTH development subjects reaches 0.44, from whichever side it is seen; a man
who stretches and jumps on the spot in the demo video 0.39.
"""
TRUSTED_SCORE = 0.3
"""Mean score of knees and ankles below which a frame is left out."""
SHORTEST = 0.6
"""Seconds of legs, at least, to say so: about a step."""
LAG = 0.2
"""Seconds between the two moments that are compared: long against jitter, short against a step (0.5 s)."""


class Motion(NamedTuple):
    """The answer, and the value that was compared with WALKING_SPEED."""

    walking: bool
    value: float


def leg_motion(
    points: Float32[np.ndarray, "frames 17 axes"],
    scores: Float32[np.ndarray, "frames 17"],
    times: Float64[np.ndarray, " frames"],
) -> Motion:
    """Whether a person walks: the speed of one foot as seen from the other.

    Args:
        points: [T, 17, 3] joints in metres, y down, or [T, 17, 2] in pixels of a frame that keeps the body's
            size: then nobody knows where forward is, and the speed in any direction counts.
        scores: [T, 17] in 0..1.
        times: [T] seconds, strictly increasing.

    The value is the median over time of the way of (left ankle - right ankle) in 0.2 s, in leg lengths a
    second: arms, the head, a moving camera, a squat, a straddle, short faults of the estimator do not raise
    it. It is 0 if the legs are not seen over 0.6 s.
    """
    seen = scores[:, KNEES + ANKLES].mean(1) >= TRUSTED_SCORE
    joints, times = points[seen].astype(np.float64), times[seen]
    later = times + LAG
    compared = later <= times.max(initial=-np.inf)
    if not compared.any() or times[-1] - times[0] < SHORTEST:
        return Motion(False, 0.0)
    apart = joints[:, ANKLES[0]] - joints[:, ANKLES[1]]
    if joints.shape[2] == 3:
        apart = (apart * _forward(joints)).sum(1, keepdims=True)
    apart_later = np.stack([np.interp(later, times, axis) for axis in apart.T], axis=1)
    legs = np.linalg.norm(np.diff(joints[:, [HIPS, KNEES, ANKLES]], axis=1), axis=3).sum(1).mean(1)
    way = np.linalg.norm(apart_later - apart, axis=1)[compared]
    value = float(np.median(way / np.maximum(legs[compared], 1e-6)) / LAG)
    return Motion(value >= WALKING_SPEED, value)


def _forward(joints: Float64[np.ndarray, "frames 17 3"]) -> Float64[np.ndarray, "frames 3"]:
    """Unit vectors on the floor, square to the line between the hips."""
    across = joints[:, HIPS[0]] - joints[:, HIPS[1]]
    forward = np.stack([-across[:, 2], np.zeros(len(across)), across[:, 0]], axis=1)
    unit: NDArray[np.float64] = forward / np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9)
    return unit
