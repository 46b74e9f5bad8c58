"""A canvas in true perspective: first the sky, then rectangles and things in any order (a z-buffer)."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, Float32

from gaitheat.walkers.pictures.camera import Camera, zoomed
from gaitheat.walkers.pictures.light import Light, cast_shadows
from gaitheat.walkers.pictures.raster import (
    SUPERSAMPLING,
    Faces,
    Samples,
    Vertices,
    compiled,
    fill,
    shade,
    to_screen,
    vertex_normals,
)

Texture = Float32[np.ndarray, "height width 3"]
"""RGB, 0..1; the first row is the upper edge."""
Point = Float[np.ndarray, "3"]
"""Metres in the world."""
NOBODY, FLOOR, THING = 0, 1, 2
"""Owners of samples."""
MOST_TAPS = 8
"""Places of a texture that are averaged for one sample where it is seen at a grazing angle."""


class Solid(NamedTuple):
    """A thing of triangles in the world."""

    vertices: Vertices
    faces: Faces
    colours: Vertices


class Surroundings(NamedTuple):
    """A finished canvas."""

    picture: Float32[np.ndarray, "height width 3"]
    """RGB, 0..1."""
    floor: Float32[np.ndarray, "height width"]
    """The floor's share of each pixel."""
    nearness: Float32[np.ndarray, "rows columns"]
    """1 / metres of what stands about, for each sample; 0 where it is floor or sky, which hide nobody."""


class Canvas:
    """What is drawn so far of a recording's surroundings."""

    def __init__(self, camera: Camera, light: Light) -> None:
        width, height = camera.size
        rows, columns = height * SUPERSAMPLING, width * SUPERSAMPLING
        self.camera = camera
        self.light = light
        self._matrix = zoomed(camera, 0, 0, SUPERSAMPLING)
        self._solids: list[Solid] = []
        self._samples = Samples(
            np.zeros((rows, columns), np.float32),
            np.zeros((rows, columns, 3), np.float32),
            np.full((rows, columns), NOBODY, np.uint8),
        )

    def sky(self, ground: Point, horizon: Point, zenith: Point) -> None:
        """Infinitely far: a plain ground below the horizon, a sky that changes upwards. Colours RGB, 0..1.

        To be drawn first: it covers what is there.
        """
        rows, columns, _ = self._samples.rgb.shape
        x, y = np.arange(columns, dtype=np.float32) + 0.5, np.arange(rows, dtype=np.float32)[:, None] + 0.5
        rise = np.linalg.inv(self._matrix[:, :3])[2].astype(np.float32)
        elevation = rise[0] * x + (rise[1] * y + rise[2])
        up = np.clip(2 * elevation, 0, 1)
        for channel in range(3):
            above = horizon[channel] + up * np.float32(zenith[channel] - horizon[channel])
            self._samples.rgb[..., channel] = np.where(elevation < 0, ground[channel], above)

    def rectangle(
        self, texture: Texture, corner: Point, across: Point, down: Point, owner: int = THING
    ) -> None:
        """A texture on a rectangle, given by its upper left corner, its upper edge and its left edge, metres.

        It is lit like everything else, but for a ceiling, which shines by itself.
        """
        height, width = texture.shape[:2]
        place = np.column_stack([across / width, down / height, corner])
        homography = self._matrix @ np.vstack([place, [0, 0, 1]])
        if abs(np.linalg.det(homography)) < 1e-12:  # seen exactly from its edge
            return
        normal = np.cross(down, across).astype(np.float32)[None]
        normal /= np.linalg.norm(normal)
        white = np.ones((1, 3), np.float32)
        lit = self._lit(normal, white) if normal[0, 2] > -0.5 else white
        paste(self._samples, texture * lit, np.linalg.inv(homography), owner)

    def solid(self, solid: Solid) -> None:
        """A thing; it casts shadows."""
        self._solids.append(solid)
        colours = self._lit(vertex_normals(solid.vertices, solid.faces), solid.colours)
        fill(self._samples, to_screen(solid.vertices, self._matrix), solid.faces, colours, THING)

    def _lit(self, normals: Vertices, colours: Vertices) -> Vertices:
        return shade(normals, colours, self.light.direction, self.light.ambient, self.light.sky)

    def finished(self) -> Surroundings:
        """The picture in its own size, with the shadows of all things."""
        nearness, rgb, owner = self._samples
        on_floor = (owner == FLOOR).astype(np.float32)
        picture, floor = (
            cv2.resize(grid, self.camera.size, interpolation=cv2.INTER_AREA) for grid in (rgb, on_floor)
        )
        bodies = [(solid.vertices, solid.faces) for solid in self._solids]
        if bodies:
            cast_shadows(picture, floor, bodies, self.camera, self.light.shadows)
        return Surroundings(picture, floor, np.where(owner == THING, nearness, np.float32(0)))


@compiled
def _add_texel(sample: Float32[np.ndarray, "3"], texture: Texture, u: float, v: float, share: float) -> None:
    """Add this share of a texture's colour to a sample; bilinear, u and v from the texture's edges."""
    rows, columns, _ = texture.shape
    x = min(max(u - 0.5, 0.0), columns - 1.0)
    y = min(max(v - 0.5, 0.0), rows - 1.0)
    left, top = int(x), int(y)
    right, below = min(left + 1, columns - 1), min(top + 1, rows - 1)
    x, y = x - left, y - top
    for channel in range(3):
        upper = (1 - x) * texture[top, left, channel] + x * texture[top, right, channel]
        lower = (1 - x) * texture[below, left, channel] + x * texture[below, right, channel]
        sample[channel] += share * ((1 - y) * upper + y * lower)


@compiled
def _place(inverse: Float[np.ndarray, "3 3"], x: float, y: float) -> tuple[float, float, float]:
    """u and v in a texture, and nearness, of a place among the samples; 0 where it is behind the camera."""
    nearness = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    if nearness <= 0:
        return 0.0, 0.0, 0.0
    u = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    v = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    return u / nearness, v / nearness, nearness


@compiled
def paste(samples: Samples, texture: Texture, inverse: Float[np.ndarray, "3 3"], owner: int) -> None:
    """Draw a flat textured rectangle in perspective where nothing nearer is.

    ``inverse`` leads from samples to the texture's pixels, both measured from their edges; its third
    coordinate is the nearness. A sample that covers many pixels of the texture is the mean of up to MOST_TAPS
    of them.
    """
    height, width, _ = texture.shape
    for row in range(samples.nearness.shape[0]):
        for column in range(samples.nearness.shape[1]):
            u, v, nearness = _place(inverse, column + 0.5, row + 0.5)
            inside = 0 <= u < width and 0 <= v < height
            if nearness <= samples.nearness[row, column] or not inside:
                continue
            samples.nearness[row, column] = nearness
            samples.owner[row, column] = owner
            # What a sample shows of a floor is much longer than wide: it is averaged along its length.
            below_u, below_v, there = _place(inverse, column + 0.5, row + 1.5)
            du, dv = (below_u - u, below_v - v) if there > 0 else (0.0, 0.0)
            taps = min(max(int(np.ceil(max(abs(du), abs(dv)))), 1), MOST_TAPS)
            samples.rgb[row, column] = 0
            for tap in range(taps):
                along = (tap + 0.5) / taps - 0.5
                _add_texel(samples.rgb[row, column], texture, u + along * du, v + along * dv, 1 / taps)
