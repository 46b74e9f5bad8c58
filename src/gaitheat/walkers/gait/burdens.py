"""What bags and coats do to gait, as numbers.

Directions are documented (docs/walkers-gait.md); sizes are our choice wherever no number was published.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Pair = tuple[float, float]
"""(left, right)."""
Load = Literal[
    "none",
    "backpack",
    "shoulder bag left",
    "shoulder bag right",
    "hand bag left",
    "hand bag right",
    "carried in front",
]
"""What a walker carries, and on which side."""


class Burden(NamedTuple):
    """What a load or a garment does to gait. Pairs are (left, right); pelvis and trunk take the first."""

    swings: Mapping[str, Pair] = {}
    """Factors of the curves about their means."""
    shifts: Mapping[str, Pair] = {}
    """Degrees that the curves' means move by."""
    arm_abduction: Pair = (0.0, 0.0)
    forearm: Pair = (0.0, 0.0)
    shrug: Pair = (0.0, 0.0)
    head_pitch: float = 0.0

    def mirrored(self) -> "Burden":
        """The same on the other side."""
        return Burden(
            swings={joint: (right, left) for joint, (left, right) in self.swings.items()},
            shifts={
                joint: (-left, -right) if joint == "trunk_lean_side" else (right, left)
                for joint, (left, right) in self.shifts.items()
            },
            arm_abduction=self.arm_abduction[::-1],
            forearm=self.forearm[::-1],
            shrug=self.shrug[::-1],
            head_pitch=self.head_pitch,
        )


SHOULDER_BAG = Burden(
    swings={"shoulder": (0.45, 1.0)},
    shifts={"shoulder": (3.0, 0.0), "elbow": (8.0, 0.0), "trunk_lean_side": (-1.5, -1.5)},
    arm_abduction=(6.0, 0.0),
    shrug=(3.0, 0.0),
)
HAND_BAG = Burden(
    swings={"shoulder": (0.3, 1.0), "elbow": (0.3, 1.0)},
    shifts={"shoulder": (4.0, 0.0), "elbow": (-20.0, 0.0), "trunk_lean_side": (-2.0, -2.0)},
    arm_abduction=(3.0, 0.0),
    shrug=(-2.0, 0.0),
)
LOADS: Mapping[Load, Burden] = {
    "none": Burden(),
    "backpack": Burden(
        swings={
            "pelvis_rotation": (0.8, 0.8),
            "trunk_rotation": (0.7, 0.7),
            "hip": (1.03, 1.03),
            "shoulder": (0.85, 0.85),
        },
        shifts={"trunk_lean": (4.0, 4.0)},
        head_pitch=-2.0,
    ),
    "shoulder bag left": SHOULDER_BAG,
    "shoulder bag right": SHOULDER_BAG.mirrored(),
    "hand bag left": HAND_BAG,
    "hand bag right": HAND_BAG.mirrored(),
    "carried in front": Burden(
        swings={"shoulder": (0.15, 0.15), "elbow": (0.15, 0.15), "trunk_rotation": (0.7, 0.7)},
        shifts={"shoulder": (25.0, 25.0), "elbow": (40.0, 40.0), "trunk_lean": (-3.0, -3.0)},
        forearm=(20.0, 20.0),
    ),
}
COAT = Burden(
    swings={"shoulder": (0.88, 0.88), "hip": (0.96, 0.96), "knee": (0.97, 0.97)}, arm_abduction=(5.0, 5.0)
)
