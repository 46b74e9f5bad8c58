"""The way of walking as numbers, and how it differs between people, days, walks and loads.

What its curves are: curves.py; the published ones that the mean walker has: norms.py; how the spread of our
population compares with the published one: docs/walkers-gait.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.gait.burdens import COAT, LOADS, Burden, Load, Pair
from gaitheat.walkers.gait.curves import JOINTS, PAIRED, SPREADS, Series, angles, mean_series, swung, vary

__all__ = [
    "JOINTS",
    "PAIRED",
    "Load",
    "Pair",
    "Style",
    "Tempo",
    "angles",
    "draw_style",
    "vary_session",
    "vary_take",
]


@dataclass(frozen=True)
class Style:
    """A way of walking: a person's, a day's or a single walk's."""

    curves: Mapping[str, Series]
    """For each of JOINTS the Fourier coefficients [2 or 1, HARMONICS + 1], degrees."""
    stride_time: float
    """Seconds."""
    step_width: float
    """Metres between the ankles."""
    toe_out: Pair
    """Degrees that the feet point outwards."""
    arm_abduction: Pair
    """Degrees that the arms are held off the body."""
    forearm: Pair
    """Degrees that the forearms turn inwards."""
    head_pitch: float
    """Degrees, + looks down."""
    slump: float
    """Degrees that the upper back is rounded."""
    shrug: Pair
    """Degrees that the shoulders are raised."""


@dataclass(frozen=True)
class Tempo:
    """How a population walks: deviations are standard deviations between people."""

    stride_time: float = 1.07
    """Mean stride time, seconds."""
    stride_time_deviation: float = 0.07
    step_scale: float = 1.0
    """Size of the mean steps against the norm's."""
    step_scale_deviation: float = 0.04
    """Relative; large steps go with large swings of all limbs."""


class Wander(NamedTuple):
    """Standard deviations of one person between walks."""

    share: float
    """Of the spread between people."""
    stride_time: float
    """Relative."""
    step_width: float
    """Metres."""
    limbs: float
    """Degrees of feet, arms and shoulders."""
    trunk: float
    """Degrees of head and upper back."""


ASYMMETRY = 0.35
"""Spread of a person's side about the person, in spreads between people."""
SESSION = Wander(share=0.15, stride_time=0.05, step_width=0.006, limbs=0.8, trunk=1.5)
TAKE = Wander(share=0.22, stride_time=0.022, step_width=0.008, limbs=0.8, trunk=1.0)

STEP_BY_PACE = -0.6
"""Who takes less time for a stride takes longer steps: exponent of step length over stride time."""
SWING = {
    "hip": 1.0,
    "knee": 0.55,
    "ankle": 1.0,
    "toe": 1.0,
    "pelvis_rotation": 1.0,
    "shoulder": 1.5,
    "elbow": 1.5,
}
"""Exponent of a joint's swing over step length."""
ELDER_FROM = 60.0
"""Years from which age tells."""
ELDER_STEP, ELDER_STOOP = 0.05, 1.5
"""What ten years beyond that take from the step (a share) and add to the lean (degrees)."""
MEAN_ABDUCTION, LEAST_ABDUCTION = 9.0, 3.0

ADULTS = Tempo()


def draw_style(
    rng: np.random.Generator, between: float = 1.0, tempo: Tempo = ADULTS, age: float = 40.0
) -> Style:
    """A new person's way of walking.

    Args:
        rng: source of everything that is drawn.
        between: scale of the deviations between people; 0 is the mean gait of `tempo`.
        tempo: how this person's population walks.
        age: years; the old take shorter steps, swing their limbs less and stoop.
    """
    curves = {}
    for joint, spread in SPREADS.items():
        person = vary(rng, mean_series(joint), spread, between)
        sides = 2 if joint in PAIRED else 1
        aside = between * ASYMMETRY * (sides - 1)
        curves[joint] = np.concatenate([vary(rng, person, spread, aside) for _ in range(sides)])
    common, own = between * rng.standard_normal(7), between * rng.standard_normal((2, 4))
    style = Style(
        curves=curves,
        stride_time=float(np.clip(tempo.stride_time + tempo.stride_time_deviation * common[0], 0.8, 1.5)),
        step_width=float(np.clip(0.095 + 0.03 * common[1], 0.02, 0.19)),
        toe_out=_pair(6.0 + 5.0 * common[2] + 2.0 * own[:, 0]),
        arm_abduction=_pair(np.maximum(MEAN_ABDUCTION + 3.0 * common[3] + 1.2 * own[:, 1], LEAST_ABDUCTION)),
        forearm=_pair(8.0 + 6.0 * own[:, 2]),
        head_pitch=float(5.0 * common[4]),
        slump=float(3.0 + 4.0 * common[5]),
        shrug=_pair(2.5 * own[:, 3]),
    )
    decades = between * max(age - ELDER_FROM, 0.0) / 10
    step = tempo.step_scale * np.exp(tempo.step_scale_deviation * common[6]) * (1 - ELDER_STEP) ** decades
    return burdened(
        _stepping(style, float(step)), Burden(shifts={"trunk_lean": (ELDER_STOOP * decades,) * 2})
    )


