"""Which way a person faces: left and right make no difference, because everybody is turned to face right."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64

from gaitheat.clips import Window
from gaitheat.heatmaps.align import BODY_LENGTH
from gaitheat.skeleton import NOSE, SHOULDERS

SIDEWAYS = 0.05
"""Body lengths between nose and neck, across the picture, at which a person wholly faces that side."""

Mirror = Literal["facing", "mean", "none"]
"""What the mirrored clip counts: by the way the person faces; as much as the clip; nothing."""


def shares(
    aligned: Float32[np.ndarray, "frames 17 2"], cut: Sequence[Window], mirror: Mirror = "facing"
) -> Float64[np.ndarray, " windows"]:
    """How much of each window counts for the clip; the rest counts for its mirror.

    Args:
        aligned: x and y of a clip's joints in aligned heatmap pixels.
        cut: windows of the clip, each of which shows a frame at least.
        mirror: the rule.

    Returns:
        1 for a person who walks to the right, 0 for one who walks to the left, between the two for one who is
        seen from the front or from behind. The mirrored clip gets 1 minus that.
    """
    if mirror != "facing":
        return np.full(len(cut), 1.0 if mirror == "none" else 0.5)
    across = (aligned[:, NOSE, 0] - aligned[:, SHOULDERS, 0].mean(1)) / BODY_LENGTH
    offsets = np.array([across[window.frames[window.mask]].mean() for window in cut], np.float64)
    return (1 + np.clip(offsets / SIDEWAYS, -1, 1)) / 2
