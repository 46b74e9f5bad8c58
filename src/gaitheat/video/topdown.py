"""Top-down pose estimators: a picture of one person in, a map for each joint out; any ONNX export.

HRNet (K. Sun et al., CVPR 2019) and ViTPose (Y. Xu et al., NeurIPS 2022) take 256 x 192 pixels, normalised as
for ImageNet, and give 17 maps of 64 x 48 cells in COCO order, drawn as Gaussians of height 1.
"""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Estimator, quantise
from gaitheat.errors import GaitheatError
from gaitheat.inference import Network, network_files
from gaitheat.skeleton import JOINTS
from gaitheat.video.pictures import joint_digest
from gaitheat.video.protocols import Poses

CROP_HEIGHT, CROP_WIDTH = 256, 192
MAPS_SHAPE = (len(JOINTS), MAP_HEIGHT, MAP_WIDTH)
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)
FAINT = 1e-6
"""Map values are not taken to be smaller when their logarithm is needed."""

Grid = Literal["corners", "stride"]
"""Which input pixel a map's cell i was trained to mean. ``corners``: the first cell is the first pixel and
the last cell the last one, i * 191 / 47 ("unbiased data processing", J. Huang et al., CVPR 2020: ViTPose,
newer HRNet). ``stride``: pixel 4 i (older HRNet). At the feet the two are two thirds of a cell apart."""


class OnnxTopDown:
    """An ONNX export of a top-down estimator, on OpenVINO in float32.

    ``present`` is the mean of the 17 peaks: near 1 for a whole person, below one half without legs or trunk.

    Args:
        path: the ``.onnx`` file: [N, 3, 256, 192] in, [N, 17, 64, 48] out, no sigmoid missing.
        grid: what the maps' cells mean; it depends on how the network was trained.
        streams: crops that are estimated at the same time, a CPU thread each.

    Raises:
        GaitheatError: the file is missing, no network, or has other inputs or outputs.
    """

    crop_size = (CROP_HEIGHT, CROP_WIDTH)

    def __init__(self, path: Path, grid: Grid = "corners", streams: int = 1) -> None:
        self._network = Network(path, (1, 3, CROP_HEIGHT, CROP_WIDTH), streams=streams)
        self._grid: Grid = grid
        if self._network.dtype != np.float32:
            raise GaitheatError(f"{path.name} takes {self._network.dtype}, expected a network of float32")
        found = [array.shape[1:] for array in self._outputs(np.zeros(self._network.shape, np.float32))]
        if MAPS_SHAPE not in found:
            raise GaitheatError(
                f"{path.name}: expected an output of N x 17 x 64 x 48 maps (COCO joints), "
                f"got {', '.join('N x ' + ' x '.join(map(str, shape)) for shape in found)}"
            )
        self.identity = Estimator(f"{path.stem}-{grid}", joint_digest(network_files(path)).hex(), "rgb-1")

    def __call__(self, crops: UInt8[np.ndarray, "crops 256 192 3"]) -> Poses:
        """Poses of RGB crops [N, 256, 192, 3], any N from 1 on."""
        outputs = self._outputs(network_input(crops, self._grid))
        return poses_from_maps(next(array for array in outputs if array.shape[1:] == MAPS_SHAPE))

    def _outputs(self, pictures: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return list(self._network(pictures).values())


def network_input(
    crops: UInt8[np.ndarray, "crops 256 192 3"], grid: Grid
) -> Float32[np.ndarray, "crops 3 256 192"]:
    """RGB crops, normalised as for ImageNet, moved so that the maps come out in the house's heatmap frame.

    There, cell i is centred at crop pixel 4 i + 1.5; the crop's own pixel of that place must be shown where
    the network expects cell i.
    """
    corners = [4 * (MAP_WIDTH - 1) / (CROP_WIDTH - 1), 4 * (MAP_HEIGHT - 1) / (CROP_HEIGHT - 1)]
    scale_x, scale_y = corners if grid == "corners" else (1.0, 1.0)
    crop_from_input = np.array([[scale_x, 0, 1.5], [0, scale_y, 1.5]])
    moved = [
        cv2.warpAffine(
            crop,
            crop_from_input,
            (CROP_WIDTH, CROP_HEIGHT),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for crop in crops
    ]
    normalised = (np.stack(moved) / np.float32(255) - IMAGENET_MEAN) / IMAGENET_STD
    return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))


def poses_from_maps(maps: Float32[np.ndarray, "crops 17 64 48"]) -> Poses:
    """Maps in 0..1 as poses: no silhouettes, no 3D joints; ``present`` is the mean of the peaks.

    A map with a peak that is NaN or infinite gives a score of NaN, by which such frames are refused.
    """
    keypoints = decode(maps)
    return Poses(
        heatmaps=quantise(np.nan_to_num(maps)),
        keypoints=keypoints,
        present=keypoints[..., 2].mean(axis=1),
        silhouettes=None,
        world=None,
    )


def decode(maps: Float32[np.ndarray, "crops joints height width"]) -> Float32[np.ndarray, "crops joints 3"]:
    """Where each map peaks, x and y in cells to fractions of one, and how high (clipped to 0..1).

    Through the logarithms of the highest cell and its neighbours goes a parabola along each axis: its vertex
    is exact for a Gaussian. That is F. Zhang et al., "Distribution-Aware Coordinate Representation for Human
    Pose Estimation", CVPR 2020, without the mixed derivative. Cells on the border are not refined across it.
    """
    crops, joints, height, width = maps.shape
    rows, columns = np.unravel_index(maps.reshape(crops, joints, -1).argmax(axis=2), (height, width))
    padded = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    crop, joint = np.ogrid[:crops, :joints]

    def log_at(down: int, right: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = padded[crop, joint, rows + 1 + down, columns + 1 + right]
        return np.log(np.where(np.isfinite(values), np.maximum(values, FAINT), FAINT))

    peak = maps[crop, joint, rows, columns]
    score = np.where(np.isfinite(peak), np.clip(peak, 0, 1), np.nan)
    x = columns + _vertex(log_at(0, -1), log_at(0, 0), log_at(0, 1))
    y = rows + _vertex(log_at(-1, 0), log_at(0, 0), log_at(1, 0))
    return np.stack([x, y, score], axis=2).astype(np.float32)


def _vertex(
    before: NDArray[np.float32], centre: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Offset of a parabola's vertex from the middle of three equidistant points; 0 where they do not bend."""
    bend = before - 2 * centre + after
    offset = np.zeros_like(bend)
    np.divide(before - after, 2 * bend, out=offset, where=bend < 0)
    return offset
