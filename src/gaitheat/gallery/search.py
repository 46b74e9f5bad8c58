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
    """A known person, and how near the probe is to them."""

    name: str
    distance: float
    """The smallest Euclidean distance, 0..2, between the probe and the person's takes."""
    score: float
    """What people are ranked and judged by, the smaller the nearer: the distance itself, or what strangers
    make of it (`gaitheat.recognition.scoring`); then it may be negative."""


class KnownPeople:
    """The takes of a gallery.

    Args:
        names: whose each take is.
        embeddings: one a take, of length 1.
        cameras: what saw each take; "" if nobody knows, as is None for all of them.

    Attributes:
        names: of everybody, sorted.
        owners: whose each take is: a place in ``names``.
        damaged: people with an embedding that is not of length 1. Lance does not notice damaged bytes; the
            length is a checksum of a kind.
    """

    def __init__(
        self,
        names: Sequence[str],
        embeddings: Float32[np.ndarray, "takes dimension"],
        cameras: Sequence[str] | None = None,
    ) -> None:
        people, owners = np.unique(np.array(names, object), return_inverse=True)
        self.names: list[str] = people.tolist()
        self.owners: NDArray[np.int64] = owners.astype(np.int64)
        self.embeddings = embeddings
        self.cameras = tuple([""] * len(names) if cameras is None else cameras)
        lengths = lengths_of(embeddings)
        self._squares = lengths**2
        wrong = ~(np.abs(lengths - 1) <= NORM_TOLERANCE)
        self.damaged = [self.names[person] for person in np.unique(self.owners[wrong])]

    def nearest(self, probe: Float32[np.ndarray, " dimension"], k: int) -> list[Match]:
        """The ``k`` nearest people by distance, the nearest first; fewer if there are fewer.

        The matrix product finds who may be near. Rounding in it would swallow small distances, so the takes
        that it puts within that error of the ``k`` nearest people are measured directly.
        """
        if not self.names:
            return []
        squares = self._squares_to(probe)
        limit = np.sort(self.smallest(squares))[:k][-1] + ROUNDING
        near = np.flatnonzero(squares <= limit)
        ranked = sorted((distance, name) for name, distance in self._measured(probe, near).items())
        return [Match(name, distance, distance) for distance, name in ranked[:k]]

    def ranked(
        self,
        probe: Float32[np.ndarray, " dimension"],
        scores: Float32[np.ndarray, " takes"],
        k: int,
    ) -> list[Match]:
        """The ``k`` people whose best take has the smallest of these scores, the smallest first."""
        best = self.smallest(scores)
        first = np.argsort(best, kind="stable")[:k]
        distances = self._measured(probe, np.flatnonzero(np.isin(self.owners, first)))
        return [Match(name, distances[name], float(best[n])) for n in first for name in [self.names[n]]]

    def distances(self, probe: Float32[np.ndarray, " dimension"]) -> Float32[np.ndarray, " takes"]:
        """To every take, as exact as the matrix product is."""
        roots: NDArray[np.float32] = np.sqrt(np.maximum(self._squares_to(probe), 0))
        return roots

    def smallest(self, values: Float32[np.ndarray, " takes"]) -> Float32[np.ndarray, " people"]:
        """Each person's smallest value over their takes."""
        smallest = np.full(len(self.names), np.inf, np.float32)
        np.minimum.at(smallest, self.owners, values)
        return smallest

    def _squares_to(self, probe: NDArray[np.float32]) -> NDArray[np.float32]:
        squares: NDArray[np.float32] = self._squares + probe @ probe - 2 * (self.embeddings @ probe)
        return squares

    def _measured(self, probe: NDArray[np.float32], takes: NDArray[np.int64]) -> dict[str, float]:
        """The smallest distance of these takes, by person."""
        distances = np.linalg.norm(self.embeddings[takes] - probe, axis=1)
        best: dict[str, float] = {}
        for place in np.argsort(distances):
            best.setdefault(self.names[self.owners[takes[place]]], float(distances[place]))
        return best


def lengths_of(embeddings: Float32[np.ndarray, "takes dimension"]) -> Float32[np.ndarray, " takes"]:
    """Euclidean lengths: infinite or NaN where an embedding is."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths: NDArray[np.float32] = np.sqrt(np.einsum("td,td->t", embeddings, embeddings))
    return lengths
