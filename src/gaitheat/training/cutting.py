"""How windows are cut from clips for training: aligned, turned to the right, augmented; without PyTorch."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from numpy.typing import NDArray

from gaitheat.clips import FLIP, Clip, Window, compose, transform
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import ALIGNMENTS, Alignment, matrices
from gaitheat.heatmaps.augment import NONE, Augmentation, draw_plan
from gaitheat.heatmaps.augmented import augmented_keypoints, augmented_maps, augmented_silhouettes
from gaitheat.heatmaps.facing import Mirror, shares
from gaitheat.heatmaps.variants import variant_called
from gaitheat.modalities import SHAPES, Modality, frame_shape
from gaitheat.silhouettes import tight
from gaitheat.skeleton import MIRROR
from gaitheat.training.sampling import Mode


@dataclass(frozen=True, slots=True)
class Cutting:
    """How windows are cut from clips and made ready for a network."""

    reads: frozenset[Modality] = frozenset({"heatmaps", "keypoints"})
    """What is made of a window; the rest is empty."""
    frames: int = 16
    """Frames of a window."""
    mode: Mode = "ordered"
    """Frames as they follow one another, or a set of any of the clip's frames."""
    stride_jitter: float = 0.0
    """How much faster or slower than it is a walk may look: 0 to below 1, relative."""
    alignment: Alignment = ALIGNMENTS["default"]
    """What is taken out of every frame."""
    variant: str = "estimated"
    """What the maps hold, by its name in VARIANTS."""
    mirror: Mirror = "facing"
    """How likely a window is seen in the mirror: by the way the person faces; as likely as not; never."""
    augmentation: Augmentation = NONE
    """How strongly windows are changed at random."""

    def __post_init__(self) -> None:
        variant_called(self.variant)
        if self.frames < 1:
            raise GaitheatError(f"a window has 1 frame or more, but got {self.frames}")
        if not 0 <= self.stride_jitter < 1:
            raise GaitheatError(f"stride jitter must be 0 to below 1, but got {self.stride_jitter}")


class Sample(NamedTuple):
    """One window; what is not read is empty."""

    heatmaps: UInt8[np.ndarray, "frames channels height width"]
    keypoints: Float32[np.ndarray, "frames joints 3"]
    silhouettes: UInt8[np.ndarray, "frames rows columns"]


def sample(
    clip: Clip, slots: Int64[np.ndarray, " frames"], cutting: Cutting, rng: np.random.Generator
) -> Sample:
    """One window, aligned, turned to the right and augmented; maps are resampled once.

    Args:
        clip: the frames that were read for the window. The alignment knows no others: the median body length
            of a window is the clip's to a percent or two, and sizes are augmented by more than that.
        slots: [F], which of them each frame of the window shows.
        cutting: what is read, alignment, variant, mirror and augmentation.
        rng: of this sample.
    """
    points = clip.keypoints_on_maps()
    affines = matrices(points, clip.times, cutting.alignment)
    shown = Window(slots, np.ones(len(slots), np.bool_))
    (share,) = shares(transform(affines, points[..., :2]), [shown], cutting.mirror)
    plan = draw_plan(cutting.augmentation, len(slots), rng)
    plan = replace(plan, frames=slots[plan.frames])
    mirrored = rng.random() >= share
    if mirrored:
        # Alignment commutes with the mirror, so that the picture can be flipped when it is aligned.
        affines = compose(np.broadcast_to(FLIP, affines.shape), affines)
        plan = replace(plan, joints=np.array(MIRROR)[plan.joints])
    read: dict[str, NDArray[np.generic]] = {}
    if "heatmaps" in cutting.reads:
        maps = variant_called(cutting.variant)(clip.heatmaps, points)
        read["heatmaps"] = augmented_maps(maps, points, affines, plan)
    if "keypoints" in cutting.reads:
        read["keypoints"] = augmented_keypoints(points, affines, plan)
    if "silhouettes" in cutting.reads:
        if clip.silhouettes is None:
            raise GaitheatError(f"clip {clip.key} has no silhouettes, which are to be read: extract it again")
        masks = clip.silhouettes[..., ::-1] if mirrored else clip.silhouettes
        read["silhouettes"] = tight(augmented_silhouettes(masks, plan))
    return _blank(len(slots), cutting.reads)._replace(**read)


def _blank(frames: int, reads: frozenset[Modality]) -> Sample:
    heatmaps, keypoints, silhouettes = (
        np.zeros((frames, *frame_shape(modality, reads)), np.float32 if modality == "keypoints" else np.uint8)
        for modality in SHAPES
    )
    return Sample(heatmaps, keypoints, silhouettes)
