"""Picture, crop, maps, silhouette and keypoints lie in one frame of reference: shown with drawn dots."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, transform
from gaitheat.heatmaps.draw import gaussians
from gaitheat.video.boxes import Places
from gaitheat.video.crop import MARGIN, cut, heatmap_affines, recrop
from gaitheat.video.protocols import Poses

CROPS = [(256, 192), (256, 256)]
SCALES = [0.25, 0.5, 0.8, 1.0, 1.3, 1.9, 2.0, 2.4, 3.0, 3.7, 4.0, 5.5, 6.0, 6.4]
"""Image pixels a crop pixel: enlarged, equal, shrunk by the warp alone, shrunk by areas first."""


def place(centre: tuple[float, float], pixels_per_crop_pixel: float) -> Places:
    """The place whose crop shows so many image pixels in one of its own."""
    return Places(np.array([centre]), np.array([256 * pixels_per_crop_pixel / MARGIN]))


def dot(width: int, height: int, x: float, y: float, sigma: float) -> np.ndarray:
    """A white Gaussian dot centred on a sub-pixel position (pixel centres are whole numbers)."""
    row = np.exp(-(((np.arange(width) - x) / sigma) ** 2) / 2)
    column = np.exp(-(((np.arange(height) - y) / sigma) ** 2) / 2)
    return np.rint(255 * column[:, None] * row)[..., None].repeat(3, 2).astype(np.uint8)


def centroid(grey: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    weight = grey.astype(float)
    return float((weight * x).sum() / weight.sum()), float((weight * y).sum() / weight.sum())


def cells(crop: np.ndarray) -> np.ndarray:
    """Where the light of a crop is, in heatmap cells: 4 crop pixels each, counted from the frame's corner."""
    x, y = centroid(crop[..., 0])
    return np.array([(x + 0.5 - (crop.shape[1] - 192) / 2) / 4 - 0.5, (y + 0.5) / 4 - 0.5])


@pytest.mark.parametrize("size", CROPS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_dot_in_the_picture_is_where_the_affine_says(scale: float, size: tuple[int, int]) -> None:
    random = np.random.default_rng(round(100 * scale))
    width, height = round(330 * scale + 40), round(300 * scale + 40)
    for _ in range(3):
        centre = np.array([width, height]) / 2 + random.uniform(-9, 9, 2)
        x, y = centre + random.uniform(-60, 60, 2) * scale
        affine = heatmap_affines(place(tuple(centre), scale))
        crop = cut(dot(width, height, x, y, max(2 * scale, 0.8)), affine[0], size)
        expected = transform(affine, np.array([[[x, y]]], np.float32))[0, 0]
        np.testing.assert_allclose(cells(crop), expected, atol=0.1)


@pytest.mark.parametrize("scale", SCALES)
def test_a_dot_keeps_its_brightness(scale: float) -> None:
    """Nothing is lost between the sampled pixels: the shrunk dot carries the light of the large one."""
    width = round(330 * scale + 40)
    picture = dot(width, width, width / 2 + 0.3, width / 2, max(2 * scale, 0.8))
    crop = cut(picture, heatmap_affines(place((width / 2, width / 2), scale))[0], (256, 192))
    light = picture[..., 0].sum(dtype=float) / scale**2
    assert crop[..., 0].sum(dtype=float) == pytest.approx(light, rel=0.12)


def test_the_middle_of_a_box_is_the_middle_of_the_maps_and_its_side_leaves_a_margin() -> None:
    affine = heatmap_affines(Places(np.array([[50.0, 80.0]]), np.array([40.0])))
    corners = np.array([[[49.5, 79.5], [49.5, 79.5 - 20 * MARGIN], [49.5, 79.5 + 20 * MARGIN]]], np.float32)
    on_maps = transform(affine, corners)[0]
    np.testing.assert_allclose(on_maps, [[23.5, 31.5], [23.5, -0.5], [23.5, 63.5]], atol=1e-4)


@pytest.mark.parametrize("scale", SCALES)
def test_outside_the_picture_is_black_from_its_very_edge(scale: float) -> None:
    side = round(200 * scale)
    picture = np.full((side, side, 3), 255, np.uint8)
    affine = heatmap_affines(place((0, 0), scale))[0]
    crop = cut(picture, affine, (256, 192))[..., 0]
    # The picture's corner is the crop's middle: x = 96, y = 128, measured from the crop's edge.
    smear = 1 + round(1 / scale)
    assert (crop[: 128 - smear] == 0).all()
    assert (crop[:, : 96 - smear] == 0).all()
    assert (crop[128 + smear : 250, 96 + smear :] == 255).all()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 4.5])
