"""Dressed bodies: whole meshes, nothing bare under cloth, silhouettes that clothes change."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from gaitheat.walkers.body import BODY_VERTICES, Population, Shape, body_data, draw_shape, rest_vertices
from gaitheat.walkers.clothes.fitting import bones_named
from gaitheat.walkers.clothes.garments import dress
from gaitheat.walkers.clothes.habits import Bottom, Hair, Hat, Hood, Outer, Pattern, Shoes
from gaitheat.walkers.clothes.wardrobe import Condition, Outfit, draw_outfit
from gaitheat.walkers.mesh import HANGING, Mesh
from gaitheat.walkers.seeds import generator

pytestmark = pytest.mark.usefixtures("assets")
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
BODIES = {
    "average": Shape(),
    "small": Shape(gender=0.0, height=0.15, weight=0.1, age=0.9),
    "heavy": Shape(gender=1.0, height=0.5, weight=1.0, muscle=0.2, details=(0.6,) * 15),
    "tall": Shape(gender=1.0, height=0.9, weight=0.3, muscle=1.0, details=(-0.6,) * 15),
    "thin": Shape(gender=0.0, height=0.6, weight=0.0, muscle=0.0, proportions=0.0),
}


def plain(number: int = 0) -> Outfit:
    return draw_outfit(generator("garments", number), "nm")


def coated(outer: Outer, length: float, hood: Hood = "none") -> Outfit:
    return replace(plain(), outer=outer, outer_length=length, outer_loose=0.04, hood=hood, hat="none")


def every_garment() -> Iterator[Outfit]:
    """Each kind of everything at least once, in a mixture that repeats nothing needlessly."""
    kinds = {
        "pattern": get_args(Pattern),
        "bottom": get_args(Bottom),
        "shoes": get_args(Shoes),
        "outer": get_args(Outer),
        "hood": get_args(Hood),
        "hair": get_args(Hair),
        "hat": get_args(Hat),
    }
    for turn in range(5):
        chosen = {name: values[turn % len(values)] for name, values in kinds.items()}
        worn = {"outer_length": 0.2 * turn, "outer_loose": 0.04} if chosen["outer"] != "none" else {}
        yield replace(plain(turn), **chosen, **worn)


def assert_whole(mesh: Mesh) -> None:
    assert all(np.isfinite(values).all() for values in mesh)
    assert mesh.faces.min() == 0
    assert mesh.faces.max() == len(mesh.vertices) - 1
    assert 0 <= mesh.bones.min() <= mesh.bones.max() <= HANGING
    np.testing.assert_allclose(mesh.weights.sum(axis=1), 1, atol=1e-5)
    assert mesh.weights.min() >= 0
    assert 0 <= mesh.colours.min() <= mesh.colours.max() <= 1
    assert [values.dtype for values in mesh] == [np.float32, np.int32, np.float32, np.int32, np.float32]
    assert len(mesh.faces) < 27_000


@pytest.mark.parametrize("body", BODIES)
def test_every_garment_fits_every_body(body: str) -> None:
    vertices = rest_vertices(BODIES[body])
    for outfit in every_garment():
        mesh = dress(vertices, outfit)
        assert_whole(mesh)
        height = vertices[:BODY_VERTICES, 2].max()
        assert mesh.vertices[:, 2].min() > -0.01
        assert height - 0.01 < mesh.vertices[:, 2].max() < height + 0.12


@pytest.mark.parametrize("condition", CONDITIONS)
def test_drawn_outfits_fit_drawn_bodies(condition: Condition) -> None:
    for number in range(3):
        rng = generator("fit", number)
        vertices = rest_vertices(draw_shape(rng, Population()))
        outfit = draw_outfit(rng, condition)
        mesh = dress(vertices, outfit)
        assert_whole(mesh)
        again = dress(vertices, outfit)
        assert all(np.array_equal(one, other) for one, other in zip(mesh, again, strict=True))


def widths(mesh: Mesh, low: float, high: float) -> float:
    """How far the trunk and the legs reach to the sides between two heights, in metres."""
    arms = np.isin(
        mesh.bones, bones_named("upperarm", "lowerarm", "hand", "thumb", "index", "middle", "ring", "pinky")
    )
    trunk = (mesh.weights * arms).sum(axis=1) < 0.1
    height = mesh.vertices[:, 2]
    return float(np.ptp(mesh.vertices[trunk & (height > low) & (height < high), 1]))


@pytest.mark.parametrize("outer", ["jacket", "coat", "down jacket", "hoodie"])
def test_what_is_worn_over_the_shirt_widens_the_body(outer: Outer) -> None:
    vertices = rest_vertices(Shape())
    thin = widths(dress(vertices, plain()), 1.0, 1.3)
    thick = widths(dress(vertices, coated(outer, 0.1)), 1.0, 1.3)
    assert thick > thin + 0.03


def test_a_longer_coat_hangs_lower_and_around_both_legs() -> None:
    vertices = rest_vertices(Shape())
    ends = []
    for length in (0.3, 0.6):
        coat = replace(coated("coat", length), outer_colour=(1.0, 0.0, 0.0), shoe_colour=(0.0, 1.0, 0.0))
        mesh = dress(vertices, replace(coat, bottom_colour=(0.0, 1.0, 0.0)))
        red = mesh.colours @ [1, -1, -1] > 0.5
        # Hair and skin are never that red: what is left is the coat.
        ends.append(mesh.vertices[red, 2].min())
        between = red & (np.abs(mesh.vertices[:, 1]) < 0.06) & (mesh.vertices[:, 2] < ends[-1] + 0.05)
        assert between.any()
    assert ends[1] < ends[0] - 0.2


def test_no_skin_is_left_under_clothes() -> None:
    """Green skin under blue clothes: nothing green lies where cloth covers it."""
    outfit = replace(
        plain(), skin=(0.0, 1.0, 0.0), sleeve=1.95, bottom="trousers", bottom_length=0.98, hair="bald"
    )
    mesh = dress(rest_vertices(Shape()), outfit)
    green = mesh.colours[:, 1] > mesh.colours[:, [0, 2]].max(axis=1) + 0.3
    heads_and_hands = bones_named(
        "head", "neck", "hand", "lowerarm", "thumb", "index", "middle", "ring", "pinky"
    )
    elsewhere = ~np.isin(mesh.bones[:, 0], heads_and_hands)
    height = mesh.vertices[:, 2]
    assert not (green & elsewhere & (height < 1.25) & (height > 0.2)).any()


def test_a_raised_hood_is_open_around_the_face_alone() -> None:
    """From in front one sees the face, from the sides and from behind the hood and nothing else."""
    outfit = replace(coated("hoodie", 0.1, "up"), outer_colour=(1.0, 0.0, 0.0), skin=(0.0, 1.0, 0.0))
    outfit = replace(outfit, hair_colour=(0.0, 0.0, 1.0))
    vertices = rest_vertices(Shape())
    mesh = dress(vertices, outfit)
    eyes = vertices[np.unique(body_data().faces["helper-l-eye"])].mean(axis=0) * [1, 0, 1]
    for height in (-0.08, -0.04, 0.0):
        target = eyes + np.array([-0.09, 0, height])
        for angle in np.arange(0, 360, 15):
            ray = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0.0])
            red, *others = first_seen(mesh, target, ray)
            is_hood = red > 0.5 and max(others) < 0.01
            from_front = min(angle, 360 - angle)
            if from_front <= 15 or from_front >= 90:
                assert is_hood == (from_front >= 90), (height, angle)


def first_seen(mesh: Mesh, target: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """The colour of the outermost triangle on a ray from a place outwards: Moeller and Trumbore's test."""
    first, second, third = mesh.vertices[mesh.faces].astype(float).swapaxes(0, 1)
    along, across = second - first, third - first
    normal = np.cross(ray, across)
    scale = (along * normal).sum(axis=1)
    scale[np.abs(scale) < 1e-12] = np.inf
    u = ((target - first) * normal).sum(axis=1) / scale
    side = np.cross(target - first, along)
    v, distance = (side @ ray) / scale, (side * across).sum(axis=1) / scale
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
    assert hit.any(), "a hole"
    return mesh.colours[mesh.faces[np.where(hit, distance, 0).argmax(), 0]]
