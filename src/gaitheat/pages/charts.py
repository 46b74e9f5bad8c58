"""Line charts as inline SVG: colours and type come from the page around them, so they follow its theme."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist

WIDTH, HEIGHT = 400, 320
"""Of the drawing's own units: on a phone about one unit a pixel, so that the words stay legible."""
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 44
"""What the axes take."""
COLOURS = 8
"""Of lines, which the page's style sheet calls ``line-0`` to ``line-7``."""

Number = float | int
Point = tuple[Number, Number]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where values lie along a side of the chart."""

    label: str
    ticks: tuple[Number, ...]
    """Values with a name and a grid line, in increasing order; the outermost are the chart's edges."""
    scale: Callable[[Number], float] = float
    """From values to places, strictly increasing between the edges."""
    percent: bool = False
    """Whether values are shares, to be told in percent."""

    def place(self, value: Number) -> float:
        """0 at the lower edge, 1 at the upper one."""
        low, high = self.scale(self.ticks[0]), self.scale(self.ticks[-1])
        return (self.scale(value) - low) / (high - low)

    def holds(self, value: Number) -> bool:
        """Whether it lies between the edges."""
        return self.ticks[0] <= value <= self.ticks[-1]


def normal_deviate(share: Number) -> float:
    """The scale of DET curves, on which equal normal distributions give straight lines (A. Martin, 1997)."""
    return NormalDist().inv_cdf(share)


def shares(label: str, ticks: Sequence[Number], scale: Callable[[Number], float] = float) -> Axis:
    """An axis of shares in 0..1, told in percent."""
    return Axis(label, tuple(ticks), scale, percent=True)


def line_chart(lines: Mapping[str, Sequence[Point]], x: Axis, y: Axis, title: str) -> str:
    """A figure with a legend.

    Args:
        lines: points (x, y) of each line, by its name; points beyond the edges are left out.
        x: the axis at the bottom.
        y: the axis on the left.
        title: what the chart shows, its caption.
    """
    drawn = [_line(number, name, points, x, y) for number, (name, points) in enumerate(lines.items())]
    legend = "".join(
        f'<li><i class="line-{number % COLOURS}"></i>{escape(name)}</li>' for number, name in enumerate(lines)
    )
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{_grid(x, y)}{''.join(drawn)}</svg>"
        f'<ul class="legend">{legend}</ul></figure>'
    )


def _across(share: Number) -> float:
    return round(LEFT + float(share) * (WIDTH - LEFT - RIGHT), 1)


def _up(share: Number) -> float:
    return round(HEIGHT - BOTTOM - float(share) * (HEIGHT - TOP - BOTTOM), 1)


def _line(number: int, name: str, points: Sequence[Point], x: Axis, y: Axis) -> str:
    path = " ".join(
        f"{_across(x.place(right))},{_up(y.place(up))}"
        for right, up in points
        if x.holds(right) and y.holds(up)
    )
    return (
        f'<polyline class="line-{number % COLOURS}" points="{path}"><title>{escape(name)}</title></polyline>'
    )


def _grid(x: Axis, y: Axis) -> str:
    parts, bottom, left = [], _up(0), _across(0)
    for tick in x.ticks:
        at = _across(x.place(tick))
        parts.append(f'<line x1="{at}" x2="{at}" y1="{_up(1)}" y2="{bottom}"/>')
        parts.append(f'<text x="{at}" y="{bottom + 16}" text-anchor="middle">{_told(tick, x)}</text>')
    for tick in y.ticks:
        at = _up(y.place(tick))
        parts.append(f'<line x1="{left}" x2="{_across(1)}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4}" text-anchor="end">{_told(tick, y)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="{_across(0.5)}" y="{HEIGHT - 8}" text-anchor="middle">{_named(x)}</text>'
        f'<text transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">'
        f"{_named(y)}</text>"
    )
    return f'<g class="grid">{"".join(parts)}</g>'


def _told(value: Number, axis: Axis) -> str:
    return f"{100 * value:g}" if axis.percent else f"{value:g}"


def _named(axis: Axis) -> str:
    return escape(f"{axis.label}, %" if axis.percent else axis.label)
