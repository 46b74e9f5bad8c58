"""How the commands speak: tables for people, JSON and CSV for scripts, progress where somebody looks."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from gaitheat.evaluation.evaluate import Report, difference
from gaitheat.video.pool import Summary

if TYPE_CHECKING:  # galleries need Lance, and extraction into a packed file speaks where there is none
    from gaitheat.recognizer import Person

# Names and paths are printed as they are: "[bold]" and ":smile:" are names like any other.
console = Console(
    highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
SHOWN = 10
"""Lines of a list that is long: the rest is counted."""

Row = Mapping[str, Any]


def say(text: str) -> None:
    """A line of result."""
    console.print(text)


def warn(text: str) -> None:
    """A line about what went wrong, beside the result."""
    errors.print(text)


@contextmanager
def extraction_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left; it wants the frames read so far and in all."""
    columns = (
        TextColumn("extracting"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


@contextmanager
def looking_at(video: Path, number: int, count: int) -> Iterator[None]:
    """Say, where somebody looks, which video of how many is being worked on."""
    if not errors.is_terminal:
        yield
        return
    with errors.status(f"looking at {video} ({number} of {count})"):
        yield


def print_rows(rows: Sequence[Row], as_json: bool = False, as_csv: bool = False) -> None:
    """The same rows as a table, as JSON or as CSV."""
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False, default=str))  # noqa: T201
        return
    if as_csv:
        if rows:
            writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return
    if not rows:
        say("none")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*map(_text, row.values()))
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def person_row(video: Path, person: "Person", structured: bool) -> Row:
    """Who was seen in a video, when, and who that is; the nearest people as objects or as one text."""
    clip, quality = person.clip, person.quality
    row = {
        "video": str(video),
        "track": person.track,
        "seconds": f"{clip.times[0]:.1f}-{clip.times[-1]:.1f}" if clip else None,
        "frames": len(clip) if clip else None,
        "name": person.name,
        "false_alarm": person.false_alarm,
        "reason": person.reason,
    }
    if structured:
        worth = None if quality is None else quality._asdict()
        return {**row, "quality": worth, "matches": [match._asdict() for match in person.matches]}
    nearest = ", ".join(f"{match.name} {match.score:.3f}" for match in person.matches[:3])
    return {**row, "nearest": nearest}


def print_summary(summary: Summary, store: str) -> None:
    """What came of an extraction, refusals and their reasons included."""
    say(
        f"{store}: {summary.clips} clips, {summary.frames} frames, from {summary.recordings} recordings"
        + (f" ({summary.skipped} were there already)" if summary.skipped else "")
    )
    if summary.refused_frames:
        counts = ", ".join(f"{reason} {count}" for reason, count in summary.refused_frames.most_common())
        say(f"frames left out: {counts}")
    _list("refused", summary.refusals, say)
    _list("problems", summary.problems, warn)


def _list(title: str, lines: Sequence[str], speak: Callable[[str], None]) -> None:
    if lines:
        speak(f"{title}: {len(lines)}")
    for line in lines[:SHOWN]:
        speak(f"  {line}")
    if len(lines) > SHOWN:
        speak(f"  ... and {len(lines) - SHOWN} more")


def print_reports(reports: Sequence[Report], as_json: bool) -> None:
    """Tables of one protocol, and the paired differences of their headlines from the first one's."""
    if as_json:
        print(json.dumps([json.loads(report.to_json()) for report in reports], indent=2))  # noqa: T201
        return
    for report in reports:
        facts = [report.protocol, f"{report.subjects} subjects", f"{report.clips} clips"]
        facts += ["cosine distance"] if report.distance == "cos" else []
        facts += [f"control: {report.control}"] if report.control else []
        say(f"\n{report.embedding}: {', '.join(facts)}\n")
        say(report.to_markdown())
    _print_differences(reports)
    _print_differences([report.adapted for report in reports if report.adapted], "adapted ")


def _print_differences(reports: Sequence[Report], how: str = "") -> None:
    """Of the first headline from each of the others; nothing where a headline could not be measured."""
    if not all(report.headline for report in reports):
        return
    for report in reports[1:]:
        value, low, high = (100 * bound for bound in difference(reports[0], report))
        verdict = "not shown to differ" if low <= 0 <= high else "differ"
        say(
            f"\n{how}{reports[0].embedding} - {how}{report.embedding}: {value:+.1f} points, "
            f"paired 95 % {low:+.1f} to {high:+.1f}: {verdict}"
        )
