"""Painted surfaces: walls, floors, facades, pavements. All colours RGB, 0..1; all lengths metres."""

import colorsys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gaitheat.walkers.pictures.canvas import Point, Texture

PER_METRE = 30
"""Pixels of a texture."""
STOREY = 3.1
"""Height of a storey of a facade."""


def colour(rng: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> Point:
    """A colour of any hue; faint ones are more common."""
    least, most = saturation
    return np.array(
        colorsys.hsv_to_rgb(rng.random(), least + (most - least) * rng.random() ** 2, rng.uniform(*value))
    )


def mottled(rng: np.random.Generator, length: float, height: float, base: Point, strength: float) -> Texture:
    """A surface of one colour with stains and grain; ``strength`` is their standard deviation."""
    columns, rows = round(length * PER_METRE), round(height * PER_METRE)
    stains: NDArray[Any] = np.zeros((rows, columns), np.float32)
    for pixels, share in ((48, 0.7), (12, 0.4), (2, 0.4)):
        coarse = rng.standard_normal((rows // pixels + 2, columns // pixels + 2), np.float32)
        stains += share * cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.clip((1 + strength * stains)[..., None] * base.astype(np.float32), 0, 1)


def lines(texture: Texture, every: float, rows: bool, share: float, width: float = 0.03) -> None:
    """Joints between tiles, planks or slabs: parallel lines that keep this share of the light."""
    step, thick = every * PER_METRE, max(round(width * PER_METRE), 1)
    across = texture if rows else texture.swapaxes(0, 1)
    for start in np.arange(step / 2, len(across), step).astype(int):
        across[start : start + thick] *= share


def patch(texture: Texture, left: float, bottom: float, length: float, height: float, colours: Any) -> None:
    """A rectangle of one colour; its place is measured from the lower left corner. What sticks out is cut."""
    low, high = (round(edge * PER_METRE) for edge in (bottom, bottom + height))
    start, stop = (max(round(edge * PER_METRE), 0) for edge in (left, left + length))
    rows = len(texture)
    texture[max(rows - high, 0) : max(rows - low, 0), start:stop] = colours


def flooring(rng: np.random.Generator, length: float, width: float) -> Texture:
    """Carpet, tiles or planks."""
    base = colour(rng, (0.02, 0.3), (0.25, 0.65))
    texture = mottled(rng, length, width, base, rng.uniform(0.02, 0.09))
    pattern = rng.choice(["carpet", "tiles", "planks"])
    if pattern != "carpet":
        every, share = rng.uniform(0.3, 0.9), rng.uniform(0.7, 0.92)
        lines(texture, every, True, share)
        lines(texture, every if pattern == "tiles" else 4 * every, False, share)
    return texture


def room_wall(rng: np.random.Generator, length: float, height: float, base: Point) -> Texture:
    """A wall inside a house, with what hangs on it and leads through it."""
    texture = mottled(rng, length, height, base, rng.uniform(0.01, 0.05))
    if rng.random() < 0.4:
        lines(texture, rng.uniform(0.8, 1.6), False, rng.uniform(0.85, 0.97))
    if rng.random() < 0.3:
        patch(texture, 0.0, 0.0, length, rng.uniform(0.9, 1.3), base * rng.uniform(0.6, 0.95))
    patch(texture, 0.0, 0.0, length, 0.1, base * rng.uniform(0.4, 0.9))
    left = rng.uniform(0, 2)
    fittings = (_door, _poster, _poster, _window, _nothing)
    while left < length - 1.5:
        left += fittings[rng.integers(len(fittings))](rng, texture, left) + rng.uniform(0.4, 2.0)
    return texture


def _nothing(rng: np.random.Generator, texture: Texture, left: float) -> float:
    del texture, left
    return float(rng.uniform(0.5, 1.5))


def _door(rng: np.random.Generator, texture: Texture, left: float) -> float:
    width, leaf = rng.uniform(0.8, 1.1), colour(rng, (0.05, 0.5), (0.2, 0.85))
    patch(texture, left - 0.06, 0.0, width + 0.12, 2.08, leaf * 0.6)
    patch(texture, left, 0.0, width, 2.0, leaf)
    patch(texture, left + 0.06, 1.0, 0.1, 0.05, leaf * 0.3)
    if rng.random() < 0.4:
        patch(texture, left + width / 2 - 0.2, 1.2, 0.4, 0.6, np.array([0.65, 0.7, 0.72]))
    return float(width)


def _poster(rng: np.random.Generator, texture: Texture, left: float) -> float:
    width, height, bottom = rng.uniform(0.4, 1.4), rng.uniform(0.4, 1.1), rng.uniform(1.0, 1.5)
    patch(
        texture, left - 0.03, bottom - 0.03, width + 0.06, height + 0.06, colour(rng, (0.0, 0.3), (0.1, 0.9))
    )
    patch(texture, left, bottom, width, height, colour(rng, (0.0, 0.6), (0.4, 0.95)))
    for _ in range(rng.integers(2, 7)):
        across, up = rng.uniform(0, 0.7, 2)
        size = rng.uniform(0.08, 0.3, 2)
        at = (left + across * width, bottom + up * height, size[0] * width, size[1] * height)
        patch(texture, *at, colour(rng, (0.0, 0.8), (0.1, 0.95)))
    return float(width)


def _window(rng: np.random.Generator, texture: Texture, left: float) -> float:
    width, height = rng.uniform(0.9, 1.8), rng.uniform(0.9, 1.3)
    _panes(rng, texture, (left, 1.0, width, height), colour(rng, (0.05, 0.3), (0.6, 0.95)))
    return float(width)


def _panes(
    rng: np.random.Generator, texture: Texture, place: tuple[float, float, float, float], glass: Point
) -> None:
    left, bottom, width, height = place
    frame = np.full(3, rng.uniform(0.2, 0.95))
    patch(texture, left - 0.06, bottom - 0.06, width + 0.12, height + 0.12, frame)
    patch(texture, left, bottom, width, height, glass)
    patch(texture, left, bottom, width, height / 3, glass * 0.85)
    patch(texture, left + width / 2 - 0.03, bottom, 0.06, height, frame)


def facade(rng: np.random.Generator, length: float, storeys: int) -> Texture:
    """Houses side by side, the lowest storey with shops or doors."""
    height = storeys * STOREY
    texture = mottled(rng, length, height, np.ones(3), rng.uniform(0.03, 0.08))
    left = 0.0
    while left < length:
        width = rng.uniform(6, 14)
        _house(rng, texture, left, width, storeys)
        left += width
    return texture


def _house(rng: np.random.Generator, texture: Texture, left: float, width: float, storeys: int) -> None:
    columns = slice(round(left * PER_METRE), round((left + width) * PER_METRE))
    texture[:, columns] *= colour(rng, (0.02, 0.3), (0.35, 0.85)).astype(np.float32)
    if rng.random() < 0.4:
        lines(texture[:, columns], rng.uniform(0.12, 0.3), True, 0.85)
    pitch = rng.uniform(1.8, 3.2)
    size = rng.uniform(0.45, 0.7) * pitch, rng.uniform(1.2, 1.9)
    glass = colour(rng, (0.05, 0.3), (0.12, 0.5))
    for storey in range(storeys):
        for start in np.arange(pitch / 4, width - size[0], pitch):
            if storey:
                place = (left + start, storey * STOREY + 0.9, *size)
            else:
                place = (left + start, rng.choice([0.1, 0.8]), size[0], 1.9)
            _panes(rng, texture, place, glass * rng.uniform(0.6, 1.3))
    patch(texture, left, STOREY - 0.2, width, 0.15, colour(rng, (0.0, 0.5), (0.2, 0.8)))


def foliage(rng: np.random.Generator, length: float, height: float) -> Texture:
    """A hedge."""
    green = np.array([rng.uniform(0.15, 0.35), rng.uniform(0.3, 0.5), rng.uniform(0.08, 0.22)])
    return mottled(rng, length, height, green, rng.uniform(0.2, 0.3))


def fence(rng: np.random.Generator, length: float, height: float) -> Texture:
    """Boards or a low wall."""
    texture = mottled(rng, length, height, colour(rng, (0.05, 0.5), (0.3, 0.8)), 0.06)
    upright = bool(rng.random() < 0.6)
    lines(texture, rng.uniform(0.12, 0.4), not upright, rng.uniform(0.6, 0.85))
    return texture


def pavement(rng: np.random.Generator, length: float, width: float) -> Texture:
    """Slabs, asphalt or gravel."""
    texture = mottled(rng, length, width, colour(rng, (0.0, 0.08), (0.3, 0.62)), rng.uniform(0.04, 0.1))
    if rng.random() < 0.6:
        every, share = rng.uniform(0.3, 1.0), rng.uniform(0.7, 0.9)
        lines(texture, every, True, share)
        lines(texture, every * rng.choice([1.0, 2.0]), False, share)
    return texture


def road(rng: np.random.Generator, length: float, width: float) -> Texture:
    """Asphalt between two kerbs, perhaps with a line in its middle."""
    texture = mottled(rng, length, width, np.full(3, rng.uniform(0.22, 0.42)), 0.06)
    if rng.random() < 0.6:
        for start in np.arange(0, length, 4.0):
            patch(texture, start, width / 2, 2.0, 0.12, np.full(3, 0.85))
    for bottom in (0.0, width - 0.15):
        patch(texture, 0.0, bottom, length, 0.15, np.full(3, rng.uniform(0.55, 0.75)))
    return texture


def grass(rng: np.random.Generator, length: float, width: float) -> Texture:
    """A lawn."""
    green = np.array([rng.uniform(0.25, 0.45), rng.uniform(0.38, 0.55), rng.uniform(0.12, 0.25)])
    return mottled(rng, length, width, green, rng.uniform(0.08, 0.16))
