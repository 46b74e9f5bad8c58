"""Probes searched for in a gallery: what each finds, in memory that grows with the gallery alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from numpy.typing import NDArray

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import KEY_FIELDS, Cell
from gaitheat.evaluation.openset import GROUPS
from gaitheat.metrics import Distance, distances, ranking

Embeddings = Float32[np.ndarray, "clips dimension"]
Vectors = Float[np.ndarray, "clips dimension"]
"""Embeddings of any precision; they may lie in a file that is mapped into memory."""
Places = Int64[np.ndarray, " _"]
"""Numbers of clips, or numbers that clips have."""
BLOCK = 256
"""Probes that are compared with a gallery at once."""
MISTAKES = 6
"""Wrong searches of a cell that are kept to be looked at."""

Compare = Callable[[Places, Places], Float32[np.ndarray, "probes gallery"]]
"""The distance of each of these clips to each of those."""


def compared_by(embeddings: Vectors, distance: Distance = "euc", strips: int = 1) -> Compare:
    """Distances of embeddings, computed in float32 when they are asked for.

    Args:
        embeddings: one a clip.
        distance: what "near" is.
        strips: equal parts of an embedding.
    """

    def compare(probes: Places, gallery: Places) -> Float32[np.ndarray, "probes gallery"]:
        ours, theirs = (np.asarray(embeddings[side], np.float32) for side in (probes, gallery))
        return distances(ours, theirs, distance, strips)

    return compare


def looked_up(between: Float32[np.ndarray, "clips clips"]) -> Compare:
    """Distances that are there already."""
    return lambda probes, gallery: between[np.ix_(probes, gallery)]


class Mistake(NamedTuple):
    """A search that found somebody else."""

    probe: ClipKey
    taken_for: ClipKey
    distance: float
    mate: ClipKey
    """The nearest clip of the same person."""
    mate_distance: float


class Relations(NamedTuple):
    """Who is who among the clips, in numbers: equal ones where clips agree."""

    people: Places
    groups: Places
    """Of the open-set test."""
    excluded: tuple[Places, ...]
    """Pairs of clips do not count that have equal numbers in one of these."""


class Found(NamedTuple):
    """What each search finds; rows are probes."""

    probes: Int64[np.ndarray, " probes"]
    first: Int64[np.ndarray, " probes"]
    """As in :class:`gaitheat.metrics.Ranking`, and the next two."""
    average_precision: Float64[np.ndarray, " probes"]
    inverse_penalty: Float64[np.ndarray, " probes"]
    mates: Int64[np.ndarray, " probes"]
    """The nearest clip of the same person, if there is any."""
    mate_distances: Float32[np.ndarray, " probes"]
    """Its distance; infinite if there is none."""
    strangers: Int64[np.ndarray, " probes"]
    """The nearest clip of another person, if there is any."""
    stranger_distances: Float32[np.ndarray, "probes groups"]
    """Distance of the nearest clip of other people of each group; infinite if there is none."""


def relations(cell: Cell, keys: Sequence[ClipKey], groups: Mapping[str, int]) -> Relations:
    """How these clips are related in the eyes of a cell; a clip never counts against itself."""
    return Relations(
        people=numbered(keys, ("subject",)),
        groups=np.array([groups[key.subject] for key in keys], np.int64),
        excluded=tuple(numbered(keys, sorted(fields)) for fields in (*cell.excluded, KEY_FIELDS)),
    )


def numbered(keys: Sequence[ClipKey], fields: Iterable[str]) -> Places:
    """The same number for clips with equal values in all of these fields."""
    values, numbers = attrgetter(*fields), dict[object, int]()
    return np.array([numbers.setdefault(values(key), len(numbers)) for key in keys], np.int64)


def searched(probes: Places, gallery: Places, among: Relations, compare: Compare) -> Found:
    """Look for every probe in the gallery.

    Args:
        probes: clips that are asked for.
        gallery: clips that are enrolled.
        among: how all clips are related.
        compare: how far they are from each other.
    """
    starts = range(0, max(len(probes), 1), BLOCK)
    blocks = [_block(probes[start : start + BLOCK], gallery, among, compare) for start in starts]
    return Found(*map(np.concatenate, zip(*blocks, strict=True)))


def _block(probes: Places, gallery: Places, among: Relations, compare: Compare) -> Found:
    between = compare(probes, gallery)
    mates = among.people[probes][:, None] == among.people[gallery]
    allowed = np.ones(mates.shape, bool)
    for numbers in among.excluded:
        allowed &= numbers[probes][:, None] != numbers[gallery]
    ranks = ranking(between, mates, allowed)
    mate, mate_distances = _nearest(np.where(allowed & mates, between, np.inf), gallery)
    others = np.where(allowed & ~mates, between, np.inf)
    groups = among.groups[gallery]
    of_groups = [others[:, groups == group].min(axis=1, initial=np.inf) for group in range(GROUPS)]
    stranger, _ = _nearest(others, gallery)
    return Found(probes, *ranks, mate, mate_distances, stranger, np.stack(of_groups, axis=1))


def _nearest(
    between: Float32[np.ndarray, "probes gallery"], gallery: Places
) -> tuple[Int64[np.ndarray, " probes"], Float32[np.ndarray, " probes"]]:
    """The nearest clip of the gallery and its distance; -1 and infinity in an empty one."""
    if len(gallery) == 0:
        return np.full(len(between), -1), np.full(len(between), np.inf, np.float32)
    nearest = between.argmin(axis=1)
    smallest: NDArray[np.float32] = between[np.arange(len(between)), nearest]
    return gallery[nearest], smallest


def mistakes(found: Sequence[Found], keys: Sequence[ClipKey]) -> list[Mistake]:
    """The surest ones: wrong searches with the smallest distances, one a subject."""
    wrong: dict[str, Mistake] = {}
    made = [
        Mistake(
            keys[each.probes[row]],
            keys[each.strangers[row]],
            float(each.stranger_distances[row].min()),
            keys[each.mates[row]],
            float(each.mate_distances[row]),
        )
        for each in found
        for row in np.flatnonzero(each.first > 1)
    ]
    for mistake in sorted(made, key=lambda mistake: mistake.distance):
        wrong.setdefault(mistake.probe.subject, mistake)
    return list(wrong.values())[:MISTAKES]
