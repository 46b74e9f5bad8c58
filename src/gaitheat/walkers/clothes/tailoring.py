"""The garments of an outfit on one body: where each ends, how far it stands off, what colours it has."""

from typing import NamedTuple

import numpy as np

from gaitheat.walkers.clothes.fitting import Measures
from gaitheat.walkers.clothes.habits import Colour
from gaitheat.walkers.clothes.wardrobe import Outfit
from gaitheat.walkers.mesh import Field, Points, noise

LONG = 0.05
"""Share of the leg from which a coat has a tail of its own, around both legs."""
TIGHT = 0.012
"""Looseness of trousers below which boots go over them."""
SOLE = 0.02
"""Metres."""
ABOVE_CROTCH = 0.075
"""Metres at which a shirt ends at the latest: it must not follow the legs like a bathing suit."""
STRIPE, QUILT = 0.10, 0.11
"""Metres from one stripe of a shirt, and from one seam of a down jacket, to the next."""
FAR = 9.0
"""Value of a field where a garment's edge is far away."""


class Layer(NamedTuple):
    """A garment around trunk, arms or legs. Fields have a value for every vertex of the body."""

    keep: Field
    """Metres from its edge; negative where it is not."""
    loose: Field
    """Metres from the body."""
    colours: Points
    rounds: int
    """How far it bridges hollows."""


class Skirt(NamedTuple):
    """A garment around both legs: a skirt, or the tail of a coat."""

    top: float
    """Metres above the floor; so is the end."""
    end: float
    inside: float
    """Metres outwards at the top."""
    outside: float
    """Metres outwards a hand below the top."""
    flare: float
    """Metres outwards at the end, in addition."""
    colours: Points


def layers_of(body: Measures, outfit: Outfit) -> list[Layer]:
    """What is worn around the body's own form, the innermost first."""
    shirt = _shirt(body, outfit)
    if outfit.bottom == "skirt":
        layers = [shirt, _shoes(body, outfit)]
    elif outfit.shoes == "boots" and outfit.bottom_loose < TIGHT:
        layers = [_trousers(body, outfit), _shoes(body, outfit), shirt]
    else:
        layers = [_shoes(body, outfit), _trousers(body, outfit), shirt]
    return [*layers, _outer(body, outfit)] if outfit.coat else layers


def _upper(body: Measures, hem: float, collar: float, sleeve: float) -> Field:
    """Metres from the edge of a garment with sleeves, whose hem and collar lie at these heights."""
    forward = body.vertices[:, 0] - body.joint("neck_01")[0]
    trunk = np.minimum(body.height - hem, (collar - body.height - 0.4 * forward) / 1.08)
    return np.where(body.is_arm, body.arm_length(sleeve) - body.along_arm, trunk)


def _shirt(body: Measures, outfit: Outfit) -> Layer:
    tucked_in = outfit.bottom == "skirt"
    waist = body.joint("spine_01")[2]
    hem = waist - 0.06 if tucked_in else max(body.hip - outfit.shirt_hem, body.crotch + ABOVE_CROTCH)
    keep = _upper(body, hem, body.neck + outfit.collar, outfit.sleeve)
    fall = np.clip((body.neck - body.height) / (body.neck - body.hip), 0, 1)
    if tucked_in:
        fall = fall * np.clip((body.height - waist) / 0.12, 0, 1)
    sleeves = 0.3 + 0.4 * np.clip(body.along_arm / body.upper_arm, 0, 1)
    loose = outfit.shirt_loose * np.where(body.is_arm, sleeves, 0.2 + 0.8 * fall)
    loose += 0.003 * noise(body.vertices, outfit.texture, 25.0)
    return Layer(keep, loose, _patterned(body, outfit), rounds=6 + round(600 * outfit.shirt_loose))


