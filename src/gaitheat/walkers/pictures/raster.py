"""The rasteriser: compiled loops that skin, project, shade and draw triangles on one core.

Triangles are drawn into *samples*, a grid that is finer than the picture and has its own z-buffer. Depth is
kept as nearness, 1 / metres, because that is what changes linearly over the picture.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8
from numba import njit

from gaitheat.walkers.pictures.camera import NEAREST

Function = TypeVar("Function", bound=Callable[..., Any])
Vertices = Float32[np.ndarray, "_ 3"]
"""Points, normals or colours, one for each vertex; those of several bodies differ in number."""
Faces = Int32[np.ndarray, "_ 3"]

SUPERSAMPLING = 2
"""Samples along each side of a pixel."""
INSIDE = -1e-6
"""Barycentric weight of a sample on a triangle's edge, less rounding: neighbours leave no gap."""


def compiled(function: Function) -> Function:
    """The function in machine code, kept on disk; what only watches over its arguments is taken off."""
    return cast("Function", njit(cache=True)(inspect.unwrap(function)))


class Samples(NamedTuple):
    """What is drawn so far; the picture's samples, or a rectangle of them."""

    nearness: Float32[np.ndarray, "rows columns"]
    """1 / metres of what is nearest; 0: infinitely far."""
    rgb: Float32[np.ndarray, "rows columns 3"]
    owner: UInt8[np.ndarray, "rows columns"]
    """Who is seen there; 0: nobody."""


@compiled
def skin(
    vertices: Vertices,
    bones: Int32[np.ndarray, "vertices influences"],
    weights: Float32[np.ndarray, "vertices influences"],
    transforms: Float32[np.ndarray, "bones 3 4"],
) -> Vertices:
    """Linear blend skinning: each vertex where the weighted mean of its bones takes it."""
    posed = np.empty_like(vertices)
    for vertex in range(len(vertices)):
        x, y, z = vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2]
        for axis in range(3):
            place = np.float32(0)
            for influence in range(bones.shape[1]):
                weight = weights[vertex, influence]
                if weight > 0:
                    to = transforms[bones[vertex, influence], axis]
                    place += weight * (to[0] * x + to[1] * y + to[2] * z + to[3])
            posed[vertex, axis] = place
    return posed


