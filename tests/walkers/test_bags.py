"""Bags: on the side they are named for, straps on the clothes, hand bags upright under the hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from gaitheat.walkers.body import Shape, body_data, bone_heads, rest_vertices
from gaitheat.walkers.clothes.bags import hanging_bone
from gaitheat.walkers.clothes.garments import dress
from gaitheat.walkers.clothes.habits import LOADS
from gaitheat.walkers.clothes.wardrobe import draw_outfit
from gaitheat.walkers.gait.posing import along, pose
from gaitheat.walkers.gait.style import Load, draw_style
from gaitheat.walkers.mesh import HANGING, Mesh
from gaitheat.walkers.seeds import generator

pytestmark = pytest.mark.usefixtures("assets")


@pytest.fixture(scope="module")
def vertices() -> np.ndarray:
    return rest_vertices(Shape())


def carrying(vertices: np.ndarray, load: Load) -> Mesh:
    """A pure red bag on someone who wears nothing red."""
    outfit = draw_outfit(generator("bags"), "nm")
    green = {f"{name}_colour": (0.0, 1.0, 0.0) for name in ("shirt", "bottom", "shoe", "hair")}
    return dress(
        vertices,
        replace(
            outfit,
            load=load,
            bag_colour=(1.0, 0.0, 0.0),
            skin=(0.0, 1.0, 0.0),
            **green,
            shirt_second=(0.0, 1.0, 0.0),
        ),
    )


def bag(mesh: Mesh) -> np.ndarray:
    return mesh.vertices[(mesh.colours[:, 0] > 0.5) & (mesh.colours[:, 1:].max(axis=1) < 0.01)]


@pytest.mark.parametrize("load", LOADS)
def test_a_bag_is_where_its_name_says(vertices: np.ndarray, load: Load) -> None:
    points = bag(carrying(vertices, load))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    assert len(points)
    if load == "backpack":
        assert points[:, 0].min() < vertices[:13380, 0].min() - 0.05
    elif load == "carried in front":
        assert middle[0] > 0.2
    else:
        lowest = points[points[:, 2] < np.quantile(points[:, 2], 0.3)]
        assert (lowest[:, 1].mean() > 0) == load.endswith("left")


@pytest.mark.parametrize("load", ["backpack", "shoulder bag left", "shoulder bag right"])
def test_straps_lie_on_the_clothes_in_every_frame(vertices: np.ndarray, load: Load) -> None:
    mesh, bare = carrying(vertices, load), carrying(vertices, "none")
    motion = pose(generator("straps"), draw_style(generator("straps")), vertices, 12, start_phase=0.0)
    red = (np.abs(mesh.colours[:, 0] - 0.8) < 0.001) & (mesh.colours[:, 1] == 0)
    high = mesh.vertices[:, 2] > 1.15
    assert (red & high).sum() > 50
    for bones in motion.bones[::4]:
        gaps, _ = cKDTree(posed(bare, bones)).query(posed(mesh, bones)[red & high])
        assert gaps.max() < 0.06  # taut over hollows, and cloth has a vertex every two or three centimetres


def posed(mesh: Mesh, bones: np.ndarray) -> np.ndarray:
    """Linear blend skinning, the plain way."""
    points = np.concatenate([mesh.vertices, np.ones((len(mesh.vertices), 1))], axis=1)
    matrices = (bones[mesh.bones] * mesh.weights[..., None, None]).sum(axis=1)
    return np.einsum("vij,vj->vi", matrices, points)


@pytest.mark.parametrize("load", ["hand bag left", "hand bag right"])
def test_a_hand_bag_hangs_upright_below_its_hand(vertices: np.ndarray, load: Load) -> None:
    mesh = carrying(vertices, load)
    motion = pose(generator("hanging"), draw_style(generator("hanging")), vertices, 20, start_phase=0.0)
    motion = along(motion, 70.0, curvature=0.1)
    bones = np.concatenate([motion.bones, hanging_bone(motion.bones, mesh)], axis=1)
    turns = bones[:, HANGING, :, :3]
    np.testing.assert_allclose(
        turns @ turns.swapaxes(1, 2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-5
    )
    assert np.degrees(np.arccos(turns[:, 2, 2])).max() < 15
    knuckle = body_data().bone_names.index(f"middle_01_{load[9]}")
    of_knuckle = np.append(bone_heads(vertices)[knuckle], 1)
    hangs = mesh.bones[:, 0] == HANGING
    for frame in bones:
        hand = frame[knuckle] @ of_knuckle
        points = posed(mesh, frame)[hangs]
        assert np.linalg.norm(points - hand, axis=1).min() < 0.06
        below = hand[2] - points[:, 2].min()
        assert 0.35 < below < 0.65
        assert (
            np.linalg.norm((points[points[:, 2] < points[:, 2].min() + 0.1].mean(axis=0) - hand)[:2]) < 0.16
        )


def test_without_a_hand_bag_the_hanging_bone_rests(vertices: np.ndarray) -> None:
    bones = np.tile(np.eye(3, 4, dtype=np.float32), (5, 53, 1, 1))
    hanging = hanging_bone(bones, carrying(vertices, "backpack"))
    assert hanging.shape == (5, 1, 3, 4)
    assert (hanging == np.eye(3, 4)).all()
