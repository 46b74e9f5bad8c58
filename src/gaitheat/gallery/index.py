"""Search in large galleries: Lance's index finds who may be near, without reading all; those are measured.

The index is inverted lists over numbers of one byte (IVF_SQ). What it finds is ranked anew by the embeddings
themselves. Takes that were enrolled after it was made are compared one by one, until they are many.
"""

from math import ceil, isqrt
from pathlib import Path

import lance
import numpy as np
from jaxtyping import Float32

from gaitheat.gallery.search import KnownPeople, Match
from gaitheat.gallery.table import embeddings_of, open_table, sweep

EXACT_TAKES = 200_000
"""Up to so many takes, a search is exact and in memory: 205 MB of embeddings of 256 numbers."""
INDEX = "by_embedding"
LISTS_SEARCHED = 0.2
"""Share of the lists that a search looks into."""
REFINED = 5
"""So many times more takes are measured than are asked for."""
TAKES_A_PERSON = 4
"""So many takes are asked for to find one person, at first."""
LATE = 0.1
"""Share of takes outside the index from which it is made anew."""


def refresh(path: Path) -> None:
    """Makes the index if the gallery is large and has none, or an old one. For the sole writer."""
    table = open_table(path)
    takes = table.count_rows()
    if takes <= EXACT_TAKES or takes - _indexed(table) <= LATE * takes:
        return
    lists = _lists(takes)
    table.create_index("embedding", "IVF_SQ", INDEX, metric="l2", num_partitions=lists, replace=True)
    sweep(path)


def has_index(table: lance.LanceDataset) -> bool:
    """Whether this version of a gallery's table is indexed."""
    return _indexed(table) > 0


def _indexed(table: lance.LanceDataset) -> int:
    """How many takes the index knows."""
    return sum(index.num_rows_indexed for index in table.describe_indices() if index.name == INDEX)


def nearest(table: lance.LanceDataset, probe: Float32[np.ndarray, " dimension"], k: int) -> list[Match]:
    """The ``k`` nearest people or almost, the nearest first, by exact distances.

    Args:
        table: a version of a gallery's table that is indexed.
        probe: of length 1.
        k: fewer are found only if the gallery holds fewer.
    """
    takes = table.count_rows()
    lists, wanted = _lists(takes), TAKES_A_PERSON * k
    searched = ceil(LISTS_SEARCHED * lists)
    while True:
        search = {
            "column": "embedding",
            "q": probe,
            "k": wanted,
            "nprobes": searched,
            "refine_factor": REFINED,
        }
        rows = table.to_table(columns=["name", "embedding", "_distance"], nearest=search)
        matches = KnownPeople(rows["name"].to_pylist(), embeddings_of(rows)).nearest(probe, k)
        if len(matches) == k or (wanted >= takes and searched >= lists):
            return matches
        wanted, searched = 4 * wanted, 4 * searched


def _lists(takes: int) -> int:
    """How many lists an index of so many takes has, about."""
    return max(1, isqrt(takes) // 2)
