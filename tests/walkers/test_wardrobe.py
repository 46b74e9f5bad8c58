"""Outfits: what each condition promises, and nothing that tells whose they are."""

from collections import Counter
from dataclasses import asdict
from functools import cache
from typing import get_args

import numpy as np
import pytest

from gaitheat.walkers.clothes.habits import HABITS, LOADS
from gaitheat.walkers.clothes.wardrobe import Condition, Outfit, Wardrobe, draw_outfit
from gaitheat.walkers.gait.style import Load
from gaitheat.walkers.seeds import generator

CONDITIONS: tuple[Condition, ...] = get_args(Condition)
WARDROBES: tuple[Wardrobe, ...] = get_args(Wardrobe)


@cache
def outfits(condition: Condition, wardrobe: Wardrobe = "indoor", count: int = 200) -> list[Outfit]:
    return [draw_outfit(generator("outfit", number), condition, wardrobe) for number in range(count)]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_same_numbers_draw_the_same_outfit(condition: Condition) -> None:
    assert [draw_outfit(generator("outfit", number), condition) for number in range(20)] == outfits(
        condition
    )[:20]
    assert len(set(outfits(condition))) == len(outfits(condition))


@pytest.mark.parametrize("wardrobe", WARDROBES)
def test_plain_clothes_have_neither_bag_nor_coat(wardrobe: Wardrobe) -> None:
    for outfit in outfits("nm", wardrobe):
        assert (outfit.load, outfit.outer, outfit.hood, outfit.coat) == ("none", "none", "none", False)


@pytest.mark.parametrize("wardrobe", WARDROBES)
def test_a_bag_is_all_that_bg_adds(wardrobe: Wardrobe) -> None:
    bags = Counter[Load](outfit.load for outfit in outfits("bg", wardrobe))
    assert set(bags) == set(get_args(Load)) - {"none"}
    for plain, bag in zip(outfits("nm", wardrobe), outfits("bg", wardrobe), strict=True):
        assert {**asdict(bag), "load": "none"} == asdict(plain)


def test_bags_are_on_either_side_as_often() -> None:
    for kind in ("shoulder bag", "hand bag"):
        assert LOADS[f"{kind} left"] == LOADS[f"{kind} right"]


@pytest.mark.parametrize("wardrobe", WARDROBES)
def test_other_clothes_are_a_coat_or_wide_trousers_or_a_long_skirt(wardrobe: Wardrobe) -> None:
    kinds = Counter(outfit.outer for outfit in outfits("cl", wardrobe))
    assert set(kinds) == {"none", "jacket", "coat", "down jacket", "hoodie"}
    for outfit in outfits("cl", wardrobe):
        wide = outfit.bottom == "trousers" and outfit.bottom_loose > 0.03
        long = outfit.bottom == "skirt" and outfit.bottom_length > 0.65
        assert outfit.load == "none"
        assert outfit.coat or wide or long
        assert not (outfit.hood == "up" and outfit.hat != "none")


def test_the_street_is_darker_and_has_more_coats_and_hats() -> None:
    def brightness(wardrobe: Wardrobe) -> float:
        return float(np.mean([outfit.shirt_colour for outfit in outfits("nm", wardrobe)]))

    def hats(wardrobe: Wardrobe) -> int:
        return sum(outfit.hat != "none" for outfit in outfits("nm", wardrobe))

    assert brightness("street") < brightness("indoor")
    assert hats("street") > hats("indoor")
    assert HABITS["street"].changes["coat"] > HABITS["indoor"].changes["coat"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_all_that_is_drawn_is_a_plain_value_within_its_range(condition: Condition) -> None:
    for outfit in outfits(condition):
        hash(outfit)
        for name, value in asdict(outfit).items():
            parts = value if isinstance(value, tuple) else (value,)
            assert {type(part) for part in parts} <= {str, int, float}, name
            if isinstance(value, tuple):
                assert len(value) == 3
                assert 0 <= min(value) <= max(value) <= 1, name


def test_a_person_s_skin_hair_and_colours_change_from_walk_to_walk() -> None:
    drawn = [asdict(outfit) for outfit in outfits("nm")[:40]]
    for name in ("skin", "hair", "hair_colour", "shirt_colour", "bottom_colour", "shoe_colour", "pattern"):
        assert len({outfit[name] for outfit in drawn}) > 2, name
