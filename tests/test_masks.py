"""Masks in numbers and in pictures: a constant one is seen at once."""

import numpy as np
import pytest

from gaitheat.masks import CONSTANT, Attended, mask_colours, mask_figures, mask_sheet
from gaitheat.painting import ALARM
from gaitheat.skeleton import JOINTS

FRAMES, SHAPE = 3, (3, len(JOINTS), 64, 48)


def attended(masks: np.ndarray, share: float = 0.5) -> Attended:
    maps = np.random.default_rng(0).random(SHAPE, np.float32)
    maps[:, 4] = 0
    masks = np.broadcast_to(masks, SHAPE).astype(np.float32)
    return Attended(maps, masks, maps * np.float32(share) + np.float32(1 - share) * masks * maps)


def alarming(picture: np.ndarray) -> int:
    return int((picture == np.array(ALARM)).all(2).sum())


def test_a_constant_mask_is_told() -> None:
    constant = attended(np.full(1, 0.25))
    figures = mask_figures(constant)
    assert [figure.joint for figure in figures] == list(JOINTS)
    for figure in figures:
        assert (figure.mean, figure.deviation, figure.change) == pytest.approx((0.25, 0, 0), abs=1e-6)
        assert figure.kept is None or figure.kept == pytest.approx(0.5 + 0.5 * 0.25)
    assert figures[4].kept is None
    varied = attended(np.linspace(0, 1, 48))
    assert alarming(mask_sheet(constant, "clip", "net")) > 100
    assert alarming(mask_sheet(varied, "clip", "net")) == 0


def test_deviation_over_space_and_change_over_time_are_apart() -> None:
    across, flicker = np.zeros(48), np.zeros((FRAMES, 1, 1, 1))
    across[24:], flicker[0] = 1, 1
    space, time = (mask_figures(attended(masks))[0] for masks in (across, flicker))
    assert (space.mean, space.deviation, space.change) == pytest.approx((0.5, 0.5, 0))
    assert (time.mean, time.deviation, time.change) == pytest.approx((1 / 3, 0, np.sqrt(2) / 3))
    assert space.deviation > CONSTANT > time.deviation


def test_what_is_damped_looks_darker() -> None:
    half = np.concatenate([np.zeros(24), np.ones(24)])
    bright, dark = (mask_sheet(attended(half, share), "clip", "net") for share in (1.0, 0.0))
    assert bright.shape == dark.shape
    assert dark.astype(int).sum() < bright.astype(int).sum()


def test_colours_rise_from_0_to_1() -> None:
    (row,) = mask_colours(np.linspace(0, 1, 20, dtype=np.float32)[None])
    light = row.astype(int) @ (299, 587, 114)
    assert (np.diff(light) > 0).all()
