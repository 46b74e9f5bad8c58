"""Where the detectors look, and that they find each person once, whatever the shape of the picture."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gaitheat.video.boxes import overlaps
from gaitheat.video.detector import OVERLAP, BlazePoseDetector, SsdLite, suppress, tiles
from gaitheat.video.protocols import Detections, Detector
from gaitheat.video.reader import open_source
from gaitheat.video.tracker import START_SCORE

SIZES = [
    (160, 120),
    (640, 480),
    (1768, 994),
    (1920, 1080),
    (1000, 500),
    (1999, 1000),
    (3000, 1000),
    (500, 1000),
]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_squares_cover_the_picture_and_share_a_fifth_with_their_neighbours(width: int, height: int) -> None:
    short, squares = min(width, height), tiles(width, height)
    covered = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in squares:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        covered[y0:y1, x0:x1] = True
    assert covered.all()
    along = 0 if width > height else 1
    for one, other in pairwise(squares):
        assert max(one[2] - one[0], one[3] - one[1]) == short
        assert one[along + 2] - other[along] >= 0.2 * short - 1


def test_an_ordinary_picture_is_looked_at_whole() -> None:
    assert tiles(640, 480) == [(0, 0, 640, 480)]
    assert len(tiles(1920, 1080)) == 2


def test_suppression_is_greedy_by_score() -> None:
    random = np.random.default_rng(0)
    low = random.uniform(0, 50, (40, 2))
    boxes = np.hstack([low, low + random.uniform(10, 40, (40, 2))]).astype(np.float32)
    scores = random.permutation(np.linspace(0.2, 0.99, 40)).astype(np.float32)
    kept: list[int] = []
    for index in np.argsort(-scores):
        if all(overlaps(boxes[[index]], boxes[[other]])[0, 0] <= OVERLAP for other in kept):
            kept.append(int(index))
    found = suppress(Detections(boxes, scores), OVERLAP)
    np.testing.assert_array_equal(found.boxes, boxes[kept])
    np.testing.assert_array_equal(found.scores, scores[kept])


def test_nobody_to_suppress() -> None:
    found = suppress(Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)), OVERLAP)
    assert found.boxes.shape == (0, 4)


@pytest.fixture(scope="session")
def both(small_demo: Path) -> np.ndarray:
    """A picture in which the man stands and the woman walks."""
    return next(iter(open_source(small_demo, start=41))).rgb


def test_it_finds_everybody_once(detector: SsdLite, both: np.ndarray) -> None:
    assert isinstance(detector, Detector)
    found = detector(both)
    sure = found.boxes[found.scores > 0.3]
    assert len(sure) == 2
    assert (np.diff(found.scores) <= 0).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [884, 496, 884, 496]).all()
    again = detector(both)
    np.testing.assert_array_equal(found.boxes, again.boxes)


@pytest.mark.parametrize("shape", [(1, 1), (40, 30), (496, 2000), (2000, 300)])
def test_in_a_black_picture_of_any_shape_nobody_starts_a_track(
    detector: SsdLite, shape: tuple[int, int]
) -> None:
    assert detector(np.zeros((*shape, 3), np.uint8)).scores.max(initial=0) < START_SCORE


def test_somebody_on_the_seam_of_two_squares_is_one(detector: SsdLite, both: np.ndarray) -> None:
    """A picture twice as wide as high, with the same person at many places along it."""
    person = max(detector(both).boxes.tolist(), key=lambda box: box[3] - box[1])
    x0, x1 = max(int(person[0]) - 30, 0), int(person[2]) + 30
    piece = both[:, x0:x1]
    for at in range(300, 700 - piece.shape[1], 60):
        wide = np.full((496, 992, 3), 128, np.uint8)
        wide[:, at : at + piece.shape[1]] = piece
        found = detector(wide)
        assert (found.scores > 0.3).sum() == 1


@pytest.fixture(scope="session")
def blazepose_detector(assets: dict[str, Path]) -> BlazePoseDetector:
    return BlazePoseDetector(runtime="litert")


def test_blazeposes_own_finds_the_same_people(
    detector: SsdLite, blazepose_detector: BlazePoseDetector, both: np.ndarray
) -> None:
    assert isinstance(blazepose_detector, Detector)
    found, expected = blazepose_detector(both), detector(both)
    sure = found.boxes[found.scores > START_SCORE]
    assert len(sure) == 2
    assert (np.diff(found.scores) <= 0).all()
    assert (overlaps(expected.boxes[expected.scores > 0.3], sure).max(axis=1) > OVERLAP).all()


def test_blazeposes_own_finds_them_under_either_runtime(
    blazepose_detector: BlazePoseDetector, both: np.ndarray
) -> None:
    found, expected = blazepose_detector(both), BlazePoseDetector(runtime="openvino")(both)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.05)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


@pytest.mark.parametrize("shape", [(496, 700), (700, 496), (496, 992), (900, 500)])
@pytest.mark.parametrize("at", [(0, 0), (60, 100), (190, 180)])
def test_boxes_move_with_the_person(
    blazepose_detector: BlazePoseDetector, both: np.ndarray, shape: tuple[int, int], at: tuple[int, int]
) -> None:
    """The woman who walks, put into pictures of other shapes: roughly, joints measure her later."""
    x0, y0, x1, y1 = blazepose_detector(both).boxes[0]
    left, top = int(x0) - 50, int(y0) - 30
    piece = both[top : int(y1) + 20, left : int(x1) + 50]
    picture = np.full((*shape, 3), 128, np.uint8)
    picture[at[1] : at[1] + piece.shape[0], at[0] : at[0] + piece.shape[1]] = piece
    found = blazepose_detector(picture)
    (box,) = found.boxes[found.scores > START_SCORE]
    centre = np.array([x0 + x1, y0 + y1]) / 2 + at - [left, top]
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, centre, atol=0.25 * (y1 - y0))
    assert 0.7 < (box[3] - box[1]) / (y1 - y0) < 1.4


@pytest.mark.parametrize("shape", [(1, 1), (40, 30), (496, 2000), (2000, 300)])
def test_blazeposes_own_finds_nobody_in_the_dark(
    blazepose_detector: BlazePoseDetector, shape: tuple[int, int]
) -> None:
    assert blazepose_detector(np.zeros((*shape, 3), np.uint8)).scores.max(initial=0) < START_SCORE
