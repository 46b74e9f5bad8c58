"""Windows as a `Plan` changes them: maps, keypoints and silhouettes of the same moment alike.

Whatever moves is one affine for each frame and joint, composed after the alignment, so that maps are still
resampled once.
"""

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Affines, Keypoints, Maps
from gaitheat.heatmaps.align import ChannelAffines, warp
from gaitheat.heatmaps.augment import CENTRE, Plan


def augmented_maps(
    maps: Maps, keypoints: Keypoints, matrices: Affines, plan: Plan
) -> UInt8[np.ndarray, "shown 17 64 48"]:
    """Aligned and augmented maps, resampled once.

    Args:
        maps: uint8 [T, 17, 64, 48] as stored.
        keypoints: float32 [T, 17, 3], x and y in heatmap pixels, and score.
        matrices: float32 [T, 2, 3] of the alignment.
        plan: of F frames, which its ``frames`` choose among the T.
    """
    picked = plan.frames[:, None], plan.joints
    affines = channel_affines(keypoints[picked], matrices[plan.frames], plan)
    warped = warp(maps[picked], affines)
    _scale(warped, plan.heights)
    warped[plan.lost] = 0
    _hide(warped, plan)
    return warped


def augmented_keypoints(
    keypoints: Keypoints, matrices: Affines, plan: Plan
) -> Float32[np.ndarray, "shown 17 3"]:
    """The same of keypoints, in aligned heatmap pixels.

    A keypoint stays on its map's peak, its score follows the peak's height; it is 0 where the joint is lost
    or hidden.
    """
    points = keypoints[plan.frames[:, None], plan.joints]
    x, y = np.moveaxis(_moved(points, channel_affines(points, matrices[plan.frames], plan)), 2, 0)
    (left, top), (right, bottom) = plan.occluder
    covered = (x >= left - 0.5) & (x < right - 0.5) & (y >= top - 0.5) & (y < bottom - 0.5)
    score = np.minimum(points[..., 2] * plan.heights, 1)
    score[plan.lost | (plan.hidden[:, None] & covered)] = 0
    return np.stack([x, y, score], axis=2).astype(np.float32)


def augmented_silhouettes(
    silhouettes: UInt8[np.ndarray, "frames height width"], plan: Plan
) -> UInt8[np.ndarray, "shown height width"]:
    """Silhouettes of the crop, to be cut afterwards: that takes out size and place, so they are not changed.

    They are stretched, turned and hidden as the maps are, and the same frames are repeated; what the plan
    does to single joints makes no difference to them.
    """
    linear = plan.affine[:, :2] / np.sqrt(np.linalg.det(plan.affine[:, :2]))
    centre = np.array(CENTRE)
    affine = np.concatenate([linear, (centre - linear @ centre)[:, None]], axis=1).astype(np.float32)
    shown = silhouettes[plan.frames]
    warped = warp(shown, np.broadcast_to(affine, (len(shown), 2, 3)), shown.shape[1:])
    _hide(warped, plan)
    return warped


def channel_affines(keypoints: Keypoints, matrices: Affines, plan: Plan) -> ChannelAffines:
    """The whole way of each map: alignment, jitter of all, size of the peak around itself, own offset."""
    linear = plan.affine[:, :2] @ matrices[:, :, :2]
    shift = matrices[:, :, 2] @ plan.affine[:, :2].T + plan.affine[:, 2]
    peaks = np.einsum("tij,tnj->tni", linear, keypoints[..., :2]) + shift[:, None]
    widths = plan.widths[:, None]
    own_linear = widths[..., None] * linear[:, None]
    own_shift = widths * shift[:, None] + (1 - widths) * peaks + plan.offsets
    return np.concatenate([own_linear, own_shift[..., None]], axis=3).astype(np.float32)


def _moved(keypoints: Keypoints, affines: ChannelAffines) -> Float32[np.ndarray, "frames 17 2"]:
    turned: NDArray[np.float32] = np.einsum("tnij,tnj->tni", affines[..., :2], keypoints[..., :2])
    moved: NDArray[np.float32] = turned + affines[..., 2]
    return moved


def _hide(pictures: UInt8[np.ndarray, "frames *channels height width"], plan: Plan) -> None:
    """Zeros where the occluder is, in place; pictures show the heatmap frame at any resolution."""
    height, width = pictures.shape[-2:]
    (left, right), (top, bottom) = (
        plan.occluder.T * np.array([[width // MAP_WIDTH], [height // MAP_HEIGHT]])
    ).tolist()
    pictures[plan.hidden, ..., top:bottom, left:right] = 0


def _scale(maps: Maps, heights: Float64[np.ndarray, " 17"]) -> None:
    """In place, for maps are large."""
    for joint in np.flatnonzero(heights != 1):
        # A row a frame: OpenCV takes rows that do not follow one another in memory.
        rows = maps[:, joint].reshape(len(maps), -1)
        cv2.convertScaleAbs(rows, rows, heights[joint])
