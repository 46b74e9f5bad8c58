"""From a clip to one vector: training-free embeddings, the baselines that every network must beat.

An embedding is by definition the weighted mean over a clip's windows (60 frames at 25/s, one every 30), each
weighed by the ticks that it shows, over the clip and its mirror, scaled to length 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Affines, Clip, transform, windows
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import ALIGNMENTS, BODY_LENGTH, NECK, Alignment, matrices, warp
from gaitheat.skeleton import JOINTS

POOL = 4
"""Cells of a strip or column that are averaged: 64 x 48 maps become 16 x 12."""


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


Frames = Callable[[Clip, Affines], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and deviation over time of what the aligned frames show."""

    name: str
    frames: Frames
    """What each aligned frame shows: [T, ...]."""
    pool: int
    """Cells along each of the last two axes that are averaged after the moments were taken."""
    dimension: int
    deviation: bool = True
    """Whether the deviation over time is part of it, or the mean alone."""
    alignment: Alignment = ALIGNMENTS["default"]
    mirror: bool = True
    """Whether the mirrored clip counts as well: twice the work, no difference between left and right."""

    @property
    def identity(self) -> str:
        """Name, version and settings."""
        moments = "mean+deviation" if self.deviation else "mean"
        return f"{self.name}-1/{moments}/{self.alignment}/{'mirror' if self.mirror else 'plain'}"

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """A vector of length 1; the error says so if the clip has nothing that could be embedded."""
        vector = self._mean_over_windows(clip)
        if self.mirror:
            vector = vector + self._mean_over_windows(clip.mirrored())
        length = np.linalg.norm(vector)
        if length == 0:
            raise GaitheatError(f"clip {clip.key} cannot be embedded: its maps are empty; extract it again")
        return (vector / length).astype(np.float32)

    def embed_all(self, clips: Sequence[Clip]) -> Float32[np.ndarray, "clips dimension"]:
        """One vector a clip."""
        return np.stack([self.embed(clip) for clip in clips])

    def _mean_over_windows(self, clip: Clip) -> NDArray[np.float64]:
        frames = self.frames(clip, matrices(clip.keypoints_on_maps(), clip.times, self.alignment))
        shown = [window.frames[window.mask] for window in windows(clip.times)]
        vectors = [self._moments(frames[ticks]) for ticks in shown]
        mean: NDArray[np.float64] = np.average(vectors, axis=0, weights=[len(ticks) for ticks in shown])
        return mean

    def _moments(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        moments = [frames.mean(0), frames.std(0)] if self.deviation else [frames.mean(0)]
        pooled: NDArray[np.float32] = np.concatenate(
            [_pooled(moment, self.pool).ravel() for moment in moments]
        )
        return pooled


def _pooled(image: NDArray[np.float32], pool: int) -> NDArray[np.float32]:
    *channels, height, width = image.shape
    blocks = image.reshape(*channels, height // pool, pool, width // pool, pool)
    pooled: NDArray[np.float32] = blocks.mean(axis=(-3, -1))
    return pooled


def _heatmaps(clip: Clip, affines: Affines) -> NDArray[np.float32]:
    return _shares(warp(clip.heatmaps, affines))


def _silhouettes(clip: Clip, affines: Affines) -> NDArray[np.float32]:
    if clip.silhouettes is None:
        raise GaitheatError(
            f"clip {clip.key} has no silhouettes, because {clip.estimator.name} draws none: "
            "use mean-heatmap or mean-skeleton"
        )
    return _shares(warp(clip.silhouettes, affines))


def _shares(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    shares = images.astype(np.float32)
    shares /= 255
    return shares


def _skeletons(clip: Clip, affines: Affines) -> NDArray[np.float32]:
    """Joints in body lengths from the neck."""
    points = transform(affines, clip.keypoints_on_maps()[..., :2])
    points -= np.array(NECK, np.float32)
    points /= BODY_LENGTH
    return points


_CELLS = MAP_HEIGHT * MAP_WIDTH // POOL**2

EMBEDDERS: dict[str, Moments] = {
    "mean-heatmap": Moments("mean-heatmap", _heatmaps, POOL, 2 * len(JOINTS) * _CELLS),
    "mean-silhouette": Moments("mean-silhouette", _silhouettes, POOL, _CELLS, deviation=False),
    "mean-skeleton": Moments("mean-skeleton", _skeletons, 1, 2 * len(JOINTS) * 2),
}
"""By name; ``mean-silhouette`` is the gait energy image (J. Han, B. Bhanu, 2006), of aligned silhouettes."""


def embedder_called(name: str) -> Moments:
    """The embedding of that name; GaitheatError with the names there are if there is none."""
    if name not in EMBEDDERS:
        raise GaitheatError(f"no embedding is called {name!r}: expected one of {', '.join(EMBEDDERS)}")
    return EMBEDDERS[name]
