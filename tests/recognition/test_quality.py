"""What is said of a clip: everything that is wrong with it, in words, and from where the person is seen."""

from dataclasses import replace

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import Clip
from gaitheat.recognition.quality import Quality, quality_of
from halves import Halves

LEFT, RIGHT = [5, 7, 9, 11, 13, 15], [6, 8, 10, 12, 14, 16]


def walker(frames: int = 60, angle: float = 90.0, speed: float = 1.0) -> Clip:
    """Somebody who walks, turned by so many degrees: 0 towards the camera, 90 to the right, 180 away."""
    clip = make_clip(frames)
    assert clip.world is not None
    forward, up = speed * (clip.world[..., 0] - clip.world[..., 0].mean(axis=0)), clip.world[..., 1]
    to_the_left = np.zeros_like(forward)
    to_the_left[:, LEFT], to_the_left[:, RIGHT] = 0.15, -0.15
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    world = np.stack(
        [sine * forward + cosine * to_the_left, up, sine * to_the_left - cosine * forward], axis=2
    )
    return replace(clip, world=world.astype(np.float32))


def the_reason(clip: Clip) -> str:
    quality = quality_of(clip)
    (reason,) = quality.reasons
    assert (quality.usable, quality.score) == (False, 0.0)
    return reason


def test_a_good_walk_is_usable() -> None:
    quality = quality_of(walker())
    assert (quality.usable, quality.reasons, quality.walking) == (True, (), True)
    assert (quality.frames, quality.view) == (60, "from the side")
    assert quality.seconds == pytest.approx(59 / 25)
    assert 0.5 < quality.score <= 1


@pytest.mark.parametrize(
    ("angle", "view"),
    [
        (0, "from the front"),
        (45, "obliquely from the front"),
        (90, "from the side"),
        (135, "obliquely from behind"),
        (180, "from behind"),
        (225, "obliquely from behind"),
        (270, "from the side"),
        (315, "obliquely from the front"),
    ],
)
def test_the_view_is_said_in_words(angle: float, view: str) -> None:
    for off in (-15, 0, 15):
        quality = quality_of(walker(angle=angle + off))
        assert (quality.view, quality.usable) == (view, True)


def test_without_joints_in_space_the_view_is_unknown_but_the_walk_is_seen() -> None:
    quality = quality_of(replace(walker(), world=None))
    assert (quality.view, quality.usable) == ("unknown", True)


def test_less_than_a_stride_is_too_short() -> None:
    assert the_reason(walker(frames=20)).startswith("too short: 0.8 s")
    assert quality_of(walker(frames=26)).usable


def test_a_longer_walk_is_worth_more() -> None:
    worth = [quality_of(walker(frames)).score for frames in (26, 40, 50, 60)]
    assert worth == sorted(worth)
    assert worth[0] < worth[-1]


def test_somebody_far_away_is_too_small() -> None:
    clip = walker()
    height = quality_of(clip).height
    keypoints = clip.keypoints.copy()
    keypoints[..., :2] *= 30 / height
    assert the_reason(replace(clip, keypoints=keypoints)) == (
        "too small: 30 pixels from head to foot, 36 are needed"
    )


def test_legs_behind_a_counter_are_not_seen() -> None:
    clip = walker()
    keypoints = clip.keypoints.copy()
    keypoints[:36, 13:, 2] = 0.1
    assert the_reason(replace(clip, keypoints=keypoints)) == "legs not seen: in 60% of the pictures"


def test_somebody_who_is_hidden_most_of_the_time_is_half_hidden() -> None:
    clip = walker(frames=300).take(np.arange(0, 300, 7))
    refused = {"hidden by another person": 200, "person flag low": 57}
    assert the_reason(replace(clip, refused=refused)) == (
        "half hidden: 4 usable pictures/s, 5 are needed (hidden by another person)"
    )


def test_who_stands_does_not_walk() -> None:
    reason = the_reason(walker(speed=0.1))
    assert reason.startswith("not walking: feet move 0.1")
    assert "sitting" not in reason


def test_who_sits_is_said_to_sit() -> None:
    clip = walker(speed=0.1)
    assert clip.world is not None
    world = clip.world.copy()
    for hips, knees, ankles in ((11, 13, 15), (12, 14, 16)):
        thigh = world[:, knees, 1] - world[:, hips, 1]
        world[:, knees] = world[:, hips] + np.stack([thigh, 0 * thigh, 0 * thigh], axis=1)
        world[:, ankles] = world[:, knees] + np.stack([0 * thigh, thigh, 0 * thigh], axis=1)
    assert the_reason(replace(clip, world=world)).endswith("(sitting)")


def test_who_runs_does_not_walk() -> None:
    assert the_reason(walker(speed=3)).startswith("running: feet move ")


def test_everything_that_is_wrong_is_said() -> None:
    clip = walker(frames=20)
    keypoints = clip.keypoints.copy()
    keypoints[..., :2] /= 10
    reasons = quality_of(replace(clip, keypoints=keypoints)).reasons
    assert [reason.split(":")[0] for reason in reasons] == ["too short", "too small"]


def test_of_real_people_the_walker_is_usable_and_the_stander_is_not(demo_halves: Halves) -> None:
    walking: list[Quality] = [quality_of(clip) for clip in (demo_halves.walker, demo_halves.walker_again)]
    assert [(quality.usable, quality.view) for quality in walking] == 2 * [(True, "from the side")]
    assert the_reason(demo_halves.stander).startswith("not walking: feet move ")
