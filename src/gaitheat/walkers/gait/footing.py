"""Feet on the floor: what of the sole touches it, and the way of pelvis and ankles over the footholds."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from gaitheat.walkers.body import BODY_VERTICES, body_data
from gaitheat.walkers.gait.rotations import SIDES, Heads, Turns, window

PITCHES = np.radians(np.linspace(-80, 40, 13))
"""Pitches of a sole for which its lowest point is known: tiptoe .. heel strike."""
GRIP = 0.003
"""Metres: a point of the sole this much higher than the lowest bears 1/e of its share."""
HOLDING, EARLY = (0.0, 0.06, 0.5, 0.56), 0.04
"""Cycle, counted from so much before the heel strike, in which a leg holds the pelvis up: a leg that comes
down is straight, and the one that it relieves gives way."""
LANDING = 0.1
"""Cycle in which a foot lands where its leg swings it; what it would slip later, bent knees make up for."""
THRIFT = 0.95
"""Share of the way that the legs would push the pelvis by their angles alone: angles of several joints, drawn
apart, never fit the floor exactly, and slightly shorter steps keep both feet within easy reach."""
STEADY, STEADY_ASIDE, STEADY_UP = 0.15, 0.08, 0.03
"""Seconds over which a body's mass evens out its way forward, sideways and up (deviation of the kernel)."""
WIDEST_SWAY = 0.035
"""Metres: the pelvis sways less than this to either side."""
LIFT = 0.012
"""Metres that the swinging foot keeps off the floor in mid-swing at least."""
EASY = float(np.cos(np.radians(3.0)))
"""Share of a straight leg's length that it reaches with its knee bent by 6 degrees."""

Joints = Float64[np.ndarray, "frames bones 3"]
Points = Float64[np.ndarray, "frames 3"]
Feet = Float64[np.ndarray, "frames 2"]
FootWay = Float64[np.ndarray, "frames 2"]
Planted = Bool[np.ndarray, "frames 2"]
FeetPlane = Float64[np.ndarray, "frames 2 2"]
FeetPoints = Float64[np.ndarray, "frames 2 3"]
Series = Float64[np.ndarray, " frames"]


class Sole(NamedTuple):
    """The points of one foot that come to bear as it rolls from heel to toe, on the body at rest."""

    points: Float64[np.ndarray, "points 3"]
    on_toes: Bool[np.ndarray, " points"]
    """Whether a point moves with the toes or with the rest of the foot."""


class Legs(NamedTuple):
    """What the joint angles alone say of both legs; points as seen from the pelvis, metres."""

    hips: FeetPoints
    ankles: FeetPoints
    height: Feet
    """From the lowest point of the sole up to the ankle."""
    rolled: FeetPlane
    """How far (x, y) the ankle has come, had the sole rolled on the floor without slipping all the time."""


class Path(NamedTuple):
    """Where a walk goes: joints in the world, metres."""

    pelvis: Points
    ankles: FeetPoints
    bearing: Feet
    """Share of the weight on (left, right); 0 in the air."""


def bone_pairs(name: str) -> tuple[int, int]:
    """The left and the right bone of that name."""
    names = body_data().bone_names
    left, right = (names.index(f"{name}_{suffix}") for suffix, _ in SIDES)
    return left, right


def chain(turns: Turns, heads: Heads) -> Joints:
    """Where the bones begin, seen from the pelvis, when they hang together as at rest."""
    data = body_data()
    joints = np.zeros((*turns.shape[:2], 3))
    for bone, parent in enumerate(data.parents):
        if parent >= 0:
            joints[:, bone] = joints[:, parent] + turns[:, parent] @ (heads[bone] - heads[parent])
    return joints - joints[:, [data.bone_names.index("pelvis")]]


def soles_of(vertices: Float64[np.ndarray, "vertices 3"]) -> tuple[Sole, Sole]:
    """The points of the left and the right foot that are lowest at some pitch."""
    left, right = (
        _sole(vertices, *bones) for bones in zip(bone_pairs("foot"), bone_pairs("ball"), strict=True)
    )
    return left, right


