"""The camera: where it stands, and where in its picture a point of the world is seen.

World: X is the direction of walking at heading 0, Y its left, Z up, metres. Pictures: pixel i covers
[i, i + 1), and all coordinates here are measured from their edges: the centre of the first pixel is at 0.5.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

Degrees = float | int
NEAREST = 0.1
"""Metres before the camera: what is nearer, or behind it, is not seen."""


class Camera(NamedTuple):
    """A pinhole camera without distortion."""

    matrix: Float64[np.ndarray, "3 4"]
    """World metres to homogeneous pixels: (x, y, 1) times the depth in metres."""
    centre: Float64[np.ndarray, "3"]
    """Where it stands."""
    size: tuple[int, int]
    """Width and height of its pictures."""
    rotation: Float64[np.ndarray, "3 3"]
    """World axes to the camera's: right, down, away."""
    focal: float
    """Focal length, pixels."""


def camera_at(
    view_degrees: Degrees,
    distance: float,
    height: float,
    focal: float,
    target: Float[np.ndarray, "3"],
    size: tuple[int, int] = (320, 240),
    roll: Degrees = 0,
) -> Camera:
    """A camera that looks at ``target`` from a view.

    Who walks along X comes towards view 0, crosses the picture of view 90 from left to right, goes away from
    view 180, and crosses that of view 270 from right to left.

    Args:
        view_degrees: the view.
        distance: from the target, over ground, metres.
        height: above the floor, metres.
        focal: focal length in picture widths.
        target: what is in the middle of the picture.
        size: width and height of the picture, pixels.
        roll: degrees by which the camera is turned clockwise: what it sees turns anticlockwise.
    """
    view = np.radians(view_degrees)
    centre = np.array(
        [target[0] + distance * np.cos(view), target[1] - distance * np.sin(view), height], np.float64
    )
    away = (target - centre) / np.linalg.norm(target - centre)
    right = np.cross(away, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(away, right)
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    rotation = np.stack([cosine * right + sine * down, cosine * down - sine * right, away])
    width, rows = size
    pixels = focal * width
    intrinsics = np.array([[pixels, 0, width / 2], [0, pixels, rows / 2], [0, 0, 1]])
    matrix = intrinsics @ np.column_stack([rotation, -rotation @ centre])
    return Camera(matrix, centre, size, rotation, float(pixels))


def project(camera: Camera, points: Float[np.ndarray, "*points 3"]) -> Float64[np.ndarray, "*points 2"]:
    """Where points of the world are seen: pixels from the picture's edges; NaN for what is behind."""
    seen = points @ camera.matrix[:, :3].T + camera.matrix[:, 3]
    depth = seen[..., 2:]
    pixels: Float64[np.ndarray, "*points 2"] = seen[..., :2] / np.where(depth > NEAREST, depth, np.nan)
    return pixels


def zoomed(camera: Camera, left: int, top: int, scale: int) -> Float64[np.ndarray, "3 4"]:
    """The camera's matrix onto a finer grid that begins at a pixel's corner, ``scale`` steps a pixel."""
    grid = np.array([[scale, 0, -scale * left], [0, scale, -scale * top], [0, 0, 1]])
    matrix: Float64[np.ndarray, "3 4"] = grid @ camera.matrix
    return matrix
