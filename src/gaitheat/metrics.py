"""Distances, ranks and their uncertainty: pure functions on arrays."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from numpy.typing import NDArray

Distance = Literal["euc", "cos"]
"""How vectors are compared: Euclidean distance, or 1 - cosine; in strips, the mean over them."""


class Interval(NamedTuple):
    """A value with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


class Ranking(NamedTuple):
    """Where each probe finds its mates in the gallery; 0 in all three for a probe that has none."""

    first: Int64[np.ndarray, " probes"]
    """Rank, from 1, of the nearest mate."""
    average_precision: Float64[np.ndarray, " probes"]
    """Mean, over the mates, of the share of mates among all that are as near."""
    inverse_penalty: Float64[np.ndarray, " probes"]
    """Number of mates by the rank of the last one (M. Ye et al., 2021)."""


MEASURABLE = 30
"""Errors that must have been seen for their rate to be stated (the rule of 30, ISO/IEC 19795-1)."""


def distances(
    probes: Float32[np.ndarray, "probes dimension"],
    gallery: Float32[np.ndarray, "gallery dimension"],
    distance: Distance = "euc",
    strips: int = 1,
) -> Float32[np.ndarray, "probes gallery"]:
    """Distance of every probe to every gallery embedding: the mean over strips of the strips' distances.

    Args:
        probes: one embedding a row.
        gallery: the same.
        distance: of a strip: Euclidean, by |p|^2 + |g|^2 - 2 p.g, or 1 - cosine (1 for a strip of zeros).
        strips: equal parts of an embedding, one behind the other.

    A single vector is compared in float64: its distance to itself is below 1e-7 of its length. Strips are
    compared in float32: Euclidean distances err by at most 1e-3 of a strip's length, where they are nearly 0,
    and by less than 1e-5 of it where they are a tenth of it or more; cosines by 1e-6.
    """
    precision = np.float64 if strips == 1 else np.float32
    width, rest = divmod(probes.shape[1], strips)
    assert rest == 0, "strips are equal parts"
    total = np.zeros((len(probes), len(gallery)), np.float32)
    for start in range(0, probes.shape[1], width):
        p, g = (side[:, start : start + width].astype(precision, copy=False) for side in (probes, gallery))
        part = _euclidean(p, g) if distance == "euc" else 1 - _unit(p) @ _unit(g).T
        total += np.maximum(part, 0, out=part).astype(np.float32, copy=False)
    total /= strips
    return total


def _euclidean(p: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    square: NDArray[Any] = (p**2).sum(1)[:, None] + (g**2).sum(1)[None, :]
    square -= 2 * p @ g.T
    np.sqrt(np.maximum(square, 0, out=square), out=square)
    return square


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[Any] = vectors / np.where(lengths > 0, lengths, 1)
    return unit


def ranking(
    distances: Float32[np.ndarray, "probes gallery"],
    mates: Bool[np.ndarray, "probes gallery"],
    allowed: Bool[np.ndarray, "probes gallery"],
) -> Ranking:
    """The ranks at which each probe finds its mates, summed up.

    Args:
        distances: small means alike.
        mates: true where probe and gallery clip show the same subject.
        allowed: false where the protocol leaves the pair out.

    A tie counts against the mate: constant embeddings earn nothing. Else the average precision is that of
    information retrieval, without interpolation.
    """
    result = Ranking(np.zeros(len(distances), np.int64), np.zeros(len(distances)), np.zeros(len(distances)))
    for probe, row in enumerate(distances):
        found = np.sort(row[mates[probe] & allowed[probe]])
        if len(found) == 0:
            continue
        strangers = np.sort(row[allowed[probe] & ~mates[probe]])
        places = np.arange(1, len(found) + 1)
        ranks = places + np.searchsorted(strangers, found, side="right")
        result.first[probe] = ranks[0]
        result.average_precision[probe] = (places / ranks).mean()
        result.inverse_penalty[probe] = len(found) / ranks[-1]
    return result


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
