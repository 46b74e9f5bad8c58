"""What the page of an evaluation shows, piece by piece, as HTML; a piece with nothing to show is empty."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from gaitheat.evaluation.cells import CMC_RANKS, CellResult, ViewTable
from gaitheat.evaluation.evaluate import Report
from gaitheat.evaluation.openset import OpenSet
from gaitheat.evaluation.verification import Verification
from gaitheat.metrics import Interval
from gaitheat.pages.charts import Axis, line_chart, normal_deviate, shares
from gaitheat.pages.markup import captioned, table

NOTHING = "-"
"""In a table's place for which there is no figure."""
SHOWN_MEASURES = ("rank-5", "rank-10", "mAP", "mINP")
"""Beside rank-1, which has its interval as well."""

ERROR_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999)
"""Rates that a DET chart names."""


def percent(share: float | None, places: int = 1) -> str:
    """A share of 0..1 for a table."""
    return NOTHING if share is None else f"{100 * share:.{places}f}"


def headline(report: Report) -> str:
    """The one figure, large, with its interval."""
    cells = len(report.headline_cells)
    what = f"mean rank-1 of {cells} cells" if cells > 1 else "rank-1"
    if report.headline is None:
        return f'<p class="note">The {what} is not measurable: in one of them no probe has a mate.</p>'
    value, low, high = report.headline
    return (
        f'<p class="headline"><b>{percent(value)} %</b> <span>{what}<br><small>95 % interval over '
        f"{report.subjects} subjects: {percent(low)} to {percent(high)}</small></span></p>"
    )


def measures_table(report: Report) -> str:
    """How well searches of every cell did."""
    head = ("", "rank-1 %", "95 % interval", "0 to 100", *(f"{name} %" for name in SHOWN_MEASURES))
    rows = [[escape(cell.label), *_measure_cells(cell.measures)] for cell in report.cells]
    rows.append([f"mean of {len(report.headline_cells)}", *_measure_cells(report.measures)])
    caption = f"Protocol {report.protocol}; below, the mean of {', '.join(report.headline_cells)}"
    return table(caption, head, rows, total=True)


def counts_table(report: Report) -> str:
    """What was counted in every cell, and what could not be."""
    head = ("", "searches", "without mate", "gallery", "refused", "failure to acquire %")
    rows = [
        [
            escape(cell.label),
            f"{cell.searches.total():,}",
            f"{cell.mateless:,}",
            f"{cell.gallery:,}",
            f"{cell.refused:,}",
            percent(cell.failure_to_acquire),
        ]
        for cell in report.cells
    ]
    missing = "".join(
        f'<p class="note">{escape(cell.label)}: {len(cell.missing)} of {len(cell.pairs)} pairs of views are '
        f"missing, no probe has a mate there: first {escape(' in '.join(cell.missing[0]))}.</p>"
        for cell in report.cells
        if cell.rank1 is not None and cell.missing
    )
    return table("What was counted", head, rows) + missing


def _measure_cells(measures: Mapping[str, Interval]) -> list[str]:
    """Rank-1, its bounds, both drawn; and the other measures."""
    if not measures:
        return [NOTHING, "no probe has a mate", "", *[NOTHING for _ in SHOWN_MEASURES]]
    rank1 = measures["rank-1"]
    at, low, high = (f"{100 * bound:.1f}" for bound in rank1)
    place = f"--low:{low};--high:{high};--at:{at}"
    drawn = f'<td class="range" aria-hidden="true" style="{place}"><i></i><b></b></td>'
    return [at, bounds(rank1), drawn, *[percent(measures[name].value) for name in SHOWN_MEASURES]]


def bounds(interval: Interval) -> str:
    """The interval in percent."""
    return f"{percent(interval.low)} to {percent(interval.high)}"


def view_matrices(cells: Sequence[CellResult]) -> str:
    """Rank-1 of every pair of views, a matrix a cell; cells that pair equal views share one table."""
    across, along = [], {}
    for cell in cells:
        views = cell.view_table
        if len(cell.pairs) < 2:
            continue
        if all(pair.probe_view == pair.gallery_view for pair in cell.pairs):
            along[cell.label] = views
        else:
            across.append(_heat_table(cell.label, views.probe_views, views.gallery_views, views.rank1))
    if along:
        across.append(_same_views(along))
    if not across:
        return ""
    words = "Rank-1 in percent; rows: view of the probe, columns: view of the gallery."
    return f'<p class="muted">{words}</p><div class="matrices">{"".join(across)}</div>'


