"""The embedded estimators: exact in any batch, upright and mirrored, and honest about empty crops."""

import hashlib
from typing import get_args

import numpy as np
import pytest

from gaitheat.assets import find
from gaitheat.clips import DEAD_ZONE, Clip
from gaitheat.skeleton import MIRROR
from gaitheat.video.crop import cut
from gaitheat.video.estimator import BlazePose, BlazePoseSize
from gaitheat.video.protocols import PoseEstimator, Poses
from gaitheat.video.reader import open_source

PARTS_OF_POSES = Poses._fields


@pytest.fixture(scope="session")
def crops(demo_clips: list[Clip], small_demo) -> np.ndarray:
    """Four crops of the woman who walks."""
    walker = demo_clips[1]
    chosen = [10, 20, 30, 40]
    frames = {round(frame.time, 3): frame for frame in open_source(small_demo)}
    return np.stack(
        [cut(frames[round(walker.times[i], 3)].rgb, walker.crop[i], BlazePose.crop_size) for i in chosen]
    )


@pytest.fixture(scope="session", params=get_args(BlazePoseSize))
def size(request: pytest.FixtureRequest) -> BlazePoseSize:
    if find(request.param) is None:
        pytest.skip(f"the weights are not in the cache: `gaitheat assets fetch {request.param}` brings them")
    return request.param


@pytest.fixture(scope="session")
def of_any_size(size: BlazePoseSize) -> BlazePose:
    return BlazePose(size)


def test_a_batch_is_as_good_as_single_calls(estimator: BlazePose, crops: np.ndarray) -> None:
    assert isinstance(estimator, PoseEstimator)
    together = estimator(crops)
    single = [estimator(crops[i : i + 1]) for i in range(len(crops))]
    for name in PARTS_OF_POSES:
        np.testing.assert_array_equal(
            getattr(together, name), np.concatenate([getattr(one, name) for one in single]), err_msg=name
        )


def test_the_crop_of_a_clip_gives_the_clip_again(
    estimator: BlazePose, crops: np.ndarray, demo_clips: list[Clip]
) -> None:
    walker, chosen = demo_clips[1], [10, 20, 30, 40]
    poses = estimator(crops)
    np.testing.assert_array_equal(poses.heatmaps, walker.heatmaps[chosen])
    np.testing.assert_array_equal(poses.silhouettes, walker.silhouettes[chosen])
    np.testing.assert_allclose(poses.keypoints, walker.keypoints_on_maps()[chosen], atol=1e-3)


def test_it_says_which_it_is(of_any_size: BlazePose, size: BlazePoseSize) -> None:
    assert isinstance(of_any_size, PoseEstimator)
    assert of_any_size.identity.name == size
    assert of_any_size.identity.weights == hashlib.sha256(find(size).read_bytes()).hexdigest()


def test_litert_gives_the_same_poses(of_any_size: BlazePose, size: BlazePoseSize, crops: np.ndarray) -> None:
    """Over 1000 crops: 0.005 cells, 1.1 mm, 0.004 of a score; 2 of 100,000 map cells a level or two apart."""
    crops = np.concatenate([crops, crops[:, :, ::-1]])
    lite = BlazePose(size, runtime="litert")
    assert lite.identity == of_any_size.identity
    ours, theirs = lite(crops), of_any_size(crops)
    np.testing.assert_allclose(ours.keypoints[..., :2], theirs.keypoints[..., :2], rtol=0, atol=0.01)
    np.testing.assert_allclose(ours.keypoints[..., 2], theirs.keypoints[..., 2], rtol=0, atol=0.01)
    np.testing.assert_allclose(ours.present, theirs.present, rtol=0, atol=5e-4)
    np.testing.assert_allclose(ours.world, theirs.world, rtol=0, atol=0.003)
    for name in ("heatmaps", "silhouettes"):
        apart = np.abs(getattr(ours, name).astype(int) - getattr(theirs, name))
        assert (apart > 0).mean() < 2e-4
        assert apart.max() <= DEAD_ZONE  # beside it a rounding of one level goes down to zero


def test_joints_lie_on_their_maps_peaks(of_any_size: BlazePose, crops: np.ndarray) -> None:
    """The order of the joints, the sigmoid and the shift are the same in all three networks."""
    poses = of_any_size(crops)
    flat = poses.heatmaps.reshape(len(crops), 17, -1)
    rows, columns = np.unravel_index(flat.argmax(axis=2), (64, 48))
    clear = flat.max(axis=2) > 100
    assert clear.mean() > 0.7
    away = np.hypot(poses.keypoints[..., 0] - columns, poses.keypoints[..., 1] - rows)[clear]
    assert np.median(away) < 1.2
    assert np.quantile(away, 0.9) < 3


def test_a_mirrored_crop_gives_mirrored_maps(of_any_size: BlazePose, crops: np.ndarray) -> None:
    """A shift of the maps against the crop would show twice. The estimator itself is not quite symmetric."""
    poses, mirrored = of_any_size(crops), of_any_size(np.ascontiguousarray(crops[:, :, ::-1]))
    swap = list(MIRROR)
    x = poses.keypoints[:, swap, 0] + mirrored.keypoints[..., 0]
    assert abs(np.median(x) - 47) < 0.5
    y = poses.keypoints[:, swap, 1] - mirrored.keypoints[..., 1]
    assert abs(np.median(y)) < 0.5
    columns = np.arange(48)

    def middle(maps: np.ndarray) -> np.ndarray:
        light = maps.sum(axis=2, dtype=float)
        return (light * columns).sum(axis=2) / light.sum(axis=2)

    assert abs(np.median(middle(poses.heatmaps[:, swap]) + middle(mirrored.heatmaps)) - 47) < 0.5
    outline = [(mask.astype(float).sum(axis=1) * np.arange(96)).sum(1) / mask.sum(axis=(1, 2)) for mask in
               (poses.silhouettes, mirrored.silhouettes)]  # fmt: skip
    assert abs(np.median(outline[0] + outline[1]) - 95) < 1


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_crop_is_nobody(of_any_size: BlazePose, value: int) -> None:
    poses = of_any_size(np.full((1, 256, 256, 3), value, np.uint8))
    assert poses.present[0] < 0.5
    assert np.isfinite(poses.keypoints).all()


def test_people_are_surely_there(of_any_size: BlazePose, crops: np.ndarray) -> None:
    poses = of_any_size(crops)
    assert (poses.present > 0.9).all()
    assert ((poses.keypoints[..., 2] >= 0) & (poses.keypoints[..., 2] <= 1)).all()
    hips = poses.world[:, [11, 12]].mean(axis=1)
    np.testing.assert_allclose(hips, 0, atol=0.05)
    height = poses.world[..., 1].max(axis=1) - poses.world[..., 1].min(axis=1)
    assert ((height > 1.0) & (height < 2.2)).all()
