import numpy as np
import pytest

from gaitheat.walkers.pictures.camera import camera_at, project
from gaitheat.walkers.pictures.raster import (
    Samples,
    compose,
    cover,
    extent,
    fill,
    flatten,
    shade,
    skin,
    to_screen,
    vertex_normals,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def empty(rows: int, columns: int) -> Samples:
    return Samples(
        np.zeros((rows, columns), np.float32),
        np.zeros((rows, columns, 3), np.float32),
        np.zeros((rows, columns), np.uint8),
    )


def triangles(rng: np.random.Generator, count: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some that cross one another and stick out of a grid of 30 x 40; screen, faces, colours."""
    screen = rng.uniform([-8, -8, 0.1], [48, 38, 1], (3 * count, 3)).astype(np.float32)
    return (
        screen,
        np.arange(3 * count).reshape(-1, 3).astype(np.int32),
        rng.random((3 * count, 3), np.float32),
    )


def slow(rows: int, columns: int, screen: np.ndarray, faces: np.ndarray, colours: np.ndarray) -> Samples:
    """One sample at a time, by the definition of barycentric coordinates."""
    samples = empty(rows, columns)
    for row in range(rows):
        for column in range(columns):
            for face in faces:
                corners = screen[face].astype(np.float64)
                system = np.vstack([corners[:, :2].T, np.ones(3)])
                weights = np.linalg.solve(system, [column + 0.5, row + 0.5, 1])
                nearness = weights @ corners[:, 2]
                if (weights >= 0).all() and nearness > samples.nearness[row, column]:
                    samples.nearness[row, column] = nearness
                    samples.rgb[row, column] = weights @ colours[face]
                    samples.owner[row, column] = 7
    return samples


def test_skinning(rng: np.random.Generator) -> None:
    vertices = rng.normal(size=(50, 3)).astype(np.float32)
    bones = rng.integers(0, 6, (50, 4)).astype(np.int32)
    weights = rng.dirichlet(np.ones(4), 50).astype(np.float32)
    transforms = rng.normal(size=(6, 3, 4)).astype(np.float32)
    homogeneous = np.column_stack([vertices, np.ones(50)])
    expected = np.einsum("vi,viac,vc->va", weights, transforms[bones], homogeneous)
    np.testing.assert_allclose(skin(vertices, bones, weights, transforms), expected, atol=1e-5)


def test_normals_are_means_of_faces(rng: np.random.Generator) -> None:
    vertices = rng.normal(size=(9, 3)).astype(np.float32)
    faces = np.array([rng.permutation(8)[:3] for _ in range(12)], np.int32)
    expected = np.zeros((9, 3))
    for a, b, c in faces:
        expected[[a, b, c]] += np.cross(vertices[b] - vertices[a], vertices[c] - vertices[a])
    expected[:8] /= np.linalg.norm(expected[:8], axis=1, keepdims=True)
    np.testing.assert_allclose(vertex_normals(vertices, faces), expected, atol=1e-5)


def test_shading_is_brightest_towards_the_lamp() -> None:
    normals = np.array([[1, 0, 0], [0, 0, 1], [-1, 0, 0], [0, 0, -1]], np.float32)
    white = np.ones((4, 3), np.float32)
    lit = shade(normals, white * [1, 0.5, 0], np.array([1, 0, 0], np.float32), 0.3, 0.2)
    # ambient 0.3, sky 0.2 from above, 0.5 of lamp: 1.25 * 0.5 * (1, 1/4, 0, 1/4)
    expected = np.array([0.4 + 0.625, 0.5 + 0.15625, 0.4, 0.3 + 0.15625])
    np.testing.assert_allclose(lit, expected[:, None] * [1, 0.5, 0], atol=1e-6)


def test_a_shadow_lies_where_the_light_would_have_come() -> None:
    lamp = np.array([0.6, 0, 0.8], np.float32)
    points = np.array([[1, 2, 0], [1, 2, 1.6], [1, 2, -0.1]], np.float32)
    np.testing.assert_allclose(flatten(points, lamp), [[1, 2, 0], [-0.2, 2, 0], [1, 2, 0]], atol=1e-6)


def test_screen_is_the_cameras_and_empty_behind_it(rng: np.random.Generator) -> None:
    camera = camera_at(20, 4.0, 1.2, 1.0, np.array([0.0, 0.0, 0.9]))
    points = rng.uniform(-6, 6, (60, 3)).astype(np.float32)
    expected = project(camera, points)
    screen = to_screen(points, camera.matrix)
    behind = np.isnan(expected).any(axis=1)
    assert 5 < behind.sum() < 55
    assert (screen[behind] == 0).all()
    np.testing.assert_allclose(screen[~behind, :2], expected[~behind], rtol=1e-4, atol=1e-3)
    depth = (points[~behind] - camera.centre) @ camera.rotation[2]
    np.testing.assert_allclose(screen[~behind, 2], 1 / depth, rtol=1e-4)
    low, high = extent(screen)
    np.testing.assert_array_equal(low, screen[~behind].min(axis=0))
    np.testing.assert_array_equal(high, screen[~behind].max(axis=0))


def test_fill_and_cover_agree_with_the_slow_way(rng: np.random.Generator) -> None:
    screen, faces, colours = triangles(rng)
    expected = slow(30, 40, screen, faces, colours)
    samples, covered = empty(30, 40), np.zeros((30, 40), np.uint8)
    fill(samples, screen, faces, colours, 7)
    cover(covered, screen, faces)
    assert 0 < (expected.owner > 0).sum() < 1200
    for drawn, wanted in zip(samples, expected, strict=True):
        np.testing.assert_allclose(drawn, wanted, atol=1e-4)
    np.testing.assert_array_equal(covered, np.where(expected.owner, 255, 0))


def test_a_nearer_triangle_hides_whatever_the_order(rng: np.random.Generator) -> None:
    screen, faces, colours = triangles(rng)
    forwards, backwards = empty(30, 40), empty(30, 40)
    fill(forwards, screen, faces, colours, 1)
    fill(backwards, screen, faces[::-1].copy(), colours, 1)
    for one, other in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(one, other)


def test_neighbours_leave_no_gap(rng: np.random.Generator) -> None:
    """A square of 30 x 30 uneven patches, whose corners often lie on sample centres."""
    y, x = np.mgrid[0:31, 0:31].astype(np.float32)
    inner = np.s_[1:-1, 1:-1]
    x[inner] += rng.choice([-0.25, 0, 0.25], (29, 29))
    y[inner] += rng.choice([-0.25, 0, 0.25], (29, 29))
    screen = np.stack([x + 0.5, y + 0.5, 0 * x + 0.2], -1).reshape(-1, 3)
    corner = (np.arange(30)[:, None] * 31 + np.arange(30)).ravel()
    quads = np.stack([corner, corner + 1, corner + 32, corner + 31], 1)
    faces = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    covered = np.zeros((32, 32), np.uint8)
    cover(covered, screen, faces)
    assert (covered[:31, :31] == 255).all()
    assert not covered[31].any()
    assert not covered[:, 31].any()


def test_triangles_behind_the_camera_and_lines_are_not_drawn() -> None:
    screen = np.array([[2, 2, 0.5], [20, 3, 0], [4, 25, 0.5], [11, 11, 0.5], [20, 20, 0.5]], np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 4]], np.int32)
    samples, covered = empty(30, 30), np.zeros((30, 30), np.uint8)
    fill(samples, screen, faces, np.ones((5, 3), np.float32), 1)
    cover(covered, screen, faces)
    assert not samples.owner.any()
    assert not covered.any()


def test_compose_mixes_by_the_share_of_samples(rng: np.random.Generator) -> None:
    samples = Samples(
        np.zeros((6, 8), np.float32),
        rng.random((6, 8, 3), np.float32),
        rng.integers(0, 3, (6, 8)).astype(np.uint8),
    )
    background = rng.random((3, 4, 3), np.float32)
    behind = background.repeat(2, 0).repeat(2, 1)
    mixed = np.where(samples.owner[..., None] > 0, samples.rgb, behind)
    picture, mask = background.copy(), np.zeros((3, 4), np.uint8)
    compose(samples, picture, mask)
    np.testing.assert_allclose(picture, mixed.reshape(3, 2, 4, 2, 3).mean((1, 3)), atol=1e-6)
    share = (samples.owner == 1).reshape(3, 2, 4, 2).mean((1, 3))
    np.testing.assert_array_equal(mask, np.floor(share * 255))
