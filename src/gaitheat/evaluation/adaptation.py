"""Embeddings adapted to the camera, by what it makes of other people whose names nobody needs to know.

Most of what tells clips of two cameras apart is the cameras. Their mean embeddings say how; and the spread
of people around these means says which directions are loud without saying who it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError


@dataclass(frozen=True, slots=True)
class Adapted:
    """What a cohort says about its cameras."""

    means: Mapping[str, Float64[np.ndarray, " dimension"]]
    """Of each camera."""
    axes: Float64[np.ndarray, "dimension components"]
    """Directions in which the cohort spreads, common to all cameras: only so can two cameras be compared."""
    gains: Float64[np.ndarray, " components"]
    """What is made of each of these directions; all others are left as they are."""

    def apply(
        self, embeddings: Float32[np.ndarray, "clips dimension"], cameras: Sequence[str]
    ) -> Float32[np.ndarray, "clips dimension"]:
        """Vectors of length 1; GaitheatError for a camera that the cohort did not pass."""
        strange = sorted(set(cameras) - set(self.means))
        if strange:
            raise GaitheatError(
                f"cannot adapt embeddings to camera {strange[0]}: expected clips of other people of it, "
                f"but got only those of {', '.join(sorted(self.means))}"
            )
        moved = embeddings - np.stack([self.means[camera] for camera in cameras])
        whitened = moved + (moved @ self.axes * (self.gains - 1)) @ self.axes.T
        lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (whitened / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return unit


@dataclass(frozen=True, slots=True)
class CohortAdaptation:
    """Takes out each camera's mean, then shrunk whitening, then length 1.

    Where the cohort's variance is v, embeddings are divided by the root of (1 - shrinkage) v + shrinkage m,
    with m the mean variance of the directions in which it has any (as O. Ledoit and M. Wolf, 2004, but with a
    given shrinkage). A cohort of few clips spreads in few directions: in the others v is 0.
    """

    shrinkage: float = 0.3
    """Above 0. 1 only takes out the mean; the smaller, the more is what the cohort has in common damped."""

    def __post_init__(self) -> None:
        if not 0 < self.shrinkage <= 1:
            raise GaitheatError(
                f"an adaptation's shrinkage must be above 0, at most 1, got {self.shrinkage:g}"
            )

    def __str__(self) -> str:
        return f"camera means, whitening with shrinkage {self.shrinkage:g}"

    def fit(self, embeddings: Float32[np.ndarray, "clips dimension"], cameras: Sequence[str]) -> Adapted:
        """Learn from clips of people whom nobody will look for.

        Args:
            embeddings: theirs; strips are parts of one vector here.
            cameras: which camera saw each clip.

        Raises:
            GaitheatError: too few clips, or clips that all look alike.
        """
        names = np.array(cameras)
        means = {str(name): embeddings[names == name].astype(np.float64).mean(0) for name in np.unique(names)}
        centred = embeddings - np.array([means[name] for name in cameras]).reshape(embeddings.shape)
        variances, axes = _principal(centred)
        kept = min(len(embeddings) - len(means), len(variances))
        if kept < 1 or not variances[0] > 0:
            raise GaitheatError(
                f"an adaptation needs clips of several people of each camera, got {len(embeddings)} "
                f"of {len(means)} cameras"
            )
        floor = self.shrinkage * variances[:kept].mean()
        return Adapted(
            means, axes[:, :kept], np.sqrt(floor / ((1 - self.shrinkage) * variances[:kept] + floor))
        )


def _principal(
    centred: Float64[np.ndarray, "clips dimension"],
) -> tuple[Float64[np.ndarray, " components"], Float64[np.ndarray, "dimension components"]]:
    """Variances, the largest first, and the axes they lie along, from the smaller of the two square forms."""
    clips, dimension = centred.shape
    wide = clips < dimension
    squares, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    if wide:
        lengths = np.sqrt(squares)
        vectors = centred.T @ np.divide(vectors, lengths, where=lengths > 0, out=np.zeros_like(vectors))
    return squares / max(clips, 1), vectors
