"""The parts of a report on an evaluation as Markdown for people: shares in percent."""

from collections.abc import Mapping, Sequence

from gaitheat.evaluation.cells import MEASURES, CellResult
from gaitheat.evaluation.openset import OpenSet
from gaitheat.evaluation.verification import Verification
from gaitheat.metrics import Interval


def cell_table(
    cells: Sequence[CellResult], mean: Mapping[str, Interval], averaged: int, refused: int
) -> list[str]:
    """A line a cell, and the mean of some.

    Args:
        cells: all of the protocol.
        mean: the measures of the headline.
        averaged: of how many cells it is the mean.
        refused: refusals in all.
    """
    counts = ("searches", "without mate", "gallery", "refused (failure to acquire)")
    head = ("cell", "rank-1 %", "95 % over subjects", *MEASURES[1:], *counts)
    lines = [_row(head), _row(["---"] * len(head))]
    for cell in cells:
        counted = (cell.searches.total(), cell.mateless, cell.gallery, _refused(cell))
        lines.append(_row([cell.label, *_measures(cell.measures), *map(str, counted)]))
    return [*lines, _row([f"**mean of {averaged}**", *_measures(mean), "", "", "", str(refused)])]


def missing_views(cells: Sequence[CellResult]) -> list[str]:
    """Which pairs of views are not part of a figure."""
    return [
        f"\n{cell.label}: {len(cell.missing)} of {len(cell.pairs)} pairs of views are missing: no probe "
        f"has a mate there, first {cell.missing[0][0]} in {cell.missing[0][1]}."
        for cell in cells
        if cell.measures and cell.missing
    ]


def verification_lines(result: Verification) -> list[str]:
    """What thresholds on one-to-one comparisons accept."""
    lines = [
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


def _measures(measures: Mapping[str, Interval]) -> list[str]:
    if not measures:
        return ["not measurable", "no probe has a mate", *[""] * (len(MEASURES) - 1)]
    value, low, high = (100 * bound for bound in measures["rank-1"])
    others = [f"{100 * measures[measure].value:.1f}" for measure in MEASURES[1:]]
    return [f"{value:.1f}", f"{low:.1f} to {high:.1f}", *others]


def _refused(cell: CellResult) -> str:
    return f"{cell.refused} ({100 * cell.failure_to_acquire:.1f} %)" if cell.refused else "0"


def _rate(share: float) -> str:
    return f"{100 * share:.3g}"


def _spread(share: Interval) -> str:
    value, low, high = (100 * bound for bound in share)
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"
