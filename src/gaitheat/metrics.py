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


def operating_points(
    same: Float32[np.ndarray, " pairs"],
    different: Float32[np.ndarray, " others"],
    rates: Sequence[float] = (0.01, 0.05, 0.1),
) -> list[OperatingPoint]:
    """The largest thresholds with at most these rates of false accepts, if they are measurable.

    Args:
        same: distances of pairs of the same person.
        different: distances of pairs of different people.
        rates: wanted rates of false accepts, below 1.
    """
    if not len(same) or not len(different):
        return []
    ordered = np.sort(different)
    points = []
    for rate in rates:
        # Equal distances are accepted together or not at all.
        accepted = int(np.searchsorted(ordered, ordered[int(rate * len(ordered))]))
        if accepted >= MEASURABLE:
            threshold = float(ordered[accepted - 1])
            false, true = (float((distances <= threshold).mean()) for distances in (different, same))
            points.append(OperatingPoint(false, threshold, true))
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


def bootstrap(
    hits: Float64[np.ndarray, "cells subjects"],
    probes: Float64[np.ndarray, "cells subjects"],
    draws: int = 2000,
    seed: int = 0,
) -> Float64[np.ndarray, " draws"]:
    """Resampled means over cells of each cell's share of hits, drawing *subjects* with replacement.

    Args:
        hits: correct probes of each subject in each cell.
        probes: all probes of each subject in each cell.
        draws: number of resamples.
        seed: the same seed draws the same subjects: the difference of two bootstraps is paired.

    One subject's clips are no independent samples: whole subjects are drawn (B. Efron, 1979), as probes; the
    gallery stays. A cell in which a draw has no probe is left out of that draw's mean; NaN if all are.
    """
    subjects = hits.shape[1]
    drawn = np.random.default_rng(seed).multinomial(subjects, np.full(subjects, 1 / subjects), size=draws)
    totals = drawn @ probes.T
    shares = np.divide(drawn @ hits.T, totals, where=totals > 0, out=np.zeros(totals.shape))
    measured = (totals > 0).sum(1)
    means: NDArray[np.float64] = np.divide(
        shares.sum(1), measured, where=measured > 0, out=np.full(draws, np.nan)
    )
    return means


def interval(value: float, samples: Float64[np.ndarray, " draws"]) -> Interval:
    """The 95 % percentile interval of bootstrap samples around the value of the whole sample."""
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return Interval(value, float(low), float(high))
