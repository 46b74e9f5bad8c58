"""What people wear and how frequently: the tables that outfits are drawn from."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from gaitheat.walkers.gait.style import Load

Condition = Literal["nm", "bg", "cl"]
Wardrobe = Literal["indoor", "street"]
Colour = tuple[float, float, float]
"""Red, green and blue, 0..1."""
Pattern = Literal["plain", "stripes", "blocks"]
Bottom = Literal["trousers", "shorts", "skirt"]
Shoes = Literal["flat", "boots"]
Outer = Literal["none", "jacket", "coat", "down jacket", "hoodie"]
Hood = Literal["none", "down", "up"]
Hair = Literal["bald", "short", "bob", "long", "bun"]
Hat = Literal["none", "cap", "beanie"]
Change = Literal[
    "jacket", "coat", "down jacket", "hoodie", "loose trousers", "long skirt", "long skirt and jacket"
]
Span = tuple[float, float]
"""Range of even chances."""

SKINS: tuple[Colour, ...] = (
    (0.93, 0.76, 0.66),
    (0.85, 0.66, 0.52),
    (0.72, 0.52, 0.38),
    (0.50, 0.34, 0.24),
    (0.36, 0.24, 0.17),
)
HAIR_COLOURS: Mapping[Colour, float] = {
    (0.08, 0.06, 0.05): 0.35,
    (0.20, 0.12, 0.07): 0.28,
    (0.42, 0.28, 0.14): 0.15,
    (0.60, 0.50, 0.33): 0.10,
    (0.50, 0.49, 0.48): 0.12,
}
"""Hair colours and how frequent they are."""
LOADS: Mapping[Load, float] = {
    "backpack": 0.34,
    "shoulder bag left": 0.16,
    "shoulder bag right": 0.16,
    "hand bag left": 0.13,
    "hand bag right": 0.13,
    "carried in front": 0.08,
}
HAIR_KINDS: Mapping[Hair, float] = {"bald": 0.06, "short": 0.46, "bob": 0.16, "long": 0.18, "bun": 0.14}
PATTERNS: Mapping[Pattern, float] = {"plain": 0.6, "stripes": 0.22, "blocks": 0.18}
COLD_HATS: Mapping[Hat, float] = {"none": 0.7, "cap": 0.12, "beanie": 0.18}
"""Hats that go with coats."""
SHOES: Mapping[Shoes, float] = {"flat": 0.8, "boots": 0.2}


class Habits(NamedTuple):
    """What people of one place wear: how frequent each thing is."""

    shade: float
    """How bright their clothes are."""
    sleeves: Mapping[float, float]
    """Where they end: Outfit.sleeve."""
    hats: Mapping[Hat, float]
    bottoms: Mapping[Bottom, float]
    changes: Mapping[Change, float]
    """What the condition "cl" changes."""


HABITS: Mapping[Wardrobe, Habits] = {
    "indoor": Habits(
        shade=1.0,
        sleeves={0.35: 0.4, 0.55: 0.15, 0.85: 0.05, 1.95: 0.4},
        hats={"none": 0.95, "cap": 0.05},
        bottoms={"trousers": 0.78, "shorts": 0.12, "skirt": 0.10},
        changes={
            "jacket": 0.18,
            "coat": 0.27,
            "down jacket": 0.20,
            "hoodie": 0.17,
            "loose trousers": 0.08,
            "long skirt": 0.05,
            "long skirt and jacket": 0.05,
        },
    ),
    "street": Habits(
        shade=0.75,
        sleeves={0.4: 0.2, 1.95: 0.8},
        hats={"none": 0.84, "cap": 0.10, "beanie": 0.06},
        bottoms={"trousers": 0.9, "shorts": 0.04, "skirt": 0.06},
        changes={
            "jacket": 0.14,
            "coat": 0.36,
            "down jacket": 0.26,
            "hoodie": 0.14,
            "loose trousers": 0.05,
            "long skirt": 0.02,
            "long skirt and jacket": 0.03,
        },
    ),
}
BOTTOM_LENGTHS: Mapping[Bottom, Span] = {
    "trousers": (0.93, 1.0),
    "shorts": (0.3, 0.52),
    "skirt": (0.38, 0.62),
}
BOTTOM_WIDTHS: Mapping[Span, float] = {(0.003, 0.006): 0.4, (0.008, 0.015): 0.4, (0.018, 0.028): 0.2}
"""Slim, normal and wide: ranges of Outfit.bottom_loose."""


class Make(NamedTuple):
    """How a garment that is worn over the shirt is made."""

    length: Span
    """Of Outfit.outer_length."""
    loose: Span
    hoods: Mapping[Hood, float]


MAKES: Mapping[Outer, Make] = {
    "jacket": Make((0.02, 0.12), (0.021, 0.035), {"none": 1.0}),
    "coat": Make((0.3, 0.8), (0.03, 0.05), {"none": 0.8, "down": 0.1, "up": 0.1}),
    "down jacket": Make((0.04, 0.4), (0.036, 0.06), {"none": 0.4, "down": 0.3, "up": 0.3}),
    "hoodie": Make((0.03, 0.12), (0.024, 0.04), {"down": 0.5, "up": 0.5}),
}
