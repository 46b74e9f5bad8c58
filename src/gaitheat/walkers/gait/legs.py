"""Legs that reach their footholds: two-link inverse kinematics on posed bones."""

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.gait.footing import FeetPoints, Joints, Points, bone_pairs
from gaitheat.walkers.gait.rotations import Heads

STRAIGHTEST = float(np.cos(np.radians(1.0)))
"""Longest reach, as a share of a straight leg's length: a knee is always bent, by 2 degrees at least."""


Bones = Float64[np.ndarray, "frames bones 3 4"]
Column = Float64[np.ndarray, "frames 1"]
FrameTurns = Float64[np.ndarray, "frames 3 3"]


def put_feet(
    bones: Bones, joints: Joints, ankles: FeetPoints, feet: Float64[np.ndarray, "frames 2 3 3"]
) -> None:
    """Moves the legs, in place, so that the ankles are there and the feet are turned by that much more.

    Args:
        bones: [T, B, 3, 4] rest vertex -> world.
        joints: [T, B, 3] where the bones begin in the world.
        ankles: [T, 2, 3] where they shall be, left and right.
        feet: [T, 2, 3, 3] world turn of each foot.
    """
    names = [bone_pairs(name) for name in ("thigh", "calf", "foot", "ball")]
    for side, leg in enumerate(zip(*names, strict=True)):
        hip, knee, ankle, ball = (joints[:, bone].copy() for bone in leg)
        new_knee, thigh, shank = bend(hip, knee, ankle, ankles[:, side])
        foot = feet[:, side]
        toes = ankles[:, side] + rotate(foot, ball - ankle)
        moved = (hip, new_knee, ankles[:, side], toes)
        for bone, turn, to in zip(leg, (thigh, shank, foot, foot), moved, strict=True):
            move(bones, joints, bone, turn, to)


def move(bones: Bones, joints: Joints, bone: int, turn: FrameTurns, to: Points) -> None:
    """Turns a bone about where it begins and carries it to another place, in place."""
    shift = rotate(turn, bones[:, bone, :, 3] - joints[:, bone]) + to
    bones[:, bone, :, :3] = turn @ bones[:, bone, :, :3]
    bones[:, bone, :, 3] = shift
    joints[:, bone] = to


def bend(
    hip: Points, knee: Points, ankle: Points, new_ankle: Points
) -> tuple[Points, FrameTurns, FrameTurns]:
    """A bent leg is led to another ankle: the new knee, and the turns of thigh and shank.

    The plane of the leg turns as little as possible, the lengths stay (law of cosines). Out of reach, the leg
    points to the ankle, almost straight.
    """
    thigh, shank = _length(knee - hip), _length(ankle - knee)
    before, after = _unit(ankle - hip), _unit(new_ankle - hip)
    axis = _unit(np.cross(knee - hip, ankle - knee))
    # The shortest turn of the leg's line (Rodrigues' formula), applied to the axis of the knee.
    normal, cosine = np.cross(before, after), _dot(before, after)
    new_axis = axis * cosine + np.cross(normal, axis) + normal * _dot(normal, axis) / (1 + cosine)
    reach = np.minimum(_length(new_ankle - hip), STRAIGHTEST * (thigh + shank))
    lean = np.clip((thigh**2 + reach**2 - shank**2) / (2 * thigh * reach), -1, 1)
    new_knee = hip + thigh * (lean * after + np.sqrt(1 - lean**2) * np.cross(after, new_axis))
    return (
        new_knee,
        _frame(new_knee - hip, new_axis) @ _frame(knee - hip, axis).swapaxes(1, 2),
        _frame(hip + reach * after - new_knee, new_axis) @ _frame(ankle - knee, axis).swapaxes(1, 2),
    )


def straight_legs(heads: Heads) -> Float64[np.ndarray, " 2"]:
    """Lengths of the stretched legs, left and right, of a body whose bones begin there at rest."""
    hips, knees, ankles = (heads[list(bone_pairs(name))] for name in ("thigh", "calf", "foot"))
    lengths: Float64[np.ndarray, " 2"] = np.linalg.norm(knees - hips, axis=1)
    lengths += np.linalg.norm(ankles - knees, axis=1)
    return lengths


def rotate(turns: FrameTurns, vectors: Points) -> Points:
    """Each frame's vector turned by its rotation."""
    turned: Points = (turns @ vectors[..., None])[..., 0]
    return turned


def _frame(direction: Points, axis: Points) -> FrameTurns:
    """The rotation whose first two columns are the direction and the axis, which are at right angles."""
    along = _unit(direction)
    return np.stack([along, axis, np.cross(along, axis)], axis=2)


def _unit(vectors: Points) -> Points:
    unit: Points = vectors / _length(vectors)
    return unit


def _length(vectors: Points) -> Column:
    length: Column = np.linalg.norm(vectors, axis=1, keepdims=True)
    return length


def _dot(first: Points, second: Points) -> Column:
    product: Column = (first * second).sum(axis=1, keepdims=True)
    return product
