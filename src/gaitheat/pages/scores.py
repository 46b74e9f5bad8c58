"""The scores of one search as a figure: known people as bars, and the strangers as a hill below them.

Scores are distances of a kind, smaller is nearer. The figure turns them round, so that a longer bar is a
greater likeness; everything in it shares one axis, and the threshold runs through all of it.
"""

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.answers import rate
from gaitheat.gallery.search import Match
from gaitheat.recognition.verdicts import WALKERS, ByDistance, Judge

STEPS = 120
"""Points of the hill's outline."""
HILL = 40
"""Height of the hill's drawing, in units of which the figure is 100 wide."""
RIM = 0.05
"""What the figure shows beyond the outermost scores, of the distance between them."""
OUTLIERS = 0.5
"""Percent of the strangers on either side that may lie outside the figure."""


class Rule(NamedTuple):
    """How a gallery decides."""

    threshold: float
    """Score up to which the nearest person is named."""
    far: float | None = None
    """The share of strangers' searches that come so near; None if the threshold is a mere distance."""
    strangers: Float32[np.ndarray, " searches"] = np.empty(0, np.float32)
    """Best score in this gallery of each search by somebody who is not in it."""
    people: int = 0
    """How many strangers have searched."""
    crowd: str = "strangers"
    """What to call them."""


def rule_of(judge: Judge) -> Rule:
    """What a recogniser goes by."""
    if isinstance(judge, ByDistance):
        return Rule(judge.threshold)
    found = judge.calibration
    strangers = found.best[np.isfinite(found.best)].astype(np.float32)
    return Rule(found.limit(judge.far), judge.far, strangers, found.people, judge.crowd)


class Axis(NamedTuple):
    """From the score at the figure's left edge to the one at its right, which is nearer."""

    left: float
    right: float

    def place(self, score: float) -> float:
        """0..100 from left to right."""
        share = (self.left - score) / (self.left - self.right)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def axis_of(rule: Rule, matches: Sequence[Match]) -> Axis:
    """An axis for all figures of a page: it holds the threshold, these matches, and nearly all strangers."""
    scores = [score for score in (rule.threshold, *(match.score for match in matches)) if isfinite(score)]
    if len(rule.strangers):
        scores += np.percentile(rule.strangers, [OUTLIERS, 100 - OUTLIERS]).tolist()
    # An empty gallery has no scores, and no figures.
    nearest, farthest = min(scores, default=0.0), max(scores, default=0.0)
    rim = RIM * (farthest - nearest) or 1.0
    # Without the hill a bar's length is all there is to see: the farthest one still has some.
    return Axis(farthest + rim * (1 if len(rule.strangers) else 4), nearest - rim)


def score_figure(matches: Sequence[Match], rule: Rule, axis: Axis, named: bool) -> str:
    """The figure as HTML.

    Args:
        matches: the nearest people, nearest first; at least one.
        rule: how it was decided.
        axis: where scores lie (:func:`axis_of`).
        named: whether the first of them is the answer.
    """
    best = matches[0]
    at, limit = axis.place(best.score), axis.place(rule.threshold)
    hill = _hill(rule, axis) if len(rule.strangers) else ""
    return (
        f'<figure class="scores" style="--at:{at};--limit:{limit}">'
        f'<figcaption>{_caption(rule)}</figcaption><div class="plot">'
        f'<p class="limit" aria-hidden="true"><span>{_limit(rule)}</span></p>'
        f"<ol>{''.join(_bar(match, axis, named and match is best) for match in matches)}</ol>{hill}"
        f'<p class="ends" aria-hidden="true"><span>less alike</span><span>more alike</span></p></div>'
        f"{_words(best, rule)}</figure>"
    )


def _bar(match: Match, axis: Axis, chosen: bool) -> str:
    return (
        f"<li{' class=chosen' if chosen else ''}><b>{escape(match.name)}</b><span>{match.score:.2f}</span>"
        f'<i style="--to:{axis.place(match.score)}"></i></li>'
    )


def _hill(rule: Rule, axis: Axis) -> str:
    """How strangers' best scores are spread, those beyond the threshold in another colour."""
    scores = np.linspace(axis.left, axis.right, STEPS)
    heights = _density(rule.strangers, scores)
    tops = HILL * (1 - 0.94 * heights / heights.max())
    places = np.linspace(0, 100, STEPS)
    points = [(float(place), float(top)) for place, top in zip(places, tops, strict=True)]
    limit = axis.place(rule.threshold)
    cut = (limit, float(np.interp(limit, places, tops)))
    refused = [*(point for point in points if point[0] < limit), cut]
    passed = [cut, *(point for point in points if point[0] > limit)]
    return (
        f'<div class="hill" aria-hidden="true"><svg viewBox="0 0 100 {HILL}" preserveAspectRatio="none">'
        f"{_area(refused, 'refused')}{_area(passed, 'passed')}</svg>"
        '<p class="at"><span>this person</span></p></div>'
    )


def _area(points: Sequence[tuple[float, float]], name: str) -> str:
    outline = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return (
        f'<polygon class="{name}" points="{points[0][0]:.2f},{HILL} {outline} {points[-1][0]:.2f},{HILL}"/>'
    )


def _density(values: Float32[np.ndarray, " values"], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Gaussian over each value, as wide as Silverman's rule says (1986, eq. 3.31)."""
    low, high = np.percentile(values, [25, 75])
    spread = min(float(values.std()), float(high - low) / 1.34) or float(values.std()) or 1e-3
    width = 0.9 * spread * len(values) ** -0.2
    heights = [np.exp(-(((place - values) / width) ** 2) / 2).sum() for place in at]
    return np.array(heights, np.float64)


def _caption(rule: Rule) -> str:
    return "Nearest in the gallery" + (f", against {rule.crowd}" if len(rule.strangers) else "")


def _limit(rule: Rule) -> str:
    return f"threshold {rule.threshold:.2f}" if rule.far is None else f"{rate(rule.far)} false alarms"


def _words(best: Match, rule: Rule) -> str:
    """What the figure says, for those who do not read figures."""
    if not len(rule.strangers):
        words = (
            "The threshold is a distance: how often a stranger is taken for somebody here was not measured. "
            "Show the gallery strangers (gaitheat calibrate), and it becomes a rate of false alarms."
        )
    else:
        nearer = int((rule.strangers <= best.score).sum())
        words = (
            f"The hill: {len(rule.strangers):,} searches of this gallery by {rule.people:,} {rule.crowd}, "
            f"who are not in it. {nearer or 'None'} of them came as near to anybody as this person."
        )
        if rule.crowd == WALKERS:
            words += (
                " Real people are nearer to one another than they are to walkers, so real strangers raise "
                "more false alarms than this says: show the gallery some of your own (gaitheat calibrate)."
            )
    return f'<p class="muted">{escape(words)}</p>'
