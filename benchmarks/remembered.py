"""Vectors that were computed once, for benchmarks that ask for them many times."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey
from gaitheat.embeddings import Embedder
from gaitheat.evaluation.embedding import BATCH, clips_of
from gaitheat.store import ClipStore


class Remembered:
    """An embedder that looks its vectors up."""

    def __init__(self, embedder: Embedder, vectors: dict[ClipKey, Float32[np.ndarray, " dimension"]]) -> None:
        self.identity, self.dimension = embedder.identity, embedder.dimension
        self._vectors = vectors

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """What the clip's key says."""
        return self._vectors[clip.key]


def embedded(
    store: ClipStore, dataset: str, embedder: Embedder
) -> Iterator[tuple[Clip, Float32[np.ndarray, " dimension"]]]:
    """Clips and their vectors; the maps, of no use any more and large, are left behind."""
    keys = [info.key for info in store.infos() if info.key.dataset == dataset]
    if not keys:
        raise SystemExit(f"{store.path} holds no clips of {dataset}")
    clips = clips_of(store, keys)
    while batch := list(islice(clips, BATCH)):
        for clip in batch:
            empty = np.broadcast_to(np.uint8(0), clip.heatmaps.shape)
            yield replace(clip, heatmaps=empty, silhouettes=None), embedder.embed(clip)
