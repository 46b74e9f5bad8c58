"""From joint angles to the directions of all bones: how trunk, legs and arms hang together.

World axes: X forward, Y left, Z up. A turn about Y leans forward, about X raises the left side, about Z looks
to the left.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from gaitheat.walkers.body import body_data
from gaitheat.walkers.gait.style import PAIRED, Style, angles

Heads = Float64[np.ndarray, "bones 3"]
Skeleton = Mapping[str, Float64[np.ndarray, "3"]]
"""Where each bone begins at rest, by its name."""
Turns = Float64[np.ndarray, "frames bones 3 3"]
Degrees = Float64[np.ndarray, " frames"]
Swing = Mapping[str, Float64[np.ndarray, "_ frames"]]
"""Degrees of every joint in every frame."""

SIDES = (("l", 1.0), ("r", -1.0))
"""Suffix of a side's bones, and the sign of its Y."""
FLAT = (0.04, 0.12, 0.32, 0.46)
"""Cycle in which the sole comes down, lies flat, and leaves the floor by the heel."""
TOES_FLAT = (0.04, 0.12, 0.50, 0.59)
"""Likewise for the toes."""
FOOT_STILL = (0.0, 0.04, 0.54, 0.64)
"""Likewise for turning about the vertical."""
PALM_IN, THUMB_IN = 15.0, 40.0
"""Degrees by which the palms of the rest pose turn to the thighs, and its spread thumbs to the fingers."""
STRAIGHTEST_KNEE, STRAIGHTEST_ELBOW = 3.0, 5.0
"""Degrees of flexion that a joint comes near to but never passes."""


def swing_at(style: Style, strides: Float64[np.ndarray, " frames"]) -> Swing:
    """The joint angles of a style, so many strides after a heel strike of the left foot."""
    sides = np.stack([strides, strides + 0.5])
    return {
        name: angles(curve, sides if name in PAIRED else sides[:1]) for name, curve in style.curves.items()
    }


def bone_rotations(
    style: Style,
    swing: Swing,
    phase: Float64[np.ndarray, " frames"],
    heads: Heads,
    least_abduction: tuple[float, float] | None,
) -> Turns:
    """The rotation of every bone from the rest pose into the world, [T, 53, 3, 3]; fingers follow the hand.

    Args:
        style: posture.
        swing: joint angles.
        phase: strides since a heel strike of the left foot.
        heads: where the bones begin at rest.
        least_abduction: degrees that the arms must be held off a body of this width; None leaves them as at
            rest, for those who ask for the legs only.
    """
    data = body_data()
    at = dict(zip(data.bone_names, heads, strict=True))
    trunk = _trunk(style, swing)
    rotations = {**trunk}
    for side in range(2):
        rotations |= _leg(style, swing, (phase + side / 2) % 1, side, at)
        if least_abduction is not None:
            rotations |= _arm(style, swing, trunk["spine_03"], side, at, least_abduction)
    turns = np.empty((len(phase), len(heads), 3, 3))
    for bone, (name, parent) in enumerate(zip(data.bone_names, data.parents, strict=True)):
        turns[:, bone] = rotations[name].as_matrix() if name in rotations else turns[:, parent]
    return turns


def turn(axes: str, *degrees: Degrees | float) -> Rotation:
    """Turns about the body's own axes, one after the other: ``ZXY`` is heading, then list, then lean."""
    return Rotation.from_euler(axes, np.stack(np.broadcast_arrays(*degrees), axis=-1), degrees=True)


def window(
    phase: Float64[np.ndarray, "..."], edges: tuple[float, float, float, float]
) -> Float64[np.ndarray, "..."]:
    """0 before the first edge, 1 between the middle two, 0 after the last; smooth in between."""
    ramp = np.interp(phase, edges, (0.0, 1.0, 1.0, 0.0))
    smooth: Float64[np.ndarray, "..."] = ramp * ramp * (3 - 2 * ramp)
    return smooth


def _trunk(style: Style, swing: Swing) -> dict[str, Rotation]:
    midline = {name: degrees[0] for name, degrees in swing.items() if name not in PAIRED}
    pelvis = turn("ZXY", -midline["pelvis_rotation"], midline["pelvis_obliquity"], midline["pelvis_tilt"])
    yaw, lean = -midline["trunk_rotation"], midline["trunk_lean"]
    thorax = turn("ZXY", yaw, -midline["trunk_lean_side"], lean)
    back = thorax * turn("Y", style.slump)
    # The head is held still: it follows a third of what the trunk does.
    head = turn("ZY", 0.35 * yaw, style.head_pitch + 0.3 * lean)
    return {
        "Root": pelvis,
        "pelvis": pelvis,
        "spine_01": _between(pelvis, thorax, 1 / 3),
        "spine_02": _between(pelvis, thorax, 2 / 3),
        "spine_03": back,
        "neck_01": _between(back, head, 0.45),
        "head": head,
    }


