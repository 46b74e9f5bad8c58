"""Joint-angle curves over the gait cycle as Fourier series: the norm's, a person's, and their values.

Units, signs and sources: norms.py; how our population compares with the published one: docs/walkers-gait.md.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex128, Float64

from gaitheat.walkers.gait.norms import NORMS

HARMONICS = 8
"""A curve is its mean and this many harmonics of the stride."""
MIDLINE = (
    "pelvis_obliquity",
    "pelvis_rotation",
    "pelvis_tilt",
    "trunk_rotation",
    "trunk_lean_side",
    "trunk_lean",
)
"""Curves that pelvis and trunk have one of, in the cycle of the left leg."""
PAIRED = tuple(joint for joint in NORMS if joint not in MIDLINE)
"""Joints with a left and a right curve: the limbs."""
JOINTS = PAIRED + MIDLINE

Series = Complex128[np.ndarray, "sides harmonics"]


class Spread(NamedTuple):
    """Standard deviations of one curve between people."""

    offset: float
    """Degrees."""
    gain: float
    """Relative, of the curve about its mean."""
    phase: float
    """Share of the cycle."""
    shape: float
    """Degrees, of smooth noise in the first four harmonics."""


SPREADS: Mapping[str, Spread] = {
    "hip": Spread(2.6, 0.05, 0.012, 2.0),
    "knee": Spread(3.0, 0.07, 0.014, 2.5),
    "ankle": Spread(2.5, 0.18, 0.016, 1.8),
    "toe": Spread(2.0, 0.25, 0.015, 1.5),
    "hip_adduction": Spread(1.6, 0.25, 0.020, 0.8),
    "hip_rotation": Spread(3.0, 0.30, 0.030, 1.0),
    "shoulder": Spread(5.0, 0.34, 0.030, 2.0),
    "elbow": Spread(6.0, 0.40, 0.030, 2.0),
    "pelvis_obliquity": Spread(0.8, 0.30, 0.020, 0.8),
    "pelvis_rotation": Spread(1.0, 0.45, 0.035, 1.5),
    "pelvis_tilt": Spread(3.0, 0.50, 0.030, 0.4),
    "trunk_rotation": Spread(1.0, 0.50, 0.030, 1.0),
    "trunk_lean_side": Spread(0.8, 0.50, 0.030, 0.6),
    "trunk_lean": Spread(3.2, 0.50, 0.040, 0.5),
}
NOT_POSED = {"pelvis_tilt": float(np.mean(NORMS["pelvis_tilt"].mean)), "elbow": 6.0}
"""Degrees that a published angle has and ours has not: a body at rest has its pelvis tilted already; the
elbow is our choice, as walkers' elbows are described as close to straight (Yegian et al. 2019)."""
SHAPE_WEIGHTS = np.array([1, 1 / 1.3, 1 / 2, 1 / 3])
"""Amplitudes of the shape noise by harmonic."""


def angles(
    coefficients: Complex128[np.ndarray, "*#curves harmonics"], phase: Float64[np.ndarray, "*#curves frames"]
) -> Float64[np.ndarray, "*curves frames"]:
    """Degrees at `phase`: strides since the heel strike of the own side, any real number."""
    waves = np.exp(2j * np.pi * phase[..., None] * np.arange(coefficients.shape[-1]))
    degrees: Float64[np.ndarray, "*curves frames"] = (waves * coefficients[..., None, :]).sum(-1).real
    return degrees


def mean_series(joint: str) -> Series:
    """The norm's curve [1, HARMONICS + 1], as a body shows it that is posed from rest."""
    mean = np.array(NORMS[joint].mean)
    series = np.fft.rfft(mean)[None, : HARMONICS + 1] / len(mean)
    series[:, 1:] *= 2
    series[:, 0] -= NOT_POSED.get(joint, 0.0)
    return series


def vary(rng: np.random.Generator, series: Series, spread: Spread, scale: float) -> Series:
    """A curve that differs from `series` by `scale` spreads; as wide as it on average."""
    offset, gain, phase = scale * rng.standard_normal(3) * spread[:3]
    harmonics = np.arange(HARMONICS + 1)
    varied = series * np.exp(-2j * np.pi * phase * harmonics)
    # Less half the variance: a log-normal factor of mean 1.
    varied = swung(varied, np.exp(gain - (scale * spread.gain) ** 2 / 2)[None])
    varied[:, 0] += offset
    shape = rng.standard_normal((2, len(SHAPE_WEIGHTS))) * SHAPE_WEIGHTS / np.sqrt((SHAPE_WEIGHTS**2).sum())
    varied[:, 1 : len(SHAPE_WEIGHTS) + 1] += scale * spread.shape * (shape[0] + 1j * shape[1])
    return varied


def swung(series: Series, gains: Float64[np.ndarray, " sides"]) -> Series:
    """Curves that go `gains` times as far from their means."""
    factors = np.ones(series.shape)
    factors[:, 1:] = gains[:, None]
    return series * factors
