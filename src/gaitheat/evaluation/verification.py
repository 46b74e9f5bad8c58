"""One-to-one: do two clips show the same person? Thresholds, what they accept, and the DET curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import dealt
from gaitheat.evaluation.searching import Compare, Places, numbered
from gaitheat.metrics import MEASURABLE

RATES = (1e-1, 5e-2, 1e-2, 1e-3, 1e-4)
"""Rates of false accepts at which true accepts are stated, if they are measurable."""
DET_POINTS = 64
"""Points of a DET curve, evenly spaced in the logarithm of false accepts."""
TILE = 1024
"""Clips on each side of a block of comparisons: memory does not grow with the square of the clips."""
MOST_CLIPS = 16_384
"""Clips that are compared all with all: a hundred million pairs measure every rate."""
_COARSE = 10
"""Bits of a float32 distance that a tally does not tell apart."""


class OperatingPoint(NamedTuple):
    """A threshold on one-to-one comparisons, and what it accepts."""

    false_accepts: float
    """Share of the pairs of different people that are at most ``threshold`` apart."""
    threshold: float
    true_accepts: float
    """Share of the pairs of the same person that are."""


class DetPoint(NamedTuple):
    """A point of the detection error trade-off: two shares in 0..1."""

    false_accepts: float
    false_rejects: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What distances between two clips are worth, each pair counted once."""

    subjects: int
    """Whose clips were compared."""
    same: int
    """Pairs of clips of the same person."""
    different: int
    """Pairs of clips of different people."""
    points: tuple[OperatingPoint, ...]
    """At the rates of false accepts that can be measured, the largest first."""
    unmeasurable: tuple[float, ...]
    """Rates that would rest on fewer than 30 false accepts: not measurable with so many identities."""
    equal_error_rate: float | None
    """Where false accepts and false rejects are equally frequent; None if that is not measurable."""
    det: tuple[DetPoint, ...]
    """From the smallest measurable rate of false accepts to 1."""


def tally(distances: Float32[np.ndarray, " pairs"]) -> Int64[np.ndarray, " levels"]:
    """How many distances fall on each of two million levels, as wide as 1/8192 of the distance.

    Floats that are not negative are in the order of their bits. Tallies add up, so that any number of pairs
    can be counted in constant memory.
    """
    bits = (distances + np.float32(0)).view(np.uint32)  # + 0, because -0 has the largest bits
    return np.bincount(bits >> _COARSE, minlength=1 << (31 - _COARSE))


def compared(keys: Sequence[ClipKey], compare: Compare) -> Verification:
    """Each pair of clips counts once; of very many clips only those of some subjects, who are drawn."""
    people = numbered(keys, ("subject",))
    same, different = tally(np.empty(0, np.float32)), tally(np.empty(0, np.float32))
    clips = _some(keys)
    tiles = [clips[start : start + TILE] for start in range(0, len(clips), TILE)]
    for ours, theirs in combinations_with_replacement(tiles, 2):
        between = compare(ours, theirs)
        once = ours[:, None] < theirs
        mates = people[ours][:, None] == people[theirs]
        same += tally(between[mates & once])
        different += tally(between[~mates & once])
    return verification(same, different, subjects=len(np.unique(people[clips])))


def _some(keys: Sequence[ClipKey]) -> Places:
    """All clips, or those of one of as few groups of subjects as it takes."""
    drawn = dealt((key.subject for key in keys), groups=-(-len(keys) // MOST_CLIPS))
    return np.array([place for place, key in enumerate(keys) if drawn[key.subject] == 0], np.int64)


def verification(
    same: Int64[np.ndarray, " levels"],
    different: Int64[np.ndarray, " levels"],
    subjects: int,
    rates: Sequence[float] = RATES,
) -> Verification:
    """Sum up all pairs.

    Args:
        same: `tally` of the distances of pairs of the same person.
        different: of those of pairs of different people.
        subjects: how many people they show.
        rates: wanted rates of false accepts, below 1.
    """
    same, different = np.cumsum(same), np.cumsum(different)
    points = {rate: operating_point(same, different, rate) for rate in rates}
    return Verification(
        subjects=subjects,
        same=int(same[-1]),
        different=int(different[-1]),
        points=tuple(point for point in points.values() if point is not None),
        unmeasurable=tuple(rate for rate, point in points.items() if point is None),
        equal_error_rate=equal_error_rate(same, different),
        det=tuple(det_curve(same, different)),
    )


def operating_point(
    same: Int64[np.ndarray, " levels"], different: Int64[np.ndarray, " levels"], rate: float
) -> OperatingPoint | None:
    """As many false accepts as this rate allows, at the smallest threshold; None if it cannot be measured.

    Args:
        same: how many pairs of the same person each level accepts: the running sum of a `tally`.
        different: the same of pairs of different people.
        rate: of false accepts.
    """
    if not same[-1]:
        return None
    # Distances of one level are accepted together or not at all.
    within = int(np.searchsorted(different, int(rate * different[-1]), side="right")) - 1
    accepted = int(different[within]) if within >= 0 else 0
    if accepted < MEASURABLE:
        return None
    level = int(np.searchsorted(different, accepted))
    threshold = np.array(((level + 1) << _COARSE) - 1, np.uint32).view(np.float32)
    return OperatingPoint(accepted / int(different[-1]), float(threshold), float(same[level] / same[-1]))


def equal_error_rate(
    same: Int64[np.ndarray, " levels"], different: Int64[np.ndarray, " levels"]
) -> float | None:
    """Where the two rates of error cross, between two levels on a straight line.

    None if not measurable: both kinds of error must have been seen often enough.

    Args:
        same: as for `operating_point`.
        different: as there.
    """
    if not same[-1] or not different[-1]:
        return None
    after = int(np.argmax(different / different[-1] >= 1 - same / same[-1]))
    before = _at(same, different, after - 1) if after else DetPoint(0.0, 1.0)
    accepts, rejects = _at(same, different, after)
    ahead, behind = before.false_rejects - before.false_accepts, accepts - rejects
    rate = before.false_accepts + (accepts - before.false_accepts) * ahead / (ahead + behind)
    return rate if rate * min(same[-1], different[-1]) >= MEASURABLE else None


def det_curve(same: Int64[np.ndarray, " levels"], different: Int64[np.ndarray, " levels"]) -> list[DetPoint]:
    """False rejects against false accepts, where these are measurable (A. Martin et al., 1997).

    Args:
        same: as for `operating_point`.
        different: as there.
    """
    if not same[-1] or different[-1] < MEASURABLE:
        return []
    counts = np.geomspace(MEASURABLE, different[-1], DET_POINTS).round().astype(np.int64)
    return [_at(same, different, level) for level in np.unique(np.searchsorted(different, counts)).tolist()]


def _at(same: Int64[np.ndarray, " levels"], different: Int64[np.ndarray, " levels"], level: int) -> DetPoint:
    """Errors, if distances up to this level are accepted."""
    return DetPoint(float(different[level] / different[-1]), float(1 - same[level] / same[-1]))
