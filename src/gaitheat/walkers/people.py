"""The people of a world and their takes: body and gait stay, a little varies by day and by walk.

Everything has a generator of its own, seeded by names: the same subject walks the same take in the same
clothes whoever asks, in whatever order, in whatever process.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.body import Shape, draw_shape, rest_vertices, vary_shape
from gaitheat.walkers.clothes.garments import dress
from gaitheat.walkers.clothes.wardrobe import Condition, Outfit, draw_outfit
from gaitheat.walkers.gait.style import Style, draw_style, vary_session, vary_take
from gaitheat.walkers.mesh import Mesh
from gaitheat.walkers.seeds import generator
from gaitheat.walkers.worlds import World, world_called

KEPT = 4
"""People and takes that a process remembers: the views of one take are asked for one after the other."""


class Take(NamedTuple):
    """One person in one set of clothes on one walk, before anything films it."""

    shape: Shape
    style: Style
    outfit: Outfit
    vertices: Float64[np.ndarray, "19158 3"]
    """The undressed body at rest."""
    mesh: Mesh
    """The dressed one."""


def session(condition: str, take: str) -> str:
    """The day of a take: probes are never filmed on the day of the gallery (plain takes 01 to 04)."""
    return "gallery" if condition == "nm" and take <= "04" else f"probe-{take}"


def person(rng: np.random.Generator, home: World) -> tuple[Shape, Style]:
    """Somebody of a world: a body and a gait, as they are on average."""
    shape = draw_shape(rng, home.population, home.spread)
    # Where all gaits are alike, they are those of the mean age.
    mean = home.population.age_mean
    return shape, draw_style(rng, home.between, home.tempo, mean + home.between * (shape.years - mean))


@lru_cache(KEPT)
def take_of(world: str, subject: str, condition: Condition, take: str) -> Take:
    """What a subject brings to a take."""
    home = world_called(world)
    of_subject, of_session, of_take = (
        generator(world, subject, *names)
        for names in (("person",), ("session", session(condition, take)), (condition, take))
    )
    body, gait = person(of_subject, home)
    shape = vary_shape(of_session, body, home.within)
    style = vary_session(of_session, gait, home.within)
    return _dressed(of_take, home, shape, style, condition)


def stranger(rng: np.random.Generator, home: World) -> Take:
    """Somebody who happens to be there, in any clothes."""
    condition: Condition = ("nm", "bg", "cl")[rng.integers(3)]
    shape, gait = person(rng, home)
    return _dressed(rng, home, shape, gait, condition)


def _dressed(rng: np.random.Generator, home: World, shape: Shape, style: Style, condition: Condition) -> Take:
    """A body and a gait in clothes that are drawn, on a walk that differs a little from their others."""
    outfit = draw_outfit(rng, condition, home.surroundings)
    style = vary_take(rng, style, outfit.load, outfit.coat, home.within)
    vertices = rest_vertices(shape)
    return Take(shape, style, outfit, vertices, dress(vertices, outfit))
