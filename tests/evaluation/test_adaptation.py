"""Adaptation takes out what the camera adds, and never looks at who is tested."""

import numpy as np
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.evaluation.adaptation import CohortAdaptation

CAMERAS = ["left", "right"] * 60


def seen(seed: int = 0) -> np.ndarray:
    """People as two cameras see them: loud along some axes, and each camera somewhere else."""
    generator = np.random.default_rng(seed)
    people = np.repeat(generator.normal(size=(60, 10)), 2, axis=0) * np.linspace(5, 1, 10)
    people += np.array([10, 0])[np.arange(120) % 2, None] + generator.normal(0, 0.1, (120, 10))
    return people.astype(np.float32)


def test_whitening_without_shrinkage_leaves_no_mean_and_no_loud_direction():
    clips = seen()
    fitted = CohortAdaptation(components=10, shrinkage=0.0).fit(clips, CAMERAS)
    moved = (clips - np.stack([fitted.means[name] for name in CAMERAS])) @ fitted.axes
    for name in ("left", "right"):
        assert moved[np.array(CAMERAS) == name].mean(0) == pytest.approx(0, abs=1e-6)
    assert moved.T @ moved / len(moved) == pytest.approx(np.eye(10), abs=1e-5)


def test_the_shrunk_variance_is_between_its_own_and_the_mean():
    clips = seen()
    centred = clips - np.stack([clips[np.array(CAMERAS) == name].mean(0) for name in CAMERAS])
    variances = np.sort(np.linalg.eigvalsh(centred.T @ centred / len(clips)))[::-1][:4]
    axes = CohortAdaptation(components=4, shrinkage=0.25).fit(clips, CAMERAS).axes
    expected = 1 / np.sqrt(0.75 * variances + 0.25 * variances.mean())
    assert np.linalg.norm(axes, axis=0) == pytest.approx(expected, rel=1e-4)


def test_the_same_person_is_nearest_across_cameras_once_these_are_known():
    cohort, tested = seen(0), seen(1)
    fitted = CohortAdaptation(components=10).fit(cohort, CAMERAS)
    adapted = fitted.apply(tested, CAMERAS)
    assert adapted.dtype == np.float32
    assert np.linalg.norm(adapted, axis=1) == pytest.approx(1, abs=1e-6)

    def correct(vectors: np.ndarray) -> float:
        between = np.linalg.norm(vectors[::2, None] - vectors[None, 1::2], axis=2)
        return float((between.argmin(1) == np.arange(60)).mean())

    assert correct(tested) < 0.5
    assert correct(adapted) > 0.95


def test_few_clips_give_few_components_and_directions_without_spread_say_nothing():
    clips = np.zeros((8, 30), np.float32)
    clips[:, :2] = np.random.default_rng(0).normal(size=(8, 2))
    fitted = CohortAdaptation(shrinkage=0.0).fit(clips, ["one"] * 8)
    assert fitted.axes.shape == (30, 7)
    assert np.isfinite(fitted.axes).all()
    assert np.abs(fitted.axes[2:]).max() < 1e-3


def test_a_camera_without_a_cohort_and_a_cohort_that_says_nothing_are_refused():
    fitted = CohortAdaptation(components=3).fit(seen(), CAMERAS)
    with pytest.raises(GaitheatError, match=r"camera above.*only those of left, right"):
        fitted.apply(seen()[:1], ["above"])
    for embeddings, cameras in (
        (seen()[:2], CAMERAS[:2]),
        (seen()[:0], []),
        (np.ones((5, 3), np.float32), ["a"] * 5),
    ):
        with pytest.raises(GaitheatError, match="several people of each camera"):
            CohortAdaptation().fit(embeddings, cameras)
    for wrong in ({"components": 0}, {"shrinkage": 1.5}):
        with pytest.raises(GaitheatError, match="at least one component"):
            CohortAdaptation(**wrong)
