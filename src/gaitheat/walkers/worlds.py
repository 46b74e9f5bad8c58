"""The worlds that walkers live in, as data: who lives there, how much people differ, what films them.

A world's name is the seed of everything in it and the data set of its clips. The test worlds are frozen
(``frozen.py``): a harder one gets another name, so that old results stay comparable.
"""

from dataclasses import dataclass, replace
from typing import Literal

from gaitheat.datasets.walkers import TEST, TRAIN
from gaitheat.errors import GaitheatError
from gaitheat.walkers.body import Population
from gaitheat.walkers.gait.style import Tempo

Span = tuple[float, float]
"""Lower and upper bound of a uniform draw."""
Surroundings = Literal["indoor", "street"]


@dataclass(frozen=True, slots=True)
class Cameras:
    """What films: drawn anew for each recording, so that no camera stands for a subject."""

    views: tuple[int, ...]
    """Degrees: 0 sees people come, 90 sees them pass, 180 sees them go."""
    distance: Span
    """Metres from the middle of the walk."""
    height: Span
    """Metres above the floor."""
    focal: Span
    """Focal length in picture widths."""
    heading: float
    """Degrees by which a walk's direction deviates from the nominal view, at most."""
    curvature: float
    """1 / radius of the path in 1/m, at most."""
    aside: float
    """Metres by which the middle of the walk lies off the camera's aim along X and along Y, at most."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is drawn is drawn from these numbers."""

    name: str
    surroundings: Surroundings
    population: Population
    tempo: Tempo
    cameras: Cameras
    between: float = 1.0
    """Scale of what distinguishes gaits of different people; 0: everybody walks in the same way."""
    within: float = 1.0
    """Scale of what distinguishes walks of one person."""
    spread: float = 1.0
    """Scale of what distinguishes bodies; 0: everybody has the same body."""
    passers_by: float = 0.0
    """Share of recordings in which somebody else walks by."""


INDOOR_CAMERAS = Cameras(
    views=tuple(range(0, 181, 18)),
    distance=(4.6, 5.6),
    height=(1.0, 1.6),
    focal=(1.15, 1.3),
    heading=3.0,
    curvature=0.0,
    aside=0.15,
)
STREET_CAMERAS = Cameras(
    views=tuple(range(0, 360, 30)),
    distance=(5.5, 8.5),
    height=(0.8, 3.5),
    focal=(1.2, 1.7),
    heading=14.0,
    curvature=0.08,
    aside=0.3,
)

_STAFF = Population(age_mean=38.0, age_sd=10.0, weight_mean=0.58)
_PASSERS_BY = Population(age_mean=48.0, age_sd=17.0, weight_mean=0.64, weight_sd=0.2)

_INDOOR = World("indoor", "indoor", _STAFF, Tempo(), INDOOR_CAMERAS)
_STREET = World(
    "street", "street", _PASSERS_BY, Tempo(1.10, 0.10, 0.97, 0.08), STREET_CAMERAS, passers_by=0.2
)

KINDS: dict[str, World] = {
    "indoor": _INDOOR,
    "street": _STREET,
    "motion-only": replace(_INDOOR, spread=0.0),
    "shape-only": replace(_INDOOR, between=0.0),
}
"""What worlds are like, by kind: each kind has a frozen world to test in and one to train in."""

WORLDS: dict[str, World] = {
    name: replace(world, name=name)
    for kind, world in KINDS.items()
    for name in (f"{TEST}{kind}", f"{TRAIN}{kind}")
}
"""Every world by its name; the subjects of different worlds are different people."""


def world_called(name: str) -> World:
    """The world of that name; GaitheatError with the names there are if there is none."""
    if name not in WORLDS:
        raise GaitheatError(f"no world is called {name!r}: expected one of {', '.join(WORLDS)}")
    return WORLDS[name]
