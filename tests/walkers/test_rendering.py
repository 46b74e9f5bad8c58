from dataclasses import replace

import numpy as np
import pytest

from gaitheat.walkers.mesh import Mesh
from gaitheat.walkers.pictures.camera import Camera, camera_at, project
from gaitheat.walkers.pictures.canvas import Surroundings
from gaitheat.walkers.pictures.light import Light, Shadow, towards
from gaitheat.walkers.pictures.rendering import Picture, render
from gaitheat.walkers.pictures.scenery import Scenery, Sensor, draw_scenery

EVEN = Light(towards(0, 90), 1.0, 0.0, ())
IDEAL = Sensor(np.ones(3, np.float32), 0.0, 0.0, 0.0, False, None)
WHITE, RED = np.ones(3), np.array([1.0, 0, 0])


@pytest.fixture
def camera() -> Camera:
    """Looks along X from 5 metres, a metre is 64 pixels."""
    return camera_at(0, 5.0, 1.0, 1.0, np.array([0.0, 0.0, 1.0]))


@pytest.fixture
def scenery(camera: Camera) -> Scenery:
    """A grey world without things."""
    width, height = camera.size
    floor = np.zeros((height, width), np.float32)
    floor[height // 2 + 1 :] = 1
    grey = np.full((height, width, 3), 0.5, np.float32)
    return Scenery(Surroundings(grey, floor, np.zeros((2 * height, 2 * width), np.float32)), EVEN, IDEAL)


def plate(width: float = 1.0, height: float = 1.0, colour: np.ndarray = WHITE) -> Mesh:
    """An upright rectangle that faces X, standing on the origin."""
    corners = np.array([[0, -1, 0], [0, 1, 0], [0, 1, 2], [0, -1, 2]]) * [1, width / 2, height / 2]
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1))
    return Mesh(
        corners.astype(np.float32),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.tile(colour, (4, 1)).astype(np.float32),
        np.zeros((4, 4), np.int32),
        weights,
    )


def at(x: float, y: float, z: float) -> np.ndarray:
    """The transform of a single bone that moves there."""
    return np.column_stack([np.eye(3), [x, y, z]])[None].astype(np.float32)


def seen(figures: list[tuple[Mesh, np.ndarray]], scenery: Scenery, camera: Camera, seed: int = 0) -> Picture:
    return render(figures, scenery, camera, np.random.default_rng(seed))


def test_a_square_metre_at_five_metres(scenery: Scenery, camera: Camera) -> None:
    picture = seen([(plate(), at(0, 0, 0.5))], scenery, camera)
    expected = np.zeros((240, 320), np.uint8)
    expected[88:152, 128:192] = 255
    np.testing.assert_array_equal(picture.mask, expected)
    np.testing.assert_array_equal(picture.rgb, np.where(expected[..., None], 255, [128] * 3))


def test_pixels_at_the_edge_are_shared(scenery: Scenery, camera: Camera) -> None:
    half_a_pixel = 0.5 / 64
    picture = seen([(plate(), at(0, half_a_pixel, 0.5))], scenery, camera)
    assert set(picture.mask[120, [128, 192]]) == {127}
    assert set(picture.mask[120, 129:192]) == {255}
    assert picture.rgb[120, 128, 0] == pytest.approx((255 + 127.5) / 2, abs=1)


def test_mask_matches_projection_of_the_figure(scenery: Scenery) -> None:
    camera = camera_at(36, 4.5, 1.6, 1.1, np.array([0.0, 0.0, 0.9]))
    mesh, transform = plate(0.5, 1.7), at(0.3, 0.2, 0)
    x, y = project(camera, mesh.vertices + transform[0, :, 3]).T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    mask = seen([(mesh, transform)], scenery, camera).mask
    assert mask.sum() / 255 == pytest.approx(area, rel=0.01)
    columns = np.flatnonzero(mask.any(0))
    assert columns[0] == pytest.approx(x.min(), abs=1)
    assert columns[-1] + 1 == pytest.approx(x.max(), abs=1)


@pytest.mark.parametrize(("passer_by_at", "hidden"), [(1.0, True), (-1.0, False)])
def test_who_is_nearer_hides(scenery: Scenery, camera: Camera, passer_by_at: float, hidden: bool) -> None:
    walker = (plate(0.5, 1.8), at(0, 0, 0))
    passer_by = (plate(0.5, 1.8, RED), at(passer_by_at, 0.1, 0))
    alone = seen([walker], scenery, camera)
    both = seen([walker, passer_by], scenery, camera)
    assert (both.mask[120, 160] == 0) == hidden
    assert tuple(both.rgb[120, 160]) == ((255, 0, 0) if hidden else (255, 255, 255))
    if not hidden:
        np.testing.assert_array_equal(both.mask, alone.mask)
    assert (both.rgb[..., 1] < 64).any(), "the passer-by is seen"


def test_a_post_hides_the_walker_and_a_wall_does_not(scenery: Scenery, camera: Camera) -> None:
    nearness = np.full((480, 640), 1 / 8, np.float32)
    nearness[:, 320:340] = 1 / 3
    behind_post = replace(scenery, surroundings=scenery.surroundings._replace(nearness=nearness))
    mask = seen([(plate(), at(0, 0, 0.5))], behind_post, camera).mask
    assert not mask[:, 160:170].any()
    assert mask[120, 128:160].all()
    assert mask[120, 170:192].all()


