"""The embedded estimator: exact in any batch, upright and mirrored, and honest about empty crops."""

import numpy as np
import pytest

from gaitheat.clips import Clip
from gaitheat.skeleton import MIRROR
from gaitheat.video.crop import cut
from gaitheat.video.estimator import BlazePose
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


def test_a_mirrored_crop_gives_mirrored_maps(estimator: BlazePose, crops: np.ndarray) -> None:
    """A shift of the maps against the crop would show twice. The estimator itself is not quite symmetric."""
    poses, mirrored = estimator(crops), estimator(np.ascontiguousarray(crops[:, :, ::-1]))
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
def test_an_empty_crop_is_nobody(estimator: BlazePose, value: int) -> None:
    poses = estimator(np.full((1, 256, 256, 3), value, np.uint8))
    assert poses.present[0] < 0.5
    assert np.isfinite(poses.keypoints).all()


def test_people_are_surely_there(estimator: BlazePose, crops: np.ndarray) -> None:
    poses = estimator(crops)
    assert (poses.present > 0.9).all()
    assert ((poses.keypoints[..., 2] >= 0) & (poses.keypoints[..., 2] <= 1)).all()
    hips = poses.world[:, [11, 12]].mean(axis=1)
    np.testing.assert_allclose(hips, 0, atol=0.05)
    height = poses.world[..., 1].max(axis=1) - poses.world[..., 1].min(axis=1)
    assert ((height > 1.0) & (height < 2.2)).all()
