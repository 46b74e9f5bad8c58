"""That the picture of an answer says what the numbers say."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.errors import GaitheatError
from gaitheat.match_figure import FAR, FIGURE_FRAMES, FIGURE_PEOPLE, NEAR, WIDTH, match_figure
from gaitheat.painting import ALARM

PROBE = make_clip(20)
SCORES = [("Berta", -0.5), ("Anna", -3.25), ("Иван", 0.7)]
ANSWER = slice(0, 68)
GALLERY = (slice(112, None), slice(640, None))


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(2).sum())


def points(figure: np.ndarray) -> list[tuple[float, bool]]:
    """Where the points are, in pixels from the left, from the top down, and whether they are green."""
    place = figure[GALLERY]
    near, far = ((place == colour).all(2) for colour in (NEAR, FAR))
    rows = np.flatnonzero(np.diff(np.r_[0, (near | far).any(1)].astype(int)) == 1) + 6
    return [(float(np.flatnonzero((near | far)[row]).mean()), bool(near[row].any())) for row in rows]


def test_a_near_person_is_named_in_green_and_points_stand_at_their_scores() -> None:
    figure = match_figure(PROBE, SCORES, -1.9)
    assert figure.shape[1] == WIDTH == 1200
    assert count(figure[ANSWER], NEAR) > 0
    assert count(figure[ANSWER], ALARM) == 0
    found = points(figure)
    assert [green for _, green in found] == [True, False, False]
    (anna, _), (berta, _), (ivan, _) = found
    assert anna > berta > ivan, "the nearer, the farther right"
    assert (berta - anna) / (ivan - anna) == pytest.approx((3.25 - 0.5) / (3.25 + 0.7), abs=0.02)
    assert (figure == match_figure(PROBE, SCORES[::-1], -1.9)).all()


@pytest.mark.parametrize(("limit", "known"), [(-3.25, False), (-3.2, True), (0.9, True), (-np.inf, False)])
def test_beyond_the_limit_is_unknown(limit: float, known: bool) -> None:
    figure = match_figure(PROBE, SCORES, limit)
    assert (count(figure[ANSWER], NEAR) > 0) == known
    assert (count(figure[ANSWER], ALARM) > 0) != known
    assert points(figure)[0][1] == known


def test_a_large_gallery_is_cut_and_counted() -> None:
    many = [(f"person {number} " * 9, 0.1 + number / 50) for number in range(30)]
    figure = match_figure(PROBE, many, 0.05)
    assert len(points(figure)) == FIGURE_PEOPLE
    assert figure.shape == match_figure(PROBE, many[:1], 0.05).shape


def test_pictures_are_shown() -> None:
    plain = match_figure(PROBE, SCORES, 0.35)
    red = np.full((256, 192, 3), (200, 0, 0), np.uint8)
    figure = match_figure(PROBE, SCORES, 0.35, [red] * FIGURE_FRAMES)
    assert count(plain, (200, 0, 0)) == 0
    assert count(figure, (200, 0, 0)) > FIGURE_FRAMES * 96 * 128 / 2
    assert figure.shape == plain.shape


def test_a_clip_of_one_frame_and_a_gallery_of_one_person() -> None:
    assert match_figure(make_clip(1, silhouettes=False), [("Anna", 0.0)], 0.5).shape[1] == WIDTH


@pytest.mark.parametrize("scores", [[], [("Anna", float("nan"))], [("Anna", float("inf"))]])
def test_scores_that_are_none_are_errors(scores: list[tuple[str, float]]) -> None:
    with pytest.raises(GaitheatError, match="scores of a gallery"):
        match_figure(PROBE, scores, 0.35)


def test_another_number_of_pictures_is_an_error() -> None:
    with pytest.raises(GaitheatError, match="6 pictures, got 1"):
        match_figure(PROBE, SCORES, 0.35, [np.zeros((256, 192, 3), np.uint8)])
