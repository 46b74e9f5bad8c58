"""The table: what each row is worth under each protocol, whether it differs from the first, what it costs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np

from gaitheat.evaluation.cells import resampled
from gaitheat.evaluation.evaluate import Report, difference
from gaitheat.metrics import Interval, interval

Reports = Mapping[str, Sequence[Report]]
"""One a seed, by the protocol whose column they stand in."""


class Cost(NamedTuple):
    """What a network takes."""

    parameters: int
    """At test, without classifiers."""
    flops: float
    """Floating-point operations a frame."""
    frames_per_second: float
    """On one core, measured side by side with the others."""
    training_seconds: float
    """Of one training at the chosen rate, mean over seeds."""


@dataclass(frozen=True, slots=True)
class Score:
    """A row under a protocol. All shares are rank-1 in 0..1, means over seeds."""

    protocol: str
    """By which it was tested: the twin on ground truth of the column's, for a row that was trained on it."""
    cells: dict[str, float | None]
    """Of the headline; None for a cell in which no probe has a mate."""
    headline: Interval | None
    """Mean of these cells, with its interval over subjects; None if one of them was not measurable."""
    seeds: tuple[float, ...]
    """The headline of each seed."""
    difference: Interval | None
    """From the first row, paired over subjects; None in the first row, and where it was not measurable."""

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds; None for a single one."""
        return float(np.std(self.seeds, ddof=1)) if len(self.seeds) > 1 else None

    @property
    def differs(self) -> bool:
        """Whether a difference from the first row may be claimed: its interval excludes 0."""
        return self.difference is not None and not self.difference.low <= 0 <= self.difference.high


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table."""

    row: str
    network: str
    dataset: str
    """On which it was trained."""
    learning_rate: float
    rates: tuple[float, ...]
    """It was chosen from these; a single one was not chosen."""
    frames_seen: int
    """In training."""
    cost: Cost
    scores: dict[str, Score]
    """By the protocol of the column."""


def scores(reports: Reports, first: Reports | None) -> dict[str, Score]:
    """A row's scores.

    Args:
        reports: of the row.
        first: of the row that it is compared with; None in that row itself.
    """
    return {
        protocol: _score(protocol, seeds, None if first is None else first[protocol])
        for protocol, seeds in reports.items()
    }


def _score(protocol: str, reports: Sequence[Report], first: Sequence[Report] | None) -> Score:
    headlines = [report.headline for report in reports if report.headline]
    measurable = len(headlines) == len(reports)
    labels = reports[0].headline_cells
    cells = {
        label: _mean([cell.rank1 for report in reports for cell in report.cells if cell.label == label])
        for label in labels
    }
    comparable = first is not None and measurable and all(report.headline for report in first)
    return Score(
        reports[0].protocol,
        cells,
        _headline(reports) if measurable else None,
        tuple(headline.value for headline in headlines),
        # Twins are the same recordings: their subjects pair like those of one protocol.
        difference(*(_as(protocol, side) for side in (reports, first))) if first and comparable else None,
    )


def _as(protocol: str, reports: Sequence[Report]) -> list[Report]:
    return [replace(report, protocol=protocol) for report in reports]


def _mean(rank1: Sequence[Interval | None]) -> float | None:
    values = [one.value for one in rank1 if one is not None]
    return float(np.mean(values)) if len(values) == len(rank1) else None


def _headline(reports: Sequence[Report]) -> Interval:
    """Each subject's results are averaged over seeds, then subjects are drawn."""
    draws = [
        resampled([cell for cell in report.cells if cell.label in report.headline_cells])[1]
        for report in reports
    ]
    values = [report.headline.value for report in reports if report.headline]
    return interval(float(np.mean(values)), np.mean(draws, axis=0))


def to_json(lines: Sequence[Line]) -> str:
    """Everything, for scripts."""
    rows = [asdict(line) for line in lines]
    for row, line in zip(rows, lines, strict=True):
        row["cost"] = line.cost._asdict()
        for protocol, score in line.scores.items():
            row["scores"][protocol] |= {"spread": score.spread, "differs": score.differs}
    return json.dumps(rows, indent=2)


def to_markdown(lines: Sequence[Line]) -> str:
    """For people: shares in percent, and below it what one must know to read it."""
    main, *others = lines[0].scores
    cells = lines[0].scores[main].cells
    head = ["", *cells, "mean (95 % over subjects)", "± seeds", "from the first row"]
    head += [title for other in others for title in (other, "from the first row")]
    head += ["parameters", "GFLOP/frame", "frames/s, one core", "training", "learning rate"]
    body = [cells_of(line) for line in lines]
    table = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]
    return "\n".join([*table, "", *_notes(lines, main)]) + "\n"


def cells_of(line: Line) -> list[str]:
    """A row of the Markdown table."""
    main, *others = line.scores.values()
    return [
        line.row,
        *(_percent(value) for value in main.cells.values()),
        _spread(main.headline),
        "" if main.spread is None else f"{100 * main.spread:.1f}",
        _difference(main),
        *(text for score in others for text in (_spread(score.headline), _difference(score))),
        f"{line.cost.parameters / 1e6:.2f} M",
        f"{line.cost.flops / 1e9:.3g}",
        f"{line.cost.frames_per_second:.0f}",
        f"{line.cost.training_seconds / 60:.0f} min",
        f"{line.learning_rate:g}",
    ]


def _notes(lines: Sequence[Line], main: str) -> list[str]:
    seeds = len(lines[0].scores[main].seeds)
    seen = sorted({line.frames_seen for line in lines})
    twins = sorted(
        {score.protocol for line in lines for name, score in line.scores.items() if name != score.protocol}
    )
    budget = (
        f"Every row was trained on {seen[0]} frames."
        if len(seen) == 1
        else f"The rows were trained on {seen[0]} to {seen[-1]} frames: they did not have the same budget."
    )
    rates = ", ".join(f"{rate:g}" for rate in lines[0].rates)
    chosen = (
        f"Learning rates were chosen from {rates} by training people held out"
        if len(lines[0].rates) > 1
        else "Learning rates were not searched"
    )
    return [
        f"Rank-1 in percent{f', mean of {seeds} seeds' * (seeds > 1)}; first that of {main}. {budget}",
        f"From the first row, {lines[0].row}: paired 95 % interval over subjects; bold where it excludes 0, "
        "and only there a difference is shown.",
        f"{chosen}; frames/s were measured side by side.",
        *([f"Rows that were trained on ground truth are tested by {', '.join(twins)}."] if twins else []),
    ]


def _percent(share: float | None) -> str:
    return "not measurable" if share is None else f"{100 * share:.1f}"


def _spread(share: Interval | None) -> str:
    if share is None:
        return "not measurable"
    value, low, high = (100 * bound for bound in share)
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _difference(score: Score) -> str:
    if score.difference is None:
        return ""
    value, low, high = (100 * bound for bound in score.difference)
    bold = "**" * score.differs
    return f"{bold}{value:+.1f}{bold} ({low:+.1f} to {high:+.1f})"
