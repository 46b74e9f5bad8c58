"""Meshes: cutting, merging and noise, against what can be worked out by hand."""

import numpy as np

from gaitheat.walkers.clothes.forms import grid_faces
from gaitheat.walkers.mesh import Mesh, crossings, cut, merged, noise, normals


def sheet(size: int = 6) -> Mesh:
    """A square of 1 m that follows bone 0 at its left edge and bone 1 at its right one."""
    y, x = np.mgrid[:size, :size] / (size - 1)
    points = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3).astype(np.float32)
    share = points[:, :1]
    weights = np.concatenate([1 - share, share, 0 * share, 0 * share], axis=1)
    bones = np.tile(np.array([0, 1, 2, 3], np.int32), (len(points), 1))
    return Mesh(points, grid_faces(size, size, closed=False), points.copy(), bones, weights)


def area(mesh: Mesh) -> float:
    first, second, third = mesh.vertices[mesh.faces].swapaxes(0, 1)
    return float(np.linalg.norm(np.cross(second - first, third - first), axis=1).sum() / 2)


def test_a_cut_keeps_what_lies_on_its_side_and_ends_on_the_line() -> None:
    mesh = sheet()
    for slope, share in ((0.0, 0.37), (0.5, 0.62)):
        kept = cut(mesh, 0.37 + slope * mesh.vertices[:, 1] - mesh.vertices[:, 0])
        np.testing.assert_allclose(area(kept), share, atol=1e-6)
        assert (kept.vertices[:, 0] <= 0.37 + slope * kept.vertices[:, 1] + 1e-6).all()
        assert (normals(kept.vertices, kept.faces)[:, 2] > 0.99).all()


def test_new_vertices_move_and_look_like_their_neighbours() -> None:
    kept = cut(sheet(), 0.37 - sheet().vertices[:, 0])
    of_second = (kept.weights * (kept.bones == 1)).sum(axis=1)
    np.testing.assert_allclose(of_second, kept.vertices[:, 0], atol=1e-6)
    np.testing.assert_allclose(kept.colours, kept.vertices, atol=1e-6)


def test_a_cut_of_everything_or_nothing() -> None:
    mesh = sheet()
    assert np.array_equal(cut(mesh, np.ones(36)).faces, mesh.faces)
    assert len(cut(mesh, -np.ones(36)).faces) == 0


def test_crossings_lie_on_the_line() -> None:
    mesh = sheet()
    points = crossings(mesh, mesh.vertices[:, 0] - 0.5)
    assert len(points.vertices) == 11  # six edges along x and five diagonals
    np.testing.assert_allclose(points.vertices[:, 0], 0.5, atol=1e-6)


def test_merging_drops_what_no_face_uses() -> None:
    mesh = sheet()
    both = merged([mesh, mesh._replace(faces=mesh.faces[:1])])
    assert len(both.vertices) == 36 + 3
    assert np.array_equal(both.vertices[both.faces[-1]], mesh.vertices[mesh.faces[0]])


def test_noise_is_the_same_for_the_same_seed_and_of_unit_spread() -> None:
    points = np.random.default_rng(0).uniform(0, 2, (5000, 3))
    values = [noise(points, seed, 30.0) for seed in range(8)]
    assert np.array_equal(values[0], noise(points, 0, 30.0))
    assert 0.8 < np.std(values) < 1.2
    assert abs(np.corrcoef(values[0], values[1])[0, 1]) < 0.3
