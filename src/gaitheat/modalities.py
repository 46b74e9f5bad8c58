"""What a network may look at: heatmaps, keypoints, silhouettes; what it does not read is an empty array."""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.silhouettes import TIGHT_HEIGHT, TIGHT_WIDTH
from gaitheat.skeleton import JOINTS

Modality = Literal["heatmaps", "keypoints", "silhouettes"]

SHAPES: dict[Modality, tuple[int, ...]] = {
    "heatmaps": (len(JOINTS), MAP_HEIGHT, MAP_WIDTH),
    "keypoints": (len(JOINTS), 3),
    "silhouettes": (TIGHT_HEIGHT, TIGHT_WIDTH),
}
"""Of one frame, in the order in which networks take them."""


class Passes(NamedTuple):
    """Windows as a network sees them, whichever library computes it; what it does not read is empty.

    Attributes:
        heatmaps: aligned, in 0..1.
        keypoints: x and y in aligned heatmap pixels, and score.
        silhouettes: tight, in 0..1.
        mask: true where a tick shows a frame.
    """

    heatmaps: Float32[np.ndarray, "passes ticks channels height width"]
    keypoints: Float32[np.ndarray, "passes ticks joints 3"]
    silhouettes: Float32[np.ndarray, "passes ticks rows columns"]
    mask: Bool[np.ndarray, "passes ticks"]

    def only(self, reads: frozenset[Modality]) -> "Passes":
        """The same for a network that reads no more than these."""
        return self._replace(**{name: getattr(self, name)[:, :, :0] for name in SHAPES if name not in reads})

    def taken(self, reads: frozenset[Modality]) -> list[NDArray[np.generic]]:
        """What a network takes that has no place for what it does not read; the mask is the last."""
        return [getattr(self, name) for name in SHAPES if name in reads] + [self.mask]


def frame_shape(modality: Modality, reads: frozenset[Modality]) -> tuple[int, ...]:
    """Of one frame, for a network that reads these: what it does not read has no channels, joints or rows."""
    count, *rest = SHAPES[modality]
    return count if modality in reads else 0, *rest


def missing(clip: Clip, reads: frozenset[Modality]) -> list[Modality]:
    """What of these the clip does not hold: it is not there, or empty in every frame."""
    content: dict[Modality, NDArray[np.generic] | None] = {
        "heatmaps": clip.heatmaps,
        "keypoints": clip.keypoints[..., 2],
        "silhouettes": clip.silhouettes,
    }
    return [name for name, array in content.items() if name in reads and (array is None or not array.any())]
