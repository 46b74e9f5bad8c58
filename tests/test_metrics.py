"""Metrics against slow obvious references."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances, top_k_accuracy_score

from gaitheat.metrics import (
    bootstrap,
    euclidean,
    interval,
    mate_ranks,
    nested_share,
    operating_points,
    tally,
)

SEPARATE = [(str(row),) for row in range(3)]
"""Rows that belong to nothing but the whole."""


def slow_rank(distances, mates, allowed) -> int:
    """Walk through the gallery from the nearest on, strangers first among equals, until a mate is met."""
    order = sorted(np.flatnonzero(allowed), key=lambda j: (distances[j], mates[j]))
    for rank, j in enumerate(order, start=1):
        if mates[j]:
            return rank
    return 0


def test_distances_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    probes, gallery = (random.normal(size=(n, 40)).astype(np.float32) for n in (7, 11))
    assert euclidean(probes, gallery) == pytest.approx(pairwise_distances(probes, gallery), abs=1e-5)


def test_equal_embeddings_are_at_distance_nought():
    same = np.random.default_rng(0).normal(size=(5, 500)).astype(np.float32)
    assert np.diag(euclidean(same, same)).max() < 1e-5


def test_ranks_are_those_of_the_double_loop_with_ties_and_exclusions():
    random = np.random.default_rng(0)
    for _ in range(50):
        distances = random.integers(0, 6, (8, 12)).astype(np.float32)
        mates, allowed = random.random((8, 12)) < 0.2, random.random((8, 12)) < 0.7
        expected = [slow_rank(*row) for row in zip(distances, mates, allowed, strict=True)]
        assert mate_ranks(distances, mates, allowed).tolist() == expected


def test_an_empty_gallery_has_no_mates():
    none = np.zeros((3, 0), bool)
    assert mate_ranks(np.zeros((3, 0), np.float32), none, none).tolist() == [0, 0, 0]


def test_embeddings_that_say_nothing_earn_nothing():
    mates = np.eye(4, dtype=bool)
    assert mate_ranks(np.zeros((4, 4), np.float32), mates, np.ones_like(mates)).tolist() == [4, 4, 4, 4]


@pytest.mark.parametrize("k", [1, 2, 5])
def test_ranks_are_top_k_accuracy_where_everyone_is_enrolled_once(k):
    random = np.random.default_rng(1)
    distances = random.random((60, 9)).astype(np.float32)
    subjects = random.integers(0, 9, 60)
    mates = subjects[:, None] == np.arange(9)
    expected = top_k_accuracy_score(subjects, -distances, k=k, labels=np.arange(9))
    assert (mate_ranks(distances, mates, np.ones_like(mates)) <= k).mean() == pytest.approx(expected)


def test_bootstrap_is_the_slow_resampling_of_subjects():
    random = np.random.default_rng(2)
    probes = random.integers(1, 5, (3, 6)).astype(np.float64)
    hits = np.floor(probes * random.random((3, 6)))
    samples = bootstrap(hits, probes, SEPARATE[:3], draws=50, seed=7)
    drawn = np.random.default_rng(7).multinomial(6, np.full(6, 1 / 6), size=50)
    for sample, times_drawn in zip(samples, drawn, strict=True):
        people = np.repeat(np.arange(6), times_drawn)
        cells = [sum(hits[c, p] for p in people) / sum(probes[c, p] for p in people) for c in range(3)]
        assert sample == pytest.approx(np.mean(cells))


def test_nested_shares_are_means_of_means_and_leave_out_what_was_not_measured():
    groups = [("a", "0"), ("a", "0"), ("a", "9"), ("b", "0"), ("b", "9"), ("c", "0")]
    probes = np.array([[4.0, 2, 1, 3, 0, 0]])
    hits = np.array([[3.0, 0, 1, 2, 0, 0]])
    of_a = ((3 / 4 + 0 / 2) / 2 + 1) / 2
    assert nested_share(hits, probes, groups) == pytest.approx((of_a + 2 / 3) / 2)
    assert np.isnan(nested_share(0 * hits, 0 * probes, groups)).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        ability = random.beta(2, 2, 40)
        hits = random.binomial(4, ability)[None].astype(np.float64)
        low, high = interval(0.5, bootstrap(hits, np.full((1, 40), 4.0), SEPARATE[:1], draws=400))[1:]
        covered += low <= 0.5 <= high
    assert 0.90 <= covered / 200 <= 0.99


def test_the_same_seed_draws_the_same_subjects_so_differences_are_paired():
    random = np.random.default_rng(4)
    probes = np.full((1, 20), 4.0)
    hits = random.integers(0, 4, (1, 20)).astype(np.float64)
    better = hits + 1
    gain = bootstrap(better, probes, SEPARATE[:1]) - bootstrap(hits, probes, SEPARATE[:1])
    assert gain == pytest.approx(0.25)
    assert interval(0.25, gain) == pytest.approx((0.25, 0.25, 0.25))


def test_a_cell_without_probes_in_a_draw_is_left_out_of_it():
    hits, probes = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 2.0]])
    samples = bootstrap(hits, probes, SEPARATE[:2], draws=200)
    assert set(samples) == {0.5, 1.0}
    nobody = bootstrap(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]), SEPARATE[:1], draws=200)
    assert np.isnan(nobody).any()
    assert interval(1.0, nobody) == (1.0, 1.0, 1.0)


def test_operating_points_accept_what_they_say():
    generator = np.random.default_rng(0)
    same, different = (generator.gamma(shape, 0.1, 3000).astype(np.float32) for shape in (3, 6))
    points = operating_points(tally(same), tally(different))
    assert [round(point.false_accepts, 3) for point in points] == [0.01, 0.05, 0.1]
    for point in points:
        assert sum(distance <= point.threshold for distance in different) / 3000 == pytest.approx(
            point.false_accepts
        )
        assert sum(distance <= point.threshold for distance in same) / 3000 == pytest.approx(
            point.true_accepts
        )


def test_thresholds_are_the_quantiles_to_four_digits():
    different = np.random.default_rng(1).gamma(6, 0.1, 100_000).astype(np.float32)
    points = operating_points(tally(different), tally(different[:50_000]) + tally(different[50_000:]))
    expected = np.quantile(different, [0.01, 0.05, 0.1], method="lower")
    assert [point.threshold for point in points] == pytest.approx(expected, rel=2e-4)


def test_equal_distances_never_accept_more_than_was_asked_for():
    distances = tally(np.repeat(np.linspace(0, 1, 40, dtype=np.float32), 50))
    points = operating_points(distances, distances, rates=(0.01, 0.03, 0.06, 0.1))
    assert [point.false_accepts for point in points] == pytest.approx([0.025, 0.05, 0.1])
    assert operating_points(distances, tally(np.full(2000, -0.0, np.float32))) == []


def test_a_rate_is_not_stated_below_thirty_errors():
    distances = np.linspace(0, 1, 400, dtype=np.float32)
    counted = tally(distances)
    assert [round(point.false_accepts, 2) for point in operating_points(counted, counted)] == [0.1]
    assert operating_points(tally(distances[:0]), counted) == []
