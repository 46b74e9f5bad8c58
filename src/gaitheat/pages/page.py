"""The page of an evaluation: one HTML file with everything inside, to be read, sent and kept."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from gaitheat.errors import GaitheatError
from gaitheat.evaluation.evaluate import Report, difference
from gaitheat.pages.markup import document, facts, section, table
from gaitheat.pages.mistakes import mistakes_strips
from gaitheat.pages.sections import (
    bounds,
    cmc_chart,
    counts_table,
    det_chart,
    headline,
    measures_table,
    open_set_table,
    percent,
    verification_table,
    view_matrices,
)
from gaitheat.sources import ClipSource


def evaluation_page(
    reports: Sequence[Report], source: ClipSource, command: str, about: Sequence[tuple[str, str]]
) -> str:
    """The page as text.

    Args:
        reports: of one protocol; the first one's headline is the page's.
        source: where the clips are; those of a few mistakes are read, to be shown.
        command: what was typed to measure it.
        about: names and values that say what was measured, such as the checkpoint and the store.
    """
    first = reports[0]
    title = f"{first.embedding} on {first.protocol}" if len(reports) == 1 else first.protocol
    body = [
        f"<header><small>gaitheat · evaluation</small><h1>{escape(title)}</h1></header>",
        headline(first) if len(reports) == 1 else _comparison(reports),
        f'<p class="note">{escape(first.note)}</p>' if first.note else "",
        f"<pre><code>{escape(command)}</code></pre>",
        facts([*about, *_facts(first)]),
        _curves(reports),
        *(_details(report, source, len(reports) > 1) for report in reports),
        _explanation(),
    ]
    return document(f"{title} · gaitheat", "\n".join(filter(None, body)))


def write_page(page: str, path: Path) -> None:
    """Write it; GaitheatError if that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, "utf-8")
    except OSError as error:
        raise GaitheatError(f"{path}: cannot write a page there ({error})") from error


def _facts(report: Report) -> list[tuple[str, str]]:
    refused = ", ".join(f"{count} {reason}" for reason, count in report.refusals.items())
    return [
        ("clips", f"{report.clips:,} of {report.subjects} subjects"),
        ("refused", refused or "nothing"),
        ("distance", {"euc": "Euclidean", "cos": "cosine"}[report.distance]),
        ("control", report.control or "none: clips as they are"),
    ]


def _comparison(reports: Sequence[Report]) -> str:
    """The headlines of all, and the paired differences of the others from the first one."""
    rows = []
    for report in reports:
        row = [escape(report.embedding)]
        row += (
            ["-", ""]
            if report.headline is None
            else [percent(report.headline.value), bounds(report.headline)]
        )
        if report is reports[0] or report.headline is None or reports[0].headline is None:
            row += ["", "", ""]
        else:
            gap = difference(report, reports[0])
            verdict = "not shown to differ" if gap.low <= 0 <= gap.high else "differ"
            row += [f"{100 * gap.value:+.1f}", f"{100 * gap.low:+.1f} to {100 * gap.high:+.1f}", verdict]
        rows.append(row)
    head = ("", "rank-1 %", "95 % interval", f"against {reports[0].embedding}", "paired 95 %", "")
    return table(f"Mean of {', '.join(reports[0].headline_cells)}", head, rows)


def _curves(reports: Sequence[Report]) -> str:
    """One report's cells, or several reports' means."""
    if len(reports) == 1:
        match = {cell.label: cell.cmc for cell in reports[0].cells}
    else:
        match = {report.embedding: report.cmc for report in reports}
    charts = cmc_chart(match) + det_chart({report.embedding: report.verification for report in reports})
    return section("Curves", f'<div class="charts">{charts}</div>') if charts else ""


def _details(report: Report, source: ClipSource, named: bool) -> str:
    """All tables and mistakes of a report."""
    about = f"{report.embedding}: " if named else ""
    mistakes = mistakes_strips(source, [cell for cell in report.cells if cell.label in report.headline_cells])
    one_to_one = verification_table(report.verification) + open_set_table(report.open_set)
    return (
        section(f"{about}Recognition", measures_table(report) + counts_table(report))
        + section(f"{about}Pairs of views", view_matrices(report.cells))
        + section(f"{about}Verification and open set", one_to_one)
        + section(f"{about}Adapted to the camera", _adapted(report))
        + section(f"{about}Nearest mistakes", mistakes)
    )


def _adapted(report: Report) -> str:
    """What unlabelled clips of other people are good for, if that was measured."""
    if report.adapted is None:
        return ""
    how = report.adapted.adaptation
    words = f"The same searches, each distance in a space that other people have shaped ({how})."
    both = [replace(report, embedding="plain"), replace(report.adapted, embedding="adapted")]
    one_to_one = verification_table(report.adapted.verification) + open_set_table(report.adapted.open_set)
    return f"<p>{escape(words)}</p>{_comparison(both)}{measures_table(report.adapted)}{one_to_one}"


def _explanation() -> str:
    return (
        "<footer>Intervals draw subjects with replacement, 2,000 times. A search whose person is not in the "
        "gallery is counted as without mate and is no part of any share. Rates of false accepts or alarms "
        "that would rest on fewer than 30 of them are not stated.</footer>"
    )