def _sole(vertices: Float64[np.ndarray, "vertices 3"], foot: int, toes: int) -> Sole:
    weights = body_data().all_weights[:BODY_VERTICES]
    lowest = []
    for bone in (foot, toes):
        own = np.flatnonzero((weights[:, bone] >= 0.5) & (weights[:, foot] + weights[:, toes] > 0.9))
        depths = np.outer(np.sin(PITCHES), vertices[own, 0]) + np.outer(np.cos(PITCHES), vertices[own, 2])
        lowest.append(np.unique(own[depths.argmin(axis=1)]))
    on_toes = np.repeat([False, True], [len(part) for part in lowest])
    return Sole(vertices[np.concatenate(lowest)], on_toes)


def legs_of(turns: Turns, joints: Joints, heads: Heads, soles: tuple[Sole, Sole]) -> Legs:
    """The legs of a body whose bones are turned so.

    Args:
        turns: [T, B, 3, 3] rotations of the bones.
        joints: [T, B, 3] where they begin, seen from the pelvis.
        heads: [B, 3] likewise at rest.
        soles: left and right.
    """
    heights, ways = [], []
    for foot, toes, (points, on_toes) in zip(bone_pairs("foot"), bone_pairs("ball"), soles, strict=True):
        with_foot = (points - heads[foot]) @ turns[:, foot].swapaxes(1, 2)
        with_toes = (points - heads[toes]) @ turns[:, toes].swapaxes(1, 2)
        with_toes += (joints[:, toes] - joints[:, foot])[:, None]
        seen = np.where(on_toes[:, None], with_toes, with_foot)
        lowest = seen[..., 2].min(axis=1, keepdims=True)
        grip = np.exp((lowest - seen[..., 2]) / GRIP)
        grip /= grip.sum(axis=1, keepdims=True)
        # The ankle moves by what the points that bear, before and after, fall back against it.
        step = -(np.diff(seen[..., :2], axis=0) * ((grip[1:] + grip[:-1]) / 2)[..., None]).sum(axis=1)
        ways.append(np.vstack([np.zeros((1, 2)), step.cumsum(axis=0)]))
        heights.append(-lowest[:, 0])
    hips, ankles = joints[:, bone_pairs("thigh")], joints[:, bone_pairs("foot")]
    return Legs(hips, ankles, np.stack(heights, axis=1), np.stack(ways, axis=1))


def walk_over(
    legs: Legs,
    straight: Float64[np.ndarray, " 2"],
    strides: Series,
    toe_offs: tuple[float, float],
    step_width: float,
    rate: float,
) -> Path:
    """The straight way of pelvis and ankles on which planted feet neither slip nor sink in.

    The pelvis moves as the leg that bears the weight pushes it; each foot lands where its leg swings it,
    rolls there without slipping, and passes smoothly to its next foothold.

    Args:
        legs: of every frame.
        straight: lengths of the stretched legs, metres.
        strides: since a heel strike of the left foot.
        toe_offs: shares of the cycle after which the left and the right foot leave the floor.
        step_width: metres between the ankles.
        rate: frames a second.
    """
    own = np.stack([strides, strides + 0.5], axis=1)
    cycle = own % 1
    planted = cycle < toe_offs
    bearing = _bearing(cycle, toe_offs)
    pelvis = np.zeros((len(strides), 3))
    pelvis[:, :2] = _way(legs, bearing, step_width, rate)
    ankles = np.empty_like(legs.ankles)
    ankles[..., :2] = _over_footholds(legs, pelvis[:, :2], own, planted)
    aside = np.linalg.norm(ankles[..., :2] - (pelvis[:, None] + legs.hips)[..., :2], axis=2)
    leg = np.linalg.norm(legs.hips - legs.ankles, axis=2)
    held = legs.height + _upright(leg, aside) - legs.hips[..., 2]
    holding = window((cycle + EARLY) % 1, HOLDING)
    pelvis[:, 2] = gaussian_filter1d((holding * held).sum(axis=1), STEADY_UP * rate, mode="nearest")
    swung = np.clip((cycle - toe_offs) / (1 - np.array(toe_offs)), 0, 1)
    ankles[..., 2] = legs.height + _sole_heights(legs, pelvis[:, 2], planted, swung)
    limit = ankles[..., 2] + _upright(np.maximum(leg, EASY * straight), aside) - legs.hips[..., 2]
    pelvis[:, 2] -= _eased(np.maximum(pelvis[:, 2] - limit.min(axis=1), 0), rate)
    return Path(pelvis, ankles, bearing)


