"""Alignment: keypoints stay on their maps, the body comes to a standard place, nothing is resampled twice."""

from itertools import product

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import compose, transform
from gaitheat.heatmaps.align import ALIGNMENTS, BODY_LENGTH, NECK, Alignment, matrices, warp
from gaitheat.heatmaps.draw import gaussians
from gaitheat.skeleton import HIPS, MIRROR, SHOULDERS

EVERY = [
    Alignment(*choice)
    for choice in product(("none", "clip", "frame"), ("none", "clip", "frame"), ("frame", "smoothed"))
]
IDENTITY = np.array([[[1, 0, 0], [0, 1, 0]]], np.float32)


def person(frames: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints on maps and times of a walker, whose every joint is seen."""
    clip = make_clip(frames, seed)
    return clip.keypoints_on_maps(), clip.times


def centroids(images: np.ndarray) -> np.ndarray:
    y, x = np.indices(images.shape[-2:])
    mass = images.astype(float)
    return np.stack([(x * mass).sum((-2, -1)), (y * mass).sum((-2, -1))], -1) / mass.sum((-2, -1))[..., None]


def moved(points: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """One affine for all frames, as a person elsewhere, of another size, leaning otherwise."""
    result = points.copy()
    result[..., :2] = transform(np.broadcast_to(affine, (len(points), 2, 3)), points[..., :2])
    return result


def neck_of(points: np.ndarray) -> np.ndarray:
    return points[:, SHOULDERS].mean(1)


@pytest.mark.parametrize("alignment", EVERY, ids=str)
def test_keypoints_lie_on_their_own_maps_before_and_after(alignment):
    keypoints, times = person()
    maps = gaussians(keypoints, sigma=1.5)
    assert np.abs(centroids(maps) - keypoints[..., :2]).max() < 0.1
    affines = matrices(keypoints, times, alignment)
    aligned = transform(affines, keypoints[..., :2])
    inside = ((aligned > 5) & (aligned < (42, 58))).all(-1)
    assert inside.mean() > 0.7
    assert np.abs(centroids(warp(maps, affines)) - aligned)[inside].max() < 0.1


@pytest.mark.parametrize("alignment", EVERY, ids=str)
def test_alignment_is_bit_repeatable_and_leaves_its_input_alone(alignment):
    keypoints, times = person()
    before = keypoints.copy()
    first, second = matrices(keypoints, times, alignment), matrices(keypoints, times, alignment)
    assert first.dtype == np.float32
    assert first.tobytes() == second.tobytes()
    assert keypoints.tobytes() == before.tobytes()


@pytest.mark.parametrize("alignment", EVERY, ids=str)
def test_alignment_commutes_with_the_mirror(alignment):
    clip = make_clip(30, 3)
    mirrored = clip.mirrored()
    affines = matrices(clip.keypoints_on_maps(), clip.times, alignment)
    affines_mirrored = matrices(mirrored.keypoints_on_maps(), clip.times, alignment)
    flipped = warp(clip.heatmaps, affines)[:, list(MIRROR), :, ::-1]
    difference = warp(mirrored.heatmaps, affines_mirrored).astype(int) - flipped
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("centre", ["frame", "smoothed"])
def test_necks_stay_in_place_also_where_keypoints_cannot_be_trusted(centre):
    keypoints, times = person(80)
    wanted = neck_of(keypoints)[:, :2]
    doubtful = np.zeros(80, bool)
    doubtful[[0, 1, 20, 33, 34, 35, 36, 60, 79]] = True
    broken = keypoints.copy()
    broken[doubtful, :, :2] = np.random.default_rng(1).uniform(0, 48, (doubtful.sum(), 17, 2))
    broken[doubtful, :, 2] = 0.05
    affines = matrices(broken, times, Alignment(centre=centre))
    necks = transform(affines, wanted[:, None])[:, 0]
    assert np.abs(necks - NECK).max() < 0.5
    assert np.linalg.norm(np.diff(necks, axis=0), axis=1).max() < 0.7
    if centre == "frame":
        assert np.abs(necks - NECK)[~doubtful].max() < 1e-3


def test_a_vanished_torso_is_not_trusted_however_sure_the_estimator_is():
    keypoints, times = person()
    broken = keypoints.copy()
    broken[10, SHOULDERS + HIPS, :2] = (3, 60)
    for alignment in ALIGNMENTS.values():
        expected = transform(matrices(keypoints, times, alignment), neck_of(keypoints)[:, None, :2])
        got = transform(matrices(broken, times, alignment), neck_of(keypoints)[:, None, :2])
        assert np.abs(got - expected).max() < 0.7


@pytest.mark.parametrize("alignment", EVERY, ids=str)
def test_a_clip_without_any_trusted_frame_stays_as_it_is(alignment):
    keypoints, times = person()
    keypoints[..., 2] = 0.1
    affines = matrices(keypoints, times, alignment)
    assert (affines[:, :, :2] == np.eye(2, dtype=np.float32)).all()
    assert (affines[:, :, 2] == 0).all()


def test_place_and_size_are_taken_out_and_lean_is_kept_by_default():
    keypoints, times = person()
    aligned = transform(matrices(keypoints, times), keypoints[..., :2])
    smaller = moved(keypoints, np.array([[0.7, 0, 3], [0, 0.7, 9]], np.float32))
    assert transform(matrices(smaller, times), smaller[..., :2]) == pytest.approx(aligned, abs=1e-3)
    lean = np.deg2rad(10)
    turn = np.array([[np.cos(lean), -np.sin(lean), 5], [np.sin(lean), np.cos(lean), 0]], np.float32)
    leaning = moved(keypoints, turn)
    trunk = _trunk_angles(transform(matrices(leaning, times), leaning[..., :2]))
    assert trunk - _trunk_angles(aligned) == pytest.approx(lean, abs=1e-3)


@pytest.mark.parametrize("rotation", ["clip", "frame"])
def test_rotation_makes_the_trunk_upright(rotation):
    keypoints, times = person()
    aligned = transform(matrices(keypoints, times, Alignment(rotation=rotation)), keypoints[..., :2])
    angles = _trunk_angles(aligned)
    assert np.mean(angles) == pytest.approx(0, abs=2e-3)
    if rotation == "frame":
        assert angles == pytest.approx(0, abs=1e-4)


def test_scale_makes_the_body_as_long_as_it_should_be():
    keypoints, times = person()
    for scale in ("clip", "frame"):
        aligned = transform(matrices(keypoints, times, Alignment(scale=scale)), keypoints[..., :2])
        lengths = _body_lengths(aligned)
        assert np.median(lengths) == pytest.approx(BODY_LENGTH, abs=1e-3)
        assert (scale == "clip") or lengths == pytest.approx(BODY_LENGTH, abs=1e-3)


def test_one_frame_can_be_aligned():
    keypoints, times = person(1)
    for alignment in EVERY:
        affines = matrices(keypoints, times, alignment)
        assert transform(affines, neck_of(keypoints)[:, None, :2])[0, 0] == pytest.approx(NECK, abs=1e-3)


def test_smoothing_goes_by_time_not_by_frame_number():
    keypoints, times = person(50)
    keypoints[:, :, 0] += 4 * np.sin(2 * np.pi * times / 1.5)[:, None].astype(np.float32)
    twice = np.repeat(keypoints, 2, axis=0)
    times_twice = np.sort(np.concatenate([times, times + 1e-4]))
    smoothed = Alignment(centre="smoothed")
    assert matrices(twice, times_twice, smoothed)[::2] == pytest.approx(
        matrices(keypoints, times, smoothed), abs=0.02
    )


def _trunk_angles(points: np.ndarray) -> np.ndarray:
    across, down = (points[:, HIPS].mean(1) - points[:, SHOULDERS].mean(1)).T
    return np.arctan2(-across, down)


def _body_lengths(points: np.ndarray) -> np.ndarray:
    """Neck to hips, and both legs' mean, one frame after the other."""
    lengths = []
    for joints in points:
        torso = np.linalg.norm(joints[[11, 12]].mean(0) - joints[[5, 6]].mean(0))
        legs = [
            np.linalg.norm(joints[hip] - joints[knee]) + np.linalg.norm(joints[knee] - joints[ankle])
            for hip, knee, ankle in ((11, 13, 15), (12, 14, 16))
        ]
        lengths.append(torso + np.mean(legs))
    return np.array(lengths)


def bilinear(image: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """The slow obvious warp: for each pixel, where it comes from, four neighbours, zero outside."""
    height, width = image.shape
    linear = np.linalg.inv(affine[:, :2].astype(float))
    result = np.zeros(image.shape)
    for row, column in np.ndindex(height, width):
        x, y = linear @ (np.array([column, row]) - affine[:, 2])
        left, top = int(np.floor(x)), int(np.floor(y))
        for i, j in product((0, 1), (0, 1)):
            if 0 <= top + j < height and 0 <= left + i < width:
                weight = (1 - abs(x - left - i)) * (1 - abs(y - top - j))
                result[row, column] += weight * image[top + j, left + i]
    return result


def test_warp_is_the_slow_bilinear_warp_with_zeros_outside():
    clip = make_clip(2, 5)
    affines = np.array(
        [[[1.1, 0.07, -4.3], [-0.07, 1.1, 2.6]], [[0.8, 0, 30.2], [0, 0.8, -20.7]]], np.float32
    )
    warped = warp(clip.heatmaps, affines)
    for frame, joint in product((0, 1), (0, 9, 16)):
        expected = bilinear(clip.heatmaps[frame, joint].astype(float), affines[frame])
        assert np.abs(warped[frame, joint] - expected).max() <= 1


def test_what_comes_from_outside_is_zero_not_a_smeared_border():
    full = np.full((1, 17, 64, 48), 255, np.uint8)
    away = warp(full, IDENTITY + np.array([[[0, 0, 30], [0, 0, 0]]], np.float32))
    assert not away[..., :30].any()
    assert (away[..., 30:] == 255).all()


def test_the_identity_changes_nothing_and_needs_no_writable_or_contiguous_maps():
    maps = make_clip(3).heatmaps
    maps.setflags(write=False)
    assert (warp(maps, np.repeat(IDENTITY, 3, 0)) == maps).all()
    view = np.ascontiguousarray(maps[..., ::-1])[..., ::-1]
    assert (warp(view, np.repeat(IDENTITY, 3, 0)) == maps).all()


@pytest.mark.parametrize(("x", "y"), [(0.5, 0.5), (3.25, -2.75), (-0.1, 0.9)])
def test_sub_pixel_shifts_are_recovered(x, y):
    keypoints, _ = person(5)
    maps = gaussians(keypoints, sigma=2.0)
    shift = np.repeat(IDENTITY + np.array([[[0, 0, x], [0, 0, y]]], np.float32), 5, 0)
    joints = [5, 6, 11, 12]
    way = centroids(warp(maps, shift)[:, joints]) - centroids(maps[:, joints])
    assert way == pytest.approx(np.broadcast_to((x, y), way.shape), abs=0.03)


def test_one_composed_warp_keeps_the_peaks_and_two_would_not():
    keypoints, times = person(20)
    maps = gaussians(keypoints, sigma=1.5, scored=False)
    affines = matrices(keypoints, times)
    shift = np.broadcast_to(np.array([[1, 0, 0.5], [0, 1, 0.5]], np.float32), affines.shape)
    joints = slice(0, 13)
    once = warp(maps, compose(shift, affines))[:, joints].max((-2, -1))
    twice = warp(warp(maps, affines), shift)[:, joints].max((-2, -1))
    assert np.percentile(once, 1) > 0.85 * 255
    assert once.mean() > twice.mean() + 0.03 * 255


def test_there_and_back_again():
    keypoints, times = person(10)
    maps = gaussians(keypoints, sigma=2.0)
    affines = matrices(keypoints, times)
    back = np.linalg.inv(np.concatenate([affines, np.broadcast_to([[[0, 0, 1]]], (10, 1, 3))], 1))[:, :2]
    returned = warp(warp(maps, affines), back.astype(np.float32))
    trunk = [5, 6, 11, 12]
    assert centroids(returned[:, trunk]) == pytest.approx(keypoints[:, trunk, :2], abs=0.1)
    assert np.abs(returned[:, trunk].astype(int) - maps[:, trunk]).max() < 0.15 * 255


def test_silhouettes_twice_as_fine_come_to_the_same_place():
    clip = make_clip(6, 2)
    affines = matrices(clip.keypoints_on_maps(), clip.times)
    fine = warp(clip.silhouettes, affines, (128, 96))
    coarse = warp(clip.silhouettes, affines)
    assert fine.shape == (6, 128, 96)
    assert coarse.shape == (6, 64, 48)
    in_cells = (centroids(fine) + 0.5) / 2 - 0.5
    assert in_cells == pytest.approx(centroids(coarse), abs=0.05)
    where = (centroids(clip.silhouettes) + 0.5) / 2 - 0.5
    assert in_cells == pytest.approx(transform(affines, where[:, None].astype(np.float32))[:, 0], abs=0.3)
