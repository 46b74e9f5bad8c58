"""How a cell of a protocol is counted: all its searches, pair of views by pair of views."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from gaitheat.clips import ClipKey, Refusal
from gaitheat.datasets.protocol import MEASURES, Cell, Selection, dealt
from gaitheat.evaluation.cells import ANY_VIEW, CMC_RANKS, CellResult, ViewPair, cmc, means
from gaitheat.evaluation.openset import GROUPS, Searches, open_set
from gaitheat.evaluation.searching import Compare, Found, Places, mistakes, relations, searched
from gaitheat.sinks import trackless


def measured(
    cell: Cell, keys: Sequence[ClipKey], compare: Compare, refused: Sequence[Refusal]
) -> tuple[CellResult, list[Searches]]:
    """Count a cell; the result, and what the open-set test needs of each pair of views.

    Args:
        cell: who is enrolled, who is asked for, which pairs of clips and views count.
        keys: the clips, some of which the cell may not speak of.
        compare: how far they are from each other.
        refused: what gave no clip: a view of which nothing is left is missing all the same.
    """
    asked_for, enrolled = _by_view(keys, cell.probe), _by_view(keys, cell.gallery)
    groups = open_set_groups(keys)
    among = relations(cell, keys, groups)
    views = {key.view for key in [*keys, *(each.key for each in refused)] if selects(cell, key)}
    pairs, found = [], []
    for probe_view, gallery_view in _view_pairs(cell, views):
        # Where nobody has a view that the cell names, the pair is missing: no search for somebody has failed.
        probes = asked_for[probe_view] if gallery_view in {ANY_VIEW, *views} else np.empty(0, np.int64)
        found.append(searched(probes, enrolled[gallery_view], among, compare))
        pairs.append(_counted(probe_view, gallery_view, found[-1], keys))
    searches = [
        Searches([keys[i].subject for i in each.probes], each.mate_distances, each.stranger_distances)
        for each in found
    ]
    lost = [refusal.key for refusal in refused if selects(cell, refusal.key)]
    acquired = {trackless(key) for key in keys if selects(cell, key)}
    attempts = acquired | set(map(trackless, lost))
    result = CellResult(
        label=cell.label,
        gallery=len(enrolled[ANY_VIEW]),
        mateless=sum(int((each.first == 0).sum()) for each in found),
        refused=len(lost),
        failure_to_acquire=1 - len(acquired) / len(attempts) if attempts else 0.0,
        pairs=tuple(pairs),
        measures={},
        cmc=(),
        open_set=open_set(searches, groups),
        mistakes=tuple(mistakes(found, keys)),
    )
    return replace(result, measures=means([result]), cmc=cmc([result])), searches


def open_set_groups(keys: Sequence[ClipKey]) -> dict[str, int]:
    """Of each subject."""
    return dealt((key.subject for key in keys), GROUPS)


def selects(cell: Cell, key: ClipKey) -> bool:
    """Whether a clip is enrolled or asked for."""
    return key in cell.gallery or key in cell.probe


def _view_pairs(cell: Cell, seen: set[str]) -> list[tuple[str, str]]:
    """Every pair of views that the cell wants measured, of those it names and those seen, possible or not."""
    if cell.view_pairs == "pooled":
        return [(ANY_VIEW, ANY_VIEW)]
    views = sorted(seen.union(cell.probe.views or (), cell.gallery.views or ()))
    wanted = {"different": str.__ne__, "equal": str.__eq__}[cell.view_pairs]
    return [
        (probe, gallery)
        for probe in views
        for gallery in views
        if wanted(probe, gallery) and _shows(cell.probe, probe) and _shows(cell.gallery, gallery)
    ]


def _shows(selection: Selection, view: str) -> bool:
    return selection.views is None or view in selection.views


def _by_view(keys: Sequence[ClipKey], selection: Selection) -> defaultdict[str, Places]:
    """Places of the selected clips, of each view and of all."""
    selected: defaultdict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key in selection:
            selected[key.view].append(place)
            selected[ANY_VIEW].append(place)
    places = {view: np.array(clips, np.int64) for view, clips in selected.items()}
    return defaultdict(lambda: np.empty(0, np.int64), places)


def _counted(probe_view: str, gallery_view: str, found: Found, keys: Sequence[ClipKey]) -> ViewPair:
    """Searches that could succeed, and how well they did, by subject."""
    mated = np.flatnonzero(found.first)
    subjects = [keys[i].subject for i in found.probes[mated]]
    first = found.first[mated]
    scores = [(first <= rank).astype(float).tolist() for rank in (1, 5, 10, 20)]
    scores += [found.average_precision[mated].tolist(), found.inverse_penalty[mated].tolist()]
    histogram = np.bincount(np.minimum(first, CMC_RANKS + 1), minlength=CMC_RANKS + 2)
    return ViewPair(
        probe_view,
        gallery_view,
        probes=dict(Counter(subjects)),
        sums={measure: _summed(subjects, values) for measure, values in zip(MEASURES, scores, strict=True)},
        within=tuple(np.cumsum(histogram)[1 : CMC_RANKS + 1].tolist()),
    )


def _summed(subjects: Iterable[str], values: Iterable[float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for subject, value in zip(subjects, values, strict=True):
        sums[subject] = sums.get(subject, 0.0) + value
    return sums
