"""Who of the known people that is, if anybody: by how often strangers come as near, or by distance."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float32

from gaitheat.errors import GaitheatError
from gaitheat.gallery.search import KnownPeople, Match
from gaitheat.recognition.scoring import Calibration, expect_enough

WALKERS = "virtual walkers"
"""The strangers that come with the package: nobody of a real camera is as far from its people as they are."""
DEFAULT_FAR = 0.05
"""False alarms by search of a gallery, where nobody says how many are allowed."""
THRESHOLDS = {
    "gaitheat-s": 0.75,
    "gaitheat_fusion": 0.75,
    "mean-heatmap": 0.385,
    "mean-silhouette": 0.224,
    "mean-skeleton": 0.095,
}
"""Distances, 0 to 2, up to which the nearest person is named, by embedding, until strangers have searched.

Measured on the KTH development subjects. The networks: where eight of them are enrolled with four walks each,
8 and 9 % of the searches by the others, in other scenarios, name somebody; the more are enrolled, the more.
The training-free ones: 5 % of the pairs of different people are accepted, so that a search names far more.
"""
FARTHEST = 2.0
"""Distance of opposite embeddings: all are of length 1."""
LISTED = 5
"""How many of the nearest people an answer lists."""
NOBODY_ENROLLED = "nobody is enrolled"


class Verdict(NamedTuple):
    """The answer about one embedding."""

    name: str | None
    """None: nobody who is known."""
    reason: str
    matches: tuple[Match, ...] = ()
    """The nearest people, nearest first."""
    false_alarm: float | None = None
    """Share of strangers' searches that come as near to anybody; None if nobody measured it."""


class Limit(NamedTuple):
    """What it takes to be named."""

    by: Literal["false alarms", "distance"]
    value: float
    """The rate by search of this gallery, or the distance, that is the most allowed."""


@dataclass(frozen=True, slots=True)
class ByDistance:
    """Names the nearest person up to a distance."""

    known: KnownPeople
    threshold: float

    def verdict(self, probe: Float32[np.ndarray, " dimension"], count: int = LISTED) -> Verdict:
        """Who that is, and the ``count`` nearest people."""
        matches = tuple(self.known.nearest(probe, count))
        return Verdict(*decide(matches, self.threshold), matches)


@dataclass(frozen=True, slots=True)
class ByFalseAlarms:
    """Names the nearest person where few enough strangers come as near to anybody."""

    known: KnownPeople
    calibration: Calibration
    far: float
    crowd: str = "strangers"
    """What to call those who have searched."""

    def verdict(self, probe: Float32[np.ndarray, " dimension"], count: int = LISTED) -> Verdict:
        """Who that is, and the ``count`` nearest people."""
        if not self.known.names:
            return Verdict(None, NOBODY_ENROLLED)
        scores = self.calibration.scores(probe, self.known.distances(probe))
        matches = tuple(self.known.ranked(probe, scores, count))
        best = matches[0]
        false_alarm = self.calibration.false_alarm(best.score)
        found = f"{100 * false_alarm:.2g} % of {self.crowd} come as near to anybody"
        allowed = f"{100 * self.far:.2g} % are allowed"
        if best.score < self.calibration.limit(self.far):
            return Verdict(best.name, f"only {found}, {allowed}", matches, false_alarm)
        reason = f"nobody known: the nearest, {best.name}, is not near enough, {found}, {allowed}"
        return Verdict(None, reason, matches, false_alarm)


Judge = ByDistance | ByFalseAlarms
"""Looks embeddings up among known people."""


def decide(matches: tuple[Match, ...], threshold: float) -> tuple[str | None, str]:
    """The name of the nearest person if that is near enough, else None; and the reason.

    Args:
        matches: known people, nearest first.
        threshold: the distance up to which the nearest is named.
    """
    if not matches:
        return None, NOBODY_ENROLLED
    best = matches[0]
    if best.distance > threshold:
        return None, f"nobody known: the nearest, {best.name}, is at {best.distance:.3f} > {threshold:g}"
    return best.name, f"distance {best.distance:.3f} <= {threshold:g}"


def expect_limits(far: float | None, threshold: float | None) -> None:
    """GaitheatError if both are given, or one that is none."""
    if far is not None and threshold is not None:
        raise GaitheatError(
            f"expected a rate of false alarms or a threshold, but got both, {far:g} and "
            f"{threshold:g}: give one"
        )
    if far is not None and not 0 < far < 1:
        raise GaitheatError(f"a rate of false alarms is between 0 and 1, such as 0.05, but got {far:g}")
    if threshold is not None and not 0 <= threshold <= FARTHEST:
        raise GaitheatError(f"a threshold is a distance from 0 to {FARTHEST:g}, but got {threshold:g}")


def limit_of(
    embedding: str, far: float | None, threshold: float | None, strangers: int, own: bool, adapted: bool
) -> Limit:
    """What it takes to be named: what was asked for, or what strangers or the embedding allow.

    The strangers that come with the package decide only where a rate is asked for, or where cameras have
    learnt their bias: of people of other cameras they would let almost everybody pass.

    Args:
        embedding: its name.
        far: the rate of false alarms that was asked for, if any.
        threshold: the distance that was asked for, if any.
        strangers: how many are at hand.
        own: whether they were shown to this gallery.
        adapted: whether cameras have learnt their bias: then the embedding's own distance means nothing.

    Raises:
        GaitheatError: strangers are needed, and there are too few or none.
    """
    expect_limits(far, threshold)
    if threshold is not None:
        return Limit("distance", threshold)
    by_distance = far is None and not adapted and embedding in THRESHOLDS
    if strangers and (own or not by_distance):
        expect_enough(strangers, far or DEFAULT_FAR)
        return Limit("false alarms", far or DEFAULT_FAR)
    if by_distance:
        return Limit("distance", THRESHOLDS[embedding])
    raise GaitheatError(
        f"nobody has searched with {embedding} to count false alarms: show it strangers with "
        f"`gaitheat calibrate`, or give a threshold, a distance from 0 to {FARTHEST:g}"
    )
