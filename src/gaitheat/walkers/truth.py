"""Ground truth as clips: what an estimator that makes no errors would have said of the same crops.

So truth is stored, read, drawn and evaluated like any other clip, under a data set of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.clips import (
    MAP_WIDTH,
    SILHOUETTE_HEIGHT,
    SILHOUETTE_WIDTH,
    Affines,
    Clip,
    ClipKey,
    Estimator,
    Refusal,
)
from gaitheat.datasets.walkers import TRUTH_SUFFIX
from gaitheat.heatmaps.draw import gaussians
from gaitheat.skeleton import HIPS, SHOULDERS
from gaitheat.walkers.filming import RATE, Film
from gaitheat.walkers.pictures.camera import project

TRUTH = Estimator("truth", "rendered", "rgb-1")
"""Who makes these clips."""
TRUNK = [*SHOULDERS, *HIPS]
ELSEWHERE = 0.25
"""Heights of a person: a trunk that is farther from where it should be is somebody else's."""
Mask = UInt8[np.ndarray, "height width"]


def true_key(key: ClipKey) -> ClipKey:
    """The name of the truth about a clip."""
    return replace(key, dataset=key.dataset + TRUTH_SUFFIX)


def with_truth(
    item: Clip | Refusal, film: Film, mask: Callable[[int], Mask]
) -> tuple[Clip | Refusal, Clip | Refusal]:
    """An extracted clip and the truth about it, frame by frame; two refusals where there is no clip.

    A clip whose trunk is mostly elsewhere shows a passer-by: it is refused, as it would bear a wrong name.

    Args:
        item: what was extracted.
        film: the recording that it was extracted from.
        mask: the walker's share of each pixel in the frame of that number.
    """
    if isinstance(item, Refusal):
        return item, _about(item)
    joints = film.joints[_frames(item)]
    # The camera measures from the picture's edge, keypoints count pixels by their centres.
    points = (project(film.camera, joints) - 0.5).astype(np.float32)
    aside = np.linalg.norm(item.keypoints[:, TRUNK, :2] - points[:, TRUNK], axis=2).mean(axis=1)
    if np.median(aside / np.ptp(points[..., 1], axis=1)) > ELSEWHERE:
        refusal = Refusal(item.key, item.source, item.sha256, item.estimator, "another person", len(item))
        return refusal, _about(refusal)
    keypoints = np.concatenate([points, np.ones((len(item), 17, 1), np.float32)], axis=2)
    told = replace(item, key=true_key(item.key), estimator=TRUTH, keypoints=keypoints)
    truth = replace(
        told,
        heatmaps=gaussians(told.keypoints_on_maps()),
        present=np.ones(len(item), np.float32),
        silhouettes=_silhouettes([mask(int(frame)) for frame in _frames(item)], item.crop),
        world=_seen_from(film, joints),
        phase=film.motion.phase[_frames(item)].astype(np.float32),
    )
    return item, truth


def _about(refusal: Refusal) -> Refusal:
    return replace(refusal, key=true_key(refusal.key), estimator=TRUTH)


def _frames(clip: Clip) -> NDArray[np.int64]:
    """The recording's frames that a clip holds."""
    return np.rint(clip.times * RATE).astype(np.int64)


def _seen_from(film: Film, joints: NDArray[np.float64]) -> Float32[np.ndarray, "frames 17 3"]:
    """Joints about the middle of the hips along the camera's axes: right, down, away; metres."""
    about_hips = joints - joints[:, HIPS].mean(1, keepdims=True)
    seen: NDArray[np.float32] = (about_hips @ film.camera.rotation.T).astype(np.float32)
    return seen


def _silhouettes(masks: Sequence[Mask], crops: Affines) -> UInt8[np.ndarray, "frames 128 96"]:
    """Masks of whole pictures, cut as the crops were."""
    finer = SILHOUETTE_WIDTH / MAP_WIDTH
    # x_silhouette + 0.5 = finer * (x_map + 0.5)
    affines = crops.astype(np.float64) * finer
    affines[:, :, 2] += (finer - 1) / 2
    size = (SILHOUETTE_WIDTH, SILHOUETTE_HEIGHT)
    return np.stack([cv2.warpAffine(mask, affine, size) for mask, affine in zip(masks, affines, strict=True)])
