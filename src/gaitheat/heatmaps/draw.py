"""Keypoints drawn as Gaussian maps: what a pose estimator's maps would be if they held coordinates only."""

import numpy as np

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Keypoints, Maps, quantise


def gaussians(keypoints: Keypoints, sigma: float = 1.5, scored: bool = True) -> Maps:
    """One Gaussian a joint, centred on its keypoint to a fraction of a cell.

    Args:
        keypoints: [T, 17, 3], x and y in heatmap pixels, score in 0..1.
        sigma: width of the Gaussians in cells.
        scored: each peak is as high as its keypoint's score; otherwise every peak is 1.

    Returns:
        uint8 [T, 17, 64, 48]. A joint outside the frame leaves only what reaches into it.
    """
    x, y, score = np.moveaxis(keypoints, 2, 0)[..., None]
    along_x = np.exp(-(((np.arange(MAP_WIDTH, dtype=np.float32) - x) / sigma) ** 2) / 2)
    along_y = np.exp(-(((np.arange(MAP_HEIGHT, dtype=np.float32) - y) / sigma) ** 2) / 2)
    peak = score if scored else np.ones_like(score)
    return quantise((peak * along_y)[..., :, None] * along_x[..., None, :])
