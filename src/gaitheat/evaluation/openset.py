"""Open-set identification: is this person enrolled at all, and who is it? (ISO/IEC 19795-1)

A search names the nearest of the gallery if that is near enough. Who is not enrolled should not be named
(false-positive identification rate, FPIR: false alarms by search of *this* gallery, which grow with its
size); who is enrolled should be (false-negative identification rate, FNIR). Nobody sets the threshold that
judges them: subjects are dealt into four groups, which take turns. One group is left out of the gallery and
sets the threshold, the next is left out and tests it, and the other two are enrolled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64
from numpy.typing import NDArray

from gaitheat.metrics import MEASURABLE, Interval, bootstrap, interval

GROUPS = 4
"""Into which subjects are dealt: half of all are enrolled at a time."""
RATES = (0.01, 0.1)
"""Wanted FPIR."""


class Searches(NamedTuple):
    """What each search finds, whoever of the groups is enrolled."""

    subjects: Sequence[str]
    """Who is looked for."""
    mates: Float32[np.ndarray, " searches"]
    """Distance of the nearest gallery clip of the same person; infinite if there is none."""
    strangers: Float32[np.ndarray, "searches groups"]
    """Distance of the nearest gallery clip of other people, of each group."""


class OpenSetPoint(NamedTuple):
    """What a threshold does that other people have set; intervals are over subjects."""

    wanted: float
    """The FPIR that the threshold was set for."""
    false_positives: Interval
    """The FPIR that it reaches: searches for people who are not enrolled that name somebody."""
    false_negatives: Interval
    """FNIR: searches for people who are enrolled that name nobody, or somebody else."""


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Identification of people half of whom are enrolled."""

    subjects: int
    non_mated: int
    """Searches for people who were not enrolled, each counted once."""
    mated: int
    """Searches for people who were, each counted in two rounds of four."""
    points: tuple[OpenSetPoint, ...]
    unmeasurable: tuple[float, ...]
    """FPIR that would rest on fewer than 30 false alarms: not measurable with so many identities."""


class _Round(NamedTuple):
    """Searches with two of the groups enrolled."""

    nearest: NDArray[np.float32]
    """Distance of the nearest stranger."""
    setting: Bool[np.ndarray, " searches"]
    testing: Bool[np.ndarray, " searches"]
    mated: Bool[np.ndarray, " searches"]


def open_set(parts: Sequence[Searches], groups: Mapping[str, int], rates: Sequence[float] = RATES) -> OpenSet:
    """Rates of error of one threshold for all these searches.

    Args:
        parts: searches, such as those of several views.
        groups: the group of each subject, 0 to 3.
        rates: wanted FPIR.
    """
    names = sorted({subject for part in parts for subject in part.subjects})
    numbers = {name: number for number, name in enumerate(names)}
    people = np.array([numbers[subject] for part in parts for subject in part.subjects], np.int64)
    whole = Searches(
        [names[person] for person in people],
        np.concatenate([np.empty(0, np.float32), *(part.mates for part in parts)]),
        np.concatenate([np.empty((0, GROUPS), np.float32), *(part.strangers for part in parts)]),
    )
    rounds = _rounds(whole, np.array([groups[name] for name in names], np.int64)[people])
    non_mated = int(sum(each.testing.sum() for each in rounds))
    ready = all(each.setting.any() and each.mated.any() for each in rounds)
    measurable = [rate for rate in rates if ready and rate * non_mated >= MEASURABLE]
    return OpenSet(
        subjects=len(names),
        non_mated=non_mated,
        mated=int(sum(each.mated.sum() for each in rounds)),
        points=tuple(_point(rate, rounds, whole.mates, people) for rate in measurable),
        unmeasurable=tuple(rate for rate in rates if rate not in measurable),
    )


def _rounds(searches: Searches, groups: Int64[np.ndarray, " searches"]) -> list[_Round]:
    """A search without anybody to meet is none."""
    rounds = []
    for setting in range(GROUPS):
        testing = (setting + 1) % GROUPS
        enrolled = [group for group in range(GROUPS) if group not in (setting, testing)]
        nearest = searches.strangers[:, enrolled].min(axis=1)
        met = np.isfinite(nearest)
        rounds.append(
            _Round(
                nearest,
                met & (groups == setting),
                met & (groups == testing),
                np.isfinite(searches.mates) & np.isin(groups, enrolled),
            )
        )
    return rounds


def _point(
    rate: float,
    rounds: Sequence[_Round],
    mates: Float32[np.ndarray, " searches"],
    people: Int64[np.ndarray, " searches"],
) -> OpenSetPoint:
    alarms, misses = np.zeros(len(mates)), np.zeros(len(mates))
    tests, asked = np.zeros(len(mates)), np.zeros(len(mates))
    for each in rounds:
        limit = _limit(each.nearest[each.setting], rate)
        alarms += each.testing & (each.nearest < limit)
        tests += each.testing
        misses += each.mated & ((mates >= limit) | (mates >= each.nearest))
        asked += each.mated
    return OpenSetPoint(rate, _share(alarms, tests, people), _share(misses, asked, people))


def _limit(nearest: Float32[np.ndarray, " searches"], rate: float) -> np.float32:
    """Below it are at most that share of the distances: as many as can be."""
    within = int(np.floor(rate * len(nearest) + 1e-9))
    limit: np.float32 = np.sort(nearest)[within]
    return limit


def _share(
    errors: NDArray[np.float64], counted: NDArray[np.float64], people: Int64[np.ndarray, " searches"]
) -> Interval:
    """Of all searches, with an interval that draws subjects."""
    of_each, asked = (np.bincount(people, weights)[None] for weights in (errors, counted))
    value = float(errors.sum() / counted.sum())
    return interval(value, bootstrap(of_each, asked, [("all",)]))