def _bearing(cycle: Feet, toe_offs: tuple[float, float]) -> Feet:
    """Share of the weight on each foot: taken over between its heel strike and the other's toe-off."""
    edges = [(0.0, toe_offs[1 - side] - 0.5, 0.5, toe_offs[side]) for side in range(2)]
    return np.stack([window(cycle[:, side], edges[side]) for side in range(2)], axis=1)


def _way(legs: Legs, bearing: Feet, step_width: float, rate: float) -> FootWay:
    """Way (x, y) of the pelvis: forward as bearing legs push it, sideways so that they stand on lines."""
    pushed = np.diff(legs.rolled[..., 0] - legs.ankles[..., 0], axis=0)
    forward = (pushed * (bearing[1:] + bearing[:-1]) / 2).sum(axis=1)
    forward = THRIFT * gaussian_filter1d(np.append(forward[0], forward), STEADY * rate, mode="nearest")
    lines = step_width / 2 * np.array([sign for _, sign in SIDES])
    aside = (bearing * (lines - legs.ankles[..., 1])).sum(axis=1)
    aside = gaussian_filter1d(aside, STEADY_ASIDE * rate, mode="nearest")
    return np.stack([forward.cumsum(), WIDEST_SWAY * np.tanh(aside / WIDEST_SWAY)], axis=1)


def _over_footholds(legs: Legs, pelvis: FootWay, own: Feet, planted: Planted) -> FeetPlane:
    """Way (x, y) of both ankles over a pelvis that goes so; `own` counts the strides of each foot."""
    ankles: FeetPlane = pelvis[:, None] + legs.ankles[..., :2]
    for side in range(2):
        slip = legs.rolled[:, side] - ankles[:, side]
        # A stance whose landing was not seen lands in the mean of what is seen of it.
        lands = np.where(own[:, side] % 1 < LANDING, 1.0, 1e-3) * planted[:, side]
        slip -= _mean_by(np.floor(own[:, side]), slip, lands)
        ankles[:, side] += _through_swings(slip, planted[:, side])
    return ankles


def _sole_heights(legs: Legs, pelvis: Series, planted: Planted, swung: Feet) -> Feet:
    """Heights of both soles' lowest points under a pelvis of that height; `swung` is 0 .. 1 in the swing.

    A sole that would scrape along the floor is bent upwards smoothly.
    """
    free = pelvis[:, None] + legs.ankles[..., 2] - legs.height
    heights = np.stack([free[:, i] + _through_swings(-free[:, i], planted[:, i]) for i in range(2)], axis=1)
    lift = LIFT * np.sin(np.pi * swung)
    above = heights - lift
    lifted: Feet = lift + (above + np.sqrt(above**2 + lift**2)) / 2
    return lifted


def _mean_by(groups: Series, values: FootWay, weights: Series) -> FootWay:
    """For every frame the weighted mean over its group, 0 where all weights are."""
    group = np.unique(groups, return_inverse=True)[1]
    total = np.bincount(group, weights)
    total[total == 0] = 1
    means = np.stack([np.bincount(group, weights * part) / total for part in values.T], axis=1)
    spread: FootWay = means[group]
    return spread


def _through_swings(
    correction: Float64[np.ndarray, "frames ..."], planted: Bool[np.ndarray, " frames"]
) -> Float64[np.ndarray, "frames ..."]:
    """A correction that the floor asks of a planted foot, handed on smoothly to its next foothold."""
    stance = np.flatnonzero(planted)
    within = np.clip(np.arange(len(planted)), stance[0], stance[-1])
    smooth: Float64[np.ndarray, "frames ..."] = PchipInterpolator(stance, correction[stance])(within)
    return smooth


def _upright(leg: Feet, aside: Feet) -> Feet:
    """Height of a hip over an ankle that is so far aside, for a leg of that length."""
    height: Feet = np.sqrt(np.maximum(leg**2 - aside**2, 0))
    return height


def _eased(drop: Series, rate: float) -> Series:
    """A drop that begins and ends smoothly, and hardly anywhere is less."""
    eased: Series = gaussian_filter1d(
        maximum_filter1d(drop, 2 * round(0.04 * rate) + 1), STEADY_UP * rate, mode="nearest"
    )
    return eased
