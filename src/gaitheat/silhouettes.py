"""Silhouettes as the networks that read them want them: cut at head and feet, of one height, centred."""

import cv2
import numpy as np
from jaxtyping import Float64, UInt8
from numpy.typing import NDArray

TIGHT_HEIGHT, TIGHT_WIDTH = 64, 44
"""Pixels of a tight silhouette."""
LEAST_MASS = 2.0
"""Whole pixels that a row must show to count as body: a speck above the head does not."""
_ROWS = np.arange(TIGHT_HEIGHT + 1)
_COLUMNS = np.arange(TIGHT_WIDTH + 1) - TIGHT_WIDTH / 2


def tight(masks: UInt8[np.ndarray, "frames height width"]) -> UInt8[np.ndarray, "frames 64 44"]:
    """The body alone, from the first to the last of its rows, scaled to 64 rows and centred across.

    The pretreatment of silhouette networks since GaitSet (H. Chao et al., AAAI 2019), with soft edges and to
    a fraction of a pixel: the aspect is kept, half of the body's mass lies on either side of the middle, what
    is beyond 44 columns is left out. A frame without a body shows the nearest one with a body, the earlier
    one of two; if there is none, all stay empty.

    Args:
        masks: 0..255, soft edges welcome.
    """
    cut = [_cut(mask) for mask in masks]
    there = np.array([frame for frame, body in enumerate(cut) if body is not None])
    if not len(there):
        return np.zeros((len(masks), TIGHT_HEIGHT, TIGHT_WIDTH), np.uint8)
    nearest = there[np.abs(np.arange(len(cut))[:, None] - there).argmin(1)]
    return np.stack([cut[frame] for frame in nearest])


def _cut(mask: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "64 44"] | None:
    """None without a body."""
    # What lies above and left of every corner of a pixel; between corners it is bilinear, so that the sum
    # over any rectangle is exact.
    sums = cv2.integral(mask)
    rows = np.flatnonzero(np.diff(sums[:, -1]) >= 255 * LEAST_MASS)
    if not len(rows):
        return None
    step = (rows[-1] + 1 - rows[0]) / TIGHT_HEIGHT
    above = _between(sums, rows[0] + step * _ROWS)
    left = above[-1] - above[0]
    corners = _between(above.T, _middle(left) + step * _COLUMNS)
    means = np.diff(np.diff(corners, axis=0), axis=1).T / step**2
    cut: NDArray[np.uint8] = np.rint(means).astype(np.uint8)
    return cut


def _between(sums: NDArray[np.generic], places: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k n"]:
    """Sums at places between the corners; beyond the picture they neither grow nor shrink."""
    last = len(sums) - 1
    inside = np.clip(places, 0, last)
    before = np.minimum(inside.astype(np.int64), last - 1)
    low = sums[before]
    found: NDArray[np.float64] = low + (inside - before)[:, None] * (sums[before + 1] - low)
    return found


def _middle(left: Float64[np.ndarray, " corners"]) -> float:
    """Where half of the mass is to the left, given the mass to the left of each corner."""
    half = left[-1] / 2
    after = int((left >= half).argmax())
    return float(after - (left[after] - half) / (left[after] - left[after - 1]))
