"""What the maps hold, for the ablation: the estimator's maps, or how much of them a coordinate would tell."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Keypoints, Maps
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians

Variant = Callable[[Maps, Keypoints], Maps]
"""From maps, and keypoints in heatmap pixels, to other maps of the same frames."""

SHARPNESS = 4.0
"""Power of a map before its centroid is taken: far faint cells would pull it away from the peak."""


def estimated(maps: Maps, keypoints: Keypoints) -> Maps:  # noqa: ARG001
    """The estimator's maps as they are."""
    return maps


def drawn(maps: Maps, keypoints: Keypoints) -> Maps:  # noqa: ARG001
    """Gaussians at the estimator's keypoints, as high as their scores."""
    return gaussians(keypoints)


def drawn_soft_argmax(maps: Maps, keypoints: Keypoints) -> Maps:  # noqa: ARG001
    """Gaussians at the soft-argmax of the same maps, as high as their peaks: the exact test of the middleman.

    What is lost against the maps is lost by the coordinate alone: it has not been rounded to cells.
    """
    return gaussians(soft_argmax(maps))


def unit_peak(maps: Maps, keypoints: Keypoints) -> Maps:  # noqa: ARG001
    """Every map scaled so that its peak is 1; an empty one stays empty."""
    peaks = np.maximum(maps.max((2, 3)), 1)
    scaled: NDArray[np.float32] = maps * (255 / peaks)[..., None, None].astype(np.float32)
    return np.rint(scaled).astype(np.uint8)


def soft_argmax(maps: Maps) -> Keypoints:
    """The centroid of every map to the power of `SHARPNESS`, heatmap pixels, and the height of its peak.

    An empty map gives the middle of the frame, and the score 0.
    """
    peaks = maps.max((2, 3)).astype(np.float32) / 255
    relative = maps.astype(np.float32) / np.maximum(255 * peaks, 1)[..., None, None]
    mass = relative**SHARPNESS
    x = _mean_place(mass.sum(2, dtype=np.float64), (MAP_WIDTH - 1) / 2)
    y = _mean_place(mass.sum(3, dtype=np.float64), (MAP_HEIGHT - 1) / 2)
    return np.stack([x, y, peaks], axis=2).astype(np.float32)


def _mean_place(mass: Float64[np.ndarray, "*maps n"], otherwise: float) -> Float64[np.ndarray, "*maps"]:
    total = mass.sum(-1)
    return np.where(total > 0, mass @ np.arange(mass.shape[-1]) / np.maximum(total, 1e-12), otherwise)


VARIANTS: dict[str, Variant] = {
    "estimated": estimated,
    "drawn": drawn,
    "drawn-soft-argmax": drawn_soft_argmax,
    "unit-peak": unit_peak,
}
"""By name; rows 2, 1a, 1b and 2b of the ablation in the documentation."""


def variant_called(name: str) -> Variant:
    """The variant of that name; GaitheatError with the names there are if there is none."""
    if name not in VARIANTS:
        raise GaitheatError(
            f"no variant of the maps is called {name!r}: expected one of {', '.join(VARIANTS)}"
        )
    return VARIANTS[name]
