"""From a clip to one vector: training-free embeddings, the baselines that every network must beat.

An embedding rests by definition on weighted means over a clip's windows (60 frames at 25/s, one every 30). A
window weighs as many ticks as it shows. By the way the person faces in it, it counts for the clip or for its
mirror: so left and right make no difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Affines, Clip, Window, transform, windows
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import ALIGNMENTS, BODY_LENGTH, NECK, Alignment, matrices, warp
from gaitheat.heatmaps.facing import Mirror, shares
from gaitheat.skeleton import JOINTS


@runtime_checkable
class Embedder(Protocol):
    """Whatever turns a clip into a vector, trained or not."""

    @property
    def identity(self) -> str:
        """Names what makes the vectors: embeddings of another identity are not compared with them."""
        ...

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """A vector of length 1."""
        ...


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and deviation over time of what the aligned frames show."""

    name: str
    frames: Callable[[Clip, Affines], NDArray[Any]]
    """What the aligned frames of a clip show: [T, *shape]."""
    shape: tuple[int, ...]
    pool: int
    """Cells along each of the last two axes that are averaged after the moments were taken."""
    deviation: float
    """Weight of the deviation over time against the mean; 0 leaves it out."""
    alignment: Alignment = ALIGNMENTS["default"]
    mirror: Mirror = "facing"

    @property
    def identity(self) -> str:
        """Name, version and settings."""
        settings = f"mirror-{self.mirror}/pool-{self.pool}/deviation-{self.deviation:g}"
        return f"{self.name}-1/{self.alignment}/{settings}"

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return prod(self.shape, start=2 if self.deviation else 1) // self.pool**2

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """A vector of length 1; the error says so if the clip has nothing that could be embedded."""
        cut = windows(clip.times)
        aligned = transform(self._matrices(clip), clip.keypoints_on_maps()[..., :2])
        ours = shares(aligned, cut, self.mirror)
        vector = self._described(clip, cut, ours)
        if ours.min() < 1:
            vector = vector + self._described(clip.mirrored(), cut, 1 - ours)
        length = np.linalg.norm(vector)
        if length == 0:
            raise GaitheatError(f"clip {clip.key} cannot be embedded: its maps are empty; extract it again")
        unit: NDArray[np.float32] = (vector / length).astype(np.float32)
        return unit

    def embed_all(self, clips: Sequence[Clip]) -> Float32[np.ndarray, "clips dimension"]:
        """One vector a clip."""
        return np.stack([self.embed(clip) for clip in clips])

    def _described(
        self, clip: Clip, cut: Sequence[Window], shares: Float64[np.ndarray, " windows"]
    ) -> Float64[np.ndarray, " dimension"]:
        """Pooled moments of the frames, weighed as often as windows show them, times that weight."""
        counts = np.zeros(len(clip))
        for window, share in zip(cut, shares, strict=True):
            np.add.at(counts, window.frames[window.mask], share)
        if not counts.any():
            return np.zeros(self.dimension)
        weights, frames = counts / counts.sum(), self.frames(clip, self._matrices(clip))
        mean = np.einsum("t,t...->...", weights, frames)
        square = np.einsum("t,t...,t...->...", weights, frames, frames)
        moments = [mean, self.deviation * np.sqrt(np.maximum(square - mean**2, 0))]
        pooled = [_pooled(moment, self.pool).ravel() for moment in moments[: 2 if self.deviation else 1]]
        vector: NDArray[np.float64] = counts.sum() * np.concatenate(pooled)
        return vector

    def _matrices(self, clip: Clip) -> Affines:
        return matrices(clip.keypoints_on_maps(), clip.times, self.alignment)


def _pooled(image: NDArray[np.float64], pool: int) -> NDArray[np.float64]:
    *channels, height, width = image.shape
    blocks = image.reshape(*channels, height // pool, pool, width // pool, pool)
    pooled: NDArray[np.float64] = blocks.mean(axis=(-3, -1))
    return pooled


def _heatmaps(clip: Clip, affines: Affines) -> NDArray[np.uint8]:
    return warp(clip.heatmaps, affines)


def _silhouettes(clip: Clip, affines: Affines) -> NDArray[np.uint8]:
    if clip.silhouettes is None:
        raise GaitheatError(
            f"clip {clip.key} has no silhouettes, because {clip.estimator.name} draws none: "
            "use mean-heatmap or mean-skeleton"
        )
    return warp(clip.silhouettes, affines)


def _skeletons(clip: Clip, affines: Affines) -> NDArray[np.float32]:
    """Joints in body lengths from the neck."""
    points = transform(affines, clip.keypoints_on_maps()[..., :2])
    points -= np.array(NECK, np.float32)
    points /= BODY_LENGTH
    return points


_MAP = (MAP_HEIGHT, MAP_WIDTH)

EMBEDDERS: dict[str, Moments] = {
    "mean-heatmap": Moments("mean-heatmap", _heatmaps, (len(JOINTS), *_MAP), pool=4, deviation=2.0),
    "mean-silhouette": Moments("mean-silhouette", _silhouettes, _MAP, pool=2, deviation=0.0),
    "mean-skeleton": Moments("mean-skeleton", _skeletons, (len(JOINTS), 2), pool=1, deviation=2.0),
}
"""By name; ``mean-silhouette`` is the gait energy image (J. Han, B. Bhanu, 2006), of aligned silhouettes."""


def embedder_called(name: str) -> Moments:
    """The embedding of that name; GaitheatError with the names there are if there is none."""
    if name not in EMBEDDERS:
        raise GaitheatError(f"no embedding is called {name!r}: expected one of {', '.join(EMBEDDERS)}")
    return EMBEDDERS[name]
