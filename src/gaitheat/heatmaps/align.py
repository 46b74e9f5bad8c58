"""Pose-guided heatmap alignment, first step: one affine a frame puts the body in a standard place.

The keypoints say where the neck is, how long the body is and how the trunk leans. Matrices are made by numpy
alone, whatever is wanted besides is composed into them, and then `warp` resamples the pixels, once.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Literal, NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
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
    centre: Literal["none", "frame", "smoothed"] = "frame"
    """Which neck is put in the standard place: nobody's, each frame's, its smoothed path."""

    def __str__(self) -> str:
        return f"{self.rotation}-{self.scale}-{self.centre}"


ALIGNMENTS = {
    "default": Alignment(),
    "described": Alignment(rotation="frame", scale="frame", centre="frame"),
}
"""``default``: lean is identity and stays, one ruler a clip. ``described``: all per frame, as in GaitHeat."""


ChannelAffines = Float32[np.ndarray, "frames channels 2 3"]


class _Occupied(NamedTuple):
    """Layers that show anything: frame and channel of each, and its box [2, 2], first and end of x and y."""

    frames: Int64[np.ndarray, " layers"]
    channels: Int64[np.ndarray, " layers"]
    boxes: Int64[np.ndarray, "layers 2 2"]


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
    place = np.array(NECK)
    neck = np.broadcast_to(place, body.neck.shape)
    if alignment.centre != "none":
        neck = _path(body.neck, body.torso_seen, times, place, alignment.centre == "frame")
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
    matrices: Affines | ChannelAffines,
    size: tuple[int, int] = (MAP_HEIGHT, MAP_WIDTH),
) -> UInt8[np.ndarray, "frames *channels new_height new_width"]:
    """Pictures of the heatmap frame moved by affines: one bilinear resample, zeros from outside.

    Args:
        images: maps, silhouettes or anything that shows the heatmap frame, at any resolution.
        matrices: heatmap pixels to heatmap pixels; [T, 2, 3], or [T, channels, 2, 3] for one a channel.
        size: rows and columns of the result, which shows the heatmap frame as well.
    """
    layers = images.reshape(len(images), -1, *images.shape[-2:])
    warped = np.zeros((*layers.shape[:2], *size), np.uint8)
    frames, channels, boxes = _occupied(layers)
    square = np.zeros((len(frames), 3, 3))
    square[:, :2] = matrices[frames] if matrices.ndim == 3 else matrices[frames, channels]
    square[:, 2, 2] = 1
    moves = (_grid(*size) @ square @ np.linalg.inv(_grid(*images.shape[-2:])))[:, :2]
    starts, ends = _reached(boxes, moves, size)
    # Only the box around what a map shows is warped: a tenth of an estimator's map.
    moves[:, :, 2:] += moves[:, :, :2] @ boxes[:, 0, :, None] - starts[:, :, None]
    edges = np.concatenate([boxes.reshape(-1, 4), starts, ends], axis=1).T.tolist()
    for frame, channel, move, left, top, right, bottom, x, y, x_end, y_end in zip(
        frames.tolist(), channels.tolist(), moves, *edges, strict=True
    ):
        if x < x_end and y < y_end:
            # OpenCV is exact for 1, 3 or 4 channels, but rounds to 1/32 pixel for 17; the time is the same.
            cv2.warpAffine(
                layers[frame, channel, top:bottom, left:right],
                move,
                (x_end - x, y_end - y),
                dst=warped[frame, channel, y:y_end, x:x_end],
                flags=cv2.INTER_LINEAR,
            )
    return warped.reshape(*images.shape[:-2], *size)


def _occupied(layers: UInt8[np.ndarray, "frames channels height width"]) -> _Occupied:
    """The layers that show anything, and the smallest box around what each one shows."""
    # Eight pixels at a time, and whole slices: three times faster than numpy's own reduction.
    words = np.ascontiguousarray(layers).view(np.uint8 if layers.shape[3] % 8 else np.uint64)
    rows, columns = (reduce(np.bitwise_or, np.moveaxis(words, axis, 0)) for axis in (3, 2))
    rows, columns = rows != 0, columns.view(np.uint8) != 0
    frames, channels = np.nonzero(rows.any(2))
    rows, columns = rows[frames, channels], columns[frames, channels]
    first = np.stack([columns.argmax(1), rows.argmax(1)], axis=1)
    behind = np.stack([columns[:, ::-1].argmax(1), rows[:, ::-1].argmax(1)], axis=1)
    return _Occupied(frames, channels, np.stack([first, layers.shape[:1:-1] - behind], axis=1))


def _reached(
    boxes: Int64[np.ndarray, "layers 2 2"], moves: Float64[np.ndarray, "layers 2 3"], size: tuple[int, int]
) -> tuple[Int64[np.ndarray, "layers 2"], Int64[np.ndarray, "layers 2"]]:
    """First x and y of the result, and those behind the last, to which a pixel of a box gives anything."""
    middle, half = (boxes.sum(1) - 1) / 2, (np.diff(boxes, axis=1)[:, 0] + 1) / 2
    centre = np.einsum("nij,nj->ni", moves[:, :, :2], middle) + moves[:, :, 2]
    radius = np.einsum("nij,nj->ni", np.abs(moves[:, :, :2]), half)
    inside = (0, 0), size[::-1]
    return (
        np.clip(np.ceil(centre - radius), *inside).astype(np.int64),
        np.clip(np.floor(centre + radius) + 1, *inside).astype(np.int64),
    )


def _grid(height: int, width: int) -> Float64[np.ndarray, "3 3"]:
    """From heatmap pixels to the pixels of a grid that shows the same frame: x + 0.5 = n * (x_map + 0.5)."""
    x, y = width / MAP_WIDTH, height / MAP_HEIGHT
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
