"""What a viewer of a walk relies on: planted feet, whole limbs, an even pace, straight on and in curves."""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from jaxtyping import Float64

from gaitheat.walkers.body import (
    BODY_VERTICES,
    Population,
    body_data,
    bone_heads,
    draw_shape,
    rest_vertices,
)
from gaitheat.walkers.gait.posing import Motion, along, pose, posed_points
from gaitheat.walkers.gait.style import Style, draw_style, vary_take

SUBJECTS = range(8)
FRAMES, BONES = 60, 53
pytestmark = pytest.mark.usefixtures("assets")


class Walk(NamedTuple):
    vertices: Float64[np.ndarray, "vertices 3"]
    style: Style
    motion: Motion


@lru_cache
def walk_of(subject: int) -> Walk:
    """Somebody's walk; every third subject is fat, every fourth thin."""
    rng = np.random.default_rng(subject)
    shape = draw_shape(rng, Population())
    if subject % 3 == 0:
        shape = replace(shape, weight=0.95)
    elif subject % 4 == 1:
        shape = replace(shape, weight=0.1)
    vertices = rest_vertices(shape)
    style = vary_take(rng, draw_style(rng), "none", coat=False)
    return Walk(vertices, style, pose(rng, style, vertices, FRAMES))


def bone(name: str) -> int:
    return body_data().bone_names.index(name)


def joint(motion: Motion, name: str) -> Float64[np.ndarray, "frames 3"]:
    return motion.joints[:, bone(name)].astype(np.float64)


def skin(
    vertices: Float64[np.ndarray, "vertices 3"], motion: Motion, chosen: np.ndarray
) -> Float64[np.ndarray, "frames chosen 3"]:
    """Linear blend skinning of some vertices, written plainly."""
    data, posed = body_data(), np.zeros((len(motion.bones), len(chosen), 3))
    for corner in range(4):
        carried = posed_points(motion.bones, vertices[chosen], data.bones[chosen, corner].astype(np.int64))
        posed += data.weights[chosen, corner][:, None] * carried
    return posed


def owned_by(*names: str) -> np.ndarray:
    """Vertices of the skin that move mostly with these bones."""
    return np.flatnonzero(np.isin(body_data().bones[:BODY_VERTICES, 0], [bone(name) for name in names]))


def slides(vertices: Float64[np.ndarray, "vertices 3"], motion: Motion) -> Float64[np.ndarray, " steps"]:
    """Millimetres a frame that the skin which touches the floor moves along it, of both planted feet."""
    found = []
    for side, suffix in enumerate("lr"):
        sole = skin(vertices, motion, owned_by(f"foot_{suffix}", f"ball_{suffix}"))
        touching = sole[..., 2] < sole[..., 2].min(axis=1, keepdims=True) + 0.003
        bears = motion.stance[:, side] > 0
        for frame in np.flatnonzero(bears[1:] & bears[:-1]):
            both = touching[frame] & touching[frame + 1]
            step = np.linalg.norm(sole[frame + 1, :, :2] - sole[frame, :, :2], axis=1)
            found.append(1000 * (step[both].mean() if both.any() else step.min()))
    return np.array(found)


def knee_angles(motion: Motion, suffix: str) -> Float64[np.ndarray, " frames"]:
    """Degrees of flexion; negative if the knee bends to the front."""
    hip, knee, ankle = (joint(motion, f"{name}_{suffix}") for name in ("thigh", "calf", "foot"))
    thigh, shank = knee - hip, ankle - knee
    cosine = (thigh * shank).sum(1) / np.linalg.norm(thigh, axis=1) / np.linalg.norm(shank, axis=1)
    backwards = np.cross(thigh, shank)[:, 1]
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))) * np.sign(backwards)


@pytest.mark.parametrize("curvature", [0.0, 0.15, -0.15])
def test_planted_feet_hardly_slide(curvature: float) -> None:
    walks = [walk_of(subject) for subject in SUBJECTS]
    slid = np.concatenate([slides(w.vertices, along(w.motion, 25.0, curvature)) for w in walks])
    assert np.median(slid) < 1
    assert np.percentile(slid, 95) < 3
    assert slid.max() < 8


@pytest.mark.parametrize("subject", SUBJECTS)
def test_soles_touch_the_floor_and_do_not_sink_in(subject: int) -> None:
    vertices, _, motion = walk_of(subject)
    for side, suffix in enumerate("lr"):
        lowest = skin(vertices, motion, owned_by(f"foot_{suffix}", f"ball_{suffix}"))[..., 2].min(axis=1)
        assert lowest.min() > -0.005
        assert lowest[motion.stance[:, side] > 0].max() < 0.008
        assert lowest.max() > 0.01, "the swinging foot is lifted"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_knees_bend_backwards_only_and_limbs_keep_their_lengths(subject: int) -> None:
    vertices, _, motion = walk_of(subject)
    heads = bone_heads(vertices)
    for suffix in "lr":
        angles = knee_angles(motion, suffix)
        assert angles.min() > 1.9
        assert 40 < angles.max() < 85
        for limb in (("thigh", "calf", "foot", "ball"), ("clavicle", "upperarm", "lowerarm", "hand")):
            for start, end in pairwise(limb):
                there = joint(motion, f"{end}_{suffix}") - joint(motion, f"{start}_{suffix}")
                bones = [bone(f"{name}_{suffix}") for name in (start, end)]
                at_rest = np.linalg.norm(heads[bones[1]] - heads[bones[0]])
                assert np.abs(np.linalg.norm(there, axis=1) - at_rest).max() < 1e-5