@pytest.mark.parametrize("azimuth", [60, 180, 300])
def test_a_shadow_falls_away_from_the_light(scenery: Scenery, azimuth: float) -> None:
    camera = camera_at(0, 5.0, 2.5, 0.8, np.array([0.0, 0.0, 0.5]))
    lamp = towards(azimuth, 45)
    floor = scenery.surroundings._replace(floor=np.ones((240, 320), np.float32))
    lit = Scenery(floor, EVEN._replace(shadows=(Shadow(lamp, 0.5, 0.01),)), IDEAL)
    rgb = seen([(plate(0.3, 1.0, RED), at(0, 0, 0))], lit, camera).rgb
    away = -lamp[:2] / np.linalg.norm(lamp[:2])
    for direction, expected in ((away, 64), (-away, 128)):
        x, y = project(camera, np.array([*(0.5 * direction), 0.0])).astype(int)
        assert rgb[y, x, 1] in (0, pytest.approx(expected, abs=3)), "shadow, floor, or the figure before it"
    green = rgb[..., 1].astype(int)
    assert (green[rgb[..., 0] < 130] < 120).sum() > 30, "there is a shadow"


def test_shadows_fall_on_the_floor_only_and_are_soft(scenery: Scenery, camera: Camera) -> None:
    sharp = EVEN._replace(shadows=(Shadow(towards(180, 30), 0.5, 0.0),))
    soft = EVEN._replace(shadows=(Shadow(towards(180, 30), 0.5, 0.1),))
    figure = [(plate(0.5, 1.8), at(0, 0, 0))]
    for light, levels in ((sharp, 20), (soft, 40)):
        rgb = seen(figure, replace(scenery, light=light), camera).rgb
        assert (rgb[:120] >= 127).all(), "no shadow in the air"
        assert (rgb[122:] < 120).any()
        assert (len(np.unique(rgb[122:, :, 0])) > levels) == (light is soft)


def test_the_same_generator_gives_the_same_picture(camera: Camera) -> None:
    surroundings = draw_scenery(np.random.default_rng(5), "street", camera)
    noisy = replace(surroundings, sensor=replace(surroundings.sensor, noise=3.0))
    figures = [(plate(0.5, 1.8), at(0, 0, 0))]
    first, again, other = (seen(figures, noisy, camera, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rgb, again.rgb)
    np.testing.assert_array_equal(first.mask, other.mask)
    assert (first.rgb != other.rgb).mean() > 0.5, "the sensor's noise is another one"


@pytest.mark.parametrize("place", [(9, 0, 0), (0, 30, 0), (-3, -8, 0), (5, 0, 0)])
def test_who_is_behind_or_beside_is_not_seen(
    scenery: Scenery, camera: Camera, place: tuple[float, float, float]
) -> None:
    light = EVEN._replace(shadows=(Shadow(towards(0, 90), 0.5, 0.05),))
    picture = seen([(plate(0.5, 1.8), at(*place))], replace(scenery, light=light), camera)
    assert not picture.mask.any()
    assert (picture.rgb == 128).all()


def test_a_figure_half_outside_is_cut(scenery: Scenery, camera: Camera) -> None:
    """Its middle stands at the left edge, its top is above the upper one."""
    picture = seen([(plate(), at(0, -2.5, 2.5))], scenery, camera)
    rows, columns = np.nonzero(picture.mask)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (0, 31, 0, 23)


def test_noise_exposure_and_contrast(scenery: Scenery, camera: Camera) -> None:
    def levels(sensor: Sensor) -> np.ndarray:
        return seen([(plate(), at(0, 9, 0))], replace(scenery, sensor=sensor), camera).rgb.astype(float)

    noisy = levels(replace(IDEAL, noise=4.0))
    assert noisy.std() == pytest.approx(4.0, rel=0.02)
    assert noisy.mean() == pytest.approx(127.5, abs=0.1)
    tinted = levels(replace(IDEAL, gain=np.array([0.8, 1.0, 1.2], np.float32), offset=10.0))
    np.testing.assert_allclose(tinted[0, 0], [112, 138, 163], atol=1)


def test_grey_blurred_and_compressed(scenery: Scenery, camera: Camera) -> None:
    figures = [(plate(1.0, 1.0, RED), at(0, 0, 0.5))]

    def taken(**faults: object) -> np.ndarray:
        sensor = replace(IDEAL, **faults)
        return seen(figures, replace(scenery, sensor=sensor), camera).rgb.astype(int)

    sharp, grey, blurred, compressed = taken(), taken(grey=True), taken(blur=1.0), taken(quality=80)
    assert (np.ptp(grey, axis=-1) == 0).all()
    assert grey[120, 160, 0] == pytest.approx(0.299 * 255, abs=1)
    assert 64 < blurred[120, 127, 1] < 128
    assert 0 < np.abs(compressed - sharp).mean() < 3
    assert tuple(compressed[120, 160]) == pytest.approx((255, 0, 0), abs=6)
