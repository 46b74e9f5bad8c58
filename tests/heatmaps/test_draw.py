"""Drawn maps: a Gaussian lies where its keypoint lies."""

import numpy as np
import pytest

from gaitheat.heatmaps.draw import gaussians


def centroid(image: np.ndarray) -> tuple[float, float]:
    y, x = np.indices(image.shape)
    return float((x * image).sum() / image.sum()), float((y * image).sum() / image.sum())


def test_a_gaussian_is_centred_on_its_keypoint_to_a_fraction_of_a_cell():
    random = np.random.default_rng(0)
    keypoints = random.uniform((8, 8, 0.5), (40, 56, 1), (4, 17, 3)).astype(np.float32)
    maps = gaussians(keypoints)
    assert maps.shape == (4, 17, 64, 48)
    assert maps.dtype == np.uint8
    for frame, joint in np.ndindex(4, 17):
        assert centroid(maps[frame, joint].astype(float)) == pytest.approx(
            keypoints[frame, joint, :2], abs=0.05
        )


def test_a_gaussian_is_what_the_formula_says_point_by_point():
    keypoints = np.full((1, 17, 3), (20.25, 30.5, 0.8), np.float32)
    drawn = gaussians(keypoints, sigma=2.0)[0, 0]
    for row, column in [(30, 20), (31, 21), (28, 17), (35, 20)]:
        expected = 0.8 * np.exp(-((column - 20.25) ** 2 + (row - 30.5) ** 2) / (2 * 2.0**2))
        assert drawn[row, column] == round(255 * expected)


def test_the_peak_is_the_score_unless_every_joint_is_to_count_alike():
    keypoints = np.full((1, 17, 3), (20, 30, 0.4), np.float32)
    assert gaussians(keypoints).max() == 102
    assert gaussians(keypoints, scored=False).max() == 255


def test_a_joint_far_outside_the_frame_leaves_an_empty_map():
    assert not gaussians(np.full((1, 17, 3), (-30, 200, 1), np.float32)).any()
