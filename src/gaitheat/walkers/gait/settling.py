"""A style made to stand on its own feet: freely drawn angles, bent so that both legs reach one floor."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.gait.footing import Legs, Series, Sole, chain, legs_of
from gaitheat.walkers.gait.rotations import SIDES, Heads, bone_rotations, swing_at
from gaitheat.walkers.gait.style import Style

SWAY = 0.35
"""Of half a step width: how far the pelvis lies over towards the foot that bears it, on average."""
LEAVING = (54, 62)
"""Percents of the cycle between which a foot leaves the floor, earliest and latest."""
GONE = 0.5
"""A foot has gone when its leg draws it back so much slower than the body walks, as a share of the speed."""
ROUNDS = 2
"""Newton steps: the second leaves under a millimetre."""


def settled(style: Style, heads: Heads, soles: tuple[Sole, Sole]) -> Style:
    """The style with other mean hip angles, all else as it was.

    Hip flexion: at a heel strike the leg in front and the one behind must hold the pelvis equally high; as
    both turn about the hips, one comes down and the other goes up. Hip adduction: a foot must stand on its
    line while the pelvis hardly sways. So hips are free to choose these curves' shapes, but not their means.
    """
    for _ in range(ROUNDS):
        style = _settled_once(style, heads, soles)
    return style


def _settled_once(style: Style, heads: Heads, soles: tuple[Sole, Sole]) -> Style:
    single = np.linspace(0.1, 0.5, 9)
    legs = _legs_at(style, np.concatenate([[0.0, 0.5], single, single + 0.5]), heads, soles)
    held = legs.height - legs.ankles[..., 2]
    ahead = (legs.ankles - legs.hips)[..., 0]
    # Rows: heel strikes of the left and of the right foot. Columns: the leg in front, the leg behind.
    in_front, behind = ((0, 1), (0, 1)), ((0, 1), (1, 0))
    flexion = (held[in_front] - held[behind]).sum() / (ahead[in_front] - ahead[behind]).sum()
    length = np.linalg.norm(legs.hips - legs.ankles, axis=2)
    wanted = (1 - SWAY) * style.step_width / 2
    curves = {**style.curves, **{name: style.curves[name].copy() for name in ("hip", "hip_adduction")}}
    curves["hip"][:, 0] += np.degrees(flexion)
    for side, (_, sign) in enumerate(SIDES):
        bearing = slice(2 + 9 * side, 11 + 9 * side)
        beyond = sign * legs.ankles[bearing, side, 1] - wanted
        curves["hip_adduction"][side, 0] += np.degrees(beyond / length[bearing, side]).mean()
    return replace(style, curves=curves)


def toe_offs(style: Style, heads: Heads, soles: tuple[Sole, Sole]) -> tuple[float, float]:
    """Shares of the cycle after which the left and the right leg of a style begin to swing forward."""
    legs = _legs_at(style, np.linspace(0, 1, 101), heads, soles)
    drawn_back = np.diff(legs.rolled[..., 0] - legs.ankles[..., 0], axis=0)
    left, right = (_leaving(np.roll(drawn_back[:, side], -50 * side)) for side in range(2))
    return left, right


def _leaving(drawn_back: Float64[np.ndarray, " percents"]) -> float:
    first, last = LEAVING
    slow = drawn_back[first:last] < GONE * drawn_back[10:50].mean()
    return (first + int(slow.argmax()) if slow.any() else last) / 100


def _legs_at(style: Style, strides: Series, heads: Heads, soles: tuple[Sole, Sole]) -> Legs:
    turns = bone_rotations(style, swing_at(style, strides), strides, heads, None)
    return legs_of(turns, chain(turns, heads), heads, soles)
