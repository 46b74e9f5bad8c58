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


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """What is kept of the passers-by of one camera: where they are, and how they spread around it."""

    clips: int
    mean: Float64[np.ndarray, " dimension"]
    axes: Float64[np.ndarray, "dimension components"]
    """Directions in which they spread: one fewer than clips, but not more than dimensions."""
    variances: Float64[np.ndarray, " components"]
    """Along these."""

    @classmethod
    def of(cls, embeddings: Float32[np.ndarray, "clips dimension"]) -> "Cohort":
        """Of at least one clip."""
        mean = embeddings.mean(0, dtype=np.float64)
        squares, axes = _principal(embeddings - mean)
        components = min(len(embeddings) - 1, len(squares))
        return cls(len(embeddings), mean, axes[:, :components], squares[:components] / len(embeddings))


@dataclass(frozen=True, slots=True)
class Adapted:
    """What cohorts say about their cameras."""

    means: Mapping[str, Float64[np.ndarray, " dimension"]]
    """Of each camera."""
    axes: Float64[np.ndarray, "dimension components"]
    """Directions in which the cohorts spread, common to all cameras: only so can two cameras be compared."""
    gains: Float64[np.ndarray, " components"]
    """What is made of each of these directions; all others are left as they are."""
    elsewhere: Float64[np.ndarray, " dimension"] | None = None
    """Stands for the mean of a camera that has no cohort; None refuses its clips."""

    def apply(
        self, embeddings: Float32[np.ndarray, "clips dimension"], cameras: Sequence[str]
    ) -> Float32[np.ndarray, "clips dimension"]:
        """Vectors of length 1; GaitheatError for a camera without a cohort, if nothing stands for it."""
        strange = sorted(set(cameras) - set(self.means))
        if strange and self.elsewhere is None:
            raise GaitheatError(
                f"cannot adapt embeddings to camera {strange[0]}: expected clips of other people of it, "
                f"but got only those of {', '.join(sorted(self.means))}"
            )
        means = [self.means.get(camera, self.elsewhere) for camera in cameras]
        moved = embeddings - np.array(means, np.float64).reshape(embeddings.shape)
        whitened = moved + (moved @ self.axes * (self.gains - 1)) @ self.axes.T
        lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (whitened / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return unit


@dataclass(frozen=True, slots=True)
class CohortAdaptation:
    """Takes out each camera's mean, then shrunk whitening, then length 1.

    Where the cohorts' variance is v, embeddings are divided by the root of (1 - shrinkage) v + shrinkage m,
    with m the mean variance of the directions in which they have any (as O. Ledoit and M. Wolf, 2004, but
    with a given shrinkage). Cohorts of few clips spread in few directions: in the others v is 0.
    """

    shrinkage: float = 0.3
    """Above 0. 1 only takes out the mean; the smaller, the more is what people have in common damped."""

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
        return self.pooled({str(name): Cohort.of(embeddings[names == name]) for name in np.unique(names)})

    def pooled(self, cohorts: Mapping[str, Cohort]) -> Adapted:
        """The same from what was kept of each camera's cohort, whenever that passed.

        The spread that all cameras share is that around their own means, a clip counting as one wherever it
        was seen: sums of squares add up, so nothing is lost by keeping each camera's apart.

        Raises:
            GaitheatError: too few clips, or clips that all look alike.
        """
        clips = sum(cohort.clips for cohort in cohorts.values())
        spreads = [np.sqrt(each.clips * each.variances)[:, None] * each.axes.T for each in cohorts.values()]
        squares, axes = _principal(np.concatenate(spreads)) if spreads else (np.zeros(0), np.zeros((0, 0)))
        kept = min(clips - len(cohorts), len(squares))
        if kept < 1 or not squares[0] > 0:
            raise GaitheatError(
                f"an adaptation needs clips of several people of each camera, got {clips} "
                f"of {len(cohorts)} cameras"
            )
        variances = squares[:kept] / clips
        floor = self.shrinkage * variances.mean()
        means = {camera: cohort.mean for camera, cohort in cohorts.items()}
        return Adapted(means, axes[:, :kept], np.sqrt(floor / ((1 - self.shrinkage) * variances + floor)))


def _principal(
    centred: Float64[np.ndarray, "rows dimension"],
) -> tuple[Float64[np.ndarray, " components"], Float64[np.ndarray, "dimension components"]]:
    """Sums of squares, the largest first, and the axes they lie along, by the smaller of the square forms."""
    rows, dimension = centred.shape
    wide = rows < dimension
    squares, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    if wide:
        lengths = np.sqrt(squares)
        vectors = centred.T @ np.divide(vectors, lengths, where=lengths > 0, out=np.zeros_like(vectors))
    return squares, vectors
