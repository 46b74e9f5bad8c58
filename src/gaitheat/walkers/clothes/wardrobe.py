"""What walkers wear and carry: drawn for one walk from the walk's own random numbers.

Nothing here knows whose walk it is: colours, garments, hair and bags are the same lottery for everybody, men
and women too, so that they can tell nothing about who walks. All of an Outfit are plain values (strings,
numbers, tuples of three numbers): `dataclasses.asdict` makes a row of nuisances of it.
"""

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from gaitheat.walkers.clothes.habits import (
    BOTTOM_LENGTHS,
    BOTTOM_WIDTHS,
    COLD_HATS,
    HABITS,
    HAIR_COLOURS,
    HAIR_KINDS,
    LOADS,
    MAKES,
    PATTERNS,
    SHOES,
    SKINS,
    Bottom,
    Colour,
    Condition,
    Habits,
    Hair,
    Hat,
    Hood,
    Outer,
    Pattern,
    Shoes,
    Span,
    Wardrobe,
)
from gaitheat.walkers.gait.style import Load

__all__ = ["Condition", "Outfit", "Wardrobe", "draw_outfit"]

T = TypeVar("T")


@dataclass(frozen=True)
class Outfit:
    """Everything worn and carried on one walk, hair and skin included."""

    skin: Colour
    hair: Hair
    hair_colour: Colour
    hair_length: float
    """0..1 of what the kind of hair allows."""
    hat: Hat
    hat_colour: Colour
    sleeve: float
    """Where the sleeves of the shirt end: 0 shoulder, 1 elbow, 2 wrist."""
    collar: float
    """Metres above the base of the neck."""
    shirt_hem: float
    """Metres below the hip joints."""
    shirt_loose: float
    """Metres between shirt and body, at the hem."""
    shirt_colour: Colour
    shirt_second: Colour
    """The other colour of the pattern."""
    pattern: Pattern
    bottom: Bottom
    bottom_length: float
    """Where it ends: 0 hip, 1 ankle."""
    bottom_loose: float
    """Metres between cloth and leg, at the lower end."""
    bottom_colour: Colour
    shoes: Shoes
    shoe_height: float
    """Metres up the leg."""
    shoe_colour: Colour
    outer: Outer
    outer_length: float
    """Where it ends: 0 hip, 1 ankle."""
    outer_loose: float
    """Metres between it and the body."""
    outer_colour: Colour
    hood: Hood
    load: Load
    bag_size: float
    """1 is the usual one."""
    bag_colour: Colour
    texture: int
    """Seed of folds and weave."""

    @property
    def coat(self) -> bool:
        """Whether something is worn over the shirt."""
        return self.outer != "none"


def draw_outfit(rng: np.random.Generator, condition: Condition, wardrobe: Wardrobe = "indoor") -> Outfit:
    """An outfit for one walk.

    Args:
        rng: the walk's own random numbers.
        condition: "nm" plain clothes; "bg" plain clothes and one bag; "cl" a coat, a jacket, a hoodie, loose
            trousers or a long skirt.
        wardrobe: "street" is darker, has more coats and hats than "indoor", and less bare skin.
    """
    habits = HABITS[wardrobe]
    outfit = _plain(rng, habits)
    if condition == "bg":
        return replace(outfit, load=_choice(rng, LOADS))
    if condition == "cl":
        return _changed(rng, outfit, habits)
    return outfit


