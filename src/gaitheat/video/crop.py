"""RGB-space preprocessing: from a person's box to a normalised crop, cut from the picture itself.

The maps of such a crop come out normalised and are never resized or cut again (GaitHeat, RGB-space
preprocessing).
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Affines, transform
from gaitheat.video.boxes import Places
from gaitheat.video.protocols import Poses

MARGIN = 1.25
"""Height of the heatmap frame in longer sides of the person's box."""
CROP_CELLS = 4
"""Crop pixels a heatmap cell, along each axis."""


def heatmap_affines(at: Places, loose: float = 1.0) -> Affines:
    """The affines from image pixels to heatmap pixels, one for each place.

    Args:
        at: centres and longer sides of boxes, image pixels measured from the picture's edge.
        loose: how much larger than usual the heatmap frame is.
    """
    centres, sides = at
    cells_per_pixel = MAP_HEIGHT / (loose * MARGIN * sides)
    half = np.array([MAP_WIDTH, MAP_HEIGHT]) / 2
    affines = np.zeros((len(sides), 2, 3), np.float32)
    affines[:, 0, 0] = affines[:, 1, 1] = cells_per_pixel
    # Pixel i is centred at i + 0.5 in both grids: x_map + 0.5 = (x_image + 0.5 - centre) * scale + half.
    affines[:, :, 2] = (0.5 - centres) * cells_per_pixel[:, None] + half - 0.5
    return affines


def cut(
    rgb: UInt8[np.ndarray, "height width 3"], affine: Float32[np.ndarray, "2 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "crop_height crop_width 3"]:
    """The crop that an estimator sees: the heatmap frame at 4 pixels a cell, black outside the picture.

    Args:
        rgb: the whole picture.
        affine: from image pixels to heatmap pixels; upright, without rotation.
        size: height and width of the crop in pixels; what exceeds 256 x 192 widens it evenly on both sides.
    """
    height, width = size
    widen = np.array([width - CROP_CELLS * MAP_WIDTH, height - CROP_CELLS * MAP_HEIGHT]) / 2
    matrix: NDArray[np.float64] = affine.astype(np.float64) * CROP_CELLS
    matrix[:, 2] += CROP_CELLS / 2 - 0.5 + widen
    # A bilinear warp reads four pixels: people much larger than the crop are first shrunk by area averaging.
    shrink = int(1 / matrix[0, 0])
    if shrink >= 2:
        rgb, matrix = _shrunk(rgb, matrix, size, shrink)
    crop = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return crop.astype(np.uint8, copy=False)


def _shrunk(
    rgb: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int], shrink: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture under the crop, ``shrink`` times smaller, and the matrix that fits it."""
    scale = matrix[0, 0]
    first = (np.array([-0.5, -0.5]) - matrix[:, 2]) / scale - shrink
    last = (np.array([size[1], size[0]]) - 0.5 - matrix[:, 2]) / scale + shrink
    limit = np.array([rgb.shape[1], rgb.shape[0]])
    x0, y0 = np.clip(np.floor(first), 0, limit - 1).astype(int)
    x1, y1 = np.clip(np.ceil(last), 1, limit).astype(int)
    columns, rows = (x1 - x0) // shrink, (y1 - y0) // shrink
    if columns < 1 or rows < 1:
        return rgb, matrix
    part = rgb[y0 : y0 + rows * shrink, x0 : x0 + columns * shrink]
    small: NDArray[np.generic] = cv2.resize(part, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    fitted = matrix * shrink
    # x_image = shrink * (x_small + 0.5) - 0.5 + x0
    fitted[:, 2] = matrix[:, 2] + scale * ((shrink - 1) / 2 + np.array([x0, y0]))
    return small.astype(np.uint8, copy=False), fitted


def recrop(poses: Poses, seen: Affines, wanted: Affines) -> Poses:
    """Heatmap-space preprocessing: crop and resize what was estimated in another frame of reference.

    Args:
        poses: estimated in the heatmap frames of ``seen``.
        seen: [N, 2, 3] image pixels to heatmap pixels as estimated; upright.
        wanted: [N, 2, 3] image pixels to heatmap pixels as they shall be; upright.
    """
    scale = wanted[:, 0, 0] / seen[:, 0, 0]
    moves = np.zeros_like(seen)
    moves[:, 0, 0] = moves[:, 1, 1] = scale
    moves[:, :, 2] = wanted[:, :, 2] - scale[:, None] * seen[:, :, 2]
    keypoints = poses.keypoints.copy()
    keypoints[..., :2] = transform(moves, keypoints[..., :2])
    heatmaps = np.stack([_moved(maps, move, 1) for maps, move in zip(poses.heatmaps, moves, strict=True)])
    silhouettes = None
    if poses.silhouettes is not None:
        pairs = zip(poses.silhouettes, moves, strict=True)
        silhouettes = np.stack([_moved(mask[None], move, 2)[0] for mask, move in pairs])
    return Poses(heatmaps, keypoints, poses.present, silhouettes, poses.world)


def _moved(maps: NDArray[np.uint8], move: NDArray[np.float32], finer: int) -> NDArray[np.uint8]:
    """Maps [C, H, W] on a grid ``finer`` times finer than the heatmap's, moved by an affine of heatmaps."""
    matrix = move.astype(np.float64)
    matrix[:, 2] = finer * matrix[:, 2] + (finer - 1) / 2 * (1 - matrix[0, 0])
    size = maps.shape[2], maps.shape[1]
    return np.stack([cv2.warpAffine(channel, matrix, size, flags=cv2.INTER_LINEAR) for channel in maps])
