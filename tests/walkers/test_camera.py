import numpy as np
import pytest

from gaitheat.walkers.pictures.camera import camera_at, project, zoomed

TARGET = np.array([0.0, 0.0, 0.9])


def about(axis: str, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


@pytest.mark.parametrize(("view", "roll"), [(0, 0), (36, 0), (90, 5), (200, -12), (330, 20)])
def test_projects_as_turning_and_shifting_the_world_does(view: float, roll: float) -> None:
    distance, height, focal, target = 5.0, 2.2, 1.3, np.array([0.4, -0.3, 0.9])
    camera = camera_at(view, distance, height, focal, target, (320, 240), roll)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (7, 3)) + target

    # Turn the world until the camera looks along Y, then up until it looks level: y is depth, x right, z up.
    seen = (points - camera.centre) @ about("z", view - 90).T
    below = np.degrees(np.arctan2(height - target[2], distance))
    x, depth, up = (seen @ about("x", below).T).T
    across, down = focal * 320 * x / depth, -focal * 320 * up / depth
    turned = about("z", -roll)[:2, :2] @ np.stack([across, down])
    np.testing.assert_allclose(project(camera, points), turned.T + np.array([160, 120]), atol=1e-9)


def test_aims_at_the_target_from_where_it_was_put() -> None:
    camera = camera_at(54, 5.0, 1.4, 1.1, TARGET)
    np.testing.assert_allclose(project(camera, TARGET), [160, 120])
    assert camera.centre[2] == pytest.approx(1.4)
    assert np.linalg.norm(camera.centre[:2]) == pytest.approx(5.0)


def test_views_are_counted_from_who_comes() -> None:
    step = TARGET + np.array([0.5, 0, 0])

    def seen(view: float) -> tuple[float, float]:
        """How far to the right, and how much nearer, a step brings."""
        camera = camera_at(view, 5.0, 0.9, 1.0, TARGET)
        nearer = np.linalg.norm(TARGET - camera.centre) - np.linalg.norm(step - camera.centre)
        return float(project(camera, step)[0] - 160), float(nearer)

    assert seen(0) == pytest.approx((0, 0.5))
    assert seen(180) == pytest.approx((0, -0.5))
    assert seen(90)[0] == pytest.approx(32)
    assert seen(270)[0] == pytest.approx(-32)


def test_a_metre_at_five_metres() -> None:
    camera = camera_at(0, 5.0, 0.9, 1.0, TARGET, (320, 240))
    edges = project(camera, np.array([[0.0, 0.5, 0.9], [0.0, -0.5, 0.9]]))
    np.testing.assert_allclose(edges, [[192, 120], [128, 120]])


def test_what_is_behind_has_no_place() -> None:
    camera = camera_at(0, 5.0, 0.9, 1.0, TARGET)
    assert np.isnan(project(camera, np.array([6.0, 0.0, 0.9]))).all()
    assert np.isfinite(project(camera, np.array([4.0, 0.0, 0.9]))).all()


def test_axes_of_the_camera() -> None:
    camera = camera_at(90, 5.0, 0.9, 1.0, TARGET)
    np.testing.assert_allclose(camera.rotation, [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)


def test_a_zoomed_grid_begins_at_a_pixel() -> None:
    camera = camera_at(30, 5.0, 1.5, 1.0, TARGET)
    point = np.array([0.3, 0.2, 1.1])
    x, y, depth = zoomed(camera, 40, 30, 2) @ [*point, 1]
    np.testing.assert_allclose([x / depth, y / depth], (project(camera, point) - [40, 30]) * 2)