def _patterned(body: Measures, outfit: Outfit) -> Points:
    """Colours of the shirt."""
    down = np.where(body.is_arm, body.along_arm, body.neck - body.height)
    second = {
        "plain": np.zeros(len(down), bool),
        "stripes": np.sin(2 * np.pi * down / STRIPE) > 0.2,
        "blocks": np.where(body.is_arm, outfit.texture % 2 == 0, down < 0.22),
    }[outfit.pattern]
    colours = np.where(second[:, None], outfit.shirt_second, outfit.shirt_colour)
    return _woven(colours, body, outfit, 0.05)


def _woven(colours: Points | Colour, body: Measures, outfit: Outfit, contrast: float) -> Points:
    """Colours with the unevenness of cloth."""
    return np.asarray(colours) * (1 + contrast * noise(body.vertices, outfit.texture + 1, 60.0))[:, None]


def _trousers(body: Measures, outfit: Outfit) -> Layer:
    """Trousers and shorts."""
    end = body.leg_height(outfit.bottom_length)
    waist = body.joint("spine_01")[2]
    keep = np.where(body.is_arm, -FAR, np.minimum(body.height - end, waist - body.height))
    down = np.clip((body.hip - body.height) / (body.hip - end), 0, 1)
    loose = (
        0.003
        + outfit.bottom_loose * (0.2 + 0.8 * down)
        + 0.0025 * noise(body.vertices, outfit.texture + 2, 25.0)
    )
    return Layer(
        keep,
        loose,
        _woven(outfit.bottom_colour, body, outfit, 0.06),
        rounds=4 + round(300 * outfit.bottom_loose),
    )


def _shoes(body: Measures, outfit: Outfit) -> Layer:
    keep = np.where(body.is_arm, -FAR, outfit.shoe_height - body.height)
    sole = body.height < SOLE
    loose = np.where(sole, 0.009, 0.005)
    colours = _woven(
        np.where(sole[:, None], 0.15 + 0.6 * np.array(outfit.shoe_colour[::-1]), outfit.shoe_colour),
        body,
        outfit,
        0.04,
    )
    return Layer(keep, loose, colours, rounds=6)


def _outer(body: Measures, outfit: Outfit) -> Layer:
    """Jackets, hoodies, and coats down to the waist or, if short, to their end."""
    waist = body.joint("spine_01")[2]
    hem = waist - 0.05 if outfit.outer_length > LONG else body.leg_height(outfit.outer_length)
    keep = _upper(body, hem, body.neck + 0.045, 1.98)
    loose = outfit.outer_loose * np.where(body.is_arm, 0.7, 1.0) + 0.004 * noise(
        body.vertices, outfit.texture + 3, 18.0
    )
    closing = (np.abs(body.vertices[:, 1]) < 0.012) & (body.vertices[:, 0] > body.joint("neck_01")[0])
    colours = _woven(outfit.outer_colour, body, outfit, 0.05) * np.where(closing, 0.6, 1.0)[:, None]
    if outfit.outer == "down jacket":
        ridge = _quilting(body)
        loose += 0.010 * ridge
        colours = colours * (0.8 + 0.2 * ridge)[:, None]
    return Layer(keep, loose, colours, rounds=60)


def _quilting(body: Measures) -> Field:
    """0 on the seams of a down jacket, 1 between them."""
    down = np.where(body.is_arm, body.along_arm, body.neck - body.height)
    return np.sqrt(np.abs(np.sin(np.pi * down / QUILT)))


def skirts_of(body: Measures, outfit: Outfit) -> list[Skirt]:
    """What is worn around both legs, the innermost first."""
    waist = body.joint("spine_01")[2]
    skirts = []
    if outfit.bottom == "skirt":
        colours = _woven(outfit.bottom_colour, body, outfit, 0.06)
        end = body.leg_height(outfit.bottom_length)
        skirts.append(Skirt(waist, end, 0.009, 0.014, outfit.bottom_loose, colours))
    if outfit.outer_length > LONG:
        colours = _outer(body, outfit).colours
        end = body.leg_height(outfit.outer_length)
        loose = outfit.outer_loose
        skirts.append(
            Skirt(waist + 0.1, end, 0.4 * loose, loose + 0.004, 0.04 * outfit.outer_length, colours)
        )
    return skirts
