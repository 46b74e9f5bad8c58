import numpy as np
import pytest

from gaitheat.walkers.pictures.camera import Camera, camera_at, project
from gaitheat.walkers.pictures.canvas import FLOOR, Canvas
from gaitheat.walkers.pictures.light import Light, Shadow, towards
from gaitheat.walkers.pictures.scenery import Kind, Scenery, draw_scenery
from gaitheat.walkers.pictures.solids import box, bush, pillar

TARGET = np.array([0.0, 0.0, 0.9])
EVEN = Light(towards(0, 90), 1.0, 0.0, ())
"""Light from everywhere: colours are seen as they are."""


@pytest.fixture
def camera() -> Camera:
    return camera_at(54, 5.0, 1.5, 1.1, TARGET)


def canvas_with_floor(camera: Camera, light: Light = EVEN) -> Canvas:
    canvas = Canvas(camera, light)
    lay_floor(canvas)
    return canvas


def lay_floor(canvas: Canvas) -> None:
    grey = np.full((100, 100, 3), 0.5, np.float32)
    corner = np.array([-20.0, 20.0, 0.0])
    canvas.rectangle(grey, corner, np.array([40.0, 0, 0]), np.array([0, -40.0, 0]), FLOOR)


@pytest.mark.parametrize("kind", ["indoor", "street"])
class TestSceneries:
    def test_follow_from_the_generator_alone(self, kind: Kind, camera: Camera) -> None:
        def drawn(seed: int) -> Scenery:
            return draw_scenery(np.random.default_rng(seed), kind, camera)

        first, again, other = drawn(1), drawn(1), drawn(2)
        for one, same in zip(first.surroundings, again.surroundings, strict=True):
            np.testing.assert_array_equal(one, same)
        assert repr(first.sensor) == repr(again.sensor) != repr(other.sensor)
        assert np.abs(first.surroundings.picture - other.surroundings.picture).mean() > 0.05

    def test_fill_the_picture(self, kind: Kind, camera: Camera) -> None:
        picture, floor, nearness = draw_scenery(np.random.default_rng(3), kind, camera).surroundings
        assert picture.shape == (240, 320, 3)
        assert nearness.shape == (480, 640)
        assert picture.dtype == nearness.dtype == np.float32
        assert picture.min() > 0
        assert picture.max() < 1.6
        assert (floor[-1] > 0).any(), "the floor is seen at the lower edge"
        assert not floor[:40].any(), "and not at the upper one"

    @pytest.mark.parametrize("view", [0, 36, 90, 180, 300])
    def test_nothing_stands_in_the_way(self, kind: Kind, view: int) -> None:
        """Where the walker walks he meets no wall and no thing, which would be seen through him."""
        path = np.stack([np.linspace(-1.8, 1.8, 19), np.zeros(19), np.zeros(19)], 1)
        body = path[:, None] + np.array([[0, y, z] for y in (-0.3, 0.3) for z in (0.1, 0.9, 1.7)])
        for seed in range(3):
            camera = camera_at(view, 5.0, 1.5, 1.0, TARGET)
            nearness = draw_scenery(np.random.default_rng(seed), kind, camera).surroundings.nearness
            pixels = project(camera, body)
            inside = ((pixels > 0) & (pixels < camera.size)).all(-1)
            x, y = (pixels[inside] * 2).astype(int).T
            own = 1 / ((body[inside] - camera.centre) @ camera.rotation[2])
            standing = nearness[y, x]
            clear = (standing < own) | (1 / np.maximum(standing, 1e-9) < 5.0 - 1.8)
            assert clear.all(), "what is nearer stands well before the walk"


def test_rooms_hide_nobody(camera: Camera) -> None:
    for seed in range(5):
        nearness = draw_scenery(np.random.default_rng(seed), "indoor", camera).surroundings.nearness
        assert nearness.max() < 1 / 3.0


def test_some_streets_have_a_post_before_the_walker(camera: Camera) -> None:
    hidden = [
        draw_scenery(np.random.default_rng(seed), "street", camera).surroundings.nearness.max() > 1 / 3.0
        for seed in range(20)
    ]
    assert 2 <= sum(hidden) <= 14


