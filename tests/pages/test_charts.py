"""Line charts: points lie where their axes say, and what lies beyond the axes is not drawn."""

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from statistics import NormalDist

import pytest

from gaitheat.pages.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    line_chart,
    normal_deviate,
    shares,
)

UNIT = Axis("value", (0, 0.5, 1))
RANKS = Axis("rank", (1, 10, 100), math.log)


def drawn(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, point.split(","))) for point in points.split()]  # type: ignore[misc]
        for points in re.findall(r'points="([^"]*)"', svg)
    ]


def test_points_lie_where_their_axes_say() -> None:
    (line,) = drawn(line_chart({"a": [(1, 0), (10, 0.25), (100, 1)]}, RANKS, UNIT, "title"))
    middle, height = (LEFT + WIDTH - RIGHT) / 2, HEIGHT - TOP - BOTTOM
    expected = [(LEFT, HEIGHT - BOTTOM), (middle, HEIGHT - BOTTOM - height / 4), (WIDTH - RIGHT, TOP)]
    for point, right in zip(line, expected, strict=True):
        assert point == pytest.approx(right, abs=0.06)


def test_what_lies_beyond_the_axes_is_not_drawn() -> None:
    (line,) = drawn(line_chart({"a": [(0.5, 0.5), (10, 0.5), (1000, 0.5), (10, 1.5)]}, RANKS, UNIT, "t"))
    assert len(line) == 1


def test_normal_deviate_makes_two_normal_distributions_a_straight_line() -> None:
    axis = shares("rate", (0.001, 0.01, 0.5, 0.9), normal_deviate)
    apart, normal = 1.3, NormalDist()
    points = [
        (axis.place(normal.cdf(t)), axis.place(normal.cdf(-t - apart))) for t in (-2.5, -2.0, -1.0, 0.0)
    ]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    assert slopes == pytest.approx([-1, -1, -1])


def test_it_is_well_formed_and_says_what_it_shows() -> None:
    chart = line_chart({"a < b": [(1, 0.1)], "c": [(1, 0.2)]}, RANKS, shares("hits", (0, 0.5, 1)), "<Title>")
    figure = ET.fromstring(chart)  # noqa: S314 -- our own text
    words = "".join(figure.itertext())
    assert all(word in words for word in ("<Title>", "a < b", "hits, %", "rank", "50", "100"))