@pytest.mark.parametrize("subject", SUBJECTS)
def test_bones_are_rigid_and_their_joints_where_they_are_said_to_be(subject: int) -> None:
    vertices, _, motion = walk_of(subject)
    curved = along(motion, 70.0, 0.2, (1.0, -2.0))
    for walk in (motion, curved):
        turns = walk.bones[..., :3].astype(np.float64)
        assert np.allclose(turns @ turns.swapaxes(2, 3), np.eye(3), atol=1e-5)
        assert np.allclose(np.linalg.det(turns), 1, atol=1e-5)
        said = posed_points(walk.bones, bone_heads(vertices), np.arange(BONES))
        assert np.allclose(said, walk.joints, atol=1e-5)


def test_speed_and_stride_are_those_of_walking_people() -> None:
    walks = [walk_of(subject) for subject in range(16)]
    speeds = np.array([walk.motion.speed for walk in walks])
    statures = np.array([np.ptp(walk.vertices[:BODY_VERTICES, 2]) for walk in walks])
    strides = speeds * np.array([walk.style.stride_time for walk in walks]) / statures
    assert 1.1 < speeds.mean() < 1.35
    assert 0.1 < speeds.std() < 0.25
    assert 0.7 < strides.mean() < 0.82
    assert ((strides > 0.5) & (strides < 1)).all()
    gone = [np.ptp(walk.motion.joints[:, 0, 0]) * 25 / (FRAMES - 1) for walk in walks]
    assert np.allclose(gone, speeds, rtol=0.03)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_body_goes_straight_and_evenly_and_looks_ahead(subject: int) -> None:
    motion = walk_of(subject).motion
    pelvis, head = joint(motion, "pelvis"), joint(motion, "head")
    assert np.ptp(pelvis[:, 1]) < 0.08
    assert 0.01 < np.ptp(pelvis[:, 2]) < 0.11
    assert abs(pelvis[FRAMES // 2, 0]) < 1e-6
    pace = np.diff(pelvis[:, 0]) * 25 / motion.speed
    assert pace.min() > 0.6
    assert pace.max() < 1.4
    gaze = motion.bones[:, bone("head"), :, :3] @ np.array([1.0, 0, 0])
    assert (gaze[:, 0] > 0.93).all()
    assert np.ptp(np.linalg.norm(head - pelvis, axis=1)) < 0.03


@pytest.mark.parametrize("subject", SUBJECTS)
def test_nothing_jumps_and_the_ends_are_like_the_middle(subject: int) -> None:
    motion = walk_of(subject).motion
    jerk = np.linalg.norm(np.diff(motion.joints.astype(np.float64), 2, axis=0), axis=2)
    assert jerk.max() < 0.13, "a foot that lands stops within two frames, nothing is more sudden"
    trunk = [bone(name) for name in ("pelvis", "spine_03", "head", "hand_l", "hand_r")]
    assert jerk[:, trunk].max() < 0.04
    edges = np.concatenate([jerk[:3], jerk[-3:]])
    assert edges.max() <= jerk[3:-3].max() * 1.2


def depths(body: np.ndarray, arm: np.ndarray, sign: float) -> Float64[np.ndarray, " points"]:
    """Metres that points of an arm are inside the outermost, frontmost and rearmost skin of their cell."""
    cell = 0.02
    body, arm = ((points - [0, body[:, 1].mean(), 0]) * [1, sign, 1] for points in (body, arm))

    def inside(axes: tuple[int, int], out: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, " points"]:
        farthest: dict[tuple[int, ...], float] = {}
        for key, value in zip(np.floor(body[:, axes] / cell).astype(int), body @ out, strict=True):
            farthest[tuple(key)] = max(farthest.get(tuple(key), -np.inf), value)
        keys = np.floor(arm[:, axes] / cell).astype(int)
        return np.array([farthest.get(tuple(key), -np.inf) for key in keys]) - arm @ out

    sides = (((0, 2), np.eye(3)[1]), ((1, 2), np.eye(3)[0]), ((1, 2), -np.eye(3)[0]))
    return np.min([inside(axes, out) for axes, out in sides], axis=0)


@pytest.mark.slow
def test_arms_swing_outside_the_body() -> None:
    trunk = owned_by("pelvis", "spine_01", "spine_02", "spine_03", "thigh_l", "thigh_r")
    deepest = []
    for vertices, _, motion in map(walk_of, SUBJECTS):
        few = motion._replace(bones=motion.bones[:30:5])
        body = skin(vertices, few, trunk)
        for suffix, sign in (("l", 1.0), ("r", -1.0)):
            fingers = [
                n for n in body_data().bone_names if n.endswith(f"_{suffix}") and n.split("_")[1].isdigit()
            ]
            arm = skin(vertices, few, owned_by(f"lowerarm_{suffix}", f"hand_{suffix}", *fingers)[::3])
            deepest += [depths(b, a, sign).max() for b, a in zip(body, arm, strict=True)]
    assert np.mean(np.array(deepest) > 0.01) < 0.03
    assert max(deepest) < 0.03


def test_the_mean_walk_is_symmetric() -> None:
    """Half a stride later, a mirror shows the same body."""
    style = replace(draw_style(np.random.default_rng(0), between=0.0), stride_time=1.04)
    vertices = walk_of(0).vertices
    motion = pose(np.random.default_rng(0), style, vertices, 27, within=0.0, start_phase=0.2)
    mirror = [
        bone(n[:-1] + {"l": "r", "r": "l"}[n[-1]] if n[-2:] in ("_l", "_r") else n)
        for n in body_data().bone_names
    ]
    later, now = motion.joints[13:26] - motion.joints[13:26, :1], motion.joints[:13] - motion.joints[:13, :1]
    sway = motion.joints[:, 0, 1]
    assert np.allclose(later, now[:, mirror] * [1, -1, 1], atol=0.004)
    assert np.allclose(sway[13:26], -sway[:13], atol=0.002)


def test_a_walk_without_noise_repeats_itself() -> None:
    style = replace(walk_of(1).style, stride_time=1.0)
    motion = pose(np.random.default_rng(3), style, walk_of(1).vertices, 51, within=0.0)
    ahead = motion.joints[25:] - motion.joints[:-25]
    assert np.allclose(motion.phase[25:], motion.phase[:-25])
    assert np.abs(ahead - [motion.speed, 0, 0]).max() < 0.01


def test_the_same_generator_gives_the_same_walk_and_another_another() -> None:
    vertices, style, _ = walk_of(2)
    first, again, other = (pose(np.random.default_rng(seed), style, vertices, 20) for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.allclose(first.bones, other.bones, atol=1e-3)


@pytest.mark.parametrize(("frames", "rate"), [(1, 25.0), (2, 25.0), (40, 12.5), (100, 50.0)])
def test_any_length_and_rate(frames: int, rate: float) -> None:
    vertices, style, usual = walk_of(2)
    motion = pose(np.random.default_rng(1), style, vertices, frames, rate, start_phase=0.3)
    assert motion.bones.shape == (frames, BONES, 3, 4)
    assert motion.bones.dtype == np.float32
    assert motion.phase[0] == pytest.approx(0.3)
    assert np.isfinite(motion.bones).all()
    assert motion.speed == pytest.approx(usual.speed, rel=0.35 if frames < 3 else 0.08)


def test_phase_and_stance_say_which_foot_bears() -> None:
    _, style, motion = walk_of(4)
    assert np.allclose(motion.stance.sum(axis=1), 1)
    single = (motion.phase > 0.15) & (motion.phase < 0.45)
    assert np.allclose(motion.stance[single], [1, 0])
    turn = np.diff(np.unwrap(motion.phase, period=1)).mean()
    assert 1 / turn / 25 == pytest.approx(style.stride_time, rel=0.03)


def test_a_straight_path_only_moves_and_turns_the_walk() -> None:
    vertices, _, motion = walk_of(5)
    points, bones = bone_heads(vertices), np.arange(BONES)
    moved = along(motion, 90.0, 0.0, (3.0, -1.0))
    here = posed_points(motion.bones, points, bones)
    expected = np.stack([3 - here[..., 1], here[..., 0] - 1, here[..., 2]], axis=-1)
    assert np.allclose(posed_points(moved.bones, points, bones), expected, atol=1e-4)
    assert np.array_equal(moved.phase, motion.phase)


def test_a_curved_path_is_a_circle() -> None:
    vertices, _, motion = walk_of(5)
    curved = along(motion, 30.0, 0.2, (1.0, 2.0))
    centre = np.array([1.0, 2.0]) + 5 * np.array([-np.sin(np.radians(30)), np.cos(np.radians(30))])
    pelvis = joint(curved, "pelvis")
    assert np.abs(np.linalg.norm(pelvis[:, :2] - centre, axis=1) - 5).max() < 0.06
    lowest = skin(vertices, curved, owned_by("foot_l", "ball_l", "foot_r", "ball_r"))[..., 2].min(axis=1)
    assert lowest.min() > -0.005
    for suffix in "lr":
        bends = np.abs(knee_angles(curved, suffix)) - np.abs(knee_angles(motion, suffix))
        assert np.abs(bends).max() < 6


def test_posed_points_follow_their_own_bones() -> None:
    rng = np.random.default_rng(0)
    bones = rng.standard_normal((2, 5, 3, 4)).astype(np.float32)
    points, of_bones = rng.standard_normal((7, 3)), np.array([0, 4, 4, 1, 2, 3, 0])
    posed = posed_points(bones, points, of_bones)
    for frame in range(2):
        for point, carrier in enumerate(of_bones):
            expected = bones[frame, carrier, :, :3] @ points[point] + bones[frame, carrier, :, 3]
            assert np.allclose(posed[frame, point], expected)
