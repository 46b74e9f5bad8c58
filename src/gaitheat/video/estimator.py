"""The embedded pose estimator: BlazePose, one network for maps, keypoints, 3D joints and silhouette.

V. Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking", 2020.
Its landmarks contain COCO-17.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.assets import ASSETS, fetch
from gaitheat.clips import (
    MAP_HEIGHT,
    MAP_WIDTH,
    SILHOUETTE_WIDTH,
    Estimator,
    quantise,
)
from gaitheat.runtime import Runtime, load
from gaitheat.video.crop import CROP_CELLS
from gaitheat.video.protocols import Poses

BlazePoseSize = Literal["blazepose-lite", "blazepose-full", "blazepose-heavy"]
"""The three networks of one family; each is called as its asset is."""

COCO_FROM_BLAZEPOSE = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
"""BlazePose landmark of each COCO joint."""
LANDMARKS = 39
INPUT = 256
HALF_CELL = 2
"""Crop pixels. BlazePose's map pixel i is centred at crop pixel 4 i, where the house rule says 4 i + 2:
flipped crops show it (landmarks and mask are in place). So the crop is shifted before it is estimated."""


def blazepose_identity(size: BlazePoseSize) -> Estimator:
    """What clips name as their estimator; whichever runtime computes it, its maps are the same."""
    return Estimator(size, ASSETS[size].sha256, "rgb-1")


class BlazePose:
    """BlazePose on 256 x 256 crops, whose central 192 columns show the heatmap frame.

    Args:
        size: which of the networks; its weights are fetched on first use.
        streams: crops that are estimated at the same time, a CPU thread each.
        runtime: who computes; None: the best that is installed.
    """

    crop_size = (INPUT, INPUT)

    def __init__(
        self, size: BlazePoseSize = "blazepose-full", streams: int = 1, runtime: Runtime | None = None
    ) -> None:
        self.identity = blazepose_identity(size)
        self._network = load(fetch(size), (1, None, None, None), streams=streams, runtime=runtime)

    def __call__(self, crops: UInt8[np.ndarray, "crops 256 256 3"]) -> Poses:
        """Poses of RGB crops [N, 256, 256, 3], any N from 1 on."""
        pictures = np.zeros(crops.shape, np.float32)
        shifted = pictures[:, :-HALF_CELL, :-HALF_CELL]
        np.multiply(crops[:, HALF_CELL:, HALF_CELL:], np.float32(1 / 255), out=shifted)
        outputs = {array.shape[1:]: array for array in self._network(pictures).values()}
        return Poses(
            heatmaps=_maps(outputs[MAP_HEIGHT, MAP_HEIGHT, LANDMARKS]),
            keypoints=_keypoints(outputs[(5 * LANDMARKS,)]),
            present=np.ascontiguousarray(outputs[(1,)][:, 0]),
            silhouettes=_silhouettes(outputs[INPUT, INPUT, 1]),
            world=_world(outputs[(3 * LANDMARKS,)]),
        )


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return ((1 + np.tanh(logits / 2)) / 2).astype(np.float32, copy=False)


def _maps(logits: Float32[np.ndarray, "n 64 64 39"]) -> UInt8[np.ndarray, "n 17 64 48"]:
    """The heatmap frame is the centre of the square: columns are left out, nothing is resampled."""
    margin = (MAP_HEIGHT - MAP_WIDTH) // 2
    chosen = logits[:, :, margin : margin + MAP_WIDTH, COCO_FROM_BLAZEPOSE]
    return quantise(_sigmoid(np.ascontiguousarray(chosen.transpose(0, 3, 1, 2))))


def _keypoints(points: Float32[np.ndarray, "n 195"]) -> Float32[np.ndarray, "n 17 3"]:
    """Crop pixels, measured from the shifted crop's edge, to heatmap pixels; the score is the visibility."""
    chosen = points.reshape(-1, LANDMARKS, 5)[:, COCO_FROM_BLAZEPOSE]
    keypoints = np.empty((*chosen.shape[:2], 3), np.float32)
    keypoints[..., :2] = (chosen[..., :2] + HALF_CELL) / CROP_CELLS - 0.5
    keypoints[..., 0] -= (MAP_HEIGHT - MAP_WIDTH) / 2
    keypoints[..., 2] = _sigmoid(chosen[..., 3])
    return keypoints


def _silhouettes(logits: Float32[np.ndarray, "n 256 256 1"]) -> UInt8[np.ndarray, "n 128 96"]:
    margin = (INPUT - 2 * SILHOUETTE_WIDTH) // 2
    mask = np.zeros((len(logits), INPUT, INPUT - 2 * margin), np.float32)
    mask[:, HALF_CELL:] = _sigmoid(logits[:, :-HALF_CELL, margin - HALF_CELL : -margin - HALF_CELL, 0])
    pairs_of_rows = mask[:, ::2] + mask[:, 1::2]
    return quantise((pairs_of_rows[..., ::2] + pairs_of_rows[..., 1::2]) / 4)


def _world(world: Float32[np.ndarray, "n 117"]) -> Float32[np.ndarray, "n 17 3"]:
    return np.ascontiguousarray(world.reshape(-1, LANDMARKS, 3)[:, COCO_FROM_BLAZEPOSE])
