"""What is no whole person never becomes part of a clip, and is counted with its reason."""

import numpy as np
import pytest
from fakes import BlobEstimator, DrawnVideo, Person, walking

from factories import ESTIMATOR, make_key
from gaitheat.clips import Clip, Refusal
from gaitheat.video.boxes import Places
from gaitheat.video.collect import EDGE, MIN_FRAMES, PosedFrame, collect, edge_contact, image_keypoints
from gaitheat.video.crop import heatmap_affines
from gaitheat.video.look import estimate

PICTURE = (160, 120)


def posed(
    x: float = 80, count: int = 1, first: int = 0, hidden: bool = False, **changes: object
) -> list[PosedFrame]:
    """Frames of a person of 60 pixels who stands at x; changes replace parts of the estimator's answer."""
    rgb = DrawnVideo([Person(walking(80, 0))], []).draw(0)
    _, poses = estimate([rgb], Places(np.array([[80.0, 60.0]]), np.array([60.0])), BlobEstimator())
    moved = heatmap_affines(Places(np.array([[x, 60.0]]), np.array([60.0])))
    poses = poses._replace(**changes)
    return [PosedFrame((first + number) / 25, moved[0], poses, PICTURE, hidden) for number in range(count)]


def gathered(frames: list[PosedFrame]) -> Clip | Refusal:
    return collect(frames, make_key(), "drawn", "f" * 64, ESTIMATOR)


def broken(value: float, joint: int = 5, part: int = 0) -> np.ndarray:
    points = posed()[0].pose.keypoints.copy()
    points[0, joint, part] = value
    return points


FLAG = {"present": np.array([0.4], np.float32)}
FAULTS = {
    "person flag low": lambda count, first: posed(count=count, first=first, **FLAG),
    "hidden by another person": lambda count, first: posed(count=count, first=first, hidden=True),
    "partly outside the picture": lambda count, first: posed(x=2, count=count, first=first),
    "keypoints not finite": lambda count, first: posed(count=count, first=first, keypoints=broken(np.nan)),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_bad_frames_leave_holes_and_are_counted(reason: str) -> None:
    clip = gathered([*posed(count=10), *FAULTS[reason](4, 10), *posed(count=9, first=14)])
    assert isinstance(clip, Clip)
    assert clip.refused == {reason: 4}
    np.testing.assert_allclose(clip.times, [*np.arange(10) / 25, *np.arange(14, 23) / 25])


@pytest.mark.parametrize("reason", FAULTS)
def test_a_track_of_bad_frames_is_refused_for_what_is_wrong_with_most(reason: str) -> None:
    refusal = gathered([*posed(count=5), *FAULTS[reason](30, 5)])
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.frames) == (reason, 35)


def test_a_frame_with_several_faults_counts_once() -> None:
    everything = posed(x=0, count=6, first=20, hidden=True, keypoints=broken(np.inf), **FLAG)
    clip = gathered([*posed(count=20), *everything, *posed(x=0, count=3, first=30, hidden=True)])
    assert isinstance(clip, Clip)
    assert clip.refused == {"keypoints not finite": 6, "hidden by another person": 3}


@pytest.mark.parametrize(
    ("value", "part"),
    [(value, part) for value in (np.nan, np.inf, -np.inf) for part in range(3)] + [(3e38, 0), (-3e38, 1)],
)
def test_what_is_no_number_is_never_stored(value: float, part: int) -> None:
    """3e38 is a number on the maps, but none any more in the picture."""
    bad = posed(count=5, first=20, keypoints=broken(value, joint=0, part=part))
    clip = gathered([*posed(count=20), *bad])
    assert isinstance(clip, Clip)
    assert len(clip) == 20
    assert np.isfinite(clip.keypoints).all()


def test_a_flag_or_a_joint_in_space_that_is_no_number_is_refused() -> None:
    flag = posed(count=5, first=20, present=np.array([np.nan], np.float32))
    assert gathered([*posed(count=20), *flag]).refused == {"keypoints not finite": 5}
    space = np.zeros((1, 17, 3), np.float32)
    bad = posed(count=5, first=20, world=space + np.float32(np.inf))
    assert gathered([*posed(count=20, world=space), *bad]).refused == {"keypoints not finite": 5}


def test_too_short() -> None:
    assert isinstance(gathered(posed(count=MIN_FRAMES)), Clip)
    refusal = gathered(posed(count=MIN_FRAMES - 1))
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.frames) == ("too short", MIN_FRAMES - 1)
    mostly_good = gathered([*posed(count=8), *posed(count=5, first=8, hidden=True)])
    assert (mostly_good.reason, mostly_good.frames) == ("too short", 13)
    assert gathered([]).reason == "no frames"


def test_keypoints_are_told_in_the_picture() -> None:
    frame = posed(x=100)[0]
    points = image_keypoints(frame.pose, frame.affine[None])
    drawn = image_keypoints(posed(x=80)[0].pose, posed(x=80)[0].affine[None])
    np.testing.assert_allclose(points[..., :2], drawn[..., :2] + [20, 0], atol=1e-3)
    clip = gathered(posed(x=100, count=12))
    np.testing.assert_allclose(clip.keypoints[0], points[0])
    np.testing.assert_allclose(clip.keypoints_on_maps()[0], frame.pose.keypoints[0], atol=1e-3)


HEIGHT, WIDTH = 64 / 1.25, 0.3 * 64 / 1.25


@pytest.mark.parametrize(
    ("x", "y", "cells"),
    [
        *((80, 60, 0), (14, 60, 0), (146, 60, 0), (80, 34, 0)),
        *((4, 60, HEIGHT), (156, 60, HEIGHT), (80, 20, WIDTH), (80, 100, WIDTH)),
    ],
)
def test_a_silhouette_that_is_cut_by_the_edge_touches_it(x: float, y: float, cells: float) -> None:
    """At a side of the picture the body's whole height touches, above and below its width."""
    body = DrawnVideo([Person(walking(x, 0, y=y))], []).draw(0)
    affines, poses = estimate([body], Places(np.array([[x, y]]), np.array([60.0])), BlobEstimator())
    assert edge_contact(poses.silhouettes, affines, np.array([PICTURE]))[0] == pytest.approx(cells, abs=1.5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_half_a_person_is_refused_though_the_estimator_guesses_a_whole_one(side: str) -> None:
    x = 3.0 if side == "left" else 157.0
    body = DrawnVideo([Person(walking(x, 0))], []).draw(0)
    at = Places(np.array([[x, 60.0]]), np.array([60.0]))
    affines, poses = estimate([body], at, BlobEstimator())
    sure = poses._replace(present=np.ones(1, np.float32))
    frames = [PosedFrame(number / 25, affines[0], sure, PICTURE, False) for number in range(20)]
    points = image_keypoints(sure, affines)
    assert (points[..., 0] > -3).all()
    assert (points[..., 0] < 163).all()
    assert edge_contact(sure.silhouettes, affines, np.array([PICTURE]))[0] > EDGE
    refusal = gathered(frames)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "partly outside the picture"


def test_an_estimator_without_silhouettes_is_judged_by_its_joints() -> None:
    assert isinstance(gathered(posed(count=12, silhouettes=None)), Clip)
    assert gathered(posed(x=0, count=12, silhouettes=None)).reason == "partly outside the picture"
