"""Light: how a recording is lit, and the shadows that fall on its floor."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, Float32
from numpy.typing import NDArray

from gaitheat.walkers.pictures.camera import Camera, Degrees
from gaitheat.walkers.pictures.raster import Faces, Vertices, cover, extent, flatten, to_screen

Direction = Float32[np.ndarray, "3"]
"""Unit vector towards a lamp that is infinitely far."""
Bound = Float[np.ndarray, "3"]
"""x, y and nearness."""
SHARPEST = 0.3
"""Standard deviation of the blur of a sharp edge, pixels."""
REACH = 2.5
"""Standard deviations of its blur that a shadow's edge reaches out."""


class Shadow(NamedTuple):
    """Where one lamp's light is missing."""

    direction: Direction
    darkness: float
    """Share of the floor's light that it takes, 0..1."""
    softness: float
    """Standard deviation of its edge, metres on the floor."""


class Light(NamedTuple):
    """What shines: a main lamp, the sky, and what comes from everywhere; together about 1."""

    direction: Direction
    ambient: float
    sky: float
    shadows: tuple[Shadow, ...]


def towards(azimuth: Degrees, elevation: Degrees) -> Direction:
    """The direction of a lamp: degrees from the X axis, anticlockwise, and above the floor."""
    around, above = np.radians([azimuth, elevation])
    direction = [np.cos(above) * np.cos(around), np.cos(above) * np.sin(around), np.sin(above)]
    return np.array(direction, np.float32)


def cast_shadows(
    picture: Float32[np.ndarray, "height width 3"],
    floor: Float32[np.ndarray, "height width"],
    bodies: Sequence[tuple[Vertices, Faces]],
    camera: Camera,
    shadows: Sequence[Shadow],
) -> None:
    """Darken the floor where bodies stand in a lamp's light, in place.

    Args:
        picture: what is seen without them.
        floor: the floor's share of each pixel: nothing else is darkened.
        bodies: vertices in the world and faces.
        camera: sees the picture.
        shadows: of the lamps, one after the other.
    """
    for shadow in shadows:
        flat = [to_screen(flatten(vertices, shadow.direction), camera.matrix) for vertices, _ in bodies]
        low, high = extent_of(flat)
        if not high[2] > 0:
            continue
        # The edge is round on the floor: seen from this high it is lower than wide.
        nearness = float(low[2] + high[2]) / 2
        wide = shadow.softness * camera.focal * nearness
        flatness = min(float(camera.centre[2]) * nearness, 1.0)
        part = window(low, high, camera.size, REACH * wide + 1)
        if not picture[part].size:
            continue
        covered = np.zeros(floor.shape, np.uint8)
        for screen, (_, faces) in zip(flat, bodies, strict=True):
            cover(covered, screen, faces)
        hidden = _soft(covered[part], wide, wide * flatness)
        picture[part] *= (1 - shadow.darkness * hidden * floor[part])[..., None]


def _soft(covered: NDArray[np.uint8], wide: float, high: float) -> NDArray[np.float32]:
    """The share of the lamp that is hidden, 0..1."""
    smooth = cv2.GaussianBlur(covered, (0, 0), max(wide, SHARPEST), sigmaY=max(high, SHARPEST))
    return np.asarray(smooth, np.float32) / np.float32(255)


def extent_of(screens: Sequence[Vertices]) -> tuple[Bound, Bound]:
    """Lowest and highest x, y and nearness of all that is before the camera; infinities if nothing is."""
    lows, highs = zip(*(extent(screen) for screen in screens), strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def window(low: Bound, high: Bound, size: tuple[int, int], margin: float) -> tuple[slice, slice]:
    """Rows and columns of a picture that hold an extent and a margin; empty where it lies outside."""
    first = np.clip(np.floor(low[:2] - margin), 0, size).astype(int)
    stop = np.clip(np.ceil(high[:2] + margin), first, size).astype(int)
    return slice(int(first[1]), int(stop[1])), slice(int(first[0]), int(stop[0]))
