"""The crop that nobody kept is found again."""

import lookalikes
import numpy as np
import pytest

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, transform
from gaitheat.heatmaps.variants import soft_argmax
from gaitheat.importing.registration import around_bodies, fitted
from gaitheat.skeleton import ANKLES, JOINTS


@pytest.mark.parametrize("seed", range(4))
def test_a_fit_to_the_maps_is_the_crop_they_were_cut_by(seed: int) -> None:
    clip = lookalikes.walk(seed)
    crop, good = fitted(clip.keypoints, soft_argmax(clip.heatmaps))
    assert good.all()
    there = transform(crop, clip.keypoints[..., :2])
    assert np.abs(there - clip.keypoints_on_maps()[..., :2]).max() < 0.25


def test_seven_wrong_joints_of_seventeen_change_nothing() -> None:
    clip = lookalikes.walk(1)
    random = np.random.default_rng(0)
    poses = clip.keypoints.copy()
    for frame in poses:
        wrong = random.choice(len(JOINTS), 7, replace=False)
        frame[wrong, :2] += random.normal(0, 400, (7, 2))
    crop, good = fitted(poses, soft_argmax(clip.heatmaps))
    assert good.all()
    there = transform(crop, clip.keypoints[..., :2])
    assert np.abs(there - clip.keypoints_on_maps()[..., :2]).max() < 0.5


def test_maps_of_somebody_else_are_noticed() -> None:
    clip, other = lookalikes.walk(0), lookalikes.walk(0)
    peaks = soft_argmax(clip.heatmaps)
    random = np.random.default_rng(0)
    peaks[5, :, :2] = random.uniform(0, 40, (len(JOINTS), 2))
    upside_down = other.keypoints.copy()
    upside_down[7, :, :2] *= -1
    empty = peaks.copy()
    empty[9, :, 2] = 0
    upside_down[11, 3:, 2] = 0
    _, good = fitted(upside_down, empty)
    assert list(np.flatnonzero(~good)) == [5, 7, 9, 11]


def test_a_body_is_cropped_as_extraction_does() -> None:
    clip = lookalikes.walk(2)
    crop, good = around_bodies(clip.keypoints, clip.times)
    assert good.all()
    there = transform(crop, clip.keypoints[..., :2])
    assert (there >= 0).all()
    assert (there[..., 0] <= MAP_WIDTH - 1).all()
    assert (there[..., 1] <= MAP_HEIGHT - 1).all()
    height = there[..., 1].max(axis=1) - there[..., 1].min(axis=1)
    assert 0.6 * MAP_HEIGHT < np.median(height) < 0.8 * MAP_HEIGHT
    assert np.abs(np.diff(crop[:, 0, 0])).max() < 0.01 * crop[0, 0, 0]


def test_frames_without_feet_are_cropped_as_their_neighbours() -> None:
    clip = lookalikes.walk(3)
    whole, _ = around_bodies(clip.keypoints, clip.times)
    cut = clip.keypoints.copy()
    cut[10:16, ANKLES] = 0
    crop, good = around_bodies(cut, clip.times)
    assert good.all()
    there = transform(crop, clip.keypoints[..., :2])
    assert np.abs(there - transform(whole, clip.keypoints[..., :2])).max() < 0.5


def test_far_from_a_whole_body_nothing_is_known() -> None:
    clip = lookalikes.walk(3, frames=100)
    cut = clip.keypoints.copy()
    cut[30:, ANKLES] = 0
    _, good = around_bodies(cut, clip.times)
    assert list(np.flatnonzero(~good)) == list(range(55, 100))
    cut[:, ANKLES] = 0
    assert not around_bodies(cut, clip.times).good.any()
