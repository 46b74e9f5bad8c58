"""Triangle meshes that move with bones: put together, cut along a line, smoothed, given texture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from scipy.sparse import csr_array

HANGING = 53
"""The bone of what hangs from a hand: one more than the body has."""
Points = Float[np.ndarray, "vertices 3"]
Field = Float[np.ndarray, " vertices"]
Values = Float[np.ndarray, "vertices ..."]
Faces = Int32[np.ndarray, "faces 3"]


class Mesh(NamedTuple):
    """A surface at rest, and how it follows the bones."""

    vertices: Float32[np.ndarray, "vertices 3"]
    """Metres."""
    faces: Faces
    colours: Float32[np.ndarray, "vertices 3"]
    """Red, green and blue, 0..1."""
    bones: Int32[np.ndarray, "vertices 4"]
    weights: Float32[np.ndarray, "vertices 4"]
    """Share of each of the four bones; they sum to 1."""


def strongest(
    shares: Float[np.ndarray, "vertices bones"],
) -> tuple[Int32[np.ndarray, "vertices 4"], Float32[np.ndarray, "vertices 4"]]:
    """The four bones that move each vertex most, and their shares, which sum to 1."""
    bones = np.argsort(-shares, axis=1, kind="stable")[:, :4].astype(np.int32)
    weights = np.take_along_axis(shares, bones, axis=1).astype(np.float32)
    return bones, weights / weights.sum(axis=1, keepdims=True)


def rigid(vertices: Points, faces: Faces, colours: Points, bone: int) -> Mesh:
    """A mesh that moves with one bone alone."""
    bones = np.full((len(vertices), 4), bone, np.int32)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (len(vertices), 1))
    return Mesh(vertices.astype(np.float32), faces, colours.astype(np.float32), bones, weights)


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """All of them as one, without the vertices that no face uses; colours are brought into 0..1."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    used, compact = np.unique(faces, return_inverse=True)
    vertices, colours, bones, weights = (
        np.concatenate([getattr(mesh, name) for mesh in meshes])[used]
        for name in ("vertices", "colours", "bones", "weights")
    )
    return Mesh(vertices, compact.reshape(-1, 3).astype(np.int32), np.clip(colours, 0, 1), bones, weights)


def normals(vertices: Points, faces: Faces) -> Points:
    """Unit normals of the vertices, faces weighted by area; zero where no face is."""
    corners = vertices[faces]
    of_faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    summed = np.stack(
        [np.bincount(faces.ravel(), np.repeat(axis, 3), len(vertices)) for axis in of_faces.T], axis=1
    )
    unit: Points = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
    return unit


def neighbour_mean(faces: Faces, vertices: int) -> csr_array:
    """The matrix [vertices, vertices] that replaces every vertex by the mean of its neighbours."""
    rows = faces[:, [0, 1, 2, 1, 2, 0]].ravel()
    columns = faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    edges = csr_array((np.ones(len(rows)), (rows, columns)), shape=(vertices, vertices))
    edges.data[:] = 1
    degree = np.maximum(np.diff(edges.indptr), 1)
    edges.data /= np.repeat(degree, np.diff(edges.indptr))
    return edges


def relaxed(mean: csr_array, values: Values, rounds: int) -> Values:
    """Values after so many steps half-way to their neighbours' mean."""
    for _ in range(rounds):
        values = 0.5 * (values + mean @ values)
    return values


def cut(mesh: Mesh, keep: Field) -> Mesh:
    """The part of the mesh where ``keep`` is not negative; faces are split where it crosses zero."""
    inside = keep >= 0
    count = inside[mesh.faces].sum(axis=1)
    one = _turned(mesh.faces[count == 1], inside, True)
    two = _turned(mesh.faces[count == 2], inside, False)
    edges = np.concatenate([one[:, [0, 1]], one[:, [0, 2]], two[:, [0, 1]], two[:, [0, 2]]])
    pairs, new = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    new = new.reshape(-1) + len(mesh.vertices)
    near, far, left, right = np.split(new, np.cumsum([len(one), len(one), len(two)]))
    faces = [
        mesh.faces[count == 3],
        np.stack([one[:, 0], near, far], axis=1),
        np.stack([two[:, 1], two[:, 2], right], axis=1),
        np.stack([two[:, 1], right, left], axis=1),
    ]
    whole = Mesh(*(np.concatenate(both) for both in zip(mesh, _between(mesh, pairs, keep), strict=True)))
    return merged([whole._replace(faces=np.concatenate(faces).astype(np.int32))])


def crossings(mesh: Mesh, field: Field) -> Mesh:
    """The points where edges of the mesh cross the zero of a field; no faces."""
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges = edges[(field[edges] >= 0).sum(axis=1) == 1]
    return _between(mesh, np.unique(edges, axis=0), field)


def _turned(faces: Faces, inside: Bool[np.ndarray, " vertices"], first: bool) -> Faces:
    """The same faces, each starting with its only corner that is (``first``) or is not inside."""
    start = (inside[faces] == first).argmax(axis=1) if len(faces) else np.zeros(0, np.int64)
    return np.take_along_axis(faces, (start[:, None] + np.arange(3)) % 3, axis=1)


def _between(mesh: Mesh, pairs: Int32[np.ndarray, "pairs 2"], keep: Field) -> Mesh:
    """One vertex on each of these edges, where ``keep`` is zero; no faces."""
    ends = keep[pairs]
    share = (ends[:, 0] / (ends[:, 0] - ends[:, 1])).astype(np.float32)
    blend = np.stack([1 - share, share], axis=1)[..., None]
    parts = (mesh.weights[pairs] * blend).reshape(-1, 8)
    dense = np.zeros((len(pairs), HANGING + 1), np.float32)
    np.add.at(dense, (np.arange(len(pairs))[:, None], mesh.bones[pairs].reshape(-1, 8)), parts)
    bones, weights = strongest(dense)
    vertices, colours = ((values[pairs] * blend).sum(axis=1) for values in (mesh.vertices, mesh.colours))
    return Mesh(vertices, np.zeros((0, 3), np.int32), colours, bones, weights)


def noise(points: Points, seed: int, frequency: float) -> Field:
    """Smooth noise of about unit spread, the same for the same seed; ``frequency`` in radians per metre."""
    rng = np.random.default_rng([seed, round(frequency)])
    waves = rng.normal(0, 1, (3, 12)) * frequency * rng.choice([0.5, 1.0, 2.0], 12)
    mean: Field = np.sin(points @ waves + rng.uniform(0, 2 * np.pi, 12)).mean(axis=1) * np.sqrt(24.0)
    return mean
