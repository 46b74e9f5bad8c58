"""One figure of a protocol's table: searches counted by subject and pair of views, and their mean."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import add

import numpy as np
from jaxtyping import Bool, Float32, Float64

from gaitheat.clips import ClipKey, Refusal
from gaitheat.datasets.protocol import Cell, Selection
from gaitheat.metrics import Interval, bootstrap, euclidean, interval, mate_ranks, nested_share

Embeddings = Float32[np.ndarray, "clips dimension"]
ANY_VIEW = "*"
"""Stands for the views of a pair where they are pooled."""


@dataclass(frozen=True, slots=True)
class ViewPair:
    """Searches for clips of one view in the gallery of one view; or of all views in that of all."""

    probe_view: str
    gallery_view: str
    probes: dict[str, int]
    """Clips asked for that have a mate in this gallery, of each subject; empty if the pair is missing."""
    hits: dict[str, int]
    """Those among them whose nearest neighbour is a mate."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """One figure of the table, with everything that was counted for it."""

    label: str
    gallery: int
    """Clips enrolled."""
    mateless: int
    """Searches that could not succeed, for want of a mate in the gallery: counted, not part of rank-1."""
    refused: int
    """Refusals at extraction among what the cell selects."""
    pairs: tuple[ViewPair, ...]
    """Where each pair of views is measured by itself, a clip is asked for once in each gallery."""
    rank1: Interval | None
    """Share in 0..1 with its interval over subjects; None if no probe has a mate."""

    @property
    def searches(self) -> Counter[str]:
        """How many were counted for each subject, over all pairs of views."""
        return reduce(add, (Counter(pair.probes) for pair in self.pairs), Counter())

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Pairs (view of the probe, view of the gallery) that nothing could be measured for."""
        return tuple((pair.probe_view, pair.gallery_view) for pair in self.pairs if not pair.probes)


def measured(
    cell: Cell, keys: Sequence[ClipKey], embeddings: Embeddings, refused: Sequence[Refusal]
) -> CellResult:
    """Count a cell. Each distance is computed once; no more than those of one pair of views are in memory.

    Args:
        cell: who is enrolled, who is asked for, which pairs of clips and views count.
        keys: the clips, some of which the cell may not speak of.
        embeddings: one a clip; near in Euclidean distance means alike.
        refused: what gave no clip: a view of which nothing is left is missing all the same.
    """
    asked_for, enrolled = _by_view(keys, cell.probe), _by_view(keys, cell.gallery)
    pairs, mateless = [], 0
    for probe_view, gallery_view in _view_pairs(cell, [*keys, *(refusal.key for refusal in refused)]):
        probes, gallery = asked_for[probe_view], enrolled[gallery_view]
        ranks = mate_ranks(
            euclidean(embeddings[probes], embeddings[gallery]),
            mates=agree([keys[i] for i in probes], [keys[i] for i in gallery], {"subject"}),
            allowed=_allowed(cell, [keys[i] for i in probes], [keys[i] for i in gallery]),
        )
        subjects = np.array([keys[i].subject for i in probes], object)
        asked, found = Counter(subjects[ranks > 0]), Counter(subjects[ranks == 1])
        hits = {subject: found[subject] for subject in asked}
        pairs.append(ViewPair(probe_view, gallery_view, dict(asked), hits))
        mateless += int((ranks == 0).sum())
    result = CellResult(
        label=cell.label,
        gallery=len(enrolled[ANY_VIEW]),
        mateless=mateless,
        refused=sum(selects(cell, refusal.key) for refusal in refused),
        pairs=tuple(pairs),
        rank1=None,
    )
    return replace(result, rank1=mean_rank1([result]))


def selects(cell: Cell, key: ClipKey) -> bool:
    """Whether a clip is enrolled or asked for."""
    return key in cell.gallery or key in cell.probe


def mean_rank1(cells: Sequence[CellResult]) -> Interval | None:
    """Mean over cells, of each the mean over probe views, of each the mean over gallery views."""
    if not all(cell.searches for cell in cells):
        return None
    hits, probes, groups = _table(cells)
    value = nested_share(hits.sum(1)[None], probes.sum(1)[None], groups)[0]
    return interval(float(value), bootstrap(hits, probes, groups))


def resampled(cells: Sequence[CellResult]) -> tuple[list[str], Float64[np.ndarray, " draws"]]:
    """Subjects in order, and `mean_rank1` of bootstrap draws of them: the same draws for the same people."""
    return _subjects(cells), bootstrap(*_table(cells))


def agree(
    probes: Sequence[ClipKey], gallery: Sequence[ClipKey], in_fields: Iterable[str]
) -> Bool[np.ndarray, "probes gallery"]:
    """Which pairs have equal values in all of these fields."""
    agreeing = np.ones((len(probes), len(gallery)), bool)
    for field in in_fields:
        ours, theirs = (np.array([getattr(key, field) for key in side]) for side in (probes, gallery))
        agreeing &= ours[:, None] == theirs[None, :]
    return agreeing


def _view_pairs(cell: Cell, keys: Sequence[ClipKey]) -> list[tuple[str, str]]:
    """Every pair of views that the cell wants measured, whether it can be or not."""
    if cell.view_pairs == "pooled":
        return [(ANY_VIEW, ANY_VIEW)]
    views = sorted({key.view for key in keys if selects(cell, key)})
    wanted = {"different": str.__ne__, "equal": str.__eq__}[cell.view_pairs]
    return [
        (probe, gallery)
        for probe in views
        for gallery in views
        if wanted(probe, gallery) and _shows(cell.probe, probe) and _shows(cell.gallery, gallery)
    ]


def _shows(selection: Selection, view: str) -> bool:
    return selection.views is None or view in selection.views


def _by_view(keys: Sequence[ClipKey], selection: Selection) -> defaultdict[str, list[int]]:
    """Places of the selected clips, of each view and of all."""
    selected: defaultdict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key in selection:
            selected[key.view].append(place)
            selected[ANY_VIEW].append(place)
    return selected


def _allowed(
    cell: Cell, probes: Sequence[ClipKey], gallery: Sequence[ClipKey]
) -> Bool[np.ndarray, "probes gallery"]:
    every_field = frozenset(field.name for field in fields(ClipKey))
    allowed = np.ones((len(probes), len(gallery)), bool)
    for agreeing in (*cell.excluded, every_field):
        allowed &= ~agree(probes, gallery, agreeing)
    return allowed


def _subjects(cells: Sequence[CellResult]) -> list[str]:
    return sorted({subject for cell in cells for pair in cell.pairs for subject in pair.probes})


def _table(
    cells: Sequence[CellResult],
) -> tuple[
    Float64[np.ndarray, "pairs subjects"], Float64[np.ndarray, "pairs subjects"], list[tuple[str, str]]
]:
    """Hits and probes of each pair of views and subject, and the cell and probe view of each pair."""
    subjects = _subjects(cells)
    rows = [(cell, pair) for cell in cells for pair in cell.pairs]
    hits, probes = (
        np.array([[count.get(subject, 0) for subject in subjects] for count in counts], np.float64)
        for counts in ([pair.hits for _, pair in rows], [pair.probes for _, pair in rows])
    )
    return hits, probes, [(cell.label, pair.probe_view) for cell, pair in rows]