@pytest.mark.parametrize("centre", [(-1e4, 50), (1e4, 50), (50, -1e4), (50, 1e4), (-900, 4000)])
def test_a_crop_beside_the_picture_is_black(centre: tuple[float, float], scale: float) -> None:
    picture = np.full((100, 120, 3), 255, np.uint8)
    crop = cut(picture, heatmap_affines(place(centre, scale))[0], (256, 192))
    assert crop.shape == (256, 192, 3)
    assert not crop.any()


def test_a_fine_pattern_is_averaged_not_sampled() -> None:
    picture = np.zeros((1200, 1200, 3), np.uint8)
    picture[::2, ::2] = picture[1::2, 1::2] = 255
    for scale in (2.0, 3.0, 4.0):
        crop = cut(picture, heatmap_affines(place((600, 600), scale))[0], (256, 192))
        assert abs(crop.astype(float) - 127.5).max() < 45


def test_the_loose_frame_is_wider_around_the_same_centre() -> None:
    at = Places(np.array([[30.0, 40.0]]), np.array([50.0]))
    usual, loose = heatmap_affines(at)[0], heatmap_affines(at, loose=1.6)[0]
    assert usual[0, 0] / loose[0, 0] == pytest.approx(1.6)
    back = np.linalg.inv(usual[:, :2]) @ (np.array([23.5, 31.5]) - usual[:, 2])
    np.testing.assert_allclose(loose[:, :2] @ back + loose[:, 2], [23.5, 31.5], atol=1e-4)


def fine(keypoints: np.ndarray) -> np.ndarray:
    """A silhouette that is one soft dot on the first joint, on its grid of half cells."""
    x, y = (keypoints[0, :2] + 0.5) * 2 - 0.5
    return dot(96, 128, x, y, 3.0)[..., 0]


@pytest.mark.parametrize("factor", [1.0, 1.3, 1.6, 2.0])
def test_recropped_maps_keep_their_keypoints(factor: float) -> None:
    random = np.random.default_rng(2)
    centre, side = random.uniform(100, 200, 2), 120.0
    shifted = centre + random.uniform(-4, 4, 2)
    seen = heatmap_affines(Places(shifted[None], np.array([side])), factor)
    wanted = heatmap_affines(Places(centre[None], np.array([side])))
    keypoints = np.ones((1, 17, 3), np.float32)
    keypoints[0, :, :2] = random.uniform([16.5, 24.5], [30.5, 38.5], (17, 2))
    poses = Poses(gaussians(keypoints), keypoints, np.ones(1, np.float32), fine(keypoints[0])[None], None)
    moved = recrop(poses, seen, wanted)
    for joint in range(17):
        np.testing.assert_allclose(
            centroid(moved.heatmaps[0, joint]), moved.keypoints[0, joint, :2], atol=0.1
        )
    x, y = centroid(moved.silhouettes[0])
    np.testing.assert_allclose(
        ((x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5), moved.keypoints[0, 0, :2], atol=0.1
    )
    # The same point of the picture, whichever frame it is told in.
    inverse = np.linalg.inv(seen[0, :, :2])
    image = (keypoints[:, :, :2] - seen[0, :, 2]) @ inverse.T
    expected = transform(wanted, image.astype(np.float32))
    np.testing.assert_allclose(moved.keypoints[..., :2], expected, atol=1e-3)


def test_a_mirrored_clip_keeps_keypoints_on_peaks_and_mirrored_twice_it_is_the_clip() -> None:
    clip = make_clip(8, seed=3)
    mirrored = clip.mirrored()
    for each in (clip, mirrored):
        points = each.keypoints_on_maps()
        for frame in range(len(each)):
            for joint in range(17):
                x, y = np.rint(points[frame, joint, :2]).astype(int)
                if not (5 < x < MAP_WIDTH - 6 and 5 < y < MAP_HEIGHT - 6):
                    continue
                near = each.heatmaps[frame, joint, y - 5 : y + 6, x - 5 : x + 6]
                found = np.add(centroid(near), [x - 5, y - 5])
                np.testing.assert_allclose(found, points[frame, joint, :2], atol=0.15)
    twice = mirrored.mirrored()
    for name in ("times", "heatmaps", "keypoints", "silhouettes", "world", "present"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(clip, name), err_msg=name)
    np.testing.assert_allclose(twice.crop, clip.crop, atol=1e-4)


def test_a_mirrored_silhouette_is_the_silhouette_of_the_mirrored_maps() -> None:
    clip = make_clip(4, seed=1)
    x, _ = centroid(clip.silhouettes[0])
    mirrored_x, _ = centroid(clip.mirrored().silhouettes[0])
    assert (x + mirrored_x) / 2 == pytest.approx(47.5)
