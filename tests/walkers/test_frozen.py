"""The test worlds never change: who was measured on them yesterday can be compared with tomorrow's."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gaitheat.walkers.frozen import FROZEN, fingerprint
from gaitheat.walkers.walk import RenderedWalk, Walk
from gaitheat.walkers.worlds import KINDS, WORLDS

pytestmark = pytest.mark.usefixtures("assets")

PICTURES = Path(__file__).with_name("frozen.npz")
"""Some pictures of the frozen worlds at an eighth of their size."""
SHOWN = (
    Walk("walkers-1-indoor", "0001", "nm", "01", 36, 6),
    Walk("walkers-1-indoor", "0002", "bg", "01", 90, 6),
    Walk("walkers-1-street", "0001", "cl", "01", 120, 6),
    Walk("walkers-1-street", "0004", "nm", "05", 330, 6),
)


def small_picture(walk: Walk) -> np.ndarray:
    return cv2.resize(RenderedWalk(walk).picture(5).rgb, (40, 30), interpolation=cv2.INTER_AREA)


def test_every_test_world_is_frozen() -> None:
    assert set(FROZEN) == {f"walkers-1-{kind}" for kind in KINDS}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "walkers-1-street" else pytest.mark.slow)
        for name in sorted(FROZEN)
    ],
)
def test_a_frozen_world_is_what_it_was(name: str) -> None:
    assert fingerprint(WORLDS[name]) == FROZEN[name], (
        "the test worlds have changed: undo that, or give the new ones another name"
    )


def test_frozen_pictures_look_as_they_did() -> None:
    with np.load(PICTURES) as stored:
        for walk in SHOWN:
            apart = np.abs(small_picture(walk).astype(float) - stored[walk.name.replace("/", " ")])
            # Libraries round differently from version to version, by fractions of a grey level.
            assert apart.mean() < 1


def test_another_knob_is_another_world() -> None:
    world = WORLDS["walkers-1-indoor"]
    changed = replace(world, within=world.within + 0.01)
    assert fingerprint(changed, subjects=0) != fingerprint(world, subjects=0)
