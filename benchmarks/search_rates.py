"""Rates of error of many searches, with intervals that draw people: pure functions for recognition.py."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray

from gaitheat.metrics import Interval, interval

CURVE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
"""FPIR at which FNIR is told."""
ASKED = (0.01, 0.05, 0.1)
"""Rates of false alarms that a user asks for."""
RESAMPLES = 2000
ROUNDING = 1e-9


class Search(NamedTuple):
    """What came of looking somebody up."""

    person: str
    condition: str
    enrolled: bool
    right: bool
    """Whether the nearest of the gallery is that person."""
    score: float
    """Of the nearest; infinite if the clip was not usable."""
    false_alarm: float
    """How often strangers come as near; 1 if the clip was not usable, NaN if there were no strangers."""


class Searches:
    """Rates over searches; each with a 95 % interval for which people are drawn, with all their searches."""

    def __init__(self, searches: list[Search]) -> None:
        names, self.person = np.unique([search.person for search in searches], return_inverse=True)
        self.people = len(names)
        self.enrolled = np.array([search.enrolled for search in searches], bool)
        self.right = np.array([search.right for search in searches], bool)
        self.scores = np.array([search.score for search in searches])
        self.alarms = np.array([search.false_alarm for search in searches])

    def rank_1(self) -> Interval:
        """Searches for enrolled people in which the nearest is the right one, whatever the score."""
        return self._share(self.right & np.isfinite(self.scores), self.enrolled)

    def missed_at(self, rate: float) -> Interval:
        """FNIR where the limit lets that share of the searches for strangers pass."""
        strangers, mated = ~self.enrolled, self.enrolled
        order = np.argsort(self.scores[strangers], kind="stable")
        heights = np.append(self.scores[strangers][order], np.inf)
        passing = np.cumsum(self._weights[:, self.person[strangers][order]], axis=1)
        within = (passing <= rate * passing[:, -1:] + ROUNDING).sum(axis=1)
        found = np.where(self.right[mated], self.scores[mated], np.inf)
        weights = self._weights[:, self.person[mated]]
        missed = [
            (row * (found >= limit)).sum() / row.sum() if row.sum() else np.nan
            for row, limit in zip(weights, heights[within], strict=True)
        ]
        return interval(float(missed[0]), np.array(missed[1:]))

    def alarms_at(self, rate: float) -> Interval:
        """FPIR that is reached where that rate was asked for."""
        return self._share(self.alarms <= rate + ROUNDING, ~self.enrolled)

    def missed_when_asked(self, rate: float) -> Interval:
        """FNIR where that FPIR was asked for."""
        return self._share(~(self.right & (self.alarms <= rate + ROUNDING)), self.enrolled)

    @cached_property
    def _weights(self) -> Int64[np.ndarray, "draws people"]:
        """How often each person is drawn; once each in the first row."""
        share = np.full(self.people, 1 / self.people)
        drawn = np.random.default_rng(0).multinomial(self.people, share, size=RESAMPLES)
        return np.vstack([np.ones((1, self.people), np.int64), drawn])

    def _share(
        self, errors: Bool[np.ndarray, " searches"], counted: Bool[np.ndarray, " searches"]
    ) -> Interval:
        """Of those that count."""
        of_each, all_of_each = (
            self._weights @ np.bincount(self.person, chosen, self.people)
            for chosen in (errors & counted, counted)
        )
        shares: NDArray[np.float64] = np.divide(
            of_each, all_of_each, where=all_of_each > 0, out=np.full(len(of_each), np.nan)
        )
        return interval(float(shares[0]), shares[1:])


def rates(searches: Searches, strangers: int) -> dict[str, Any]:
    """What is reached; None where so few strangers cannot tell a rate."""
    reached = {
        str(rate): {"FPIR": searches.alarms_at(rate), "FNIR": searches.missed_when_asked(rate)}
        if rate * (1 + strangers) >= 1
        else None
        for rate in ASKED
    }
    missed = {str(rate): searches.missed_at(rate) for rate in CURVE}
    return {"rank-1": searches.rank_1(), "FNIR at FPIR": missed, "asked for": reached}
