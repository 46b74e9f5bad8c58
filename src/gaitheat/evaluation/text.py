"""The parts of a report on an evaluation as Markdown for people: shares in percent."""

from collections.abc import Mapping, Sequence

from gaitheat.evaluation.cells import CellResult
from gaitheat.evaluation.openset import OpenSet
from gaitheat.evaluation.verification import Verification
from gaitheat.metrics import Interval


def cell_table(
    cells: Sequence[CellResult],
    mean: Mapping[str, Interval],
    averaged: int,
    refused: int,
    shown: Sequence[str],
) -> list[str]:
    """A line a cell, and the mean of some.

    Args:
        cells: all of the protocol.
        mean: the measures of the headline.
        averaged: of how many cells it is the mean.
        refused: refusals in all.
        shown: which measures; rank-1 is always among them.
    """
    others = [measure for measure in shown if measure != "rank-1"]
    counts = ("searches", "without mate", "gallery", "refused (failure to acquire)")
    head = ("cell", "rank-1 %", "95 % over subjects", *(f"{name} %" for name in others), *counts)
    lines = [_row(head), _row(["---"] * len(head))]
    for cell in cells:
        counted = (cell.searches.total(), cell.mateless, cell.gallery, _refused(cell))
        lines.append(_row([cell.label, *_measures(cell.measures, others), *map(str, counted)]))
    return [*lines, _row([f"**mean of {averaged}**", *_measures(mean, others), "", "", "", str(refused)])]


def view_table(cells: Sequence[CellResult]) -> list[str]:
    """Rank-1 by view of the probe, the mean over views of the gallery: as papers print it."""
    rows = {cell.label: cell for cell in cells if len(cell.pairs) > 1}
    views = sorted({pair.probe_view for cell in rows.values() for pair in cell.pairs})
    if not rows:
        return []
    head = ("rank-1 % by view of the probe", *views, "mean")
    lines = ["", _row(head), _row(["---"] * len(head))]
    for label, cell in rows.items():
        shares = [cell.by_probe_view.get(view) for view in views]
        shares.append(None if cell.rank1 is None else cell.rank1.value)
        lines.append(_row([label, *("-" if share is None else f"{100 * share:.1f}" for share in shares)]))
    return lines


def missing_views(cells: Sequence[CellResult]) -> list[str]:
    """Which pairs of views are not part of a figure."""
    return [
        f"\n{cell.label}: {len(cell.missing)} of {len(cell.pairs)} pairs of views are missing: no probe "
        f"has a mate there, first {cell.missing[0][0]} in {cell.missing[0][1]}."
        for cell in cells
        if cell.measures and cell.missing
    ]


def verification_lines(result: Verification, subjects: int) -> list[str]:
    """What thresholds on one-to-one comparisons accept, and of how many of all subjects."""
    drawn = f"\nOne-to-one: the clips of {result.subjects} subjects of {subjects}, who were drawn."
    lines = [drawn] if result.subjects < subjects else []
    lines += [
        f"\nOne-to-one, threshold {threshold:.3f}: accepts {_rate(false)} % of the pairs of different "
        f"people, {100 * true:.1f} % of those of the same person."
        for false, threshold, true in result.points
    ]
    if result.equal_error_rate is not None:
        lines.append(f"\nOne-to-one, equal error rate: {100 * result.equal_error_rate:.1f} %.")
    if result.unmeasurable:
        rates = ", ".join(f"{_rate(rate)} %" for rate in result.unmeasurable)
        lines.append(
            f"\nOne-to-one, false accepts of {rates}: not measurable with {result.subjects} identities."
        )
    return lines


def open_set_lines(result: OpenSet) -> list[str]:
    """What thresholds do that other people have set."""
    lines = [
        f"\nOpen set, threshold for {_rate(point.wanted)} % false alarms: {_spread(point.false_positives)} "
        f"of the searches for people who are not enrolled name somebody; {_spread(point.false_negatives)} of "
        "those for people who are do not name them."
        for point in result.points
    ]
    if result.unmeasurable:
        rates = ", ".join(f"{_rate(rate)} %" for rate in result.unmeasurable)
        lines.append(
            f"\nOpen set, false alarms of {rates}: not measurable with {result.subjects} identities."
        )
    return lines


def _row(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


def _measures(measures: Mapping[str, Interval], others: Sequence[str]) -> list[str]:
    """Rank-1 with its interval, and the others."""
    if not measures:
        return ["not measurable", "no probe has a mate", *[""] * len(others)]
    value, low, high = (100 * bound for bound in measures["rank-1"])
    return [f"{value:.1f}", f"{low:.1f} to {high:.1f}", *(f"{100 * measures[m].value:.1f}" for m in others)]


def _refused(cell: CellResult) -> str:
    return f"{cell.refused} ({100 * cell.failure_to_acquire:.1f} %)" if cell.refused else "0"


def _rate(share: float) -> str:
    return f"{100 * share:.3g}"


def _spread(share: Interval) -> str:
    value, low, high = (100 * bound for bound in share)
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"
