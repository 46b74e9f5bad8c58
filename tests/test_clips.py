"""The clip that flows: what it refuses, what mirrors and windows show."""

from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_clip
from gaitheat.clips import (
    MAX_GAP,
    WINDOW_FRAMES,
    WINDOW_HOP,
    WINDOW_RATE,
    compose,
    quantise,
    transform,
    window,
    windows,
)
from gaitheat.skeleton import BONES, JOINTS, MIRROR, PARTS


def bad_shape(array):
    return array[..., :-1]


def bad_type(array):
    return array.astype(np.float16)


def not_finite(array):
    changed = array.astype(np.float64 if array.dtype == np.float64 else np.float32)
    changed.flat[0] = np.nan
    return changed


@pytest.fixture
def unchecked():
    """As users run it: shapes in signatures are not executed, the clip itself must notice."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "name", ["times", "heatmaps", "keypoints", "crop", "present", "silhouettes", "phase"]
)
@pytest.mark.parametrize("spoil", [bad_shape, bad_type])
def test_a_clip_refuses_arrays_of_another_shape_or_type(name, spoil):
    clip = make_clip(5)
    wrong = spoil(getattr(clip, name))
    with pytest.raises(ValueError, match=r"must be .*, but got") as raised:
        replace(clip, **{name: wrong})
    assert str(list(wrong.shape)) in str(raised.value) or name == "times"


@pytest.mark.parametrize("name", ["keypoints", "crop", "present", "phase"])
def test_a_clip_refuses_what_is_not_finite(name):
    clip = make_clip(5)
    with pytest.raises(ValueError, match=f"{name} must be finite, but 1 values"):
        replace(clip, **{name: not_finite(getattr(clip, name))})


@pytest.mark.parametrize("times", [[0.0, 0.0, 0.1], [0.0, 0.2, 0.1]])
def test_times_must_increase(times):
    with pytest.raises(ValueError, match="times must be"):
        replace(make_clip(3), times=np.array(times, np.float64))


def test_a_clip_has_at_least_one_frame():
    with pytest.raises(ValueError, match="at least one, got 0"):
        make_clip(3).take(slice(0, 0))


def test_a_mirrored_mirror_image_is_the_clip():
    clip = make_clip(7, seed=3)
    twice = clip.mirrored().mirrored()
    np.testing.assert_array_equal(twice.heatmaps, clip.heatmaps)
    np.testing.assert_array_equal(twice.silhouettes, clip.silhouettes)
    np.testing.assert_array_equal(twice.keypoints, clip.keypoints)
    np.testing.assert_allclose(twice.crop, clip.crop, atol=1e-5)
    np.testing.assert_allclose(twice.phase, clip.phase, atol=1e-6)


def test_in_the_mirror_the_left_heel_strikes_half_a_cycle_later():
    clip = replace(make_clip(4), phase=np.array([0, 0.25, 0.5, 0.875], np.float32))
    np.testing.assert_array_equal(clip.mirrored().phase, np.array([0.5, 0.75, 0, 0.375], np.float32))
    np.testing.assert_array_equal(clip.take(np.array([1, 3])).phase, np.array([0.25, 0.875], np.float32))


@pytest.mark.parametrize("phase", [-0.1, 1.1])
def test_a_phase_is_a_part_of_the_cycle(phase):
    with pytest.raises(ValueError, match=r"phase must be in 0\.\.1, but got"):
        replace(make_clip(2), phase=np.array([0.5, phase], np.float32))


def test_keypoints_of_a_mirrored_clip_lie_on_its_maps():
    clip = make_clip(4, seed=1).mirrored()
    flat = clip.heatmaps.reshape(4, 17, -1)
    rows, columns = np.divmod(flat.argmax(axis=2), 48)
    distance = np.linalg.norm(clip.keypoints_on_maps()[..., :2] - np.stack([columns, rows], axis=2), axis=2)
    assert np.median(distance) < 0.75


def test_affines_compose_as_they_are_done_one_after_the_other():
    generator = np.random.default_rng(0)
    before, after = generator.normal(size=(2, 6, 2, 3)).astype(np.float32)
    points = generator.normal(size=(6, 5, 2)).astype(np.float32)
    once = transform(compose(after, before), points)
    np.testing.assert_allclose(once, transform(after, transform(before, points)), rtol=1e-4, atol=1e-4)


def test_quantised_probabilities_lose_little_and_no_noise_is_kept():
    probabilities = np.linspace(-0.1, 1.1, 1001, dtype=np.float32)
    levels = quantise(probabilities)
    error = np.abs(levels / 255 - np.clip(probabilities, 0, 1))
    assert error[probabilities > 0.012].max() <= 0.5 / 255 + 1e-6
    assert (levels[probabilities < 2.4 / 255] == 0).all()
    assert levels.max() == 255


def slow_window(times, start, frames, rate):
    """Tick by tick."""
    shown = []
    for tick in range(start, start + frames):
        moment = times[0] + tick / rate
        nearest = int(np.argmin(np.abs(times - moment)))
        near = abs(times[nearest] - moment) <= 0.5 / rate + 1e-6
        before, after = times[times <= moment], times[times >= moment]
        bridged = len(before) > 0 and len(after) > 0 and after[0] - before[-1] <= MAX_GAP + 1e-6
        shown.append((nearest, near or bridged))
    return shown


@given(
    gaps=st.lists(st.sampled_from([0.01, 1 / 30, 0.04, 0.1, 0.15, 0.2, 0.35, 1.0]), min_size=0, max_size=30),
    start=st.integers(0, 20),
)
def test_windows_show_the_nearest_real_frame_or_nothing(gaps, start):
    times = np.cumsum([3.0, *gaps])
    cut = window(times, start, 40)
    for (nearest, shown), frame, mask in zip(
        slow_window(times, start, 40, WINDOW_RATE), cut.frames, cut.mask, strict=True
    ):
        assert mask == shown
        moments = times[[nearest, frame]]
        # Two frames may be equally near.
        assert (
            not shown or abs(moments[0] - moments[1]) < 1e-9 or abs(moments.mean() * 2 - moments.sum()) < 1e-9
        )


@pytest.mark.parametrize("frames", [1, 2, 30, 59, 60, 61, 90, 91, 150, 151])
def test_windows_cover_a_clip_and_overlap_by_half(frames):
    times = np.arange(frames) / WINDOW_RATE
    cut = windows(times)
    shown = np.concatenate([piece.frames[piece.mask] for piece in cut])
    assert set(shown.tolist()) == set(range(frames))
    assert len(cut) == max(1, -(-(frames - WINDOW_HOP) // WINDOW_HOP))
    assert all(len(piece.frames) == WINDOW_FRAMES for piece in cut)


def test_windows_are_the_same_whatever_the_frame_rate():
    slow, fast = (np.arange(int(4 * rate)) / rate for rate in (12.5, 50))
    for first, second in zip(windows(slow), windows(fast), strict=True):
        both = first.mask & second.mask
        assert both.sum() > 20
        assert np.abs(slow[first.frames] - fast[second.frames])[both].max() <= 0.5 / 12.5 + 1e-9


@pytest.mark.parametrize("rate", [5, 7.5, 10, 12.5, 15, 24, 30000 / 1001, 25, 50, 60, 120])
def test_what_windows_show_does_not_depend_on_when_a_clip_begins(rate):
    times = np.arange(int(6.3 * rate)) / rate
    expected = windows(times)
    for start in np.linspace(0.1, 100, 37):
        for first, second in zip(expected, windows(start + times), strict=True):
            np.testing.assert_array_equal(first.mask, second.mask)
            np.testing.assert_array_equal(first.frames, second.frames)


@pytest.mark.parametrize("rate", [5, 7.5, 10, 12.5, 15])
def test_a_slow_clip_is_shown_without_a_hole(rate):
    times = 0.1 + np.arange(int(6 * rate)) / rate
    shown = window(times, 0, int((times[-1] - times[0]) * WINDOW_RATE))
    assert shown.mask.all()


def test_a_hole_in_a_clip_is_not_filled():
    times = np.array([0.0, 0.04, 0.08, 1.08, 1.12])
    shown = window(times, 0, 30)
    assert shown.mask.sum() == 5
    assert shown.mask[[0, 1, 2, 27, 28]].all()


def test_the_skeleton_fits_together():
    assert len(JOINTS) == 17
    assert [MIRROR[MIRROR[joint]] for joint in range(17)] == list(range(17))
    swapped = [name.replace("left", "x").replace("right", "left").replace("x", "right") for name in JOINTS]
    assert [JOINTS[MIRROR[joint]] for joint in range(17)] == swapped
    assert sorted(joint for part in PARTS.values() for joint in part) == list(range(17))
    assert all(first != second and max(first, second) < 17 for first, second in BONES)
