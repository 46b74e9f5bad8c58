"""The clips of a protocol as vectors: read and embedded a few at a time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.controls import Change
from gaitheat.evaluation.counting import selects
from gaitheat.evaluation.searching import Embeddings, Vectors
from gaitheat.sources import ClipSource

BATCH = 16
"""Clips that are read and embedded together: memory does not grow with the data set."""
CHECKED = 4096
"""Vectors that are looked at together."""

Embed = Callable[[Sequence[Clip]], Float32[np.ndarray, "clips dimension"]]


class Entrants(NamedTuple):
    """Which clips a protocol speaks of."""

    keys: list[ClipKey]
    estimator: str
    """What made all of them."""
    refused: list[Refusal]


def entrants(source: ClipSource, protocol: Protocol) -> Entrants:
    """Those that are enrolled or asked for, and those that gave no clip.

    Raises:
        GaitheatError: there are none, or they are of several pose estimators.
    """
    infos = [info for info in source.infos() if takes_part(info.key, protocol)]
    if not infos:
        raise GaitheatError(
            f"protocol {protocol.name} expects clips of data set {protocol.dataset!r}, but got none: "
            "extract or generate that data set first"
        )
    estimators = sorted({str(info.estimator) for info in infos})
    if len(estimators) > 1:
        raise GaitheatError(
            f"expected clips of one pose estimator, but got several: {', '.join(estimators)}; "
            "put those of each into a store of its own"
        )
    refused = [refusal for refusal in source.refusals() if takes_part(refusal.key, protocol)]
    return Entrants([info.key for info in infos], estimators[0], refused)


def takes_part(key: ClipKey, protocol: Protocol) -> bool:
    """Whether a protocol speaks of a clip."""
    return key.dataset == protocol.dataset and any(selects(cell, key) for cell in protocol.cells)


def clips_of(source: ClipSource, keys: Sequence[ClipKey]) -> Iterator[Clip]:
    """In this order, read a few at a time."""
    for start in range(0, len(keys), BATCH):
        yield from source.read([(key, None) for key in keys[start : start + BATCH]])


def embedded(
    source: ClipSource, keys: Sequence[ClipKey], embed: Embed, change: Change | None = None
) -> Embeddings:
    """One vector a clip.

    Args:
        source: where the clips are.
        keys: which of them, at least one.
        embed: clips to vectors.
        change: what is done to each clip first.

    Raises:
        GaitheatError: an embedding is not finite.
    """
    clips, vectors, done = clips_of(source, keys), np.empty((0, 0), np.float32), 0
    while batch := list(islice(clips, BATCH)):
        found = embed(batch if change is None else [change(clip) for clip in batch])
        expect_finite(found, [clip.key for clip in batch])
        if done == 0:  # one array, filled: a list of parts would need twice the memory to be joined
            vectors = np.empty((len(keys), found.shape[1]), np.float32)
        vectors[done : done + len(batch)] = found
        done += len(batch)
    return vectors


def expect_finite(vectors: Vectors, keys: Sequence[ClipKey]) -> None:
    """GaitheatError with the first clip whose embedding is not finite."""
    for start in range(0, len(keys), CHECKED):
        finite = np.isfinite(vectors[start : start + CHECKED]).all(axis=1)
        if not finite.all():
            bad = keys[start + int(np.argmin(finite))]
            raise GaitheatError(f"expected embeddings of finite numbers, but that of clip {bad} has others")
