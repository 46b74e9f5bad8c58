"""A frame: people in their surroundings, as a camera sees them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from gaitheat.walkers.mesh import Mesh
from gaitheat.walkers.pictures.camera import Camera, zoomed
from gaitheat.walkers.pictures.light import SHARPEST, Light, cast_shadows, extent_of, window
from gaitheat.walkers.pictures.raster import (
    SUPERSAMPLING,
    Faces,
    Samples,
    Vertices,
    compiled,
    compose,
    fill,
    shade,
    skin,
    to_screen,
    vertex_normals,
)
from gaitheat.walkers.pictures.scenery import Scenery, Sensor

Transforms = Float32[np.ndarray, "_ 3 4"]
"""Where a mesh's bones are: from the resting body to the world. People may differ in their number."""
TILE = 2
"""Sides of the noise's tile, in pictures: a part of it is put on each frame."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


class Picture(NamedTuple):
    """What a camera delivers, and the truth about it."""

    rgb: UInt8[np.ndarray, "height width 3"]
    mask: UInt8[np.ndarray, "height width"]
    """The walker's visible share of each pixel, 0..255."""


class _Body(NamedTuple):
    """A person in one frame."""

    vertices: Vertices
    faces: Faces
    colours: Vertices


def render(
    figures: Sequence[tuple[Mesh, Transforms]], scenery: Scenery, camera: Camera, rng: np.random.Generator
) -> Picture:
    """One frame.

    Args:
        figures: meshes and their bones; the first one is the walker, whom the mask shows, the others pass by.
        scenery: was drawn for the same camera.
        camera: sees it.
        rng: draws the noise.
    """
    bodies = [_posed(mesh, bones, scenery.light) for mesh, bones in figures]
    picture = scenery.surroundings.picture.copy()
    in_light = [(body.vertices, body.faces) for body in bodies]
    cast_shadows(picture, scenery.surroundings.floor, in_light, camera, scenery.light.shadows)
    mask = np.zeros(picture.shape[:2], np.uint8)
    _draw(bodies, scenery, camera, picture, mask)
    return Picture(_sensed(picture, scenery.sensor, rng), mask)


def _posed(mesh: Mesh, bones: Transforms, light: Light) -> _Body:
    vertices = skin(mesh.vertices, mesh.bones, mesh.weights, bones)
    normals = vertex_normals(vertices, mesh.faces)
    return _Body(
        vertices, mesh.faces, shade(normals, mesh.colours, light.direction, light.ambient, light.sky)
    )


def _draw(
    bodies: Sequence[_Body],
    scenery: Scenery,
    camera: Camera,
    picture: Float32[np.ndarray, "height width 3"],
    mask: UInt8[np.ndarray, "height width"],
) -> None:
    """Draw people where nothing hides them; samples are made only around them."""
    low, high = extent_of([to_screen(body.vertices, camera.matrix) for body in bodies])
    if not high[2] > 0:
        return
    rows, columns = window(low, high, camera.size, 0.0)
    fine = tuple(slice(part.start * SUPERSAMPLING, part.stop * SUPERSAMPLING) for part in (rows, columns))
    nearness = scenery.surroundings.nearness[fine].copy()
    rgb = np.zeros((*nearness.shape, 3), np.float32)
    samples = Samples(nearness, rgb, np.zeros(nearness.shape, np.uint8))
    matrix = zoomed(camera, columns.start, rows.start, SUPERSAMPLING)
    for owner, body in enumerate(bodies, 1):
        fill(samples, to_screen(body.vertices, matrix), body.faces, body.colours, owner)
    compose(samples, picture[rows, columns], mask[rows, columns])


def _sensed(
    light: Float32[np.ndarray, "height width 3"], sensor: Sensor, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """What the sensor delivers."""
    height, width = light.shape[:2]
    tile = _noise_tile(height * TILE, width * TILE)
    corner = rng.integers(0, (height * (TILE - 1) + 1, width * (TILE - 1) + 1))
    noise = tile[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
    rgb = _exposed(light, noise, sensor.noise, sensor.gain, sensor.offset, sensor.grey)
    if sensor.blur >= SHARPEST:
        rgb = cv2.GaussianBlur(rgb, (0, 0), sensor.blur)
    if sensor.quality is not None:
        rgb = _compressed(rgb, sensor.quality)
    return np.asarray(rgb, np.uint8)


@compiled
def _exposed(
    light: Float32[np.ndarray, "height width 3"],
    noise: Float32[np.ndarray, "height width"],
    strength: float,
    gain: Float32[np.ndarray, "3"],
    offset: float,
    grey: bool,
) -> UInt8[np.ndarray, "height width 3"]:
    """Light to grey levels."""
    levels = np.empty(light.shape, np.uint8)
    for row in range(light.shape[0]):
        for column in range(light.shape[1]):
            red = light[row, column, 0] * gain[0]
            green = light[row, column, 1] * gain[1]
            blue = light[row, column, 2] * gain[2]
            if grey:
                red = green = blue = red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]
            base = offset + strength * noise[row, column] + 0.5
            levels[row, column, 0] = min(max(red * 255 + base, 0), 255)
            levels[row, column, 1] = min(max(green * 255 + base, 0), 255)
            levels[row, column, 2] = min(max(blue * 255 + base, 0), 255)
    return levels


def _compressed(
    rgb: UInt8[np.ndarray, "height width 3"], quality: int
) -> UInt8[np.ndarray, "height width 3"]:
    """As after JPEG compression."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    encoded, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert encoded
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


@lru_cache(maxsize=4)
def _noise_tile(rows: int, columns: int) -> Float32[np.ndarray, "rows columns"]:
    """Noise of unit variance, always the same: frames differ by which part of it they get."""
    return np.random.default_rng(0).standard_normal((rows, columns), np.float32)
