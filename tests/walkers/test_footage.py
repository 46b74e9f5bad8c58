"""Poor footage: another recording of the same walk, as a small, grey, compressed video would show it."""

from dataclasses import replace

import numpy as np
import pytest

from gaitheat.walkers.footage import COLOURED, poor
from gaitheat.walkers.profiles import PROFILES, walks
from gaitheat.walkers.walk import Walk, walk_called

WALK = Walk("walkers-1-indoor", "0003", "bg", "01", 90, 3)
POOR = replace(WALK, footage="poor")
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 255, (240, 320, 3)).astype(np.uint8)


def details(rgb: np.ndarray) -> float:
    """Mean difference of neighbouring pixels."""
    return float(np.abs(np.diff(rgb.astype(float), axis=1)).mean())


def test_it_is_a_recording_of_its_own_of_the_same_walk() -> None:
    assert POOR.key == replace(WALK.key, take="01p")
    assert walk_called(POOR.name) == POOR
    assert walk_called(WALK.name) == WALK
    assert POOR.open().sha256() != WALK.open().sha256()


@pytest.mark.usefixtures("assets")
def test_the_person_is_where_they_were() -> None:
    clean, bad = WALK.open(), POOR.open()
    assert np.array_equal(clean.film.joints, bad.film.joints)
    assert np.array_equal(clean.picture(0).mask, bad.picture(0).mask)
    first = next(iter(bad)).rgb
    assert first.shape == next(iter(clean)).rgb.shape
    assert not np.array_equal(first, next(iter(clean)).rgb)
    assert np.array_equal(first, next(iter(POOR.open())).rgb)


def test_details_are_lost_and_the_camera_stays_the_same() -> None:
    assert details(poor(NOISE, "one")) < details(NOISE) / 2
    assert np.array_equal(poor(NOISE, "one"), poor(NOISE, "one"))
    assert not np.array_equal(poor(NOISE, "one"), poor(NOISE, "other"))


def test_most_of_it_is_grey() -> None:
    colourful = np.zeros((240, 320, 3), np.uint8)
    colourful[..., 0] = 200
    pictures = [poor(colourful, str(number)).astype(int) for number in range(200)]
    grey = [np.abs(picture[..., 0] - picture[..., 2]).max() < 3 for picture in pictures]
    assert np.mean(grey) == pytest.approx(1 - COLOURED, abs=0.1)


def test_it_films_people_who_are_trained_on_and_nobody_else() -> None:
    clean = {walk.subject for walk in walks(PROFILES["small"], "indoor") if "train" in walk.world}
    again = walks(PROFILES["poor"], "indoor")
    assert {walk.subject for walk in again} == clean
    assert {(walk.world, walk.footage) for walk in again} == {("walkers-train-indoor", "poor")}
