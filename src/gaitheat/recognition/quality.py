"""Does a track carry a gait that can be recognised? How much, seen how, and if not, why: in plain words.

The thresholds lie where the walks end that were measured: 255 of real people (KTH, development subjects), 160
of walkers, and everybody on a busy square.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.clips import Clip
from gaitheat.motion import TRUSTED_SCORE
from gaitheat.skeleton import ANKLES, HIPS, KNEES, SHOULDERS
from gaitheat.video.boxes import pose_boxes
from gaitheat.video.people import motion_of, standing

MIN_SECONDS, GOOD_SECONDS = 0.9, 2.4
"""A stride, left and right, takes 1.1 s (median of the walks); of 0.8 s an embedding lies 0.55 away from that
of the whole walk, of 2 s 0.31. A window is 2.4 s long."""
MIN_RATE = 5.0
"""Usable pictures a second: two or three of every step. The worst of the walks has 12, on the square 6."""
MIN_HEIGHT, GOOD_HEIGHT = 36.0, 100.0
"""Pixels from head to foot. The smallest of the real people has 47; below, nothing was measured."""
MIN_LEGS = 0.5
"""Share of the pictures in which knees and ankles are seen; 0.67 in the worst of the walks."""
RUNNING_SPEED = 4.0
"""Leg lengths a second between the two feet: the fastest of the walks has 3.7, a runner 5 and more."""
SITTING = 50.0
"""Degrees between thighs and plumb line, of who does not walk; those of walkers have 26 at most."""


class Quality(NamedTuple):
    """What a clip is worth for recognition."""

    usable: bool
    reasons: tuple[str, ...]
    """Why not; nothing if it is usable."""
    walking: bool
    seconds: float
    """From the first to the last frame."""
    frames: int
    height: float
    """Of the person, head to foot, in pixels of the picture: the median."""
    view: str
    """From where the person is seen, such as ``from the side``; ``unknown`` without joints in space."""
    score: float
    """0 (not usable) to 1 (nothing is left to wish for): the worst of length, size and sight of the legs."""


def quality_of(clip: Clip) -> Quality:
    """What a clip is worth, and everything that is wrong with it."""
    motion = motion_of(clip)
    seconds = float(clip.times[-1] - clip.times[0])
    boxes = pose_boxes(clip.keypoints)
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    scores = clip.keypoints[:, KNEES + ANKLES, 2].mean(axis=1)
    legs = float((scores >= TRUSTED_SCORE).mean())
    long, seen = seconds >= MIN_SECONDS, legs >= MIN_LEGS
    faults = {
        f"too short: {seconds:.1f} s, a stride takes {MIN_SECONDS:g} s or more": not long,
        _sparse(clip, seconds): len(clip) < MIN_RATE * seconds,
        f"too small: {height:.0f} pixels from head to foot, {MIN_HEIGHT:g} are needed": height < MIN_HEIGHT,
        f"legs not seen: in {1 - legs:.0%} of the pictures": not seen,
        # Of legs that are not seen, or not for long, nobody knows whether they walk.
        _still(clip, standing(motion) or ""): long and seen and not motion.walking,
        f"running: feet move {motion.value:.1f} leg lengths/s, walking is up to {RUNNING_SPEED:g}": (
            motion.value > RUNNING_SPEED
        ),
    }
    reasons = tuple(reason for reason, wrong in faults.items() if wrong)
    worst = min(seconds / GOOD_SECONDS, height / GOOD_HEIGHT, float(scores.mean()), 1.0)
    score = 0.0 if reasons else worst
    return Quality(not reasons, reasons, motion.walking, seconds, len(clip), height, view_of(clip), score)


def view_of(clip: Clip) -> str:
    """From where a person is seen, by hips and shoulders in space: five words for the half circle."""
    if clip.world is None:
        return "unknown"
    # From right to left: a person who faces the camera has the left side at the picture's right.
    across = sum(clip.world[:, left] - clip.world[:, right] for left, right in (HIPS, SHOULDERS))
    towards = _unit(np.stack([across[:, 2], -across[:, 0]], axis=1)).mean(axis=0)
    angle = np.degrees(np.arctan2(abs(towards[0]), -towards[1]))
    words = (
        "from the front",
        "obliquely from the front",
        "from the side",
        "obliquely from behind",
        "from behind",
    )
    return words[round(angle / 45)]


def _unit(vectors: NDArray[np.float32]) -> Float32[np.ndarray, "frames 2"]:
    unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _sparse(clip: Clip, seconds: float) -> str:
    """What is lacking in between, and what most of it was lost by."""
    lost = max(clip.refused, key=lambda reason: clip.refused[reason], default="so few were filmed")
    rate = len(clip) / max(seconds, 1e-9)
    return f"half hidden: {rate:.0f} usable pictures/s, {MIN_RATE:g} are needed ({lost})"


def _still(clip: Clip, reason: str) -> str:
    """Who does not walk stands, or sits if the thighs lie."""
    if clip.world is None:
        return reason
    thighs = (clip.world[:, KNEES] - clip.world[:, HIPS]).mean(axis=1)
    lean = np.degrees(np.arctan2(np.linalg.norm(thighs[:, [0, 2]], axis=1), thighs[:, 1]))
    return f"{reason} (sitting)" if np.median(lean) > SITTING else reason
