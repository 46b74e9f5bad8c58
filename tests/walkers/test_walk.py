"""A walk is known by its name: the same name gives the same pictures, in any order, in any process."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.frames import TrueSource
from gaitheat.walkers.clothes.fitting import bone
from gaitheat.walkers.filming import Figure, film
from gaitheat.walkers.gait.posing import posed_points
from gaitheat.walkers.people import take_of
from gaitheat.walkers.walk import RenderedWalk, Walk, walk_called
from gaitheat.walkers.worlds import world_called

pytestmark = pytest.mark.usefixtures("assets")

WALK = Walk("walkers-1-street", "0003", "bg", "01", 60, 6)


def pictures(walk: Walk) -> np.ndarray:
    return np.stack([frame.rgb for frame in walk.open()])


@pytest.fixture(scope="module")
def shown() -> np.ndarray:
    return pictures(WALK)


def test_the_same_name_gives_the_same_pictures_after_others_were_made(shown: np.ndarray) -> None:
    pictures(replace(WALK, take="02", frames=2))
    take_of.cache_clear()
    assert np.array_equal(pictures(WALK), shown)


def test_the_same_name_gives_the_same_pictures_in_another_process(shown: np.ndarray) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert np.array_equal(pool.submit(pictures, WALK).result(), shown)


def test_a_recording_is_read_twice_with_the_same_frames() -> None:
    source = replace(WALK, frames=3).open()
    first, second = ([frame.rgb.copy() for frame in source] for _ in range(2))
    assert np.array_equal(first, second)
    assert [frame.time for frame in source] == [0, 0.04, 0.08]


@pytest.mark.parametrize(
    "other",
    [
        replace(WALK, subject="0004"),
        replace(WALK, take="02"),
        replace(WALK, condition="cl"),
        replace(WALK, view=90),
        replace(WALK, world="walkers-1-indoor", view=54),
    ],
)
def test_every_part_of_the_name_changes_the_pictures_and_the_digest(other: Walk, shown: np.ndarray) -> None:
    assert not np.array_equal(pictures(replace(other, frames=1))[0], shown[0])
    assert other.open().sha256() != WALK.open().sha256()


def test_names_are_read_back() -> None:
    assert walk_called(WALK.name) == WALK


@pytest.mark.parametrize(
    "name", ["", "video.mp4", "walkers-1-indoor/0001-nm-01", "walkers-1-indoor/0001-xx-01-000-30"]
)
def test_what_is_no_name_of_a_walk_is_said_so(name: str) -> None:
    with pytest.raises(GaitheatError, match="name of a walk"):
        walk_called(name)


def test_an_unknown_world_is_answered_with_the_known_ones() -> None:
    with pytest.raises(GaitheatError, match="walkers-1-indoor"):
        walk_called("walkers-9-moon/0001-nm-01-000-30")


def test_it_pickles_small_and_opens_as_a_source_that_knows_the_truth() -> None:
    assert len(pickle.dumps(WALK)) < 500
    assert isinstance(pickle.loads(pickle.dumps(WALK)).open(), TrueSource)  # noqa: S301


def test_the_walker_is_in_every_picture_whole() -> None:
    source = RenderedWalk(Walk("walkers-1-indoor", "0002", "nm", "01", 18, 30))
    for frame in (0, 29):
        mask = source.picture(frame).mask
        assert 0.03 < (mask > 127).mean() < 0.4
        assert not mask[[0, -1]].any()
        assert not mask[:, [0, -1]].any()


@pytest.mark.slow
def test_passers_by_do_not_walk_through_the_walker() -> None:
    crowded = replace(world_called("walkers-1-street"), passers_by=1.0)
    worn = take_of(crowded.name, "0001", "nm", "01")

    def middles(figure: Figure) -> np.ndarray:
        middle = figure.mesh.vertices.astype(np.float64).mean(0, keepdims=True)
        return posed_points(figure.bones, middle, np.array([bone("pelvis")]))[:, 0, :2]

    for seed in range(8):
        walker, passer_by = film(np.random.default_rng(seed), crowded, worn, 30 * seed, 30).figures
        assert np.linalg.norm(middles(walker) - middles(passer_by), axis=1).min() > 0.6
