"""The estimator's errors, on clips whose errors are known because they were made here."""

from dataclasses import replace

import numpy as np
import pytest

from factories import make_clip, make_key
from gaitheat.clips import Clip
from gaitheat.skeleton import ANKLES, KNEES, MIRROR
from gaitheat.walkers.accuracy import Errors, by, errors, summary


def person() -> Clip:
    """Somebody in the middle of the frame, legs apart."""
    clip = make_clip(frames=4)
    points = np.zeros((4, 17, 3), np.float32)
    points[..., 0] = 24 + 4 * np.where(np.arange(17) % 2, 1, -1)
    points[..., 1] = np.linspace(10, 53.5, 17)
    points[..., 2] = 1
    silhouettes = np.zeros((4, 128, 96), np.uint8)
    silhouettes[:, 10:110, 30:60] = 255
    identity = np.tile(np.eye(2, 3, dtype=np.float32), (4, 1, 1))
    return replace(clip, keypoints=points, crop=identity, silhouettes=silhouettes)


def moved(clip: Clip, cells: float) -> Clip:
    points = clip.keypoints.copy()
    points[..., 0] += cells
    return replace(clip, keypoints=points)


def test_who_tells_the_truth_has_no_errors() -> None:
    found = errors(person(), person(), 4)
    assert not found.distance.any()
    assert not found.swapped.any()
    assert found.overlap == pytest.approx(1)


def test_distances_are_in_pixels_of_a_person_150_pixels_tall() -> None:
    # The joints span 43.5 cells, 87 % of 50: a cell is 3 pixels of such a person.
    found = errors(moved(person(), 2.0), person(), 4)
    assert found.distance == pytest.approx(6.0)


def test_exchanged_legs_are_noticed_where_they_are_apart() -> None:
    truth = person()
    points = truth.keypoints.copy()
    legs = [*KNEES, *ANKLES]
    points[1, legs] = truth.keypoints[1, [MIRROR[joint] for joint in legs]]
    found = errors(replace(truth, keypoints=points), truth, 4)
    assert found.swapped.tolist() == [False, True, False, False]
    assert found.apart.all()


def test_overlap_is_intersection_over_union() -> None:
    half = replace(
        person(), silhouettes=np.where(np.arange(96) < 45, person().silhouettes, 0).astype(np.uint8)
    )
    assert errors(half, person(), 4).overlap == pytest.approx(0.5)


def test_lost_frames_and_lost_recordings_count_as_not_detected() -> None:
    some = errors(person(), person(), 8)
    assert summary("all", [some], []).detected == pytest.approx(0.5)
    assert summary("all", [some], [8]).detected == pytest.approx(0.25)


def test_groups_are_told_apart() -> None:
    def of_view(view: str, cells: float) -> Errors:
        key = replace(make_key(), view=view)
        return errors(replace(moved(person(), cells), key=key), person(), 4)

    lost = {replace(make_key(), view="090"): 4, replace(make_key(), view="180"): 4}
    front, side, back = by(lambda key: key.view, [of_view("000", 0.0), of_view("090", 1.0)], lost)
    assert (front.group, front.mean, front.detected) == ("000", 0, 1)
    assert (side.group, side.mean, side.detected) == ("090", pytest.approx(3, abs=0.01), 0.5)
    assert (back.group, back.clips, back.detected, back.mean) == ("180", 0, 0, None)
