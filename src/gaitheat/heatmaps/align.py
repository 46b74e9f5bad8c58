"""Pose-guided heatmap alignment, first step: one affine a frame puts the body in a standard place.

The keypoints say where the neck is, how long the body is and how the trunk leans. Matrices are made by numpy
alone, whatever is wanted besides is composed into them, and then `warp` resamples the pixels, once.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Affines, Keypoints
from gaitheat.skeleton import ANKLES, HIPS, KNEES, SHOULDERS

NECK = ((MAP_WIDTH - 1) / 2, 15.5)
"""Where an aligned neck lies, heatmap pixels; midway across, so that alignment commutes with the mirror."""
BODY_LENGTH = 40.0
"""Cells of an aligned body from neck over hips and knees to the ankles."""
TRUSTED_SCORE = 0.5
"""Mean score of the joints that a measure is read from, below which a frame's measure is not trusted."""
SHORTEST = 4.0
"""Cells: a trunk or a body seen shorter than this is no measure of anything."""
SMOOTHING = 0.2
"""Standard deviation, in seconds, of the Gaussian that smooths a clip's transform over time."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """What is taken out of every frame."""

    rotation: Literal["none", "clip", "frame"] = "none"
    """Whose lean is made upright: nobody's, the clip's mean trunk, each frame's trunk."""
    scale: Literal["none", "clip", "frame"] = "clip"
    """Which body length becomes the standard one: none (as in the crop), the clip's median, each frame's."""
    centre: Literal["frame", "smoothed"] = "frame"
    """Which neck is put in the standard place: each frame's, or its path smoothed over time."""

    def __str__(self) -> str:
        return f"{self.rotation}-{self.scale}-{self.centre}"


ALIGNMENTS = {
    "default": Alignment(),
    "described": Alignment(rotation="frame", scale="frame", centre="frame"),
}
"""``default``: lean is identity and stays, one ruler a clip. ``described``: all per frame, as in GaitHeat."""


class _Body(NamedTuple):
    """Measures of T frames, each with the frames in which it may be trusted."""

    neck: Float64[np.ndarray, "frames 2"]
    trunk: Float64[np.ndarray, "frames 2"]
    torso_seen: Bool[np.ndarray, " frames"]
    length: Float64[np.ndarray, "frames 1"]
    body_seen: Bool[np.ndarray, " frames"]


def matrices(
    keypoints: Keypoints, times: Float64[np.ndarray, " frames"], alignment: Alignment = ALIGNMENTS["default"]
) -> Affines:
    """The affines from heatmap pixels to aligned heatmap pixels.

    Args:
        keypoints: [T, 17, 3], x and y in heatmap pixels, and score.
        times: [T] seconds, strictly increasing.
        alignment: what is taken out.

    A frame whose torso is not to be trusted gets the smoothed transform of its neighbours in time; a clip of
    such frames alone stays as its crops show it.
    """
    body = _measure(keypoints.astype(np.float64))
    neck = _path(body.neck, body.torso_seen, times, np.array(NECK), alignment.centre == "frame")
    upright = np.array([0.0, 1.0])
    trunk = np.broadcast_to(upright, neck.shape)
    if alignment.rotation == "frame":
        trunk = _path(body.trunk, body.torso_seen, times, upright, True)
    elif alignment.rotation == "clip" and body.torso_seen.any():
        trunk = np.broadcast_to(body.trunk[body.torso_seen].mean(0), neck.shape)
    length = np.full((len(times), 1), BODY_LENGTH)
    if alignment.scale == "frame":
        length = _path(body.length, body.body_seen, times, length[0], True)
    elif alignment.scale == "clip" and body.body_seen.any():
        length = np.broadcast_to(np.median(body.length[body.body_seen]), length.shape)
    return _affines(neck, trunk, BODY_LENGTH / length[:, 0])


