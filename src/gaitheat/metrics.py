"""Distances, ranks and their uncertainty: pure functions on arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from numpy.typing import NDArray


class Interval(NamedTuple):
    """A value with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


class OperatingPoint(NamedTuple):
    """A threshold on one-to-one comparisons, and what it accepts."""

    false_accepts: float
    """Share of the pairs of different people that are at most ``threshold`` apart."""
    threshold: float
    true_accepts: float
    """Share of the pairs of the same person that are."""


MEASURABLE = 30
"""Errors that must have been seen for their rate to be stated (the rule of 30, ISO/IEC 19795-1)."""


_COARSE = 10
"""Bits of a float32 distance that a tally does not tell apart."""


def tally(distances: Float32[np.ndarray, " pairs"]) -> Int64[np.ndarray, " levels"]:
    """How many distances fall on each of two million levels, as wide as 1/8192 of the distance.

    Floats that are not negative are in the order of their bits. Tallies add up, so that any number of pairs
    can be counted in constant memory.
    """
    bits = (distances + np.float32(0)).view(np.uint32)  # + 0, because -0 has the largest bits
    return np.bincount(bits >> _COARSE, minlength=1 << (31 - _COARSE))


def operating_points(
    same: Int64[np.ndarray, " levels"],
    different: Int64[np.ndarray, " levels"],
    rates: Sequence[float] = (0.01, 0.05, 0.1),
) -> list[OperatingPoint]:
    """The largest thresholds with at most these rates of false accepts, if they are measurable.

    Args:
        same: `tally` of the distances of pairs of the same person.
        different: of those of pairs of different people.
        rates: wanted rates of false accepts, below 1.
    """
    if not same.sum() or not different.sum():
        return []
    below = np.cumsum(different)
    points = []
    for rate in rates:
        # Distances of one level are accepted together or not at all.
        accepted = int(below[below <= rate * below[-1]].max(initial=0))
        if accepted >= MEASURABLE:
            level = int(np.searchsorted(below, accepted))
            threshold = np.array(((level + 1) << _COARSE) - 1, np.uint32).view(np.float32)
            true = float(same[: level + 1].sum() / same.sum())
            points.append(OperatingPoint(accepted / int(below[-1]), float(threshold), true))
    return points


def euclidean(
    probes: Float32[np.ndarray, "probes dimension"], gallery: Float32[np.ndarray, "gallery dimension"]
) -> Float32[np.ndarray, "probes gallery"]:
    """Euclidean distance of every probe to every gallery embedding.

    Computed in float64 by |p|^2 + |g|^2 - 2 p.g: a vector's distance to itself is below 1e-7 of its length.
    """
    p, g = probes.astype(np.float64), gallery.astype(np.float64)
    square = (p**2).sum(1)[:, None] + (g**2).sum(1)[None, :] - 2 * p @ g.T
    distances: NDArray[np.float32] = np.sqrt(np.maximum(square, 0.0)).astype(np.float32)
    return distances


def mate_ranks(
    distances: Float32[np.ndarray, "probes gallery"],
    mates: Bool[np.ndarray, "probes gallery"],
    allowed: Bool[np.ndarray, "probes gallery"],
) -> Int64[np.ndarray, " probes"]:
    """The rank, from 1, at which each probe finds its first mate; 0 for a probe without a mate.

    Args:
        distances: small means alike.
        mates: true where probe and gallery clip show the same subject.
        allowed: false where the protocol leaves the pair out.

    A tie counts against the mate: constant embeddings earn nothing.
    """
    nearest = np.where(mates & allowed, distances, np.inf).min(axis=1, initial=np.inf)
    ahead = (allowed & ~mates & (distances <= nearest[:, None])).sum(1)
    return np.where(np.isfinite(nearest), ahead + 1, 0)


def nested_share(
    hits: Float64[np.ndarray, "draws rows"],
    probes: Float64[np.ndarray, "draws rows"],
    groups: Sequence[tuple[str, ...]],
) -> Float64[np.ndarray, " draws"]:
    """The mean share of hits: within groups, then within groups of groups, and so on up to the whole.

    Args:
        hits: correct probes of each row.
        probes: all probes of each row.
        groups: where each row belongs, such as cell and probe view: rows are averaged over equal cells and
            views, these means over equal cells, and these over everything.

    A row without probes is left out of its group's mean, and so is a group without rows; NaN if all are.
    """
    means = np.divide(hits, probes, where=probes > 0, out=np.full(hits.shape, np.nan))
    for depth in range(len(groups[0]), -1, -1):
        members: dict[tuple[str, ...], list[int]] = {}
        for place, group in enumerate(groups):
            members.setdefault(group[:depth], []).append(place)
        means = np.stack([_mean_of_measured(means[:, places]) for places in members.values()], axis=1)
        groups = list(members)
    whole: NDArray[np.float64] = means[:, 0]
    return whole


def _mean_of_measured(values: Float64[np.ndarray, "draws rows"]) -> Float64[np.ndarray, " draws"]:
    count = np.isfinite(values).sum(1)
    mean: NDArray[np.float64] = np.divide(
        np.nansum(values, axis=1), count, where=count > 0, out=np.full(len(values), np.nan)
    )
    return mean


def bootstrap(
    hits: Float64[np.ndarray, "rows subjects"],
    probes: Float64[np.ndarray, "rows subjects"],
    groups: Sequence[tuple[str, ...]],
    draws: int = 2000,
    seed: int = 0,
) -> Float64[np.ndarray, " draws"]:
    """Resampled nested means of shares of hits, drawing *subjects* with replacement.

    Args:
        hits: correct probes of each subject in each row.
        probes: all probes of each subject in each row.
        groups: where each row belongs, as for `nested_share`.
        draws: number of resamples.
        seed: the same seed draws the same subjects: the difference of two bootstraps is paired.

    One subject's clips are no independent samples: whole subjects are drawn (B. Efron, 1979), as probes, with
    all their rows; the gallery stays. A row in which a draw has no probe is left out of that draw's means.
    """
    subjects = hits.shape[1]
    drawn = np.random.default_rng(seed).multinomial(subjects, np.full(subjects, 1 / subjects), size=draws)
    return nested_share(drawn @ hits.T, drawn @ probes.T, groups)


def interval(value: float, samples: Float64[np.ndarray, " draws"]) -> Interval:
    """The 95 % percentile interval of bootstrap samples around the value of the whole sample."""
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return Interval(value, float(low), float(high))
