"""Accuracy against cost, as a picture: who is at the front is beaten by nobody who costs as little."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from gaitheat.comparison.table import Line

Point = tuple[float, float]
"""Cost and rank-1."""


def draw(lines: Sequence[Line], path: Path) -> None:
    """Rank-1 under the first protocol, over computation and over time; as PNG or SVG, by the path's ending.

    A row whose headline is not measurable has no place in it.
    """
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _scatter(left, lines, [line.cost.flops / 1e9 for line in lines], "GFLOP a frame")
    _scatter(right, lines, [1000 / line.cost.frames_per_second for line in lines], "ms a frame on one core")
    left.set_ylabel(f"rank-1 %, {next(iter(lines[0].scores))}")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    figure.savefig(part, dpi=150)
    part.replace(path)


def front(points: Sequence[Point]) -> list[Point]:
    """By cost, those that no other point beats: none is as good for less, or better for as little."""
    best: list[Point] = []
    for cost, value in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or value > best[-1][1]:
            best.append((cost, value))
    return best


def _scatter(axes: Axes, lines: Sequence[Line], costs: Sequence[float], label: str) -> None:
    """Points have numbers: names would lie on one another where costs are alike."""
    points: list[Point] = []
    for number, (line, cost) in enumerate(zip(lines, costs, strict=True), start=1):
        headline = next(iter(line.scores.values())).headline
        if headline is None:
            continue
        value, low, high = (100 * bound for bound in headline)
        points.append((cost, value))
        name = f"{number}  {line.row}"
        axes.errorbar(cost, value, [[value - low], [high - value]], fmt="o", elinewidth=0.6, label=name)
        axes.annotate(str(number), (cost, value), xytext=(5, 3), textcoords="offset points", fontsize=9)
    best = front(points)
    axes.step([cost for cost, _ in best], [value for _, value in best], where="post", color="0.6", zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(LogFormatter())
    axes.xaxis.set_minor_formatter(LogFormatter())
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