@compiled
def vertex_normals(vertices: Vertices, faces: Faces) -> Vertices:
    """Unit normals: the mean of the faces around each vertex, weighted by area; 0 where there are none."""
    normals = np.zeros_like(vertices)
    for face in range(len(faces)):
        a, b, c = vertices[faces[face, 0]], vertices[faces[face, 1]], vertices[faces[face, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        for corner in range(3):
            normal = normals[faces[face, corner]]
            normal[0] += uy * vz - uz * vy
            normal[1] += uz * vx - ux * vz
            normal[2] += ux * vy - uy * vx
    for vertex in range(len(vertices)):
        x, y, z = normals[vertex, 0], normals[vertex, 1], normals[vertex, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[vertex, 0], normals[vertex, 1], normals[vertex, 2] = x / length, y / length, z / length
    return normals


@compiled
def shade(
    normals: Vertices,
    colours: Vertices,
    direction: Float32[np.ndarray, "3"],
    ambient: float,
    sky: float,
) -> Vertices:
    """Colours as lit by a lamp whose light wraps around ("half Lambert"), by a sky above, and all around."""
    lit = np.empty_like(colours)
    for vertex in range(len(normals)):
        x, y, z = normals[vertex, 0], normals[vertex, 1], normals[vertex, 2]
        facing = 0.5 + 0.5 * (x * direction[0] + y * direction[1] + z * direction[2])
        light = ambient + sky * (0.5 + 0.5 * z) + 1.25 * (1 - ambient - sky) * facing * facing
        for channel in range(3):
            lit[vertex, channel] = colours[vertex, channel] * light
    return lit


@compiled
def flatten(vertices: Vertices, direction: Float32[np.ndarray, "3"]) -> Vertices:
    """Vertices moved to the floor, away from a lamp that is infinitely far in ``direction``."""
    flat = np.zeros_like(vertices)
    for vertex in range(len(vertices)):
        run = max(vertices[vertex, 2], np.float32(0)) / direction[2]
        flat[vertex, 0] = vertices[vertex, 0] - run * direction[0]
        flat[vertex, 1] = vertices[vertex, 1] - run * direction[1]
    return flat


@compiled
def to_screen(vertices: Vertices, matrix: Float[np.ndarray, "3 4"]) -> Vertices:
    """x, y (the matrix's pixels) and nearness; all zero behind the camera."""
    screen = np.zeros_like(vertices)
    for vertex in range(len(vertices)):
        x, y, z = vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2]
        depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
        if depth > NEAREST:
            across = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
            down = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
            screen[vertex, 0] = across / depth
            screen[vertex, 1] = down / depth
            screen[vertex, 2] = 1 / depth
    return screen


@compiled
def extent(screen: Vertices) -> tuple[Float32[np.ndarray, "3"], Float32[np.ndarray, "3"]]:
    """Lowest and highest x, y and nearness of what is before the camera; infinities if nothing is."""
    low = np.full(3, np.inf, np.float32)
    high = np.full(3, -np.inf, np.float32)
    for vertex in range(len(screen)):
        if screen[vertex, 2] > 0:
            for axis in range(3):
                low[axis] = min(low[axis], screen[vertex, axis])
                high[axis] = max(high[axis], screen[vertex, axis])
    return low, high


@compiled
def _span(first: float, second: float, third: float, stop: int) -> tuple[int, int]:
    """First sample, and the one after the last, whose centres lie among three coordinates and in the grid."""
    low = np.ceil(min(first, second, third) - 0.5)
    high = np.floor(max(first, second, third) - 0.5)
    return max(int(low), 0), min(int(high), stop - 1) + 1


@compiled
def _weights(
    a: Float32[np.ndarray, "3"], b: Float32[np.ndarray, "3"], c: Float32[np.ndarray, "3"]
) -> tuple[float, float, float, float, float, float]:
    """The barycentric weights of b and of c as linear functions of x and y: constant, of x, of y; for each.

    A triangle without area has nothing inside: its weights are -1 everywhere.
    """
    x, y = np.float64(a[0]), np.float64(a[1])
    bx, by, cx, cy = b[0] - x, b[1] - y, c[0] - x, c[1] - y
    area = bx * cy - cx * by
    if area == 0:
        return -1.0, 0.0, 0.0, -1.0, 0.0, 0.0
    bx, by, cx, cy = bx / area, by / area, cx / area, cy / area
    return cx * y - cy * x, cy, -cx, by * x - bx * y, -by, bx


@compiled
def fill(samples: Samples, screen: Vertices, faces: Faces, colours: Vertices, owner: int) -> None:
    """Draw triangles, smooth in colour, where nothing nearer is.

    ``screen`` is what :func:`to_screen` gives, in samples. Triangles with a corner behind the camera are left
    out.
    """
    rows, columns = samples.nearness.shape
    for face in range(len(faces)):
        a, b, c = screen[faces[face, 0]], screen[faces[face, 1]], screen[faces[face, 2]]
        left, right = _span(a[0], b[0], c[0], columns)
        top, bottom = _span(a[1], b[1], c[1], rows)
        if left >= right or top >= bottom or min(a[2], b[2], c[2]) <= 0:
            continue
        ca, cb, cc = colours[faces[face, 0]], colours[faces[face, 1]], colours[faces[face, 2]]
        b0, bx, by, c0, cx, cy = _weights(a, b, c)
        for row in range(top, bottom):
            for column in range(left, right):
                second = b0 + bx * (column + 0.5) + by * (row + 0.5)
                third = c0 + cx * (column + 0.5) + cy * (row + 0.5)
                first = 1 - second - third
                nearness = first * a[2] + second * b[2] + third * c[2]
                if min(first, second, third) >= INSIDE and nearness > samples.nearness[row, column]:
                    samples.nearness[row, column] = nearness
                    samples.owner[row, column] = owner
                    for channel in range(3):
                        colour = first * ca[channel] + second * cb[channel] + third * cc[channel]
                        samples.rgb[row, column, channel] = colour


@compiled
def cover(covered: UInt8[np.ndarray, "rows columns"], screen: Vertices, faces: Faces) -> None:
    """Set all pixels whose centres lie in a triangle to 255."""
    rows, columns = covered.shape
    for face in range(len(faces)):
        a, b, c = screen[faces[face, 0]], screen[faces[face, 1]], screen[faces[face, 2]]
        left, right = _span(a[0], b[0], c[0], columns)
        top, bottom = _span(a[1], b[1], c[1], rows)
        if left >= right or top >= bottom or min(a[2], b[2], c[2]) <= 0:
            continue
        b0, bx, by, c0, cx, cy = _weights(a, b, c)
        for row in range(top, bottom):
            for column in range(left, right):
                second = b0 + bx * (column + 0.5) + by * (row + 0.5)
                third = c0 + cx * (column + 0.5) + cy * (row + 0.5)
                if min(1 - second - third, second, third) >= INSIDE:
                    covered[row, column] = 255


@compiled
def compose(
    samples: Samples, picture: Float32[np.ndarray, "rows columns 3"], mask: UInt8[np.ndarray, "rows columns"]
) -> None:
    """Put the samples that have an owner over a picture, in place; the mask shows owner 1's share, 0..255."""
    side = SUPERSAMPLING
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            red = green = blue = np.float32(0)
            owned = first = 0
            for sample in range(side * side):
                y, x = row * side + sample // side, column * side + sample % side
                if samples.owner[y, x] > 0:
                    owned += 1
                    first += samples.owner[y, x] == 1
                    red += samples.rgb[y, x, 0]
                    green += samples.rgb[y, x, 1]
                    blue += samples.rgb[y, x, 2]
            rest = np.float32(1 - owned / side**2)
            picture[row, column, 0] = picture[row, column, 0] * rest + red / side**2
            picture[row, column, 1] = picture[row, column, 1] * rest + green / side**2
            picture[row, column, 2] = picture[row, column, 2] * rest + blue / side**2
            mask[row, column] = first * 255 // side**2
