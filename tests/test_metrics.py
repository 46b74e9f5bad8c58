"""Metrics against slow obvious references."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, pairwise_distances, top_k_accuracy_score

from gaitheat.metrics import bootstrap, distances, interval, nested_share, ranking

SEPARATE = [(str(row),) for row in range(3)]
"""Rows that belong to nothing but the whole."""


def slow_ranks(distances, mates, allowed) -> list[int]:
    """Walk through the gallery from the nearest on, strangers first among equals, and note mates' ranks."""
    order = sorted(np.flatnonzero(allowed), key=lambda j: (distances[j], mates[j]))
    return [rank for rank, j in enumerate(order, start=1) if mates[j]]


@pytest.mark.parametrize(("distance", "name"), [("euc", "euclidean"), ("cos", "cosine")])
@pytest.mark.parametrize(("strips", "within"), [(1, 1e-6), (5, 1e-5)])
def test_distances_are_the_mean_over_strips_of_those_of_scikit_learn(distance, name, strips, within):
    random = np.random.default_rng(0)
    probes, gallery = (random.normal(size=(n, 40)).astype(np.float32) for n in (7, 11))
    parts = zip(
        *(np.split(side.astype(np.float64), strips, axis=1) for side in (probes, gallery)), strict=True
    )
    expected = np.mean([pairwise_distances(*part, metric=name) for part in parts], axis=0)
    assert distances(probes, gallery, distance, strips) == pytest.approx(expected, abs=within)


@pytest.mark.parametrize(("strips", "within"), [(1, 1e-7), (4, 1e-3)])
def test_equal_embeddings_are_at_distance_nought(strips, within):
    same = np.random.default_rng(0).normal(size=(5, 500)).astype(np.float32)
    length = np.linalg.norm(same, axis=1).max()
    assert np.diag(distances(same, same, "euc", strips)).max() < within * length
    cosines = distances(same, 3 * same, "cos", strips)
    assert np.diag(cosines).max() < 1e-6
    assert cosines.min() >= 0


def test_a_strip_of_zeros_is_as_far_from_everything_as_a_right_angle():
    probes = np.array([[1, 0, 0, 0]], np.float32)
    assert distances(probes, probes, "cos", 2).item() == pytest.approx(0.5)


def test_ranks_are_those_of_the_double_loop_with_ties_and_exclusions():
    random = np.random.default_rng(0)
    for _ in range(50):
        between = random.integers(0, 6, (8, 12)).astype(np.float32)
        mates, allowed = random.random((8, 12)) < 0.2, random.random((8, 12)) < 0.7
        found = ranking(between, mates, allowed)
        for probe, *row in zip(range(8), between, mates, allowed, strict=True):
            ranks = slow_ranks(*row)
            precisions = [place / rank for place, rank in enumerate(ranks, start=1)]
            assert found.first[probe] == (ranks[0] if ranks else 0)
            assert found.average_precision[probe] == pytest.approx(np.mean(precisions) if ranks else 0)
            assert found.inverse_penalty[probe] == pytest.approx(len(ranks) / ranks[-1] if ranks else 0)


@pytest.mark.parametrize("mates_each", [1, 6])
def test_average_precision_is_that_of_scikit_learn(mates_each):
    """Its rule for ties is ours where nobody has two mates at one distance."""
    random = np.random.default_rng(2)
    mates = np.zeros((40, 60), bool)
    mates[:, :mates_each] = True
    between = (
        random.permuted(np.tile(np.arange(60), (40, 1)), axis=1) // (1 if mates_each > 1 else 3)
    ).astype("f4")
    found = ranking(between, mates, np.ones_like(mates))
    expected = [average_precision_score(*row) for row in zip(mates, -between, strict=True)]
    assert found.average_precision == pytest.approx(expected)


def test_an_empty_gallery_has_no_mates():
    none = np.zeros((3, 0), bool)
    assert ranking(np.zeros((3, 0), np.float32), none, none).first.tolist() == [0, 0, 0]


def test_embeddings_that_say_nothing_earn_nothing():
    mates = np.eye(4, dtype=bool)
    found = ranking(np.zeros((4, 4), np.float32), mates, np.ones_like(mates))
    assert found.first.tolist() == [4, 4, 4, 4]
    assert found.average_precision.tolist() == found.inverse_penalty.tolist() == [0.25] * 4


@pytest.mark.parametrize("k", [1, 2, 5])
def test_ranks_are_top_k_accuracy_where_everyone_is_enrolled_once(k):
    random = np.random.default_rng(1)
    between = random.random((60, 9)).astype(np.float32)
    subjects = random.integers(0, 9, 60)
    mates = subjects[:, None] == np.arange(9)
    expected = top_k_accuracy_score(subjects, -between, k=k, labels=np.arange(9))
    assert (ranking(between, mates, np.ones_like(mates)).first <= k).mean() == pytest.approx(expected)


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
