"""One figure of a protocol's table: searches counted by subject and pair of views, and their mean."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from gaitheat.datasets.protocol import MEASURES
from gaitheat.evaluation.openset import OpenSet
from gaitheat.evaluation.searching import Mistake
from gaitheat.metrics import Interval, bootstrap, interval, nested_share

ANY_VIEW = "*"
"""Stands for the views of a pair where they are pooled."""
CMC_RANKS = 50
"""Length of the cumulative match characteristic."""


@dataclass(frozen=True, slots=True)
class ViewPair:
    """Searches for clips of one view in the gallery of one view; or of all views in that of all."""

    probe_view: str
    gallery_view: str
    probes: dict[str, int]
    """Clips asked for that have a mate in this gallery, of each subject; empty if the pair is missing."""
    sums: dict[str, dict[str, float]]
    """Of each of MEASURES, the sum over the probes of each subject."""
    within: tuple[int, ...]
    """Probes with a mate among the 1, 2, ... 50 nearest."""

    @property
    def hits(self) -> dict[str, float]:
        """Probes of each subject whose nearest neighbour is a mate."""
        return self.sums["rank-1"]

    @property
    def rank1(self) -> float | None:
        """Share in 0..1; None if nothing could be measured."""
        return self.within[0] / sum(self.probes.values()) if self.probes else None


class ViewTable(NamedTuple):
    """Rank-1 of every pair of views."""

    probe_views: tuple[str, ...]
    gallery_views: tuple[str, ...]
    rank1: tuple[tuple[float | None, ...], ...]
    """A row a probe view, a column a gallery view: 0..1; None for a pair that was not measured."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """One figure of the table, with everything that was counted for it."""

    label: str
    gallery: int
    """Clips that are enrolled."""
    mateless: int
    """Searches that could not succeed, for want of a mate in the gallery: not part of any measure."""
    refused: int
    """Refusals at extraction among what the cell selects: of passers-by and pieces of tracks as well."""
    failure_to_acquire: float
    """Share of the recordings that the cell selects which gave no clip at all (ISO/IEC 19795-1)."""
    pairs: tuple[ViewPair, ...]
    """Where each pair of views is measured by itself, a clip is asked for once in each gallery."""
    measures: dict[str, Interval]
    """MEASURES in 0..1, each with its interval over subjects; empty if no probe has a mate."""
    cmc: tuple[float, ...]
    """Share of probes with a mate among the 1, 2, ... 50 nearest; empty if no probe has one."""
    open_set: OpenSet
    """Where half of the people are enrolled."""
    mistakes: tuple[Mistake, ...]
    """The surest ones: those with the smallest distances, one a subject."""

    @property
    def rank1(self) -> Interval | None:
        """Share in 0..1 with its interval over subjects; None if no probe has a mate."""
        return self.measures.get("rank-1")

    @property
    def searches(self) -> Counter[str]:
        """How many were counted for each subject, over all pairs of views."""
        return reduce(add, (Counter(pair.probes) for pair in self.pairs), Counter())

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Pairs (view of the probe, view of the gallery) that nothing could be measured for."""
        return tuple((pair.probe_view, pair.gallery_view) for pair in self.pairs if not pair.probes)

    @property
    def by_probe_view(self) -> dict[str, float]:
        """Rank-1 of each view of a probe, the mean over views of the gallery; without those not measured."""
        shares: dict[str, list[float]] = {}
        for pair in self.pairs:
            if pair.rank1 is not None:
                shares.setdefault(pair.probe_view, []).append(pair.rank1)
        return {view: float(np.mean(of_gallery)) for view, of_gallery in shares.items()}

    @property
    def view_table(self) -> ViewTable:
        """Rank-1 of each pair of views; one row and one column where views are pooled."""
        shares = {(pair.probe_view, pair.gallery_view): pair.rank1 for pair in self.pairs}
        probes, gallery = (tuple(sorted({pair[side] for pair in shares})) for side in (0, 1))
        return ViewTable(probes, gallery, tuple(tuple(shares.get((p, g)) for g in gallery) for p in probes))


def means(cells: Sequence[CellResult]) -> dict[str, Interval]:
    """Of each measure the mean over cells, of each the mean over probe views, then over gallery views."""
    if not all(cell.searches for cell in cells):
        return {}
    measures: dict[str, Interval] = {}
    for measure in MEASURES:
        sums, probes, groups = _table(cells, measure)
        value = nested_share(sums.sum(1)[None], probes.sum(1)[None], groups)[0]
        measures[measure] = interval(float(value), bootstrap(sums, probes, groups))
    return measures


def cmc(cells: Sequence[CellResult]) -> tuple[float, ...]:
    """Of each of 50 ranks the same mean of the share of probes with a mate among the nearest so many."""
    if not all(cell.searches for cell in cells):
        return ()
    pairs, groups = _rows(cells)
    within = np.array([pair.within for pair in pairs], np.float64).T
    probes = np.array([sum(pair.probes.values()) for pair in pairs], np.float64)
    return tuple(nested_share(within, np.broadcast_to(probes, within.shape), groups).tolist())


def resampled(cells: Sequence[CellResult]) -> tuple[list[str], Float64[np.ndarray, " draws"]]:
    """Subjects in order, and rank-1 of bootstrap draws of them: the same draws for the same people."""
    return _subjects(cells), bootstrap(*_table(cells, "rank-1"))


def _subjects(cells: Sequence[CellResult]) -> list[str]:
    return sorted({subject for cell in cells for pair in cell.pairs for subject in pair.probes})


def _rows(cells: Sequence[CellResult]) -> tuple[list[ViewPair], list[tuple[str, str]]]:
    """All pairs of views that something was measured for, and the cell and probe view of each."""
    rows = [(cell, pair) for cell in cells for pair in cell.pairs if pair.probes]
    return [pair for _, pair in rows], [(cell.label, pair.probe_view) for cell, pair in rows]


def _table(
    cells: Sequence[CellResult], measure: str
) -> tuple[
    Float64[np.ndarray, "pairs subjects"], Float64[np.ndarray, "pairs subjects"], list[tuple[str, str]]
]:
    """Sums and probes of each pair of views and subject, and where each pair belongs."""
    subjects = _subjects(cells)
    pairs, groups = _rows(cells)
    sums, probes = (
        np.array([[count.get(subject, 0) for subject in subjects] for count in counts], np.float64)
        for counts in ([pair.sums[measure] for pair in pairs], [pair.probes for pair in pairs])
    )
    return sums, probes, groups
