"""Where a person is: boxes from joints, and their smooth path through time. Pure functions."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray

from gaitheat.skeleton import HIPS, SHOULDERS
from gaitheat.video.protocols import Boxes

ABOVE, BELOW = 0.12, 0.05
"""Head above the topmost joint and foot below the lowest, in heights of the joints' box."""
SMOOTHING = 0.35
"""Seconds: the standard deviation of the Gaussian under which a path is a straight line."""


class Places(NamedTuple):
    """Where N people are: ``centres`` [N, 2] and longer ``sides`` [N] of their boxes, image pixels."""

    centres: Float64[np.ndarray, "people 2"]
    sides: Float64[np.ndarray, " people"]


def pose_boxes(keypoints: Float32[np.ndarray, "people 17 3"]) -> Boxes:
    """Boxes around poses, whole head and feet included, centred on the trunk.

    Limbs swing around the trunk, which moves evenly: a box centred on it makes a steady crop.

    Args:
        keypoints: [N, 17, 3], x and y in image pixels; a pose that is not finite makes a box of NaN.
    """
    # Keypoints count from the centre of the first pixel, boxes from its edge.
    points = np.where(np.isfinite(keypoints[..., :2]), keypoints[..., :2] + 0.5, np.nan)
    top, bottom = points[..., 1].min(axis=1), points[..., 1].max(axis=1)
    height = np.maximum(bottom - top, 1.0)
    top, bottom = top - ABOVE * height, bottom + BELOW * height
    centre = points[:, [*SHOULDERS, *HIPS], 0].mean(axis=1)
    half = np.abs(points[..., 0] - centre[:, None]).max(axis=1)
    return np.stack([centre - half, top, centre + half, bottom], axis=1).astype(np.float32)


def places(boxes: Boxes) -> Places:
    """The places of boxes [N, 4]; a box of no extent, at the picture's edge, has a side of one pixel."""
    exact = boxes.astype(np.float64)
    sides = np.maximum((exact[:, 2:] - exact[:, :2]).max(axis=1), 1.0)
    return Places((exact[:, :2] + exact[:, 2:]) / 2, sides)


def overlaps(
    first: Float32[np.ndarray, "first 4"], second: Float32[np.ndarray, "second 4"]
) -> Float32[np.ndarray, "first second"]:
    """Intersection over union of every box of the first with every box of the second."""
    areas, other = _areas(first)[:, None], _areas(second)[None]
    shared = _shared(first, second)
    ratio: NDArray[np.float32] = (shared / np.maximum(areas + other - shared, 1e-6)).astype(np.float32)
    return ratio


def containment(
    first: Float32[np.ndarray, "first 4"], second: Float32[np.ndarray, "second 4"]
) -> Float32[np.ndarray, "first second"]:
    """Intersection over the smaller area of every box of the first with every box of the second."""
    smaller = np.minimum(_areas(first)[:, None], _areas(second)[None])
    ratio: NDArray[np.float32] = (_shared(first, second) / np.maximum(smaller, 1e-6)).astype(np.float32)
    return ratio


def _areas(boxes: Boxes) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _shared(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: NDArray[np.float32] = np.clip(high - low, 0, None).prod(axis=2)
    return shared


def smooth_places(
    times: Float64[np.ndarray, " seen"],
    boxes: Float32[np.ndarray, "seen 4"],
    query: Float64[np.ndarray, " t"],
) -> Places:
    """Where one person is at the query times, from boxes seen at some times; sizes change by ratios."""
    centres, sides = places(boxes)
    path = smooth(times, np.column_stack([centres, np.log(sides)]), query)
    return Places(path[:, :2], np.exp(path[:, 2]))


def smooth(
    times: Float64[np.ndarray, " seen"],
    values: Float64[np.ndarray, "seen n"],
    query: Float64[np.ndarray, " t"],
) -> Float64[np.ndarray, "t n"]:
    """Values at the query times, by local linear regression under a Gaussian of 0.35 s.

    The filter looks both ways (zero phase) and a straight line passes through it unchanged, at its ends and a
    little beyond them as well. (W. S. Cleveland, "Robust locally weighted regression", JASA 1979, without the
    robustness weights and with a Gaussian for the tricube.)
    """
    offsets = times[None, :] - query[:, None]
    # The nearest sight weighs 1, however far away it is: beyond a gap the path is still defined.
    exponents = -0.5 * (offsets / SMOOTHING) ** 2
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    total = weights.sum(axis=1)
    mean_offset = (weights * offsets).sum(axis=1) / total
    mean_value = weights @ values / total[:, None]
    centred = offsets - mean_offset[:, None]
    spread = (weights * centred**2).sum(axis=1)
    covariance = (weights * centred) @ values
    slope = covariance / np.maximum(spread, 1e-9)[:, None]
    path: NDArray[np.float64] = mean_value - slope * mean_offset[:, None]
    return path