def _measure(keypoints: Float64[np.ndarray, "frames 17 3"]) -> _Body:
    points, score = keypoints[..., :2], keypoints[..., 2]
    neck, hips = points[:, SHOULDERS].mean(1), points[:, HIPS].mean(1)
    torso = np.linalg.norm(hips - neck, axis=1, keepdims=True)
    thighs = np.linalg.norm(points[:, KNEES] - points[:, HIPS], axis=2)
    shins = np.linalg.norm(points[:, ANKLES] - points[:, KNEES], axis=2)
    torso_seen = (score[:, SHOULDERS + HIPS].mean(1) >= TRUSTED_SCORE) & (torso[:, 0] >= SHORTEST)
    legs_seen = score[:, KNEES + ANKLES].mean(1) >= TRUSTED_SCORE
    return _Body(
        neck=neck,
        trunk=(hips - neck) / np.maximum(torso, SHORTEST),
        torso_seen=torso_seen,
        length=torso + (thighs + shins).mean(1, keepdims=True),
        body_seen=torso_seen & legs_seen,
    )


def _path(
    values: Float64[np.ndarray, "frames n"],
    trusted: Bool[np.ndarray, " frames"],
    times: Float64[np.ndarray, " frames"],
    otherwise: Float64[np.ndarray, " n"],
    exact: bool,
) -> NDArray[np.float64]:
    """Values smoothed over time; trusted ones stay if ``exact``; ``otherwise`` where none is trusted."""
    if not trusted.any():
        return np.broadcast_to(otherwise, values.shape)
    bridged = np.stack([np.interp(times, times[trusted], column[trusted]) for column in values.T], axis=1)
    smooth = _smoothed(bridged, times)
    return np.where(trusted[:, None], values, smooth) if exact else smooth


def _smoothed(
    values: Float64[np.ndarray, "frames n"], times: Float64[np.ndarray, " frames"]
) -> NDArray[np.float64]:
    """A Gaussian mean over time, whatever the frame rate; cost grows with the clip, not with its square."""
    total, weight = values.copy(), np.ones((len(times), 1))
    reach = int((np.searchsorted(times, times + 3 * SMOOTHING) - np.arange(len(times))).max())
    for step in range(1, min(reach, len(times))):
        near = np.exp(-(((times[step:] - times[:-step]) / SMOOTHING) ** 2) / 2)[:, None]
        total[step:] += near * values[:-step]
        total[:-step] += near * values[step:]
        weight[step:] += near
        weight[:-step] += near
    return total / weight


def _affines(
    neck: NDArray[np.float64], trunk: NDArray[np.float64], scale: Float64[np.ndarray, " frames"]
) -> Affines:
    """Neck to its place, trunk direction to straight down, lengths times ``scale``."""
    x, y = (trunk / np.linalg.norm(trunk, axis=1, keepdims=True)).T
    linear = scale[:, None, None] * np.stack([np.stack([y, -x], 1), np.stack([x, y], 1)], axis=1)
    shift = np.array(NECK) - np.einsum("tij,tj->ti", linear, neck)
    return np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)


def warp(
    images: UInt8[np.ndarray, "frames *channels height width"],
    matrices: Affines,
    size: tuple[int, int] = (MAP_HEIGHT, MAP_WIDTH),
) -> UInt8[np.ndarray, "frames *channels new_height new_width"]:
    """Pictures of the heatmap frame moved by one affine a frame: one bilinear resample, zeros from outside.

    Args:
        images: maps, silhouettes or anything that shows the heatmap frame, at any resolution.
        matrices: [T, 2, 3], heatmap pixels to heatmap pixels.
        size: rows and columns of the result, which shows the heatmap frame as well.
    """
    height, width = size
    before = _grid(images.shape[-2], images.shape[-1])
    after = _grid(height, width)
    square = np.zeros((len(matrices), 3, 3))
    square[:, :2], square[:, 2, 2] = matrices, 1
    composed = (after @ square @ np.linalg.inv(before))[:, :2]
    layers = images.reshape(len(images), -1, *images.shape[-2:])
    warped = np.empty((*layers.shape[:2], height, width), np.uint8)
    for frame, matrix in enumerate(composed):
        for channel, layer in enumerate(layers[frame]):
            # OpenCV is exact for 1, 3 or 4 channels, but rounds to 1/32 pixel for 17; the time is the same.
            cv2.warpAffine(layer, matrix, (width, height), dst=warped[frame, channel], flags=cv2.INTER_LINEAR)
    return warped.reshape(*images.shape[:-2], height, width)


def _grid(height: int, width: int) -> Float64[np.ndarray, "3 3"]:
    """From heatmap pixels to the pixels of a grid that shows the same frame: x + 0.5 = n * (x_map + 0.5)."""
    x, y = width / MAP_WIDTH, height / MAP_HEIGHT
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
