"""The truth about a clip lies in the clip's own frame of reference, where the pictures show it."""

from dataclasses import replace

import numpy as np
import pytest

from gaitheat.clips import Clip, Estimator, Refusal
from gaitheat.skeleton import ANKLES, HIPS, JOINTS, NOSE
from gaitheat.video.boxes import Places
from gaitheat.video.crop import heatmap_affines
from gaitheat.walkers.truth import TRUTH
from gaitheat.walkers.walk import RenderedWalk, Walk

pytestmark = pytest.mark.usefixtures("assets")

FRAMES = np.array([0, 3, 9])


@pytest.fixture(scope="module")
def source() -> RenderedWalk:
    return RenderedWalk(Walk("walkers-1-indoor", "0001", "nm", "01", 54, 10))


@pytest.fixture(scope="module")
def clip(source: RenderedWalk) -> Clip:
    """What an estimator of poor sight would say of three frames, in a crop of its own."""
    rows, columns = np.nonzero(source.picture(3).mask)
    centre = np.array([columns.mean(), (rows.min() + rows.max()) / 2])
    places = Places(np.tile(centre, (3, 1)), np.full(3, float(np.ptp(rows)) * 1.1))
    joints = np.tile(np.float32([*centre, 0.5]), (3, 17, 1))
    return Clip(
        source.walk.key, source.name, source.sha256(), Estimator("poor", "", "rgb-1"), FRAMES / 25,
        np.zeros((3, 17, 64, 48), np.uint8), joints, heatmap_affines(places),
        np.ones(3, np.float32), np.zeros((3, 128, 96), np.uint8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def truth(source: RenderedWalk, clip: Clip) -> Clip:
    said, item = source.with_truth(clip)
    assert said is clip
    assert isinstance(item, Clip)
    return item


def test_it_is_named_after_the_clip_but_nobody_takes_it_for_one(clip: Clip, truth: Clip) -> None:
    assert truth.key == replace(clip.key, dataset="walkers-1-indoor-truth")
    assert truth.estimator == TRUTH
    assert np.array_equal(truth.times, clip.times)
    assert np.array_equal(truth.crop, clip.crop)


def test_joints_lie_on_the_walker_in_the_picture(source: RenderedWalk, truth: Clip) -> None:
    for frame, points in zip(FRAMES, truth.keypoints, strict=True):
        mask = source.picture(int(frame)).mask
        x, y = np.rint(points[5:, :2]).astype(int).T
        assert (mask[y, x] > 127).mean() > 0.9
        assert (np.diff(np.sort(points[[NOSE, *HIPS[:1], *ANKLES[:1]], 1])) > 10).all()


def test_peaks_lie_on_the_joints_and_silhouettes_around_them(truth: Clip) -> None:
    points = truth.keypoints_on_maps()
    for joint in range(len(JOINTS)):
        row, column = np.unravel_index(truth.heatmaps[1, joint].argmax(), (64, 48))
        assert np.hypot(column - points[1, joint, 0], row - points[1, joint, 1]) < 0.8
    assert truth.silhouettes is not None
    x, y = np.rint((points[:, 5:, :2] + 0.5) * 2 - 0.5).astype(int).reshape(-1, 2).T
    frame = np.repeat(np.arange(3), 12)
    assert (truth.silhouettes[frame, y, x] > 127).mean() > 0.9


def test_joints_in_metres_fit_the_pixels(source: RenderedWalk, truth: Clip) -> None:
    assert truth.world is not None
    wide = truth.keypoints[..., :2] - truth.keypoints[:, HIPS, :2].mean(1, keepdims=True)
    scale = np.linalg.norm(wide, axis=2).sum() / np.linalg.norm(truth.world[..., :2], axis=2).sum()
    assert np.abs(wide - scale * truth.world[..., :2]).mean() < 5
    assert 1.2 < np.ptp(truth.world[0, :, 1]) < 1.9


def test_the_phase_goes_on(truth: Clip) -> None:
    assert truth.phase is not None
    assert ((truth.phase >= 0) & (truth.phase < 1)).all()
    strides = np.diff(np.unwrap(2 * np.pi * truth.phase)) / (2 * np.pi)
    assert strides / np.diff(truth.times) == pytest.approx(1 / 1.07, rel=0.35)


def test_of_a_refusal_it_says_only_that_there_is_none(source: RenderedWalk, clip: Clip) -> None:
    refusal = Refusal(clip.key, clip.source, clip.sha256, clip.estimator, "no person", 10)
    _, said = source.with_truth(refusal)
    assert isinstance(said, Refusal)
    assert said.key.dataset == "walkers-1-indoor-truth"
    assert said.reason == "no person"


def test_a_clip_of_somebody_else_is_refused(source: RenderedWalk, clip: Clip) -> None:
    elsewhere = clip.keypoints + np.float32([90, 0, 0])
    said, truth = source.with_truth(replace(clip, keypoints=elsewhere))
    assert isinstance(said, Refusal)
    assert isinstance(truth, Refusal)
    assert said.reason == "another person"
    assert said.key == clip.key