def test_a_texture_lies_where_its_rectangle_is(camera: Camera) -> None:
    """Four quarters of a poster, each of one colour, are seen where their middles are."""
    quarters = np.array([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 0]]], np.float32)
    texture = quarters.repeat(20, 0).repeat(30, 1)
    corner, across, down = np.array([-0.4, 0.9, 1.6]), np.array([0.8, -0.6, 0.0]), np.array([0, 0, -0.9])
    canvas = canvas_with_floor(camera)
    canvas.rectangle(texture, corner, across, down)
    picture, _, nearness = canvas.finished()
    for row, v in enumerate((0.25, 0.75)):
        for column, u in enumerate((0.25, 0.75)):
            place = corner + u * across + v * down
            x, y = project(camera, place).astype(int)
            np.testing.assert_allclose(picture[y, x], quarters[row, column], atol=1e-4)
            depth = (place - camera.centre) @ camera.rotation[2]
            assert nearness[2 * y, 2 * x] == pytest.approx(1 / depth, rel=0.02)
    outline = project(camera, np.array([corner, corner + across, corner + across + down, corner + down]))
    x, y = outline.T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    assert (nearness > 0).sum() / 4 == pytest.approx(area, rel=0.01)


def test_a_floor_is_no_thing_and_sky_is_far(camera: Camera) -> None:
    horizon, zenith = np.full(3, 0.9), np.array([0.4, 0.6, 0.9])
    canvas = Canvas(camera, EVEN)
    canvas.sky(np.zeros(3), horizon, zenith)
    lay_floor(canvas)
    picture, floor, nearness = canvas.finished()
    assert not nearness.any()
    assert floor[-1].all()
    np.testing.assert_allclose(picture[-1], 0.5, atol=1e-5)
    assert (picture[0, :, 0] < picture[60, :, 0]).all(), "bluer upwards"
    assert (picture[0] >= zenith - 1e-5).all()
    assert (picture[0] <= horizon + 1e-5).all()


def test_the_nearer_thing_is_seen_in_whatever_order(camera: Camera) -> None:
    towards_camera = camera.centre * [1, 1, 0] / np.linalg.norm(camera.centre[:2])
    near = box(towards_camera, (0.3, 0.3, 1.0), 0.3, np.array([1.0, 0, 0]))
    far = box(-towards_camera, (1.5, 1.5, 2.0), 0.0, np.array([0, 0, 1.0]))
    pictures = []
    for things in ([near, far], [far, near]):
        canvas = canvas_with_floor(camera)
        for thing in things:
            canvas.solid(thing)
        pictures.append(canvas.finished().picture)
    np.testing.assert_array_equal(*pictures)
    x, y = project(camera, towards_camera + np.array([0, 0, 0.5])).astype(int)
    np.testing.assert_allclose(pictures[0][y, x], [1, 0, 0], atol=1e-5)


@pytest.mark.parametrize("azimuth", [0, 90, 200])
def test_things_throw_shadows_away_from_the_lamp(camera: Camera, azimuth: float) -> None:
    lamp = towards(azimuth, 45)
    canvas = canvas_with_floor(camera, EVEN._replace(shadows=(Shadow(lamp, 0.5, 0.01),)))
    canvas.solid(pillar(np.zeros(3), 0.1, 1.0, np.ones(3)))
    picture = canvas.finished().picture
    away = -lamp * [1, 1, 0] / np.linalg.norm(lamp[:2])
    for direction, expected in ((away, 0.25), (-away, 0.5)):
        x, y = project(camera, 0.6 * direction).astype(int)
        assert picture[y, x, 0] == pytest.approx(expected, abs=0.02)


def test_solids_are_closed_to_the_outside() -> None:
    """Their faces turn outwards: the normals point away from the middle."""
    middle = np.array([1.0, 2.0, 0.5])
    things = [
        box(middle - [0, 0, 0.5], (0.5, 0.8, 1.0), 0.7, np.ones(3)),
        pillar(middle - [0, 0, 0.5], 0.3, 1.0, np.ones(3)),
        bush(np.random.default_rng(0), middle, (0.5, 0.4, 0.6), np.ones(3)),
    ]
    for thing in things:
        a, b, c = (thing.vertices[thing.faces[:, corner]] for corner in range(3))
        outwards = ((a + b + c) / 3 - middle) * np.cross(b - a, c - a)
        assert (outwards.sum(1) > -1e-7).all()