def _leg(
    style: Style, swing: Swing, phase: Float64[np.ndarray, " frames"], side: int, at: Skeleton
) -> dict[str, Rotation]:
    suffix, sign = SIDES[side]
    hip, knee, ankle, toe, adduction, inward = (
        swing[name][side] for name in ("hip", "knee", "ankle", "toe", "hip_adduction", "hip_rotation")
    )
    to_knee = at[f"calf_{suffix}"] - at[f"thigh_{suffix}"]
    to_ankle = at[f"foot_{suffix}"] - at[f"calf_{suffix}"]
    obliquity, yaw = swing["pelvis_obliquity"][0], -swing["pelvis_rotation"][0] - sign * inward
    # Hip adduction and rotation are measured from the pelvis, flexion from the vertical. Of a turned-out foot
    # a quarter comes from the hip, the rest from the shank.
    thigh = (
        turn("ZX", yaw + sign * 0.25 * style.toe_out[side], obliquity)
        * turn("Y", -hip)
        * turn("X", -sign * adduction)
    )
    shank = thigh * turn("Y", at_least(knee, STRAIGHTEST_KNEE))
    flat = window(phase, FLAT)
    heading = sign * style.toe_out[side] + (1 - window(phase, FOOT_STILL)) * yaw
    roll = 0.3 * (1 - flat) * (obliquity - sign * adduction)
    pitch = (hip - knee + ankle - _standing_pitch(style, side)) * (1 - flat)
    toe_pitch = (pitch + np.maximum(toe, 0)) * (1 - window(phase, TOES_FLAT))
    along_foot = at[f"ball_{suffix}"] - at[f"foot_{suffix}"]
    straight = turn("Z", -np.degrees(np.arctan2(along_foot[1], along_foot[0])))
    return {
        f"thigh_{suffix}": thigh * _hanging(to_knee),
        f"calf_{suffix}": shank * _hanging(to_ankle),
        f"foot_{suffix}": turn("ZXY", heading, roll, -pitch) * straight,
        f"ball_{suffix}": turn("ZXY", heading, roll, -toe_pitch) * straight,
    }


def _standing_pitch(style: Style, side: int) -> float:
    """Degrees between sole and floor that the angles leave in mid-stance, where the ankle must give way."""
    middle = np.linspace(0.15, 0.32, 9)
    hip, knee, ankle = (angles(style.curves[name][side], middle).mean() for name in ("hip", "knee", "ankle"))
    return float(hip - knee + ankle)


def _arm(
    style: Style,
    swing: Swing,
    back: Rotation,
    side: int,
    at: Skeleton,
    least_abduction: tuple[float, float],
) -> dict[str, Rotation]:
    suffix, sign = SIDES[side]
    shoulder, elbow = swing["shoulder"][side], swing["elbow"][side]
    yaw, lean = -swing["trunk_rotation"][0], swing["trunk_lean"][0]
    abduction = sign * max(style.arm_abduction[side], least_abduction[side])
    upper = turn("ZY", 0.3 * yaw, lean) * turn("X", abduction) * turn("Y", -shoulder)
    fore = upper * turn("ZY", -sign * style.forearm[side], -at_least(elbow, STRAIGHTEST_ELBOW))
    along_upper = at[f"lowerarm_{suffix}"] - at[f"upperarm_{suffix}"]
    along_fore = at[f"hand_{suffix}"] - at[f"lowerarm_{suffix}"]
    hand = fore * turn("Y", -4.0)
    return {
        # The shoulder girdle gives an eighth of the arm's swing.
        f"clavicle_{suffix}": back * turn("XZ", sign * style.shrug[side], -sign * 0.12 * shoulder),
        f"upperarm_{suffix}": upper * _hanging(along_upper),
        f"lowerarm_{suffix}": fore * turn("Z", sign * PALM_IN / 2) * _hanging(along_fore),
        f"hand_{suffix}": hand * turn("Z", sign * PALM_IN) * _hanging(along_fore),
        f"thumb_01_{suffix}": hand * turn("Z", sign * (PALM_IN + THUMB_IN)) * _hanging(along_fore),
    }


def at_least(degrees: Degrees, least: float) -> Degrees:
    """Angles that come down to `least` smoothly instead of passing it."""
    softness = 1.0
    smooth: Degrees = least + softness * np.logaddexp(0.0, (degrees - least) / softness)
    return smooth


def _hanging(direction: Float64[np.ndarray, "3"]) -> Rotation:
    """The shortest turn of a bone at rest that makes it hang straight down."""
    return Rotation.align_vectors([0.0, 0.0, -1.0], direction)[0]


def _between(first: Rotation, second: Rotation, share: float) -> Rotation:
    return first * (first.inv() * second) ** share
