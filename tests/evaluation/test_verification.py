"""One-to-one comparisons against sorting all of them."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from gaitheat.clips import ClipKey
from gaitheat.evaluation.searching import compared_by
from gaitheat.evaluation.verification import (
    compared,
    det_curve,
    equal_error_rate,
    operating_point,
    tally,
    verification,
)


def levels(distances: np.ndarray) -> np.ndarray:
    """How many are accepted at each."""
    return np.cumsum(tally(distances))


def points_of(same, different, rates=(0.01, 0.05, 0.1)) -> list:
    points = [operating_point(same, different, rate) for rate in rates]
    return [point for point in points if point is not None]


def gammas(*shapes: float, pairs: int = 3000) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.gamma(shape, 0.1, pairs).astype(np.float32) for shape in shapes]


def test_operating_points_accept_what_they_say():
    same, different = gammas(3, 6)
    points = points_of(levels(same), levels(different))
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
    points = points_of(levels(different), np.cumsum(tally(different[:50_000]) + tally(different[50_000:])))
    expected = np.quantile(different, [0.01, 0.05, 0.1], method="lower")
    assert [point.threshold for point in points] == pytest.approx(expected, rel=2e-4)


def test_equal_distances_never_accept_more_than_was_asked_for():
    distances = levels(np.repeat(np.linspace(0, 1, 40, dtype=np.float32), 50))
    points = points_of(distances, distances, (0.01, 0.03, 0.06, 0.1))
    assert [point.false_accepts for point in points] == pytest.approx([0.025, 0.05, 0.1])
    assert points_of(distances, levels(np.full(2000, -0.0, np.float32))) == []


def test_a_rate_is_not_stated_below_thirty_errors():
    distances = np.linspace(0, 1, 400, dtype=np.float32)
    counted = levels(distances)
    assert [round(point.false_accepts, 2) for point in points_of(counted, counted)] == [0.1]
    assert points_of(levels(distances[:0]), counted) == []


def test_errors_are_equal_where_the_receiver_operating_characteristic_says_so():
    same, different = gammas(3, 6)
    labels = np.repeat([1, 0], 3000)
    accepts, true, _ = roc_curve(labels, -np.concatenate([same, different]), drop_intermediate=False)
    nearest = np.argmin(np.abs(accepts - (1 - true)))
    assert equal_error_rate(levels(same), levels(different)) == pytest.approx(accepts[nearest], abs=1e-3)


def test_equal_errors_are_not_stated_below_thirty():
    same, different = gammas(1, 60)
    assert equal_error_rate(levels(same), levels(different)) is None
    assert equal_error_rate(levels(same[:0]), levels(different)) is None
    assert equal_error_rate(levels(same), levels(same)) == pytest.approx(0.5, abs=1e-3)
    assert equal_error_rate(levels(same[:40]), levels(same)) is None, "false rejects are errors as well"


def test_the_det_curve_counts_the_errors_of_thresholds():
    same, different = gammas(3, 6)
    curve = det_curve(levels(same), levels(different))
    assert [curve[0].false_accepts, curve[-1].false_accepts] == pytest.approx([30 / 3000, 1])
    assert len(curve) > 50
    for accepts, rejects in curve:
        threshold = np.sort(different)[round(accepts * 3000) - 1]
        assert rejects == pytest.approx((same > threshold).mean(), abs=2e-3)
    assert sorted(curve, key=lambda point: -point.false_rejects) == curve
    assert det_curve(levels(same), levels(different[:29])) == []


def test_rates_below_thirty_over_the_number_of_pairs_are_said_to_be_unmeasurable():
    same, different = gammas(3, 6)
    result = verification(tally(same), tally(different), subjects=12)
    assert (result.subjects, result.same, result.different) == (12, 3000, 3000)
    assert [round(point.false_accepts, 3) for point in result.points] == [0.1, 0.05, 0.01]
    assert result.unmeasurable == (1e-3, 1e-4)


def test_each_pair_counts_once(monkeypatch):
    keys = [ClipKey("here", subject, "nm", "0", take, 0) for subject in "abcdefghij" for take in "123456"]
    vectors = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    whole = compared(keys, compared_by(vectors))
    monkeypatch.setattr("gaitheat.evaluation.verification.TILE", 7)
    assert compared(keys, compared_by(vectors)) == whole
    different = [
        np.linalg.norm(vectors[i] - vectors[j])
        for i, j in combinations(range(60), 2)
        if keys[i].subject != keys[j].subject
    ]
    assert (whole.same, whole.different) == (10 * 15, len(different))
    assert whole.points
    for point in whole.points:
        assert np.mean(np.array(different) <= point.threshold) == pytest.approx(point.false_accepts)
