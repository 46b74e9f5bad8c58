"""What a distance is worth: scores by what strangers make of it, and how often one would be taken for known.

Some people are near to everybody, as probes and in the gallery. A score says how near a probe p is to a take
g *as strangers n go* (symmetric score normalisation, S-norm; S. Shum and others, Odyssey 2010)::

    s(p, g) = [ (d(p, g) - mean_n d(p, n)) / sd_n d(p, n)  +  (d(p, g) - mean_n d(n, g)) / sd_n d(n, g) ] / 2

Then every stranger searches the gallery as well, normalised by the strangers but themselves. Where s is the
best score of a probe over all takes, and J strangers have searched, the rate of false alarms is ::

    p(s) = (1 + sum over strangers j of the share of j's searches whose best score is <= s) / (1 + J)

Strangers of other cameras say nothing about how near people are in front of this one: by such, a score is
the distance itself, and only p is theirs.

It is a conformal p-value: for one more stranger, drawn as those were, p <= rate happens with at most that
probability (V. Vovk and others, 2005; for several searches a person: Y. Lee and others, arXiv 2306.06342).
That holds for any score which treats all alike. Here the new one is normalised by J strangers and each of
those by J - 1, whose scores so scatter a little more: the rate errs on the safe side (random strangers, 10 %
allowed: 8.0 % with 9 strangers, 9.4 % with 19).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError

FEWEST = 3
"""Strangers that it takes: each is normalised by two others at least."""
SMALLEST_DEVIATION = 1e-6
"""Stands for none at all, where all strangers are equally far."""
BLOCK = 1 << 20
"""Distances that are looked at together: 8 MB an array."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What strangers say about one state of a gallery."""

    strangers: Float32[np.ndarray, "clips dimension"] | None
    """None if a score is the distance itself."""
    means: Float64[np.ndarray, " takes"]
    """Of the strangers' distances to each take."""
    deviations: Float64[np.ndarray, " takes"]
    best: Float64[np.ndarray, " clips"]
    """The best score of each search by a stranger, the smallest (nearest) first."""
    alarms: Float64[np.ndarray, " clips"]
    """How many strangers' worth of searches have that score or a smaller one."""
    people: int
    """How many strangers there are."""

    def scores(
        self, probe: Float32[np.ndarray, " dimension"], distances: Float32[np.ndarray, " takes"]
    ) -> Float32[np.ndarray, " takes"]:
        """Of one probe against every take, the smaller the nearer.

        Args:
            probe: of length 1.
            distances: from it to the takes.
        """
        if self.strangers is None:
            return distances
        own = distances_between(probe[None], self.strangers)[0]
        ours = (distances - own.mean()) / max(own.std(), SMALLEST_DEVIATION)
        theirs = (distances - self.means) / self.deviations
        scores: NDArray[np.float32] = ((ours + theirs) / 2).astype(np.float32)
        return scores

    def false_alarm(self, score: float) -> float:
        """The share of strangers' searches that come as near to anybody as this best score, 0 excluded."""
        reached = int(np.searchsorted(self.best, score, side="right"))
        return float((1 + (self.alarms[reached - 1] if reached else 0)) / (1 + self.people))

    def limit(self, rate: float) -> float:
        """Best scores below it, and no others, are false alarms at no more than this rate.

        Raises:
            GaitheatError: so small a rate cannot be told with so few strangers.
        """
        expect_enough(self.people, rate)
        reached = int(np.searchsorted(self.alarms, rate * (1 + self.people) - 1 + _ROUNDING, side="right"))
        return float(self.best[reached]) if reached < len(self.best) else float("inf")


_ROUNDING = 1e-9
"""Shares such as 1/3 do not add up to whole people exactly."""


def calibrated(
    takes: Float32[np.ndarray, "takes dimension"],
    strangers: Float32[np.ndarray, "clips dimension"],
    people: Int64[np.ndarray, " clips"],
    normalised: bool = True,
) -> Calibration:
    """Lets the strangers search the gallery.

    Args:
        takes: of the gallery, of length 1.
        strangers: of people who are not in it, of length 1.
        people: clips with the same number are of the same stranger.
        normalised: whether strangers normalise the scores; else a score is the distance.

    Raises:
        GaitheatError: there are fewer than three strangers.
    """
    order = np.argsort(people, kind="stable")
    strangers = strangers[order]
    _, starts, person, clips = np.unique(
        people[order], return_index=True, return_inverse=True, return_counts=True
    )
    if len(starts) < FEWEST:
        raise GaitheatError(
            f"scores need at least {FEWEST} strangers, but there are {len(starts)}: give more"
        )
    others = (len(strangers) - clips[person]).astype(np.float64)
    middle, spread = _among_themselves(strangers, person)
    means, deviations = np.empty(len(takes)), np.empty(len(takes))
    best = np.full(len(strangers), np.inf)
    step = max(BLOCK // len(strangers), 1)
    for start in range(0, len(takes), step):
        block = slice(start, start + step)
        apart = distances_between(strangers, takes[block])
        means[block] = apart.mean(axis=0)
        centred = apart - means[block]
        squares = (centred**2).sum(axis=0)
        deviations[block] = np.maximum(np.sqrt(squares / len(strangers)), SMALLEST_DEVIATION)
        # The same without the clips of the stranger who searches; sums around the mean of all are 0.
        shift = -np.add.reduceat(centred, starts)[person] / others[:, None]
        left = squares - np.add.reduceat(centred**2, starts)[person]
        without = np.sqrt(np.maximum(left / others[:, None] - shift**2, SMALLEST_DEVIATION**2))
        scores = ((apart - middle[:, None]) / spread[:, None] + (centred - shift) / without) / 2
        best = np.minimum(best, (scores if normalised else apart).min(axis=1))
    ranks = np.argsort(best, kind="stable")
    alarms = np.cumsum(1 / clips[person][ranks])
    kept = strangers if normalised else None
    return Calibration(kept, means, deviations, best[ranks], alarms, len(starts))


def expect_enough(people: int, rate: float) -> None:
    """GaitheatError if that many strangers cannot tell so small a rate."""
    if rate * (1 + people) < 1 - _ROUNDING:
        needed = int(np.ceil(1 / rate - _ROUNDING)) - 1
        raise GaitheatError(
            f"to tell false alarms in {rate:.3g} of all searches takes {needed} strangers, but there are "
            f"{people}: allow a rate of {smallest_rate(people):g} or more, or calibrate with more people"
        )


def smallest_rate(people: int) -> float:
    """Of false alarms, that so many strangers can tell; rounded up."""
    return float(np.ceil(10_000 / (1 + people)) / 10_000)


def distances_between(
    first: Float32[np.ndarray, "a dimension"], second: Float32[np.ndarray, "b dimension"]
) -> Float64[np.ndarray, "a b"]:
    """Euclidean, between vectors of length 1, as exact as the matrix product is."""
    apart: NDArray[np.float64] = np.sqrt(np.maximum(2 - 2 * (first @ second.T).astype(np.float64), 0))
    return apart


def _among_themselves(
    strangers: Float32[np.ndarray, "clips dimension"], person: Int64[np.ndarray, " clips"]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each stranger's distances to the others."""
    means, deviations = np.empty(len(strangers)), np.empty(len(strangers))
    step = max(BLOCK // len(strangers), 1)
    for start in range(0, len(strangers), step):
        block = slice(start, start + step)
        apart, other = distances_between(strangers[block], strangers), person[block, None] != person
        means[block] = apart.mean(axis=1, where=other)
        deviations[block] = np.maximum(apart.std(axis=1, where=other), SMALLEST_DEVIATION)
    return means, deviations
