"""Controls take out what they say, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from factories import make_clip, make_key
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.controls import CONTROLS, control_called, one_frame, proportions, reshaped, shuffled
from gaitheat.skeleton import SHOULDERS


def peaks(clip) -> np.ndarray:
    """Where each map is highest, as x and y."""
    flat = clip.heatmaps.reshape(len(clip), 17, -1).argmax(2)
    return np.stack([flat % 48, flat // 48], axis=2)


def test_one_frame_is_the_middle_one():
    clip = make_clip(9)
    one = one_frame(clip)
    assert len(one) == 1
    assert np.array_equal(one.heatmaps[0], clip.heatmaps[4])


def test_shuffled_frames_are_the_same_frames_at_the_same_times_and_always_in_the_same_order():
    clip = make_clip(20)
    mixed = shuffled(clip)
    assert np.array_equal(mixed.times, clip.times)
    order = [int(np.flatnonzero((clip.keypoints == frame).all((1, 2)))[0]) for frame in mixed.keypoints]
    assert sorted(order) == list(range(20))
    assert order != list(range(20))
    for name in ("heatmaps", "crop", "present", "silhouettes", "world", "phase"):
        assert np.array_equal(getattr(mixed, name), getattr(clip, name)[order]), name
    assert np.array_equal(shuffled(clip).heatmaps, mixed.heatmaps)
    other = shuffled(replace(clip, key=make_key("bert")))
    assert not np.array_equal(other.keypoints, mixed.keypoints)
    assert shuffled(replace(clip, silhouettes=None, world=None, phase=None)).silhouettes is None


def test_a_reshaped_body_has_the_wanted_proportions_and_its_own_length():
    clip, other = make_clip(20, seed=1), make_clip(20, seed=2)
    wanted, own = proportions(other), proportions(clip)
    assert np.abs(np.array(own) / own.body - np.array(wanted) / wanted.body).max() > 0.005
    changed = reshaped(clip, wanted)
    got = proportions(changed)
    assert np.array(got) / got.body == pytest.approx(np.array(wanted) / wanted.body, abs=2e-3)
    assert got.body == pytest.approx(own.body, rel=5e-3)
    assert changed.world is None


def test_maps_and_silhouettes_follow_the_keypoints_and_the_neck_stays():
    clip = make_clip(20, seed=1)
    own = proportions(clip)
    changed = reshaped(
        clip, own._replace(thighs=1.2 * own.thighs, trunk=0.8 * own.trunk, shoulders=1.5 * own.shoulders)
    )
    points = changed.keypoints_on_maps()[..., :2]
    assert np.abs(peaks(changed) - points).max() < 1.2
    necks = [each.keypoints_on_maps()[:, SHOULDERS, :2].mean(1) for each in (clip, changed)]
    assert necks[1] == pytest.approx(necks[0], abs=1e-3)
    for frame in range(0, 20, 5):
        for joint in (11, 12, 13, 14):
            x, y = np.rint(2 * points[frame, joint] + 0.5).astype(int)
            assert changed.silhouettes[frame, y - 2 : y + 3, x - 2 : x + 3].max() > 200


def test_with_its_own_proportions_a_clip_stays_as_it_is():
    clip = make_clip(10)
    same = reshaped(clip, proportions(clip))
    assert same.keypoints == pytest.approx(clip.keypoints, abs=1e-2)
    for name in ("heatmaps", "silhouettes"):
        change = getattr(same, name).astype(int) - getattr(clip, name)
        assert np.abs(change).max() <= 3, name


def test_no_bone_is_stretched_beyond_reason():
    clip = make_clip(5)
    own = proportions(clip)
    got = proportions(reshaped(clip, own._replace(head=9 * own.head)))
    assert got.head == pytest.approx(2 * own.head, rel=1e-3)


def test_without_proportions_all_whom_a_camera_saw_have_its_mean_body():
    clips = [make_clip(12, seed, key=make_key(take=f"{seed % 2:02d}", track=seed)) for seed in range(6)]
    change = CONTROLS["no-proportions"](clips, lambda key: key.take)
    bodies = [np.array(body) / body.body for body in map(proportions, map(change, clips))]
    for camera in (0, 1):
        expected = np.mean([np.array(p) / p.body for p in map(proportions, clips[camera::2])], axis=0)
        for body in bodies[camera::2]:
            assert body == pytest.approx(expected, abs=4e-3)


def test_the_other_controls_read_no_clips_in_advance():
    def clips():
        raise AssertionError("nobody should look")
        yield

    for name, change in (("one-frame", one_frame), ("shuffled", shuffled)):
        assert CONTROLS[name](clips(), str) is change
    with pytest.raises(GaitheatError, match="no control is called 'none': expected one of one-frame"):
        control_called("none")
