"""Nothing but body and gait says who walks: not clothes, colours, light, camera, background, place or phase.

A linear probe that learns from some takes who walks must be as lost on the other takes as if labels meant
nothing. Where a leak is planted it must not be lost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest
from leaks import Verdict, identity_probe, leaves, table, without

from gaitheat.video.boxes import places, pose_boxes
from gaitheat.walkers import people, walk
from gaitheat.walkers.filming import Film, draw_shot
from gaitheat.walkers.pictures.camera import project
from gaitheat.walkers.profiles import ALL_TAKES, PROFILES, walks
from gaitheat.walkers.seeds import generator
from gaitheat.walkers.walk import RenderedWalk, Walk
from gaitheat.walkers.worlds import World

SUBJECTS, VIEW, FRAMES = 20, 90, 3
HELD_OUT = ("nm05", "nm06", "bg02", "cl02")
WORLDS = ("walkers-1-indoor", "walkers-1-street")
Description = Mapping[str, Any]


class Recorded(NamedTuple):
    """What there is to know of some recordings, by what it is about, and who walks in which take."""

    about: Mapping[str, np.ndarray]
    subjects: np.ndarray
    takes: np.ndarray

    def probe(self, *names: str) -> Verdict:
        """What a probe finds in it."""
        return self.probe_features(np.concatenate([self.about[name] for name in names], axis=1))

    def probe_features(self, features: np.ndarray) -> Verdict:
        """What a probe finds in other features of the same recordings."""
        return identity_probe(features, self.subjects, self.takes, HELD_OUT)


def record(world: str, describe: Callable[[RenderedWalk], Description]) -> Recorded:
    """Descriptions of every take of some subjects."""
    names = [(f"{number:04d}", *take) for number in range(1, SUBJECTS + 1) for take in ALL_TAKES]
    told = [
        {
            name: dict(leaves(value))
            for name, value in describe(
                RenderedWalk(Walk(world, subject, condition, take, VIEW, FRAMES))
            ).items()
        }
        for subject, condition, take in names
    ]
    about = {name: table([description[name] for description in told]) for name in told[0]}
    return Recorded(
        about, np.array([name[0] for name in names]), np.array([name[1] + name[2] for name in names])
    )


def habit(subjects: np.ndarray, columns: int) -> np.ndarray:
    """What somebody always does, as numbers [recordings, columns]."""
    always = {subject: generator("habit", str(subject)).normal(size=columns) for subject in subjects}
    return np.array([always[subject] for subject in subjects])


@contextmanager
def unseen() -> Iterator[pytest.MonkeyPatch]:
    """Recordings that are planned, but nobody is built, moved or dressed, and nothing is painted."""

    def film(rng: np.random.Generator, home: World, worn: people.Take, *_: int) -> Film:
        empty = object.__new__(Film)
        vars(empty).update(take=worn, shot=draw_shot(rng, home.cameras))
        return empty

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "rest_vertices", lambda *_: None)
        patch.setattr(people, "dress", lambda *_: None)
        patch.setattr(walk, "film", film)
        people.take_of.cache_clear()
        yield patch
        people.take_of.cache_clear()


def plan(recording: RenderedWalk) -> Description:
    """What is drawn of a recording before anything is made of it."""
    outfit = vars(recording.film.take.outfit)
    coloured = [name for name in outfit if "colour" in name or name in ("skin", "shirt_second")]
    return {
        "garments and bags": {name: value for name, value in outfit.items() if name not in coloured},
        "colours": {name: outfit[name] for name in coloured},
        "place, path, camera and phase": recording.film.shot,
    }


@pytest.fixture(scope="module", params=[pytest.param(world, marks=pytest.mark.slow) for world in WORLDS])
def planned(request: pytest.FixtureRequest) -> Recorded:
    with unseen():
        return record(request.param, plan)


def test_neither_clothes_nor_colours_nor_the_way_say_who_walks(planned):
    for names in (*((name,) for name in planned.about), tuple(planned.about)):
        verdict = planned.probe(*names)
        assert verdict.blind, (names, verdict)


@pytest.mark.parametrize(
    ("module", "leaking"),
    [
        pytest.param(people, ("garments and bags", "colours"), marks=pytest.mark.slow),
        pytest.param(walk, ("place, path, camera and phase",), marks=pytest.mark.slow),
    ],
)
def test_what_is_drawn_once_for_a_subject_is_found(module, leaking):
    """The mistake that is easily made: seeding by the subject alone."""
    with unseen() as patch:
        patch.setattr(module, "generator", lambda world, subject, *_: generator(world, subject))
        recorded = record(WORLDS[0], plan)
    assert not any(recorded.probe(name).blind for name in leaking)


def test_one_colour_that_is_always_worn_is_found_among_all_the_rest(planned):
    favourite = habit(planned.subjects, 3)
    assert not planned.probe_features(np.concatenate([*planned.about.values(), favourite], axis=1)).blind


def test_everybody_is_recorded_equally_often_and_for_equally_long():
    for profile in PROFILES.values():
        for kind in ("indoor", "street"):
            recorded: dict[str, dict[str, list[object]]] = {}
            for recording in walks(profile, kind):
                seen = (recording.condition, recording.take, recording.frames)
                recorded.setdefault(recording.world, {}).setdefault(recording.subject, []).append(seen)
            for of_subjects in recorded.values():
                assert len({tuple(seen) for seen in of_subjects.values()}) == 1


def look(recording: RenderedWalk) -> Description:
    """What a recording's pictures show besides body and gait, and where in them the walker is."""
    film, shown = recording.film, recording.picture(FRAMES // 2)
    share = shown.mask[..., None] / 255.0
    figure, rest = ((shown.rgb * part).sum((0, 1)) / part.sum() for part in (share, 1 - share))
    place = crop_place(film)
    return {
        "sensor and light": (film.scenery.sensor, film.scenery.light),
        "surroundings": film.scenery.surroundings,
        "company": len(film.figures),
        "colour of the figure": figure,
        "colour of the rest": rest,
        "size of the crop": np.log(place[2]),
        "height in the picture": place[1],
        "place across": place[0],
        # As somebody walks, from the lower ankle to the top of the face: a bent knee makes smaller.
        "true height": np.ptp(film.joints[..., 2], axis=1).mean(),
    }


def crop_place(film: Film) -> tuple[float, float, float]:
    """Where an extraction without errors would crop: centre and side, pixels."""
    joints = np.ones((FRAMES, 17, 3), np.float32)
    joints[..., :2] = project(film.camera, film.joints) - 0.5
    centres, sides = places(pose_boxes(joints))
    return float(centres[:, 0].mean()), float(centres[:, 1].mean()), float(sides.mean())


@pytest.fixture(scope="module", params=WORLDS)
def filmed(request: pytest.FixtureRequest) -> Recorded:
    return record(request.param, look)


@pytest.mark.slow
def test_neither_light_nor_surroundings_nor_colours_of_the_pictures_say_who_walks(filmed):
    colours = ("colour of the figure", "colour of the rest")
    for names in (colours, ("sensor and light", "surroundings", "company", *colours)):
        verdict = filmed.probe(*names)
        assert verdict.blind, (names, verdict)
    figure = filmed.about["colour of the figure"]
    assert not filmed.probe_features(figure + figure.std(0) * habit(filmed.subjects, 3)).blind


@pytest.mark.slow
def test_where_across_the_picture_somebody_walks_does_not_say_who(filmed):
    verdict = filmed.probe("place across")
    assert verdict.blind, verdict


@pytest.mark.slow
def test_the_crop_says_no_more_than_how_tall_somebody_is(filmed):
    place = np.concatenate([filmed.about["size of the crop"], filmed.about["height in the picture"]], axis=1)
    height = np.log(filmed.about["true height"][:, 0])
    verdict = filmed.probe_features(without(place, height))
    assert verdict.blind, verdict
    closer = place + place.std(0) * habit(filmed.subjects, 1)
    assert not filmed.probe_features(without(closer, height)).blind


def test_descriptions_become_numbers_whatever_they_hold():
    told = [
        dict(leaves({"hat": "cap", "grey": True, "lamps": (0.5, None), "picture": np.full((9, 9, 3), 2.0)})),
        dict(leaves({"hat": "none", "grey": False, "lamps": (0.25, 4), "picture": np.zeros((9, 9, 3))})),
    ]
    assert sorted(told[1]) == sorted([*told[0], "/lamps/1"])
    assert sorted(table(told)[0]) == [0, 0, 0, 0, 0, 0.5, 1, 1, 2, 2, 2]
