"""The head as hairdressers and hatters see it: its measures, its face, its hair."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from gaitheat.walkers.body import BODY_VERTICES, body_data, landmarks
from gaitheat.walkers.clothes.fitting import Measures, measure, share_of, sheet
from gaitheat.walkers.clothes.wardrobe import Outfit
from gaitheat.walkers.mesh import Field, Points, noise, relaxed

USUAL_HEIGHT = 0.135
"""Metres from the eyes to the crown of the head that the positions below are given for."""
SKULL = 0.85
"""Share of the head's upper vertices that the ellipsoid of its skull holds."""
HAIR = 0.012
"""Metres that hair lies on the scalp."""


class Head(NamedTuple):
    """Where a head is; its skull is an ellipsoid that holds nearly all of it above the eyes."""

    centre: Float64[np.ndarray, " 3"]
    radii: Float64[np.ndarray, " 3"]
    eyes: Float64[np.ndarray, " 3"]
    """Between the eyes."""
    eye: float
    """Metres from there to an eye."""
    scale: float
    """Size against a usual head: positions in a face are multiples of it."""
    ears: float
    """Metres from the middle to the outside of an ear."""
    mine: Bool[np.ndarray, " vertices"]
    """Which vertices of the body are the head's."""


def measure_head(body: Measures) -> Head:
    """The head of a body at rest."""
    mine = share_of("head") > 0.5
    mine[BODY_VERTICES:] = False
    points = body.vertices[mine]
    eyes = landmarks(body.vertices)[1:3]
    between = eyes.mean(axis=0)
    top = points[:, 2].max()
    scale = (top - between[2]) / USUAL_HEIGHT
    skull = points[points[:, 2] > between[2] + 0.025 * scale]
    low, high = skull.min(axis=0), skull.max(axis=0)
    centre = np.array([(low[0] + high[0]) / 2, 0.0, between[2] + 0.02 * scale])
    radii = np.array([(high[0] - low[0]) / 2, (high[1] - low[1]) / 2, top - centre[2]])
    radii *= np.quantile(np.linalg.norm((skull - centre) / radii, axis=1), SKULL)
    ears = np.abs(points[np.abs(points[:, 2] - between[2]) < 0.04 * scale, 1]).max()
    return Head(centre, radii, between, float(np.ptp(eyes[:, 1]) / 2), float(scale), float(ears), mine)


class Features(NamedTuple):
    """Which vertices of the body are what: the same ones on every body."""

    scalp: Bool[np.ndarray, " vertices"]
    brows: Bool[np.ndarray, " vertices"]
    lips: Bool[np.ndarray, " vertices"]
    thickness: Field
    """Of hair on the scalp, 0..1: less at its edge."""


@cache
def features() -> Features:
    """Found once, on the body that all others are made from."""
    body = measure(body_data().base)
    head = measure_head(body)
    x, y, z = ((body.vertices - head.eyes) / head.scale).T
    temples = np.clip((0.045 - z) / 0.05, 0, 1)
    grown = (z > 0.062) | ((x < -0.045 - 0.04 * temples) & (z > -0.075))
    is_ear = (np.abs(y) > 0.9 * head.radii[1] / head.scale) & (z < 0.02) & (x > -0.12)
    hairy = head.mine & grown & ~is_ear
    front = head.mine & (x > -0.02)
    aside = np.abs(y) - head.eye / head.scale
    brows = front & (np.abs(z - 0.019) < 0.004) & (np.abs(aside) < 0.022)
    lips = front & (np.abs(y) < 0.026) & (np.abs(z + 0.068) < 0.008)
    surface = sheet("body")
    thickness = np.zeros(len(hairy))
    thickness[surface.members] = relaxed(surface.mean, hairy[surface.members].astype(float), 3)
    return Features(hairy, brows, lips, thickness)


def with_head(body: Measures, head: Head, outfit: Outfit, outward: Points, hat: float | None) -> Points:
    """The body's vertices, its hair grown; what a hat covers above that height is pressed into the skull."""
    vertices = body.vertices.copy()
    if outfit.hair != "bald":
        vertices += outward * (HAIR * features().thickness)[:, None]
    if hat is not None:
        from_centre = (vertices - head.centre) / head.radii
        far = np.linalg.norm(from_centre, axis=1)
        pressed = head.mine & (body.height > hat) & (far > 1)
        vertices[pressed] = head.centre + (from_centre[pressed] / far[pressed, None]) * head.radii
    return vertices


def skin_colours(body: Measures, outfit: Outfit) -> Points:
    """Colours of the bare body, face and hair included, for every vertex."""
    colours = np.array(outfit.skin) * (1 + 0.025 * noise(body.vertices, outfit.texture, 60.0))[:, None]
    scalp, brows, lips, _ = features()
    colours[brows] = np.multiply(outfit.hair_colour, 0.7)
    colours[lips] = np.multiply(outfit.skin, [0.85, 0.55, 0.55])
    if outfit.hair != "bald":
        colours[scalp] = hair_colours(body.vertices[scalp], outfit)
    for group in ("helper-l-eye", "helper-r-eye"):
        ball = np.unique(body_data().faces[group])
        colours[ball] = 0.9
        pupil = ball[body.vertices[ball, 0] > body.vertices[ball, 0].max() - 0.0035]
        colours[pupil] = [0.12, 0.08, 0.06]
    return colours


def hair_colours(points: Points, outfit: Outfit) -> Points:
    """Colours of hair at these places: strands run down."""
    strands: Field = noise(points * [1, 1, 0.15], outfit.texture, 110.0)
    return np.array(outfit.hair_colour) * (1 + 0.2 * strands)[:, None]
