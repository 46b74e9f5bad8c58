"""A look at one picture: everybody once, nobody who is not there, the right place after a bad crop."""

import warnings

import numpy as np
import pytest
from fakes import BlobDetector, BlobEstimator, DrawnVideo, Person, walking

from gaitheat.frames import Frame
from gaitheat.video.boxes import Places
from gaitheat.video.look import distinct, estimate, hidden_people, look, measure
from gaitheat.video.protocols import Detections, Poses

NOBODY = np.zeros((0, 4), np.float32)


def picture(*people: Person) -> Frame:
    return next(iter(DrawnVideo(people, [0.0])))


def person(x: float, height: float = 60, colour: int = 0, score: float = 0.9) -> Person:
    return Person(walking(x, 0, height=height), colour, score)


def boxes(*people: tuple[float, ...]) -> np.ndarray:
    return np.array(people, np.float32)


def test_the_box_of_a_pose_is_the_person() -> None:
    seen = look(picture(person(50)), NOBODY, BlobEstimator(), BlobDetector())
    np.testing.assert_allclose(seen.boxes, [(41, 30, 59, 90)], atol=1)
    np.testing.assert_allclose(seen.scores, 0.9, atol=0.01)


@pytest.mark.parametrize("shift", [(0, 0), (8, 0), (0, 15), (-9, -15)])
def test_even_a_bad_guess_leads_to_the_right_box(shift: tuple[float, float]) -> None:
    guess = boxes((41, 30, 59, 90)) + np.float32(2 * shift)
    seen = measure(picture(person(50)), Detections(guess, np.ones(1, np.float32)), BlobEstimator())
    np.testing.assert_allclose(seen.boxes, [(41, 30, 59, 90)], atol=1.5)


def test_nobody_is_where_nobody_is() -> None:
    expected = boxes((100, 30, 118, 90))
    seen = look(picture(person(30)), expected, BlobEstimator())
    assert len(seen.boxes) == 0
    assert len(look(picture(), NOBODY, BlobEstimator(), BlobDetector()).boxes) == 0


def test_who_is_expected_and_found_is_one_person_with_the_better_score() -> None:
    seen = look(picture(person(50)), boxes((42, 31, 60, 91)), BlobEstimator(), BlobDetector())
    assert len(seen.boxes) == 1
    np.testing.assert_allclose(seen.scores, 0.9, atol=0.01)


def test_who_is_expected_stays_weak_where_the_detector_finds_nobody() -> None:
    seen = look(picture(person(50)), boxes((42, 31, 60, 91)), BlobEstimator())
    assert len(seen.boxes) == 1
    assert seen.scores[0] < 0.3


def test_newcomers_are_found_besides_those_who_are_expected() -> None:
    frame = picture(person(30), person(110, colour=1))
    seen = look(frame, boxes((21, 30, 39, 90)), BlobEstimator(), BlobDetector())
    np.testing.assert_allclose(np.sort(seen.boxes[:, 0]), [21, 101], atol=1)


def test_a_part_of_a_person_is_not_another_person() -> None:
    whole, upper, beside = (20, 10, 40, 80), (22, 10, 38, 50), (60, 10, 80, 80)
    people = Detections(boxes(upper, whole, beside), np.array([0.9, 0.2, 0.5], np.float32))
    assert {tuple(box) for box in distinct(people).boxes} == {whole, beside}
    nobody = Detections(NOBODY, np.zeros(0, np.float32))
    assert distinct(nobody).boxes.shape == (0, 4)


def test_people_who_touch_are_two() -> None:
    frame = picture(person(50), person(68, colour=1))
    seen = look(frame, NOBODY, BlobEstimator(), BlobDetector())
    assert len(seen.boxes) == 2


def test_of_two_tracks_on_one_person_the_farther_one_is_hidden() -> None:
    frame = picture(person(50))
    at = Places(np.array([[50.0, 60.0], [58.0, 60.0]]), np.array([60.0, 60.0]))
    affines, poses = estimate([frame.rgb] * 2, at, BlobEstimator())
    both_here = hidden_people(poses, affines, np.array([0, 0]), at)
    assert both_here.tolist() == [False, True]
    elsewhere = hidden_people(poses, affines, np.array([0, 1]), at)
    assert elsewhere.tolist() == [False, False]


def test_both_ways_of_preprocessing_tell_the_same_places() -> None:
    frame = picture(person(50))
    at = Places(np.array([[52.0, 58.0]]), np.array([60.0]))
    (wanted, direct), (same, resized) = (
        estimate([frame.rgb], at, BlobEstimator(), way) for way in ("rgb", "heatmap")
    )
    np.testing.assert_array_equal(wanted, same)
    np.testing.assert_allclose(direct.keypoints, resized.keypoints, atol=0.5)
    peaks = [maps.reshape(17, -1).argmax(axis=1) for maps in (direct.heatmaps[0], resized.heatmaps[0])]
    rows, columns = (
        np.abs(np.subtract(*pair)) for pair in zip(*(np.divmod(p, 48) for p in peaks), strict=True)
    )
    assert max(rows.max(), columns.max()) <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_joints_that_are_no_numbers_are_nobody(value: float) -> None:
    class Broken(BlobEstimator):
        def __call__(self, crops: np.ndarray) -> Poses:
            poses = super().__call__(crops)
            poses.keypoints[:, 5, 0] = value
            return poses

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = look(picture(person(50)), boxes((41, 30, 59, 90)), Broken(), BlobDetector())
    assert len(seen.boxes) == 0
