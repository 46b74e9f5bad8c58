"""How far arms must be held off so that they swing past the hips of a body of this width."""

import numpy as np
from jaxtyping import Float64, Int32

from gaitheat.walkers.body import BODY_VERTICES, body_data
from gaitheat.walkers.gait.footing import bone_pairs
from gaitheat.walkers.gait.rotations import SIDES, Heads
from gaitheat.walkers.gait.style import Style

ROOM = 0.025
"""Metres between arm and body: for clothes, and for hips that sway."""
TRUNK = ("pelvis", "spine_01", "spine_02", "spine_03")
FOREARM = ("lowerarm", "hand", "middle_01", "middle_02", "middle_03")
"""The bones whose beginnings are the line from elbow to fingers; an upper arm may lie at the chest."""
HAND_RADIUS = 0.03
"""Metres from that line to the inside of the hand, thumb included."""
SLAB = 0.02
"""Metres: the body's width is looked up in slabs this high."""
WIDEST = 35.0
"""Degrees: no arm is held off further."""


def least_abduction(
    style: Style, vertices: Float64[np.ndarray, "vertices 3"], heads: Heads
) -> tuple[float, float]:
    """Degrees from the vertical at which the left and the right arm clear trunk and thighs.

    The arm hangs from the shoulder, its elbow bent and its forearm turned inward as much as the style's are
    on average; at every height that forearm and hand pass it must be outside the body's widest point.
    """
    data = body_data()
    body, owners = vertices[:BODY_VERTICES], data.bones[:BODY_VERTICES, 0]
    widths = _half_widths(body, owners, heads)
    needed = []
    for side, (suffix, sign) in enumerate(SIDES):
        bones = [data.bone_names.index(f"{name}_{suffix}") for name in FOREARM]
        shoulder, elbow = heads[bone_pairs("upperarm")[side]], heads[bones[0]]
        lengths = np.append(0, np.linalg.norm(np.diff(heads[bones], axis=0), axis=1).cumsum())
        forearm = np.linalg.norm(
            np.cross(body[owners == bones[0]] - elbow, _unit(heads[bones[1]] - elbow)), axis=1
        )
        points = np.linspace(0, lengths[-1], 16)
        radius = np.interp(points, [0, lengths[1]], [forearm.mean(), HAND_RADIUS])
        bent, inward = np.radians([style.curves["elbow"][side, 0].real, style.forearm[side]])
        down = np.linalg.norm(elbow - shoulder) + points * np.cos(bent)
        width = widths[((shoulder[2] - down) / SLAB).astype(int)]
        aside = width + radius + ROOM + points * np.sin(bent) * np.sin(inward) - sign * shoulder[1]
        angle = np.degrees(np.arcsin(np.clip(aside / down, 0, 1))).max()
        needed.append(min(float(angle), WIDEST))
    return needed[0], needed[1]


def _half_widths(
    body: Float64[np.ndarray, "points 3"], owners: Int32[np.ndarray, " points"], heads: Heads
) -> Float64[np.ndarray, " slabs"]:
    """Metres from the middle to the outside of trunk and thighs, slab by slab from the floor; else 0."""
    thighs, knees = (heads[list(bone_pairs(name))] for name in ("thigh", "calf"))
    # At rest the legs are spread, in walking they hang under the hips.
    spread = (np.abs(knees[:, 1]) - np.abs(thighs[:, 1])).mean() / (thighs[:, 2] - knees[:, 2]).mean()
    on_thigh = np.isin(owners, bone_pairs("thigh"))
    below_hip = np.maximum(thighs[:, 2].mean() - body[:, 2], 0)
    aside = np.abs(body[:, 1]) - on_thigh * spread * below_hip
    counted = on_thigh | np.isin(owners, [body_data().bone_names.index(name) for name in TRUNK])
    slabs = (body[counted, 2] / SLAB).astype(int)
    widths = np.zeros(slabs.max() + 2)
    np.maximum.at(widths, slabs, aside[counted])
    return widths


def _unit(vector: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
    direction: Float64[np.ndarray, "3"] = vector / np.linalg.norm(vector)
    return direction
