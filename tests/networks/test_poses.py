"""What networks on keypoints look at, by hand-made poses; their graphs, sizes, costs; orders of 18 joints."""

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import Tensor

from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import BODY_LENGTH, NECK
from gaitheat.losses import objective
from gaitheat.networks import network_called
from gaitheat.networks.counting import flops_per_frame, parameters
from gaitheat.networks.gaitgraph2 import by_distance, every_second, every_second_mask
from gaitheat.networks.gpgait import LIMBS, POOLED, near_in_part_and_anywhere
from gaitheat.networks.graphs import as_columns, averaged_over_clip, hops
from gaitheat.networks.poses import (
    PARENTS,
    angles,
    bones,
    from_neck,
    gaitgraph_inputs,
    gaittr_inputs,
    gpgait_inputs,
    motions,
    upright,
)
from gaitheat.networks.types import Inputs
from gaitheat.recipe_table import RECIPES
from gaitheat.skeleton import JOINTS, MIRROR, ORDERS_18, Order18, from_18

JOINT = {name: place for place, name in enumerate(JOINTS)}
PERSON = {
    "nose": (24, 8), "left_eye": (25, 7), "right_eye": (23, 7), "left_ear": (26, 8), "right_ear": (22, 8),
    "left_shoulder": (28, 16), "right_shoulder": (20, 16), "left_elbow": (30, 24), "right_elbow": (18, 24),
    "left_wrist": (30, 31), "right_wrist": (18, 31), "left_hip": (27, 32), "right_hip": (21, 32),
    "left_knee": (27, 44), "right_knee": (21, 44), "left_ankle": (27, 56), "right_ankle": (21, 56),
}  # fmt: skip
"""Stands upright: neck at (24, 16), a spine of 16, thighs and shins of 12 each, so the body is 40 long."""


def person() -> Tensor:
    return torch.tensor([PERSON[joint] for joint in JOINTS], dtype=torch.float32)