def _same_views(cells: Mapping[str, ViewTable]) -> str:
    views = sorted({view for cell in cells.values() for view in cell.probe_views})
    rows = []
    for cell in cells.values():
        share = {view: cell.rank1[i][i] for i, view in enumerate(cell.probe_views)}
        rows.append([share.get(view) for view in views])
    return _heat_table("Same view", list(cells), views, rows)


def _heat_table(
    caption: str, names: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[float | None]]
) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(map(_heat, row))}</tr>'
        for name, row in zip(names, rows, strict=True)
    )
    content = f'<thead><tr><td class="none"></td>{head}</tr></thead><tbody>{lines}</tbody>'
    return captioned(caption, f'<table class="heat" aria-label="{escape(caption)}">{content}</table>')


def _heat(share: float | None) -> str:
    if share is None:
        return f'<td class="none">{NOTHING}</td>'
    return f'<td style="--share:{share:.3f}">{percent(share, 0)}</td>'


def cmc_chart(curves: Mapping[str, Sequence[float]]) -> str:
    """Share of searches with a mate among the nearest so many; one line a name."""
    lines = {name: list(enumerate(curve, start=1)) for name, curve in curves.items() if curve}
    if not lines:
        return ""
    ranks = Axis("rank", (1, 2, 5, 10, 20, CMC_RANKS), math.log)
    found = shares("searches that found the person", (0, 0.2, 0.4, 0.6, 0.8, 1))
    return line_chart(lines, ranks, found, "Cumulative match: a mate among the nearest")


def det_chart(curves: Mapping[str, Verification]) -> str:
    """False rejects against false accepts; one line a name; empty where nothing is measurable."""
    lines = {name: curve.det for name, curve in curves.items() if curve.det}
    if not lines:
        return ""
    accepts = _error_axis("false accepts", [point.false_accepts for line in lines.values() for point in line])
    rejects = _error_axis("false rejects", [point.false_rejects for line in lines.values() for point in line])
    return line_chart(lines, accepts, rejects, "Detection error trade-off")


def _error_axis(label: str, values: Sequence[float]) -> Axis:
    """An axis that begins below the smallest of these rates that is not 0, and ends above the largest."""
    inside = [value for value in values if 0 < value < 1] or [0.5]
    low = max((tick for tick in ERROR_TICKS if tick <= min(inside)), default=ERROR_TICKS[0])
    high = min((tick for tick in ERROR_TICKS if tick >= max(inside)), default=ERROR_TICKS[-1])
    ticks = [tick for tick in ERROR_TICKS if low <= tick <= high]
    return shares(label, ticks if low < high else ERROR_TICKS, normal_deviate)


def verification_table(result: Verification) -> str:
    """What thresholds on one comparison accept."""
    rows = [
        [f"{100 * point.false_accepts:.2g} %", percent(point.true_accepts), f"{point.threshold:.3f}"]
        for point in result.points
    ]
    rows += [[f"{100 * rate:g} %", NOTHING, _unmeasurable(result.subjects)] for rate in result.unmeasurable]
    error = result.equal_error_rate
    rows.append(["equal error rate", NOTHING if error is None else f"{percent(error)} %", ""])
    pairs = f"{result.same:,} pairs of the same person, {result.different:,} of different people"
    return table(f"One clip against one: {pairs}", ("false accepts", "true accepts %", "threshold"), rows)


def open_set_table(result: OpenSet) -> str:
    """Searches for people of whom only half are enrolled."""
    rows = [
        [
            f"{100 * point.wanted:g} %",
            percent(point.false_positives.value),
            bounds(point.false_positives),
            percent(point.false_negatives.value),
            bounds(point.false_negatives),
        ]
        for point in result.points
    ]
    rows += [
        [f"{100 * rate:g} %", NOTHING, _unmeasurable(result.subjects), NOTHING, ""]
        for rate in result.unmeasurable
    ]
    counts = f"{result.non_mated:,} searches for people not enrolled, {result.mated:,} for people enrolled"
    head = ("false alarms wanted (FPIR)", "reached %", "95 % interval", "missed (FNIR) %", "95 % interval")
    return table(f"One clip against a gallery of half of the people: {counts}", head, rows)


def _unmeasurable(subjects: int) -> str:
    return f"not measurable with {subjects} identities"
