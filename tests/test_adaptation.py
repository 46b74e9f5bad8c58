"""Adaptation takes out what the camera adds, and never looks at who is tested."""

from dataclasses import replace

import numpy as np
import pytest

from gaitheat.adaptation import Cohort, CohortAdaptation
from gaitheat.errors import GaitheatError

CAMERAS = ["left", "right"] * 60


def seen(seed: int = 0) -> np.ndarray:
    """People as two cameras see them: loud along some axes, and each camera somewhere else."""
    generator = np.random.default_rng(seed)
    people = np.repeat(generator.normal(size=(60, 10)), 2, axis=0) * np.linspace(5, 1, 10)
    people += np.array([10, 0])[np.arange(120) % 2, None] + generator.normal(0, 0.1, (120, 10))
    return people.astype(np.float32)


def test_with_hardly_any_shrinkage_no_mean_and_no_loud_direction_is_left():
    clips = seen()
    fitted = CohortAdaptation(shrinkage=1e-6).fit(clips, CAMERAS)
    moved = (clips - np.stack([fitted.means[name] for name in CAMERAS])) @ fitted.axes * fitted.gains
    for name in ("left", "right"):
        assert moved[np.array(CAMERAS) == name].mean(0) == pytest.approx(0, abs=1e-5)
    covariance = moved.T @ moved / len(moved)
    assert covariance / covariance[0, 0] == pytest.approx(np.eye(10), abs=1e-3)


def test_it_is_whitening_by_the_shrunk_covariance():
    """By the inverse root of the whole matrix, where the cohort has fewer clips than dimensions as well."""
    for clips in (seen(), np.random.default_rng(3).normal(size=(120, 200)).astype(np.float32)):
        centred = clips - np.stack([clips[np.array(CAMERAS) == name].mean(0) for name in CAMERAS])
        covariance = (centred.T @ centred).astype(np.float64) / len(clips)
        mean = np.trace(covariance) / min(len(clips) - 2, clips.shape[1])
        variances, axes = np.linalg.eigh(0.75 * covariance + 0.25 * mean * np.eye(len(covariance)))
        expected = (centred @ axes / np.sqrt(variances)) @ axes.T
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        adapted = CohortAdaptation(shrinkage=0.25).fit(clips, CAMERAS).apply(clips, CAMERAS)
        assert adapted == pytest.approx(expected, abs=1e-4)


def test_the_same_person_is_nearest_across_cameras_once_these_are_known():
    cohort, tested = seen(0), seen(1)
    fitted = CohortAdaptation().fit(cohort, CAMERAS)
    adapted = fitted.apply(tested, CAMERAS)
    assert adapted.dtype == np.float32
    assert np.linalg.norm(adapted, axis=1) == pytest.approx(1, abs=1e-6)

    def correct(vectors: np.ndarray) -> float:
        between = np.linalg.norm(vectors[::2, None] - vectors[None, 1::2], axis=2)
        return float((between.argmin(1) == np.arange(60)).mean())

    assert correct(tested) < 0.5
    assert correct(adapted) > 0.95


def test_directions_without_spread_stay_as_they_are():
    clips = np.zeros((8, 30), np.float32)
    clips[:, :2] = np.random.default_rng(0).normal(size=(8, 2))
    fitted = CohortAdaptation().fit(clips, ["one"] * 8)
    assert np.isfinite(fitted.axes).all()
    other = np.eye(30, dtype=np.float32)[5:6] + np.float32(clips.mean(0))
    assert fitted.apply(other, ["one"]) == pytest.approx(np.eye(30)[5:6], abs=1e-5)


def test_a_camera_without_a_cohort_and_a_cohort_that_says_nothing_are_refused():
    fitted = CohortAdaptation().fit(seen(), CAMERAS)
    with pytest.raises(GaitheatError, match=r"camera above.*only those of left, right"):
        fitted.apply(seen()[:1], ["above"])
    for embeddings, cameras in (
        (seen()[:2], CAMERAS[:2]),
        (seen()[:0], []),
        (np.ones((5, 3), np.float32), ["a"] * 5),
    ):
        with pytest.raises(GaitheatError, match="several people of each camera"):
            CohortAdaptation().fit(embeddings, cameras)
    for wrong in (0.0, 1.5):
        with pytest.raises(GaitheatError, match="shrinkage must be above 0"):
            CohortAdaptation(wrong)


@pytest.mark.parametrize("dimension", [10, 300])
def test_cohorts_that_were_kept_apart_say_the_same_as_all_at_once(dimension: int):
    """Of different size, and with more and with fewer dimensions than clips."""
    generator = np.random.default_rng(5)
    mixed = generator.normal(size=(10, dimension)) / np.sqrt(10)
    clips = (seen() @ mixed + generator.normal(0, 0.1, (120, dimension))).astype(np.float32)
    cameras = ["left"] * 90 + ["right"] * 25 + ["door"] * 5
    whole = CohortAdaptation().fit(clips, cameras).apply(clips, cameras)
    centred = clips - np.stack([clips[np.array(cameras) == name].mean(0) for name in cameras])
    variances, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(clips))
    mean = variances.sum() / min(len(clips) - 3, dimension)
    expected = (centred @ axes / np.sqrt(0.7 * np.maximum(variances, 0) + 0.3 * mean)) @ axes.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(whole - expected).max() < 1e-5
    kept = {name: Cohort.of(clips[np.array(cameras) == name]) for name in sorted(set(cameras), reverse=True)}
    assert np.abs(CohortAdaptation().pooled(kept).apply(clips, cameras) - whole).max() < 1e-6


def test_what_is_kept_is_as_large_as_the_cohort_spreads():
    cohort = Cohort.of(np.random.default_rng(0).normal(size=(8, 300)).astype(np.float32))
    assert (cohort.clips, cohort.axes.shape, cohort.variances.shape) == (8, (300, 7), (7,))
    assert cohort.axes.T @ cohort.axes == pytest.approx(np.eye(7), abs=1e-6)
    assert Cohort.of(np.ones((1, 3), np.float32)).axes.shape == (3, 0)


def test_a_camera_without_a_cohort_may_be_taken_for_the_mean_of_the_others():
    clips = seen()
    fitted = CohortAdaptation().fit(clips, CAMERAS)
    middle = np.mean(list(fitted.means.values()), axis=0)
    lenient = replace(fitted, elsewhere=middle)
    assert np.array_equal(lenient.apply(clips, CAMERAS), fitted.apply(clips, CAMERAS))
    known = replace(fitted, means={**fitted.means, "above": middle})
    assert np.array_equal(lenient.apply(clips[:3], ["above"] * 3), known.apply(clips[:3], ["above"] * 3))
    assert lenient.apply(clips[:0], []).shape == (0, 10)
