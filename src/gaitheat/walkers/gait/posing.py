"""From a way of walking and a body at rest to moving bones: a straight walk, or the same along a curve."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.ndimage import gaussian_filter1d

from gaitheat.walkers.body import bone_heads
from gaitheat.walkers.gait.clearance import least_abduction
from gaitheat.walkers.gait.footing import Joints, Path, bone_pairs, chain, legs_of, soles_of, walk_over
from gaitheat.walkers.gait.legs import Bones, move, put_feet, straight_legs
from gaitheat.walkers.gait.rotations import Heads, Swing, Turns, bone_rotations, swing_at, turn
from gaitheat.walkers.gait.settling import settled, toe_offs
from gaitheat.walkers.gait.style import Style

WANDER, WANDER_TIME = 0.018, 0.2
"""Within a walk the cadence wanders: standard deviation, a share, and that of its kernel, seconds."""
JITTER, ARM_JITTER, JITTER_TIME = 0.5, 1.2, 0.23
"""Likewise the joint angles, in degrees."""
RUN_UP = 1.2
"""Strides walked before the first frame and after the last one, so that both are like any other."""


class Motion(NamedTuple):
    """A walk, frame by frame."""

    bones: Float32[np.ndarray, "frames bones 3 4"]
    """Rest vertex -> world, metres."""
    phase: Float64[np.ndarray, " frames"]
    """Of the gait cycle, 0..1; 0 is the heel strike of the left foot."""
    stance: Float64[np.ndarray, "frames 2"]
    """Share of the weight on the (left, right) foot; 0 in the air."""
    speed: float
    """Metres a second."""
    joints: Float32[np.ndarray, "frames bones 3"]
    """Where the bones begin, in the world."""


def pose(
    rng: np.random.Generator,
    style: Style,
    rest_vertices: Float64[np.ndarray, "vertices 3"],
    frames: int,
    rate: float = 25.0,
    within: float = 1.0,
    start_phase: float | None = None,
) -> Motion:
    """A straight walk along X whose middle is at x = y = 0.

    Args:
        rng: cadence and joint angles wander by it.
        style: the way of walking.
        rest_vertices: the undressed body at rest, soles on z = 0.
        frames: how many.
        rate: frames a second.
        within: scales how much the walk wanders; 0 repeats the same stride.
        start_phase: of the gait cycle in the first frame; drawn if None.
    """
    before = int(np.ceil(RUN_UP * style.stride_time * rate)) + 1
    start = rng.random() if start_phase is None else start_phase
    wander = within * WANDER * _slow_noise(rng, frames + 2 * before, WANDER_TIME * rate)
    strides = np.cumsum(1 + wander) / (style.stride_time * rate)
    strides += start - strides[before]
    heads = bone_heads(rest_vertices)
    soles = soles_of(rest_vertices)
    style = settled(style, heads, soles)
    swing = _jittered(rng, swing_at(style, strides), within, rate)
    turns = bone_rotations(style, swing, strides, heads, least_abduction(style, rest_vertices, heads))
    joints = chain(turns, heads)
    legs = legs_of(turns, joints, heads, soles)
    leaving = toe_offs(style, heads, soles)
    path = walk_over(legs, straight_legs(heads), strides, leaving, style.step_width, rate)
    kept = slice(before, before + frames)
    speed = float(np.gradient(path.pelvis[:, 0])[kept].mean() * rate)
    middle = path.pelvis[before + frames // 2] * (1, 0, 0)
    path = Path(path.pelvis[kept] - middle, path.ankles[kept] - middle, path.bearing[kept])
    bones, joints = _placed(turns[kept], joints[kept], heads, path)
    return Motion(bones.astype(np.float32), strides[kept] % 1, path.bearing, speed, joints.astype(np.float32))


def along(
    motion: Motion, heading_degrees: float, curvature: float = 0.0, at: tuple[float, float] = (0.0, 0.0)
) -> Motion:
    """The same walk along another path: the whole body turns with it, and planted feet stay.

    Args:
        motion: a walk along X.
        heading_degrees: direction of the path in its middle, counterclockwise from X.
        curvature: of the path, 1/m; positive to the left.
        at: the middle of the path, metres.
    """
    bones, joints = motion.bones.astype(np.float64), motion.joints.astype(np.float64)
    feet = joints[:, bone_pairs("foot")]
    body = joints[:, bone_pairs("thigh")].mean(axis=1)
    bodies = _headings(body[:, 0], heading_degrees, curvature)
    places = _on_path(body, heading_degrees, curvature, at)
    carried = places[:, None] + (joints - body[:, None]) @ bodies.swapaxes(1, 2)
    for bone in range(bones.shape[1]):
        move(bones, joints, bone, bodies, carried[:, bone])
    ankles = _on_path(feet, heading_degrees, curvature, at)
    turned = _headings(feet[..., 0], heading_degrees, curvature) @ bodies.swapaxes(1, 2)[:, None]
    put_feet(bones, joints, ankles, turned)
    return motion._replace(bones=bones.astype(np.float32), joints=joints.astype(np.float32))


def posed_points(
    bones: Float32[np.ndarray, "frames bones 3 4"],
    points: Float64[np.ndarray, "points 3"],
    of_bones: Int64[np.ndarray, " points"],
) -> Float64[np.ndarray, "frames points 3"]:
    """Points of the body at rest, each carried by one bone, in the world."""
    carriers = bones[:, of_bones].astype(np.float64)
    posed: Float64[np.ndarray, "frames points 3"] = np.einsum("tnij,nj->tni", carriers[..., :3], points)
    posed += carriers[..., 3]
    return posed


def _placed(turns: Turns, joints: Joints, heads: Heads, path: Path) -> tuple[Bones, Joints]:
    """Bones turned so, and joints seen from the pelvis, brought to where the path has pelvis and feet."""
    joints = joints + path.pelvis[:, None]
    shifts = joints - (turns @ heads[..., None])[..., 0]
    bones = np.concatenate([turns, shifts[..., None]], axis=3)
    put_feet(bones, joints, path.ankles, np.broadcast_to(np.eye(3), (len(bones), 2, 3, 3)))
    return bones, joints


def _jittered(rng: np.random.Generator, swing: Swing, within: float, rate: float) -> Swing:
    """Joint angles that slowly wander about these."""
    jittered = {}
    for name, degrees in swing.items():
        size = within * (ARM_JITTER if name in ("shoulder", "elbow") else JITTER)
        noise = [_slow_noise(rng, len(side), JITTER_TIME * rate) for side in degrees]
        jittered[name] = degrees + size * np.stack(noise)
    return jittered


def _slow_noise(rng: np.random.Generator, frames: int, width: float) -> Float64[np.ndarray, " frames"]:
    """Gaussian noise of unit variance, smooth over `width` frames."""
    smooth = gaussian_filter1d(rng.standard_normal(frames), width, mode="wrap")
    # Variance of white noise under a Gaussian kernel of that width.
    scaled: Float64[np.ndarray, " frames"] = smooth * np.sqrt(2 * width * np.sqrt(np.pi))
    return scaled


def _headings(
    way: Float64[np.ndarray, "*points"], heading_degrees: float, curvature: float
) -> Float64[np.ndarray, "*points 3 3"]:
    """The turns of the path's direction against X, so many metres along it."""
    degrees = heading_degrees + np.degrees(curvature * way)
    turns: Float64[np.ndarray, "..."] = turn("Z", degrees.ravel()).as_matrix()
    return turns.reshape(*way.shape, 3, 3)


def _on_path(
    points: Float64[np.ndarray, "*points 3"],
    heading_degrees: float,
    curvature: float,
    at: tuple[float, float],
) -> Float64[np.ndarray, "*points 3"]:
    """Where points end up when the X axis is bent into a circle of that curvature."""
    way, aside = points[..., 0], points[..., 1]
    angle = curvature * way
    # sinc keeps the straight path (no curvature) among the circles: sin(a) / a and (1 - cos a) / a.
    forward = way * np.sinc(angle / np.pi) - aside * np.sin(angle)
    left = way * np.sin(angle / 2) * np.sinc(angle / 2 / np.pi) + aside * np.cos(angle)
    bent = np.stack([forward, left, points[..., 2]], axis=-1)
    placed: Float64[np.ndarray, "*points 3"] = bent @ turn("Z", heading_degrees).as_matrix().T + (*at, 0.0)
    return placed
