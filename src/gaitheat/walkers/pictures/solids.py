"""Things of triangles that stand about: boxes, pillars, bushes."""

import numpy as np
from jaxtyping import Float, Int64

from gaitheat.walkers.pictures.canvas import Point, Solid

Quads = Int64[np.ndarray, "quads 4"]
AROUND = 14
"""Corners of what is round."""
BOX_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""Corners of each side, anticlockwise from outside; the corner's bits say whether x, y and z are high."""


def box(foot: Point, size: tuple[float, float, float], turned: float, colour: Point) -> Solid:
    """A box that stands on the middle of its lower side.

    Args:
        foot: metres in the world.
        size: length, width and height, metres.
        turned: radians by which its length is turned from the X axis.
        colour: RGB, 0..1.
    """
    bits = np.array([[corner >> 2 & 1, corner >> 1 & 1, corner & 1] for corner in range(8)], np.float64)
    corners = (bits - [0.5, 0.5, 0]) * size
    cosine, sine = np.cos(turned), np.sin(turned)
    corners = corners @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]) + foot
    quads = np.arange(24, dtype=np.int64).reshape(6, 4)
    vertices = corners[np.array(BOX_FACES).ravel()]  # every side has corners of its own: edges are sharp
    return _solid(vertices, quads, np.tile(colour, (24, 1)))


def pillar(foot: Point, radius: float, height: float, colour: Point) -> Solid:
    """An upright pipe without a lid."""
    angles = np.arange(AROUND) * 2 * np.pi / AROUND
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1) * radius
    vertices = np.concatenate([ring, ring + np.array([0, 0, height])]) + foot
    return _solid(vertices, _rings(2), np.tile(colour, (len(vertices), 1)))


def bush(rng: np.random.Generator, centre: Point, radii: tuple[float, float, float], colour: Point) -> Solid:
    """An uneven ball of leaves: a crown of a tree, a bush."""
    rings = 11
    tilt = np.linspace(-np.pi / 2, np.pi / 2, rings)[:, None]
    angles = np.arange(AROUND) * 2 * np.pi / AROUND
    ball = np.stack(
        np.broadcast_arrays(np.cos(tilt) * np.cos(angles), np.cos(tilt) * np.sin(angles), np.sin(tilt)), -1
    )
    swollen = ball * rng.uniform(0.75, 1.1, (rings, AROUND, 1))
    vertices = (swollen * radii).reshape(-1, 3) + centre
    return _solid(vertices, _rings(rings), colour * rng.uniform(0.6, 1.25, (len(vertices), 1)))


def _rings(count: int) -> Quads:
    """The sides between rings of AROUND corners, one above the other."""
    lower = np.arange((count - 1) * AROUND, dtype=np.int64)
    after = lower // AROUND * AROUND + (lower + 1) % AROUND
    return np.stack([lower, after, after + AROUND, lower + AROUND], axis=1)


def _solid(
    vertices: Float[np.ndarray, "vertices 3"], quads: Quads, colours: Float[np.ndarray, "vertices 3"]
) -> Solid:
    faces = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    return Solid(
        vertices.astype(np.float32), faces.astype(np.int32), np.clip(colours, 0, 1).astype(np.float32)
    )
