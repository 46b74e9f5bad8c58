"""Exact search among the embeddings of known people, in memory: the whole of it is one matrix product."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

NORM_TOLERANCE = 1e-3
"""How far an embedding's length may be from 1."""
ROUNDING = 1e-4
"""More than single precision can err in the square of a distance between two embeddings."""


class Match(NamedTuple):
    """A known person, and the smallest Euclidean distance, 0..2, between the probe and their takes."""

    name: str
    distance: float


class KnownPeople:
    """The takes of a gallery.

    Args:
        names: whose each take is.
        embeddings: one a take, of length 1.

    Attributes:
        damaged: people with an embedding that is not of length 1. Lance does not notice damaged bytes; the
            length is a checksum of a kind.
    """

    def __init__(self, names: Sequence[str], embeddings: Float32[np.ndarray, "takes dimension"]) -> None:
        people, owners = np.unique(np.array(names, object), return_inverse=True)
        self._people: list[str] = people.tolist()
        self._owners = owners
        self._embeddings = embeddings
        lengths = lengths_of(embeddings)
        self._squares = lengths**2
        wrong = ~(np.abs(lengths - 1) <= NORM_TOLERANCE)
        self.damaged = [self._people[person] for person in np.unique(owners[wrong])]

    def nearest(self, probe: Float32[np.ndarray, " dimension"], k: int) -> list[Match]:
        """The ``k`` nearest people, the nearest first; fewer if there are fewer.

        The matrix product finds who may be near. Rounding in it would swallow small distances, so the takes
        that it puts within that error of the ``k`` nearest people are measured directly.
        """
        if not self._people:
            return []
        squares = self._squares + probe @ probe - 2 * (self._embeddings @ probe)
        limit = np.sort(self._smallest(squares))[:k][-1] + ROUNDING
        near = np.flatnonzero(squares <= limit)
        distances = np.linalg.norm(self._embeddings[near] - probe, axis=1)
        best: dict[str, float] = {}
        for place in np.argsort(distances):
            best.setdefault(self._people[self._owners[near[place]]], float(distances[place]))
        ranked = sorted((distance, name) for name, distance in best.items())
        return [Match(name, distance) for distance, name in ranked[:k]]

    def _smallest(self, values: Float32[np.ndarray, " takes"]) -> Float32[np.ndarray, " people"]:
        """Each person's smallest value over their takes."""
        smallest = np.full(len(self._people), np.inf, np.float32)
        np.minimum.at(smallest, self._owners, values)
        return smallest


def lengths_of(embeddings: Float32[np.ndarray, "takes dimension"]) -> Float32[np.ndarray, " takes"]:
    """Euclidean lengths: infinite or NaN where an embedding is."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths: NDArray[np.float32] = np.sqrt(np.einsum("td,td->t", embeddings, embeddings))
    return lengths
