"""Bodies: how people differ in build, one person's mesh at rest, and where its joints are. Metres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from gaitheat.walkers.makehuman import (
    AGES,
    BODY_VERTICES,
    DETAILS,
    GENDERS,
    HEIGHTS,
    MUSCLES,
    PROPORTIONS,
    RACES,
    WEIGHTS,
    BodyData,
    body_data,
)

__all__ = [
    "BODY_VERTICES",
    "LANDMARK_BONES",
    "BodyData",
    "Population",
    "Shape",
    "body_data",
    "bone_heads",
    "draw_shape",
    "landmarks",
    "rest_vertices",
    "vary_shape",
]

YOUNGEST, OLDEST = 25.0, 90.0
"""Years that MakeHuman's "young" and "old" stand for: ages outside look like the nearer of the two."""
TALL_SHARE = 0.508
"""The tall target is so much longer than the short one is short: scaled by it, height is linear in metres."""
NOSE_TIP, LEFT_EAR, RIGHT_EAR = 297, 12122, 5523
"""Vertices: the tip of the nose; the middle of each ear, above its opening."""
LANDMARK_BONES = np.array([16, 16, 16, 16, 16, 17, 18, 19, 20, 21, 22, 3, 4, 5, 6, 8, 9])
"""The bone that each COCO-17 point moves with: head, upper arms, lower arms, hands, thighs, calves, feet."""
_LENGTHS = np.array([name.endswith(("height", "length")) for name in DETAILS])


@dataclass(frozen=True, slots=True)
class Shape:
    """The build of one body; the default is the middle of everything."""

    gender: float = 0.5
    """0 female .. 1 male."""
    age: float = 0.25
    """0 is 25 years, 1 is 90."""
    muscle: float = 0.5
    """0 least .. 1 most; so are the next three."""
    weight: float = 0.5
    height: float = 0.5
    """Linear in metres: 0.73 m from 0 to 1."""
    proportions: float = 0.5
    """0 uncommon .. 1 ideal."""
    races: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    """Shares of MakeHuman's three face and body types, in the order of RACES; they sum to 1."""
    details: tuple[float, ...] = (0.0,) * len(DETAILS)
    """Local measures -1..1, in the order of DETAILS."""

    @property
    def years(self) -> float:
        """The age in years."""
        return YOUNGEST + self.age * (OLDEST - YOUNGEST)


@dataclass(frozen=True, slots=True)
class Population:
    """Who lives in a world: means and standard deviations of the builds.

    The defaults give women of 1.63 +- 0.07 m and men of 1.76 +- 0.07 m (2,000 people drawn). Measured were
    1.63 +- 0.06 m and 1.76 +- 0.07 m: C. C. Gordon et al., 2012 Anthropometric Survey of U.S. Army Personnel:
    Methods and Summary Statistics, NATICK/TR-15/007 (2014).
    """

    men: float = 0.5
    """Share of men."""
    age_mean: float = 40.0
    """Years."""
    age_sd: float = 14.0
    height_mean: float = 0.55
    """In units of Shape.height."""
    height_sd: float = 0.08
    weight_mean: float = 0.5
    """In units of Shape.weight."""
    weight_sd: float = 0.17
    muscle_sd: float = 0.16
    proportions_sd: float = 0.2
    lengths_sd: float = 0.2
    """Of the details that are lengths of limbs and neck, beside those that come with the stature."""
    girths_sd: float = 0.3
    """Of all other details."""


def draw_shape(rng: np.random.Generator, population: Population, spread: float = 1.0) -> Shape:
    """Somebody of a population.

    Args:
        rng: the person's own; as many numbers are taken from it whatever the population.
        population: who lives there.
        spread: scales how far everybody is from the population's mean body; with 0 all have exactly that one.
    """

    def normal(mean: float, deviation: float) -> float:
        return float(np.clip(mean + spread * deviation * rng.standard_normal(), 0, 1))

    pole = float(rng.random() < population.men)
    gender = np.clip(pole + 0.08 * rng.standard_normal(), 0, 1)
    races = 1 / 3 + spread * (rng.dirichlet([1.5] * len(RACES)) - 1 / 3)
    races = np.maximum(races, 0) / np.maximum(races, 0).sum()
    years = OLDEST - YOUNGEST
    deviations = np.where(_LENGTHS, population.lengths_sd, population.girths_sd)
    return Shape(
        gender=float(np.clip(population.men + spread * (gender - population.men), 0, 1)),
        races=(float(races[0]), float(races[1]), float(races[2])),
        age=normal((population.age_mean - YOUNGEST) / years, population.age_sd / years),
        muscle=normal(0.5, population.muscle_sd),
        weight=normal(population.weight_mean, population.weight_sd),
        height=normal(population.height_mean, population.height_sd),
        proportions=normal(0.5, population.proportions_sd),
        details=_details(spread * deviations * rng.standard_normal(len(DETAILS))),
    )


