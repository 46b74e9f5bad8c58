"""Where the heatmap frame lies in the picture, for poses whose crop nobody has kept. Pure functions."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import NDArray

from gaitheat.clips import SAME_TIME, Affines, Keypoints
from gaitheat.skeleton import ANKLES, HIPS, JOINTS, PARTS, SHOULDERS
from gaitheat.video.boxes import pose_boxes, smooth_places
from gaitheat.video.crop import heatmap_affines

MIN_PEAK = 0.1
"""A map whose peak is lower shows no place of its joint."""
MIN_JOINTS = 4
"""Fewer joints tell no crop."""
MAX_RESIDUAL = 1.5
"""Cells: where half of the joints are farther off, map and keypoints are not of one person."""
INLIER = 2.5
"""In median residuals: joints that are farther off have no say in a crop, as they are mistakes."""
MAX_AWAY = 1.0
"""Seconds from the nearest frame that shows the whole body, beyond which nobody knows where it is."""


class Registered(NamedTuple):
    """``crop`` [T, 2, 3], image pixels to heatmap pixels; ``good`` [T], false where it is not known."""

    crop: Affines
    good: Bool[np.ndarray, " frames"]


def fitted(poses: Keypoints, peaks: Keypoints) -> Registered:
    """The scale and shift of each frame that lay the keypoints onto the peaks of their maps.

    The scale and shift that two joints ask for are tried for all pairs of joints; those with the least median
    residual win, and are fitted once more by least squares to the joints that agree with them. So fewer than
    half of the joints may be wrong, by any amount. (P. J. Rousseeuw, "Least median of squares regression",
    JASA 1984.)

    Args:
        poses: x, y in image pixels, score.
        peaks: x, y in heatmap pixels, height of the peak.
    """
    usable = (poses[..., 2] > 0) & (peaks[..., 2] >= MIN_PEAK)
    image, maps = poses[..., :2].astype(np.float64), peaks[..., :2].astype(np.float64)
    first, second = np.triu_indices(len(JOINTS), 1)
    pairs = np.zeros((len(first), len(JOINTS)))
    pairs[np.arange(len(first)), first] = pairs[np.arange(len(first)), second] = 1
    crop, good = np.zeros((len(poses), 2, 3), np.float32), np.zeros(len(poses), bool)
    for frame in np.flatnonzero(usable.sum(axis=1) >= MIN_JOINTS):
        joints = usable[frame]
        points = image[frame, joints], maps[frame, joints]
        possible = pairs[joints[first] & joints[second]][:, joints]
        residuals = _residuals(*points, *_fits(*points, possible))
        medians = np.median(residuals, axis=1)
        best = int(medians.argmin())
        agree = residuals[best] <= INLIER * max(medians[best], MAX_RESIDUAL / INLIER)
        scale, shift = _fits(*points, agree[None].astype(np.float64))
        crop[frame] = [[scale[0], 0, shift[0, 0]], [0, scale[0], shift[0, 1]]]
        good[frame] = medians[best] <= MAX_RESIDUAL and scale[0] > 0
    return Registered(crop, good)


def _fits(
    image: Float64[np.ndarray, "joints 2"],
    maps: Float64[np.ndarray, "joints 2"],
    weights: Float64[np.ndarray, "fits joints"],
) -> tuple[Float64[np.ndarray, " fits"], Float64[np.ndarray, "fits 2"]]:
    """Least squares of ``scale * image + shift = maps``, once for each row of weights."""
    total = weights.sum(axis=1, keepdims=True)
    image_mean, maps_mean = weights @ image / total, weights @ maps / total
    away = image - image_mean[:, None]
    spread = (weights[..., None] * away**2).sum(axis=(1, 2))
    covariance = (weights[..., None] * away * (maps - maps_mean[:, None])).sum(axis=(1, 2))
    scale = covariance / np.maximum(spread, 1e-9)
    return scale, maps_mean - scale[:, None] * image_mean


def _residuals(
    image: Float64[np.ndarray, "joints 2"],
    maps: Float64[np.ndarray, "joints 2"],
    scale: Float64[np.ndarray, " fits"],
    shift: Float64[np.ndarray, "fits 2"],
) -> Float64[np.ndarray, "fits joints"]:
    away = scale[:, None, None] * image + shift[:, None] - maps
    distances: NDArray[np.float64] = np.sqrt((away**2).sum(axis=2))
    return distances


def around_bodies(poses: Keypoints, times: Float64[np.ndarray, " frames"]) -> Registered:
    """The crops that extraction would have cut: around the whole body, on a smooth path through time.

    A frame that does not show the whole body (a head, the trunk, an ankle) is cropped as its neighbours are.
    Where there is none within a second, no crop is known; joints with the score 0 are not seen.

    Args:
        poses: x, y in image pixels, score.
        times: seconds.
    """
    seen = poses[..., 2] > 0
    trunk = [*SHOULDERS, *HIPS]
    some = (seen[:, joints].any(axis=1) for joints in (ANKLES, PARTS["head"]))
    whole = np.logical_and.reduce([seen[:, trunk].all(axis=1), *some])
    if not whole.any():
        return Registered(np.zeros((len(poses), 2, 3), np.float32), whole)
    middles = poses[:, trunk].mean(axis=1, keepdims=True)
    boxes = pose_boxes(np.where(seen[..., None], poses, middles)[whole])
    crop = heatmap_affines(smooth_places(times[whole], boxes, times))
    return Registered(crop, _distance(times[whole], times) <= MAX_AWAY + SAME_TIME)


def _distance(
    marks: Float64[np.ndarray, " n"], times: Float64[np.ndarray, " t"]
) -> Float64[np.ndarray, " t"]:
    """Seconds from each time to the nearest of the marks, which are sorted."""
    after = np.searchsorted(marks, times).clip(0, len(marks) - 1)
    before = (after - 1).clip(0)
    distances: NDArray[np.float64] = np.minimum(abs(marks[after] - times), abs(marks[before] - times))
    return distances
