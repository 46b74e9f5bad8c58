"""The tables that recognition.py prints."""

from collections.abc import Sequence
from typing import Any

from gaitheat.metrics import Interval
from search_rates import ASKED

COMPARED = 0.1
"""FPIR at which settings are compared."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(value: Interval) -> str:
    """With its bounds."""
    return f"{100 * value.value:.1f} ({100 * value.low:.0f} to {100 * value.high:.0f})"


def both(reached: dict[str, Interval] | None) -> str:
    """FPIR and FNIR, where there were strangers enough to tell."""
    return "-" if reached is None else f"{percent(reached['FPIR'])}; {percent(reached['FNIR'])}"


def printed(figures: dict[str, Any]) -> str:
    """Both tables."""
    closed = table(
        ("scenario", "searches", "not usable", "rank-1 %", "missed, 5 % asked for"),
        [
            [scenario, str(row["searches"]), str(row["not usable"]), percent(row["rank-1"]),
             percent(row["missed, 5 % asked for"])]
            for scenario, row in figures["closed set"].items()
        ],
    )  # fmt: skip
    asked = [f"asked for {100 * rate:g} %: FPIR; FNIR" for rate in ASKED]
    opened = table(
        ("gallery", "enrolled", "rank-1 %", f"FNIR % at FPIR {100 * COMPARED:g} %", *asked),
        [
            [row["gallery"], str(row["enrolled"]), percent(row["rank-1"])]
            + [percent(row["FNIR at FPIR"][str(COMPARED)])]
            + [
                f"{percent(of['FPIR'])}; {percent(of['FNIR'])}" if of else "-"
                for of in row["asked for"].values()
            ]
            for row in figures["open set"]
        ],
    )
    return f"{closed}\n\n{opened}"
