"""The rule that tells walkers from people who stand, whatever else they do."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.motion import WALKING_SPEED, Motion
from gaitheat.motion import leg_motion as motion_of_points
from gaitheat.skeleton import WRISTS


def leg_motion(keypoints: np.ndarray, times: np.ndarray) -> Motion:
    keypoints = keypoints.astype(np.float32)
    return motion_of_points(keypoints[..., :2], keypoints[..., 2], times)


def walker(frames: int = 100, seed: int = 0, rate: float = 25.0) -> tuple[np.ndarray, np.ndarray]:
    clip = make_clip(frames, seed, rate=rate)
    return clip.keypoints.copy(), clip.times


def stander(frames: int = 100, jitter: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """The walker's first pose, held; noise in heatmap pixels, of which a leg has about 24."""
    clip = make_clip(frames, 0)
    points = np.repeat(clip.keypoints_on_maps()[:1], frames, axis=0)
    points[..., :2] += np.random.default_rng(0).normal(0, jitter, points[..., :2].shape)
    return points, clip.times


@pytest.mark.parametrize("seed", range(8))
def test_walkers_walk(seed):
    motion = leg_motion(*walker(seed=seed))
    assert motion.walking
    assert motion.value > 1.3 * WALKING_SPEED


def test_a_person_who_stands_does_not_walk_however_the_arms_wave():
    points, times = stander()
    assert not leg_motion(points, times).walking
    points[:, WRISTS, 0] += 15 * np.sin(2 * np.pi * 2 * times)[:, None]
    assert not leg_motion(points, times).walking


def test_neither_a_moving_picture_nor_a_squat_is_walking():
    points, times = stander()
    points[:, :, 0] += 100 * times[:, None]
    assert not leg_motion(points, times).walking
    points, times = stander()
    points[:, :15, 1] += 8 * np.sin(2 * np.pi * times)[:, None]
    assert not leg_motion(points, times).walking


def test_a_few_faults_of_the_estimator_do_not_make_a_walker():
    points, times = stander()
    faulty = slice(0, 100, 8)
    points[faulty, 15:17] = points[faulty, 16:14:-1] + 10
    assert not leg_motion(points, times).walking


def test_the_value_has_units_of_leg_lengths_a_second():
    times = np.arange(200) / 25
    points = np.ones((200, 17, 3), np.float32)
    points[:, 11:13, :2], points[:, 13:15, :2], points[:, 15:17, :2] = (0, 0), (0, 50), (0, 100)
    points[:, 15, 0] = 30 * times
    points[:, 15, 1] = 50 + np.sqrt(50**2 - np.minimum(points[:, 15, 0], 0) ** 2)
    legs = 50 + (50 + np.hypot(points[:, 15, 0], 50)) / 2
    assert leg_motion(points, times).value == pytest.approx(np.median(30 / legs[:195]), rel=1e-3)


@pytest.mark.parametrize("zoom", [0.1, 10])
def test_the_value_depends_neither_on_size_nor_on_frame_rate(zoom):
    points, times = walker()
    value = leg_motion(points, times).value
    resized = points * np.array([zoom, zoom, 1], np.float32)
    assert leg_motion(resized, times).value == pytest.approx(value, rel=0.05)
    assert leg_motion(points[::2], times[::2]).value == pytest.approx(value, rel=0.1)


def test_legs_that_are_not_seen_prove_nothing():
    points, times = walker()
    points[:, 13:17, 2] = 0.1
    assert leg_motion(points, times) == (False, 0.0)
    points, times = walker(1)
    assert leg_motion(points, times) == (False, 0.0)
