"""What maps can hold: each variant keeps of the estimator's maps exactly what it says."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians
from gaitheat.heatmaps.variants import VARIANTS, soft_argmax, variant_called


@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_variant_is_pure_and_gives_maps_of_the_same_shape(name):
    clip = make_clip(5)
    points = clip.keypoints_on_maps()
    before = clip.heatmaps.copy(), points.copy()
    maps = variant_called(name)(clip.heatmaps, points)
    assert maps.dtype == np.uint8
    assert maps.shape == clip.heatmaps.shape
    assert (maps == variant_called(name)(clip.heatmaps, points)).all()
    assert (clip.heatmaps == before[0]).all()
    assert (points == before[1]).all()


def test_estimated_maps_are_as_they_are_and_drawn_ones_know_the_keypoints_only():
    clip = make_clip(4)
    points = clip.keypoints_on_maps()
    assert (VARIANTS["estimated"](clip.heatmaps, points) == clip.heatmaps).all()
    assert (VARIANTS["drawn"](np.zeros_like(clip.heatmaps), points) == gaussians(points)).all()


def test_the_soft_argmax_finds_a_peak_to_a_fraction_of_a_cell_and_knows_the_maps_only():
    clip = make_clip(10)
    points = clip.keypoints_on_maps()
    found = soft_argmax(clip.heatmaps)
    assert np.abs(found[..., :2] - points[..., :2]).max() < 0.05
    assert np.abs(found[..., 2] - clip.heatmaps.max((2, 3)) / 255).max() < 1e-6
    blind = VARIANTS["drawn-soft-argmax"](clip.heatmaps, np.zeros_like(points))
    assert (blind == gaussians(found)).all()


def test_faint_cells_far_away_hardly_move_the_soft_argmax():
    keypoints = np.full((1, 17, 3), (12.3, 20.6, 0.9), np.float32)
    maps = gaussians(keypoints)
    maps[..., 50:60, 38:46] = 12
    assert np.abs(soft_argmax(maps)[..., :2] - keypoints[..., :2]).max() < 0.05


def test_an_empty_map_is_drawn_empty_and_stays_empty():
    empty = np.zeros((2, 17, 64, 48), np.uint8)
    assert (soft_argmax(empty)[..., 2] == 0).all()
    assert np.isfinite(soft_argmax(empty)).all()
    points = np.zeros((2, 17, 3), np.float32)
    for name in ("drawn-soft-argmax", "unit-peak"):
        assert not VARIANTS[name](empty, points).any()


def test_every_peak_becomes_one_and_its_shape_stays():
    clip = make_clip(6)
    scaled = VARIANTS["unit-peak"](clip.heatmaps, clip.keypoints_on_maps())
    peaks = clip.heatmaps.max((2, 3))
    assert (scaled.max((2, 3)) == 255).all()
    expected = clip.heatmaps / peaks[..., None, None] * 255
    assert np.abs(scaled - expected).max() <= 0.5 + 1e-3


def test_a_misspelt_variant_is_answered_with_all_there_are():
    with pytest.raises(GaitheatError, match=r"'draw'.*estimated, drawn, drawn-soft-argmax, unit-peak"):
        variant_called("draw")
