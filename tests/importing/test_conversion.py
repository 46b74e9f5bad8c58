"""Arrays of other toolboxes as clips: what is in register, what is left out, what it is called."""

import lookalikes
import numpy as np
import pytest

from factories import make_key
from gaitheat.clips import Clip, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.variants import soft_argmax
from gaitheat.importing.conversion import Importer, Modalities, Source, convert
from gaitheat.silhouettes import tight
from gaitheat.skeleton import ANKLES, ORDERS_18

SOURCE = Source(make_key(), "001/nm-01/000", "a" * 64)
WALK = lookalikes.walk()
POSES, HEATMAPS = lookalikes.poses(WALK), lookalikes.heatmaps(WALK)
SILHOUETTES = lookalikes.silhouettes(WALK)


def converted(importer: Importer | None = None, **arrays: np.ndarray) -> Clip:
    clip = convert(SOURCE, Modalities(**arrays), importer or Importer())
    assert isinstance(clip, Clip)
    assert (clip.key, clip.source, clip.sha256) == SOURCE
    return clip


def refused(importer: Importer | None = None, **arrays: np.ndarray) -> Refusal:
    refusal = convert(SOURCE, Modalities(**arrays), importer or Importer())
    assert isinstance(refusal, Refusal)
    return refusal


def off_the_peaks(clip: Clip) -> float:
    """Cells from the keypoints to the peaks of their maps."""
    away = clip.keypoints_on_maps()[..., :2] - soft_argmax(clip.heatmaps)[..., :2]
    return float(np.abs(away).max())


def test_heatmaps_and_poses_in_image_pixels_are_in_register() -> None:
    clip = converted(heatmaps=HEATMAPS, poses=POSES)
    assert np.abs(clip.heatmaps.astype(int) - WALK.heatmaps).max() <= 1
    np.testing.assert_allclose(clip.keypoints, WALK.keypoints, rtol=1e-6)
    assert off_the_peaks(clip) < 0.25
    np.testing.assert_allclose(clip.times, np.arange(30) / 25)
    assert clip.silhouettes is None
    assert str(clip.estimator) == "opengait-heatmaps/import-1/imported"


def test_heatmaps_alone() -> None:
    clip = converted(heatmaps=HEATMAPS.astype(np.float32))
    np.testing.assert_array_equal(clip.heatmaps, WALK.heatmaps)
    np.testing.assert_array_equal(clip.keypoints, soft_argmax(WALK.heatmaps))
    assert off_the_peaks(clip) == 0
    assert clip.estimator.name == "opengait-heatmaps"


def test_poses_alone_get_the_crop_of_extraction_and_drawn_maps() -> None:
    clip = converted(poses=POSES)
    assert off_the_peaks(clip) < 0.05
    peaks = clip.heatmaps.max(axis=(2, 3)) / 255
    assert (peaks <= clip.keypoints[..., 2] + 0.01).all()
    assert (peaks >= 0.8 * clip.keypoints[..., 2]).all()
    assert clip.estimator.name == "opengait-drawn"


@pytest.mark.parametrize("order", list(ORDERS_18))
def test_18_joints_become_the_same_17(order: str) -> None:
    same = converted(poses=POSES)
    clip = converted(Importer(joints18=order), poses=lookalikes.poses18(WALK, order))
    np.testing.assert_array_equal(clip.keypoints, same.keypoints)
    np.testing.assert_array_equal(clip.heatmaps, same.heatmaps)
    assert clip.estimator.name == f"opengait-drawn-{order}18"


def test_silhouettes_alone() -> None:
    clip = converted(silhouettes=SILHOUETTES)
    assert clip.silhouettes is not None
    np.testing.assert_array_equal(clip.silhouettes[:, ::2, ::2], SILHOUETTES[:, :, 8:56])
    np.testing.assert_array_equal(clip.silhouettes[:, 1::2, 1::2], SILHOUETTES[:, :, 8:56])
    assert not clip.heatmaps.any()
    assert not clip.keypoints[..., 2].any()
    assert clip.estimator.name == "opengait-silhouettes"


def test_silhouettes_that_were_cut_to_44_columns_are_the_same_but_for_their_sides() -> None:
    wide, narrow = converted(silhouettes=SILHOUETTES), converted(silhouettes=SILHOUETTES[:, :, 10:54])
    np.testing.assert_array_equal(wide.silhouettes[..., 4:92], narrow.silhouettes[..., 4:92])
    assert not narrow.silhouettes[..., :4].any()
    assert not narrow.silhouettes[..., 92:].any()


def test_networks_see_the_silhouettes_that_were_published() -> None:
    clip = converted(silhouettes=SILHOUETTES)
    assert clip.silhouettes is not None
    # Theirs are centred to whole columns, ours to a fraction of one.
    away = [
        np.abs(np.roll(tight(clip.silhouettes).astype(float), columns, axis=2) - SILHOUETTES[:, :, 10:54])
        for columns in (0, 1)
    ]
    assert min(frames.mean() for frames in away) < 3