def moved(points: Tensor, degrees: float, size: float, x: float, y: float) -> Tensor:
    """Turned by hand, made larger, put elsewhere."""
    turn = math.radians(degrees)
    matrix = torch.tensor([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return size * points @ matrix.T + torch.tensor([x, y])


def keypoints(points: Tensor) -> Tensor:
    """With scores, in one clip."""
    return torch.cat([points, torch.full((*points.shape[:-1], 1), 0.7)], -1)[None]


def test_bones_begin_at_their_parents() -> None:
    found = bones(person())
    assert found[JOINT["nose"]].tolist() == [0, 0]
    assert found[JOINT["left_elbow"]].tolist() == [2, 8]
    assert found[JOINT["right_ankle"]].tolist() == [0, 12]
    assert found[JOINT["left_hip"]].tolist() == [-1, 16]


def test_parents_are_symmetric() -> None:
    for joint, parent in enumerate(PARENTS):
        assert PARENTS[MIRROR[joint]] == MIRROR[parent]


def test_the_neck_is_midway_between_the_shoulders() -> None:
    found = from_neck(person())
    assert found[JOINT["left_shoulder"]].tolist() == [4, 0]
    assert found[JOINT["nose"]].tolist() == [0, -8]


def test_angles_are_those_with_the_axes() -> None:
    vectors = torch.zeros(17, 2)
    vectors[:6] = torch.tensor([[3.0, 0], [0, 2], [-1, 0], [0, -5], [1, 1], [-3, 4]])
    found = angles(vectors) / math.pi * 180
    expected = [[0, 90], [90, 0], [180, 90], [90, 180], [45, 45], [126.8699, 36.8699]]
    assert found[:6].numpy() == pytest.approx(np.array(expected), abs=1e-3)
    assert (found[6:] == 0).all()


def test_motions_look_ahead_as_far_as_the_clip_shows() -> None:
    steps = torch.tensor([0.0, 1, 3, 6, 10])
    points = steps[None, :, None, None] + torch.zeros(1, 5, 17, 2)
    whole = torch.ones(1, 5, dtype=torch.bool)
    assert motions(points, whole, 1)[0, :, 4, 1].tolist() == [1, 2, 3, 4, 0]
    assert motions(points, whole, 2)[0, :, 4, 1].tolist() == [3, 5, 7, 0, 0]
    assert motions(points, whole, 7)[0, :, 4, 1].tolist() == [0] * 5
    hole = torch.tensor([[True, True, False, True, True]])
    points[~hole] = torch.nan
    assert motions(points, hole, 1)[0, :, 4, 1].tolist() == [1, 0, 0, 4, 0]


@pytest.mark.parametrize("degrees", [0, 25, -90, 170])
def test_upright_bodies_are_the_same_however_they_leaned_and_however_large_they_were(degrees: float) -> None:
    found = upright(moved(person(), degrees, 1.7, 5, -3))
    expected = (person() - torch.tensor([24.0, 16])) / 40
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    middle = found[[JOINT["left_hip"], JOINT["right_hip"]]].mean(0)
    assert middle.tolist() == pytest.approx([0, 0.4], abs=1e-5)


def test_every_frame_is_made_upright_by_itself() -> None:
    frames = torch.stack([person(), moved(person(), 40, 0.5, 9, 9)])[None]
    assert upright(frames)[0, 0].numpy() == pytest.approx(upright(frames)[0, 1].numpy(), abs=1e-5)


def test_a_body_without_a_spine_is_not_turned_and_nothing_is_divided_by_zero() -> None:
    points = person()
    points[[JOINT["left_hip"], JOINT["right_hip"]]] = torch.tensor([25.0, 16])
    found = upright(points)
    assert found.isfinite().all()
    assert found[JOINT["left_shoulder"], 1] == 0
    assert (upright(torch.zeros(3, 17, 2)) == 0).all()


def test_the_branches_of_gaitgraph() -> None:
    clip = keypoints(torch.stack([person(), person() + torch.tensor([2.0, 0])]))
    joints, velocities, sticks = gaitgraph_inputs(clip, torch.ones(1, 2, dtype=torch.bool))
    knee = JOINT["left_knee"]
    place = (torch.tensor([27.0, 44]) - torch.tensor(NECK)) / BODY_LENGTH
    assert joints[0, 0, knee].tolist() == pytest.approx([*place.tolist(), 3 / 40, 28 / 40, 0.7])
    assert velocities[0, 0, knee].tolist() == pytest.approx([2 / 40, 0, 0, 0, 0.7])
    assert sticks[0, 0, knee].tolist() == pytest.approx([0, 12 / 40, math.pi / 2, 0, 0.7])


def test_the_channels_of_gaittr() -> None:
    clip = keypoints(torch.stack([person(), person() + 4, person() + 12]))
    features = gaittr_inputs(clip, torch.ones(1, 3, dtype=torch.bool))
    assert features.shape == (1, 3, 17, 10)
    wrist = features[0, 0, JOINT["right_wrist"]].tolist()
    assert wrist[2:] == pytest.approx([-6 / 40, 15 / 40, 0.1, 0.1, 0.3, 0.3, 0, 7 / 40])


def test_the_branches_of_gpgait_know_neither_size_nor_lean_nor_place() -> None:
    inputs = [gpgait_inputs(keypoints(points[None])) for points in (person(), moved(person(), 30, 2, 7, 1))]
    for one, other in zip(*inputs, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-5)
    _, sticks, turns = inputs[0]
    assert sticks[0, 0, JOINT["left_knee"]].tolist() == pytest.approx([0, 0.3], abs=1e-6)
    assert turns[0, 0, JOINT["left_knee"]].tolist() == pytest.approx([math.pi / 2, 0], abs=1e-6)


def test_hops_count_bones() -> None:
    distance = hops()
    assert (distance == distance.T).all()
    assert (distance.diagonal() == 0).all()
    assert distance[JOINT["left_wrist"], JOINT["left_shoulder"]] == 2
    assert distance[JOINT["left_ankle"], JOINT["right_ankle"]] == 8  # over both hips, shoulders and the nose


def test_relations_are_means() -> None:
    rings = by_distance(2)
    assert (rings[0] == np.eye(17)).all()
    assert rings[1, JOINT["left_wrist"], JOINT["left_elbow"]] == 1
    assert rings[2, JOINT["left_wrist"], JOINT["left_shoulder"]] == 1
    near, part, anywhere = near_in_part_and_anywhere()
    assert near[JOINT["left_wrist"]][[JOINT["left_wrist"], JOINT["left_elbow"]]].tolist() == [0.5, 0.5]
    assert part[JOINT["left_wrist"], JOINT["right_wrist"]] == 0
    assert part[JOINT["left_wrist"], JOINT["left_shoulder"]] == pytest.approx(1 / 3)
    assert anywhere == pytest.approx(np.full((17, 17), 1 / 17))
    for relation in (*rings, near, part, anywhere):
        sums = relation.sum(1)
        assert ((abs(sums - 1) < 1e-6) | (sums == 0)).all()


def test_limbs_are_all_of_the_body_and_mirror_each_other() -> None:
    assert sorted(joint for limb in LIMBS for joint in limb) == list(range(17))
    mirrored = {tuple(sorted(MIRROR[joint] for joint in part)) for part in POOLED}
    assert mirrored == {tuple(sorted(part)) for part in POOLED}


def test_half_the_frames_stand_for_all() -> None:
    mask = torch.tensor([[True, True, True, False, False], [False, True, False, False, True]])
    frames = torch.arange(10.0).reshape(10, 1, 1, 1)
    assert every_second(frames, mask).flatten().tolist() == [0, 2, 4, 5, 7, 9]
    assert every_second_mask(mask).tolist() == [[True, True, False], [True, False, True]]


def test_the_mean_of_a_clip_is_that_of_the_frames_it_shows() -> None:
    mask = torch.tensor([[True, False, True]])
    features = torch.rand(1, 3, 17, 4)
    features[0, 1] = torch.nan
    found = averaged_over_clip(as_columns(features, mask), mask)
    assert found[0, :, 0].numpy() == pytest.approx(features[0, [0, 2]].mean((0, 1)).numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "subjects", "million", "gflop"),
    [
        ("gaitgraph2", 74, 0.35, 0.022 / 3),  # presumably three passes are published; one is counted
        ("gaittr", 74, 0.51, 0.016),
        ("gpgait", 74, 3.65, 0.068),
    ],
)
def test_sizes_and_costs_are_the_published_ones_within_a_tenth(
    name: str, subjects: int, million: float, gflop: float
) -> None:
    build = network_called(name).build
    assert parameters(build(subjects)) == pytest.approx(million * 1e6, rel=0.1)
    assert flops_per_frame(build(0), frames=60) == pytest.approx(gflop * 1e9, rel=0.1)


@pytest.mark.parametrize(
    ("name", "width", "unlike", "least"),
    [
        pytest.param("gaitgraph2", 16, 3.0, 0.15, marks=pytest.mark.slow),
        ("gaittr", 32, 1.0, 0.8),
        pytest.param("gpgait", 8, 3.0, 0.8, marks=pytest.mark.slow),
    ],
)
def test_by_the_loss_of_its_recipe_it_tells_people_apart(
    name: str, width: int, unlike: float, least: float
) -> None:
    """Strangers stay far apart as well. GaitTR's hardest triplets alone bring them to half of that here."""
    torch.manual_seed(0)
    labels, shown = torch.arange(4).repeat(2), torch.ones(8, 4, dtype=torch.bool)
    builds = unlike * torch.randn(4, 1, 17, 2)[labels]
    network = network_called(name).build(4, width=width, dims=8).train()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(30):
        points = person() + builds + torch.randn(8, 4, 17, 2)
        maps, silhouettes = (torch.empty(8, 4, 0, *size) for size in ((64, 48), (44,)))
        output = network(Inputs(maps, torch.cat([points, torch.ones(8, 4, 17, 1)], -1), silhouettes, shown))
        optimiser.zero_grad()
        objective(output.heads, labels, **asdict(RECIPES[name].loss)).total.backward()
        optimiser.step()
    strips = output.embedding.detach().transpose(0, 1)
    apart, same = torch.cdist(strips, strips).mean(0), labels[:, None] == labels
    strangers = apart[~same].mean()
    assert strangers > least
    assert strangers > 1.5 * apart[same & ~torch.eye(8, dtype=torch.bool)].mean()


@pytest.mark.parametrize("name", ["gaitgraph2", "gaittr", "gpgait"])
def test_the_width_divides(name: str) -> None:
    build = network_called(name).build
    assert parameters(build(0, width=32)) < parameters(build(0)) / 2.5


def test_a_width_that_its_heads_cannot_share() -> None:
    with pytest.raises(GaitheatError, match=r"network.width: expected a multiple of 32, .* but got 40"):
        network_called("gaittr").build(0, width=40)


@pytest.mark.parametrize("order", ORDERS_18)
def test_joints_keep_their_names_when_18_become_17(order: Order18) -> None:
    assert sorted(ORDERS_18[order]) == sorted([*JOINTS, "neck"])
    number = {joint: place for place, joint in enumerate(JOINTS)} | {"neck": -1}
    given = np.array([[number[joint]] * 3 for joint in ORDERS_18[order]], np.float32)[None]
    assert from_18(given, order)[0, :, 0].tolist() == list(range(17))


def test_the_order_of_openpose_in_numbers() -> None:
    given = np.arange(18.0).reshape(18, 1)
    found = {joint: value for joint, (value,) in zip(JOINTS, from_18(given, "openpose"), strict=True)}
    for joint, place in {"nose": 0, "right_shoulder": 2, "left_wrist": 7, "left_ankle": 13}.items():
        assert found[joint] == place
    assert (found["left_eye"], found["right_eye"]) == (15, 14)
