"""That the picture of an answer says what the numbers say."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.errors import GaitheatError
from gaitheat.match_figure import BAR, FIGURE_FRAMES, FIGURE_PEOPLE, NEAR, WIDTH, MeanMaps, match_figure
from gaitheat.painting import ALARM

PROBE = make_clip(20)
DISTANCES = [("Berta", 0.55), ("Anna", 0.21), ("Иван", 0.7)]
ANSWER = slice(0, 68)
BARS = (slice(112, None), slice(640, None))


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(2).sum())


def bar_lengths(figure: np.ndarray) -> list[int]:
    """Lengths of the bars from the top down, in pixels."""
    bars = ((figure[BARS] == NEAR).all(2) | (figure[BARS] == BAR).all(2)).sum(1)
    starts = np.flatnonzero(np.diff(np.r_[0, bars > 0]) == 1)
    return [int(bars[start + 8]) for start in starts]


def test_a_near_person_is_named_in_green_and_the_bars_are_in_order() -> None:
    figure = match_figure(PROBE, DISTANCES, 0.35)
    assert figure.shape[1] == WIDTH == 1200
    assert count(figure[ANSWER], NEAR) > 0
    assert count(figure[ANSWER], ALARM) == 0
    assert count(figure[BARS], NEAR) > 0
    lengths = bar_lengths(figure)
    assert np.array(lengths) / lengths[-1] == pytest.approx([0.3, 0.55 / 0.7, 1.0], abs=0.03)
    assert (figure == match_figure(PROBE, DISTANCES[::-1], 0.35)).all()


@pytest.mark.parametrize(("threshold", "known"), [(0.2, False), (0.21, True), (0.9, True)])
def test_beyond_the_threshold_is_unknown(threshold: float, known: bool) -> None:
    figure = match_figure(PROBE, DISTANCES, threshold)
    assert (count(figure[ANSWER], NEAR) > 0) == known
    assert (count(figure[ANSWER], ALARM) > 0) != known
    assert (count(figure[BARS], NEAR) > 0) == known


def test_a_large_gallery_is_cut_and_counted() -> None:
    many = [(f"person {number} " * 9, 0.1 + number / 50) for number in range(30)]
    figure = match_figure(PROBE, many, 0.05)
    assert len(bar_lengths(figure)) == FIGURE_PEOPLE
    assert figure.shape == match_figure(PROBE, many[:1], 0.05).shape


def test_pictures_and_mean_maps_are_shown() -> None:
    plain = match_figure(PROBE, DISTANCES, 0.35)
    red = np.full((256, 192, 3), (200, 0, 0), np.uint8)
    mean = np.rint(PROBE.heatmaps.mean(0)).astype(np.uint8)
    figure = match_figure(PROBE, DISTANCES, 0.35, [red] * FIGURE_FRAMES, MeanMaps(mean, mean))
    assert count(plain, (200, 0, 0)) == 0
    assert count(figure, (200, 0, 0)) > FIGURE_FRAMES * 108 * 144 / 2
    assert figure.shape == plain.shape


def test_a_clip_of_one_frame_and_distances_of_zero() -> None:
    assert match_figure(make_clip(1, silhouettes=False), [("Anna", 0.0)], 0.0).shape[1] == WIDTH


@pytest.mark.parametrize("distances", [[], [("Anna", float("nan"))], [("Anna", float("inf"))]])
def test_distances_that_are_none_are_errors(distances: list[tuple[str, float]]) -> None:
    with pytest.raises(GaitheatError, match="distances of a gallery"):
        match_figure(PROBE, distances, 0.35)


def test_another_number_of_pictures_is_an_error() -> None:
    with pytest.raises(GaitheatError, match="5 pictures, got 1"):
        match_figure(PROBE, DISTANCES, 0.35, [np.zeros((256, 192, 3), np.uint8)])