def test_all_together() -> None:
    clip = converted(heatmaps=HEATMAPS, poses=POSES, silhouettes=SILHOUETTES)
    assert clip.silhouettes is not None
    assert clip.refused == {}
    assert (clip.present == 1).all()


def test_rate_and_estimator_are_as_said() -> None:
    clip = converted(Importer(rate=30.0, estimator="hrnet"), poses=POSES)
    np.testing.assert_allclose(clip.times, np.arange(30) / 30)
    assert clip.estimator.name == "hrnet-drawn"
    with pytest.raises(GaitheatError, match="expected a rate above 0"):
        Importer(rate=0.0)


def test_unequal_lengths_are_refused_unless_the_shortest_is_asked_for() -> None:
    arrays = {"heatmaps": HEATMAPS, "poses": POSES, "silhouettes": SILHOUETTES[2:]}
    refusal = refused(**arrays)
    assert (refusal.reason, refusal.frames) == ("unequal lengths", 30)
    clip = converted(Importer(unequal="shortest"), **arrays)
    assert len(clip) == 28
    assert clip.refused == {"unequal lengths": 2}
    np.testing.assert_allclose(clip.keypoints, WALK.keypoints[:28], rtol=1e-6)
    np.testing.assert_array_equal(clip.silhouettes[:, ::2, ::2], SILHOUETTES[2:, :, 8:56])


def test_faulty_frames_are_left_out_and_counted() -> None:
    heatmaps, poses = HEATMAPS.copy(), POSES.copy()
    heatmaps[3, 5, 10, 10] = np.nan
    heatmaps[4, 0, 0, 0] = -np.inf
    poses[8] = poses[8, ::-1]
    clip = converted(heatmaps=heatmaps, poses=poses, silhouettes=SILHOUETTES)
    assert clip.refused == {"maps not finite": 2, "keypoints off the maps": 1}
    assert list(np.rint(clip.times * 25).astype(int)) == [i for i in range(30) if i not in (3, 4, 8)]
    assert clip.silhouettes is not None
    np.testing.assert_array_equal(clip.silhouettes[3, ::2, ::2], SILHOUETTES[5, :, 8:56])


def test_joints_that_were_not_seen() -> None:
    poses = POSES.copy()
    poses[2] = 0
    poses[5, 3] = np.nan
    poses[6, 4, 0] = 1e300
    poses[7, ANKLES] = 0
    poses[..., 2] *= 1.2
    clip = converted(poses=poses)
    assert clip.refused == {"no keypoints": 1}
    assert not clip.keypoints[4, 3].any()
    assert not clip.heatmaps[4, 3].any()
    assert not clip.keypoints[5, 4].any()
    assert clip.heatmaps[6, 5].any()
    assert not clip.heatmaps[6, list(ANKLES)].any()
    assert clip.keypoints[..., 2].max() <= 1


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"poses": POSES[:0]}, "no frames"),
        ({"heatmaps": HEATMAPS, "poses": POSES[:0]}, "no frames"),
        ({"heatmaps": HEATMAPS * 100}, "maps beyond 0..1"),
        ({"silhouettes": np.ones((4, 64, 64), np.uint8)}, "silhouettes not of 0..255"),
        ({"heatmaps": HEATMAPS * np.float16(np.nan)}, "maps not finite"),
        ({"heatmaps": HEATMAPS, "poses": POSES[:, ::-1]}, "keypoints off the maps"),
        ({"heatmaps": HEATMAPS, "poses": POSES * 0}, "keypoints off the maps"),
        ({"poses": POSES * 0}, "no keypoints"),
        ({"poses": POSES * (np.arange(17) < 13)[:, None]}, "no whole body"),
    ],
    ids=str,
)
def test_what_is_no_clip_says_why(arrays: dict[str, np.ndarray], reason: str) -> None:
    refusal = refused(**arrays)
    assert refusal.reason == reason
    assert refusal.frames == max(map(len, arrays.values()))
    assert refusal.estimator.preprocessing == "import-1"


def test_pieces_of_a_long_clip_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = converted(poses=POSES), converted(heatmaps=HEATMAPS)
    monkeypatch.setattr("gaitheat.importing.conversion.PIECE", 7)
    for one, other in zip(whole, (converted(poses=POSES), converted(heatmaps=HEATMAPS)), strict=True):
        np.testing.assert_array_equal(one.heatmaps, other.heatmaps)
        np.testing.assert_array_equal(one.keypoints, other.keypoints)


def test_the_crop_follows_the_camera_that_zooms() -> None:
    scale = np.linspace(1, 2, 30)[:, None]
    poses = POSES.copy()
    poses[..., 0], poses[..., 1] = poses[..., 0] * scale, poses[..., 1] * scale
    clip = converted(heatmaps=HEATMAPS, poses=poses)
    assert off_the_peaks(clip) < 0.25
