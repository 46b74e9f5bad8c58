"""Tight silhouettes: against a slow obvious version, and what must make no difference to them."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.silhouettes import LEAST_MASS, TIGHT_HEIGHT, TIGHT_WIDTH, tight


def bodies(frames: int = 5, seed: int = 0) -> np.ndarray:
    clip = make_clip(frames, seed)
    assert clip.silhouettes is not None
    return clip.silhouettes


def block(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros((1, 128, 96), np.uint8)
    mask[0, top:bottom, left:right] = 255
    return mask


def slowly(mask: np.ndarray) -> np.ndarray:
    """Every cell by itself, as the mean of 40 x 40 points in it."""
    picture = mask.astype(float)
    rows = [row for row in range(len(picture)) if picture[row].sum() >= 255 * LEAST_MASS]
    top, step = rows[0], (rows[-1] + 1 - rows[0]) / TIGHT_HEIGHT
    columns = np.cumsum(picture[rows[0] : rows[-1] + 1].sum(0))
    after = next(column for column, mass in enumerate(columns) if mass >= columns[-1] / 2)
    before = columns[after - 1]
    middle = after + (columns[-1] / 2 - before) / (columns[after] - before)
    cells = np.zeros((TIGHT_HEIGHT, TIGHT_WIDTH))
    points = (np.arange(40) + 0.5) / 40
    for row, column in np.ndindex(*cells.shape):
        y = np.floor(top + step * (row + points)).astype(int)
        x = np.floor(middle + step * (column - TIGHT_WIDTH / 2 + points)).astype(int)
        inside = (x >= 0) & (x < picture.shape[1])
        values = np.where(inside, picture[np.ix_(y, np.clip(x, 0, picture.shape[1] - 1))], 0)
        cells[row, column] = values.mean()
    return cells


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_what_a_slow_version_cuts(seed: int) -> None:
    (mask,) = bodies(1, seed)
    assert np.abs(tight(mask[None])[0] - slowly(mask)).max() < 4


def test_the_body_reaches_from_the_first_row_to_the_last_and_its_mass_is_centred() -> None:
    for cut in tight(bodies()).astype(float):
        assert cut.shape == (64, 44)
        assert cut[[0, -1]].any(1).all()
        below = cut.sum(0).cumsum()
        assert below[21] == pytest.approx(below[-1] / 2, rel=0.01)


def test_the_aspect_is_kept() -> None:
    # 96 rows become 64, so that 30 columns become 20.
    (cut,) = tight(block(16, 112, 40, 70))
    wanted = np.zeros((64, 44))
    wanted[:, 12:32] = 255
    assert (cut == wanted).all()


def test_neither_place_nor_size_make_a_difference() -> None:
    small = bodies(1)
    moved = np.roll(small, (3, 9), axis=(1, 2))
    assert np.abs(tight(moved).astype(int) - tight(small)).max() <= 1
    large = tight(block(10, 120, 30, 50)).astype(int)
    assert np.abs(large - tight(block(30, 85, 60, 70))).max() <= 1


def test_it_commutes_with_the_mirror() -> None:
    masks = bodies()
    assert np.abs(tight(masks[..., ::-1]).astype(int) - tight(masks)[..., ::-1]).max() <= 1


def test_specks_do_not_decide_the_cut() -> None:
    clean = bodies(1)
    specked = clean.copy()
    specked[0, 2, 40] = specked[0, 126, 50] = 255
    assert np.abs(tight(specked).astype(int) - tight(clean)).max() <= 1


def test_a_wide_body_loses_what_is_beyond_the_columns_and_outside_is_zero() -> None:
    (cut,) = tight(block(0, 64, 0, 96))
    assert (cut == 255).all()
    (cut,) = tight(block(0, 64, 0, 30))
    assert (cut[:, 7:37] == 255).all()
    assert not cut[:, :7].any()
    assert not cut[:, 37:].any()


def test_soft_edges_stay_soft() -> None:
    cut = tight(bodies())
    assert ((cut > 0) & (cut < 255)).mean() > 0.02


def test_a_frame_without_a_body_shows_the_nearest_one_that_has_one() -> None:
    masks = bodies(6)
    masks[[0, 2, 3]] = 0
    cut = tight(masks)
    there = tight(masks[[1, 4, 5]])
    assert (cut == there[[0, 0, 0, 1, 1, 2]]).all()


def test_of_two_equally_near_the_earlier_is_shown() -> None:
    masks = bodies(3)
    masks[1] = 0
    assert (tight(masks)[1] == tight(masks)[0]).all()


def test_nobody_stays_nobody() -> None:
    cut = tight(np.zeros((3, 128, 96), np.uint8))
    assert cut.shape == (3, 64, 44)
    assert not cut.any()