def _plain(rng: np.random.Generator, habits: Habits) -> Outfit:
    bottom, shoes = _choice(rng, habits.bottoms), _choice(rng, SHOES)
    return Outfit(
        skin=_scaled(SKINS[rng.integers(len(SKINS))], rng.uniform(0.93, 1.05)),
        hair=_choice(rng, HAIR_KINDS),
        hair_colour=_scaled(_choice(rng, HAIR_COLOURS), rng.uniform(0.8, 1.2)),
        hair_length=_within(rng, (0.0, 1.0)),
        hat=_choice(rng, habits.hats),
        hat_colour=_cloth(rng, habits.shade),
        sleeve=_choice(rng, habits.sleeves) - _within(rng, (0.0, 0.1)),
        collar=_within(rng, (-0.015, 0.03)),
        shirt_hem=_within(rng, (-0.02, 0.07)),
        shirt_loose=_within(rng, (0.004, 0.03)),
        shirt_colour=_cloth(rng, habits.shade),
        shirt_second=_cloth(rng, habits.shade),
        pattern=_choice(rng, PATTERNS),
        bottom=bottom,
        bottom_length=_within(rng, BOTTOM_LENGTHS[bottom]),
        bottom_loose=_within(rng, _choice(rng, BOTTOM_WIDTHS)),
        bottom_colour=_hsv(rng.choice([0.6, 0.62, 0.08, 0.0]), rng.uniform(0.05, 0.6), rng.uniform(0.1, 0.6)),
        shoes=shoes,
        shoe_height=_within(rng, (0.16, 0.36) if shoes == "boots" else (0.085, 0.12)),
        shoe_colour=_hsv(rng.random(), rng.uniform(0, 0.35), rng.uniform(0.1, 0.9)),
        outer="none",
        outer_length=0.0,
        outer_loose=0.0,
        outer_colour=_cloth(rng, 0.8 * habits.shade),
        hood="none",
        load="none",
        bag_size=_within(rng, (0.85, 1.2)),
        bag_colour=_cloth(rng, habits.shade),
        texture=int(rng.integers(2**31)),
    )


def _changed(rng: np.random.Generator, outfit: Outfit, habits: Habits) -> Outfit:
    """The same person in the other clothes of the condition "cl"."""
    if outfit.hat == "none":
        outfit = replace(outfit, hat=_choice(rng, COLD_HATS))
    match _choice(rng, habits.changes):
        case "loose trousers":
            return replace(
                outfit,
                sleeve=1.93,
                shirt_hem=_within(rng, (0.03, 0.07)),
                shirt_loose=_within(rng, (0.035, 0.05)),
                bottom="trousers",
                bottom_length=0.98,
                bottom_loose=_within(rng, (0.035, 0.055)),
            )
        case "long skirt":
            return _long_skirt(rng, outfit)
        case "long skirt and jacket":
            return _over_shirt(rng, _long_skirt(rng, outfit), "jacket")
        case outer:
            return _over_shirt(rng, outfit, outer)


def _long_skirt(rng: np.random.Generator, outfit: Outfit) -> Outfit:
    length, loose = _within(rng, (0.7, 0.93)), _within(rng, (0.02, 0.06))
    return replace(outfit, bottom="skirt", bottom_length=length, bottom_loose=loose)


def _over_shirt(rng: np.random.Generator, outfit: Outfit, outer: Outer) -> Outfit:
    make = MAKES[outer]
    hood = _choice(rng, make.hoods)
    return replace(
        outfit,
        outer=outer,
        outer_length=_within(rng, make.length),
        outer_loose=_within(rng, make.loose),
        hood=hood,
        hat="none" if hood == "up" else outfit.hat,
    )


def _choice(rng: np.random.Generator, shares: Mapping[T, float]) -> T:
    """One of the keys, each as frequent as its share."""
    keys = list(shares)
    return keys[rng.choice(len(keys), p=np.array(list(shares.values())) / sum(shares.values()))]


def _within(rng: np.random.Generator, span: Span) -> float:
    return float(rng.uniform(*span))


def _cloth(rng: np.random.Generator, shade: float) -> Colour:
    """Any colour that clothes have."""
    return _hsv(rng.random(), rng.uniform(0.05, 0.75), shade * rng.uniform(0.12, 0.9))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    return _scaled(colorsys.hsv_to_rgb(hue, saturation, value), 1.0)


def _scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = (float(min(part * factor, 1.0)) for part in colour)
    return red, green, blue