def vary_shape(rng: np.random.Generator, shape: Shape, within: float = 1.0) -> Shape:
    """The same person on another day: a little heavier or lighter, in other underclothes; 0 is the same."""
    return replace(
        shape,
        weight=float(np.clip(shape.weight + within * 0.06 * rng.standard_normal(), 0, 1)),
        details=_details(shape.details + within * 0.06 * ~_LENGTHS * rng.standard_normal(len(DETAILS))),
    )


def rest_vertices(shape: Shape) -> Float64[np.ndarray, "vertices 3"]:
    """The mesh of a body that stands with its arms held off, facing X, its soles on z = 0."""
    data = body_data()
    vertices = data.base.copy()
    for name, share in _blend(shape).items():
        target = data.targets[name]
        vertices[target.vertices] += share * target.deltas
    vertices[:, 2] -= vertices[:BODY_VERTICES, 2].min()
    return vertices


def bone_heads(vertices: Float64[np.ndarray, "vertices 3"]) -> Float64[np.ndarray, "bones 3"]:
    """Where each bone of the rig begins in a body at rest: its joint with its parent."""
    return np.array([vertices[markers].mean(0) for markers in body_data().heads])


def landmarks(vertices: Float64[np.ndarray, "vertices 3"]) -> Float64[np.ndarray, "17 3"]:
    """The COCO-17 points of a body at rest (left is the person's left): joint centres and points of the head.

    ``LANDMARK_BONES`` says which bone each moves with.
    """
    faces = body_data().faces
    eyes = [vertices[np.unique(faces[group])].mean(0) for group in ("helper-l-eye", "helper-r-eye")]
    head = [vertices[NOSE_TIP], *eyes, vertices[LEFT_EAR], vertices[RIGHT_EAR]]
    return np.vstack([*head, bone_heads(vertices)[LANDMARK_BONES[len(head) :]]])


def _blend(shape: Shape) -> dict[str, float]:
    """How much of each target a shape takes: products over MakeHuman's axes, and the local measures."""
    height = min(shape.height, 0.5) + max(shape.height - 0.5, 0.0) * TALL_SHARE
    genders, ages = _shares(shape.gender, GENDERS), _shares(shape.age, AGES)
    races = zip(RACES, shape.races, strict=True)
    blend = {
        f"macrodetails/{race}-{gender}-{age}": part * genders[gender] * ages[age]
        for (race, part), gender, age in product(races, genders, ages)
    }
    muscles, weights = _shares(shape.muscle, MUSCLES), _shares(shape.weight, WEIGHTS)
    for gender, age, muscle, weight in product(genders, ages, muscles, weights):
        part = genders[gender] * ages[age] * muscles[muscle] * weights[weight]
        build = f"{gender}-{age}-{muscle}-{weight}"
        blend[f"macrodetails/universal-{build}"] = part
        for folder, value, (low, high) in (
            ("height", height, HEIGHTS),
            ("proportions", shape.proportions, PROPORTIONS),
        ):
            for end, share in _shares(value, (low, "", high)).items():
                if end:  # there is no target in the middle
                    blend[f"macrodetails/{folder}/{build}-{end}"] = part * share
    for name, amount in zip(DETAILS, shape.details, strict=True):
        blend[f"{name}-{'incr' if amount > 0 else 'decr'}"] = abs(amount)
    return {name: share for name, share in blend.items() if share}


def _shares(value: float, names: Sequence[str]) -> dict[str, float]:
    """Linear interpolation along an axis 0..1 on which the names stand evenly: at most two have a share."""
    place = value * (len(names) - 1)
    shares = {name: max(0.0, 1.0 - abs(place - index)) for index, name in enumerate(names)}
    return {name: share for name, share in shares.items() if share}


def _details(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in np.clip(values, -1, 1))