def vary_session(rng: np.random.Generator, style: Style, within: float = 1.0) -> Style:
    """The same person on another day: posture, shoes, mood; `within` scales it, 0 is `style` itself."""
    return _wander(rng, style, SESSION, within)


def vary_take(
    rng: np.random.Generator, style: Style, load: Load = "none", coat: bool = False, within: float = 1.0
) -> Style:
    """One walk of that day.

    Args:
        rng: source of everything that is drawn.
        style: the person's on that day.
        load: what is carried: its weight, and so the size of its effect, is drawn.
        coat: whether a coat keeps arms and thighs from swinging.
        within: scale of what is drawn; 0 is `style` itself, under a middling load.
    """
    weight = float(np.exp(0.3 * within * rng.standard_normal()))
    walk = _wander(rng, style, TAKE, within)
    loaded = burdened(walk, LOADS[load], weight)
    return burdened(loaded, COAT) if coat else loaded


def burdened(style: Style, burden: Burden, weight: float = 1.0) -> Style:
    """A style under a burden; `weight` 1 is the burden as written, 2 twice its effect."""
    curves = dict(style.curves)
    for joint, gains in burden.swings.items():
        curves[joint] = swung(curves[joint], np.array(gains)[: len(curves[joint])] ** weight)
    for joint, degrees in burden.shifts.items():
        curves[joint] = curves[joint].copy()
        curves[joint][:, 0] += weight * np.array(degrees)[: len(curves[joint])]
    return replace(
        style,
        curves=curves,
        arm_abduction=_pair(np.array(style.arm_abduction) + weight * np.array(burden.arm_abduction)),
        forearm=_pair(np.array(style.forearm) + weight * np.array(burden.forearm)),
        shrug=_pair(np.array(style.shrug) + weight * np.array(burden.shrug)),
        head_pitch=style.head_pitch + weight * burden.head_pitch,
    )


def _wander(rng: np.random.Generator, style: Style, wander: Wander, within: float) -> Style:
    """The same person again; a quicker one takes longer steps."""
    noise, limbs = within * rng.standard_normal(4), within * wander.limbs * rng.standard_normal((4, 2))
    pace = float(np.exp(wander.stride_time * noise[0]))
    curves = {
        joint: np.concatenate(
            [vary(rng, side[None], SPREADS[joint], within * wander.share) for side in sides]
        )
        for joint, sides in style.curves.items()
    }
    again = replace(
        style,
        curves=curves,
        stride_time=style.stride_time * pace,
        step_width=max(style.step_width + wander.step_width * float(noise[1]), 0.02),
        toe_out=_pair(np.array(style.toe_out) + limbs[0]),
        arm_abduction=_pair(np.maximum(np.array(style.arm_abduction) + limbs[1], LEAST_ABDUCTION)),
        forearm=_pair(np.array(style.forearm) + limbs[2]),
        shrug=_pair(np.array(style.shrug) + limbs[3]),
        head_pitch=style.head_pitch + wander.trunk * float(noise[2]),
        slump=style.slump + wander.trunk * float(noise[3]),
    )
    return _stepping(again, pace**STEP_BY_PACE)


def _stepping(style: Style, scale: float) -> Style:
    """The style with steps `scale` times as long."""
    swings = {joint: (scale**exponent,) * 2 for joint, exponent in SWING.items()}
    return burdened(style, Burden(swings=swings))


def _pair(values: Float64[np.ndarray, "2"]) -> Pair:
    return float(values[0]), float(values[1])
