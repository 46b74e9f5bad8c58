"""Plain forms that bags, hats and hair are made of."""

import numpy as np
from jaxtyping import Float, Float64

from gaitheat.walkers.mesh import Faces, Points


def grid_faces(rows: int, columns: int, closed: bool) -> Faces:
    """Triangles of a net of vertices, row by row; ``closed``: the last column is joined to the first."""
    row, column = np.mgrid[: rows - 1, : columns if closed else columns - 1]
    here, right = row * columns + column, row * columns + (column + 1) % columns
    lower = np.stack([here, right, here + columns], axis=-1)
    upper = np.stack([right, right + columns, here + columns], axis=-1)
    faces: Faces = np.concatenate([lower, upper]).reshape(-1, 3).astype(np.int32)
    return faces


def rounded_box(size: tuple[float, float, float], sharpness: float = 5.0) -> tuple[Points, Faces]:
    """A superellipsoid around the origin: 2 is an ellipsoid, larger is more like a box. Size in metres."""
    rows, columns = 9, 20
    # Half a step off the axes, where the form is all edge.
    around = (np.arange(columns) + 0.5) * 2 * np.pi / columns
    up = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]

    def bent(value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        result: Float[np.ndarray, "*shape"] = np.sign(value) * np.abs(value) ** (2 / sharpness)
        return result

    parts = bent(np.cos(up)) * bent(np.cos(around)), bent(np.cos(up)) * bent(np.sin(around)), bent(np.sin(up))
    points = np.stack(np.broadcast_arrays(*parts), axis=-1).reshape(-1, 3)
    return points * np.array(size) / 2, grid_faces(rows, columns, closed=True)


def band(
    line: Float64[np.ndarray, "points 3"],
    across: Float64[np.ndarray, "*points 3"],
    outward: Float64[np.ndarray, "points 3"],
    closed: bool,
) -> tuple[Points, Faces]:
    """A strap along a line: its half width and its half thickness are the two vectors, metres."""
    across = np.broadcast_to(across, line.shape)
    corners = [across + outward, across - outward, -across - outward, -across + outward]
    points = np.stack([line + corner for corner in corners], axis=1).reshape(-1, 3)
    if closed:
        points = np.concatenate([points, points[:4]])
    return points, grid_faces(len(points) // 4, 4, closed=True)


def tube(line: Float64[np.ndarray, "points 3"], radius: float) -> tuple[Points, Faces]:
    """A round cord along a line."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    # Any direction that the line nowhere follows will do.
    aside = np.cross(along, np.eye(3)[np.abs(along).max(axis=0).argmin()])
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    other = np.cross(along, aside)
    angles = np.arange(6) * np.pi / 3
    rim = np.cos(angles)[:, None, None] * aside + np.sin(angles)[:, None, None] * other
    points = (line + radius * rim).swapaxes(0, 1).reshape(-1, 3)
    return points, grid_faces(len(line), 6, closed=True)


def around(
    heights: Float64[np.ndarray, " rings"],
    middles: Float64[np.ndarray, " rings"],
    axes: Float64[np.ndarray, "rings 3"],
    openings: Float64[np.ndarray, " rings"],
    columns: int = 27,
) -> tuple[Points, Faces]:
    """A surface of horizontal rings, the upper ones first.

    Args:
        heights: metres.
        middles: x of each ring's middle; y is 0.
        axes: half axes forwards, backwards and sideways, metres.
        openings: half angles that are left open in front, radians; 0 closes the ring.
        columns: vertices of a ring.
    """
    share = np.linspace(0, 1, columns)
    angles = openings[:, None] + share * (2 * np.pi - 2 * openings[:, None])
    forward = np.where(np.cos(angles) > 0, axes[:, :1], axes[:, 1:2])
    x = middles[:, None] + forward * np.cos(angles)
    y = axes[:, 2:] * np.sin(angles)
    points = np.stack(np.broadcast_arrays(x, y, heights[:, None]), axis=-1).reshape(-1, 3)
    return points, grid_faces(len(heights), columns, closed=False)
