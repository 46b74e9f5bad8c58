"""Rows by their names, where trainings lie, and how long they take."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from comparison.worlds import MAPS, ROWS, plan
from gaitheat.comparison.plan import folder_of, frames_of, planned, recipe_at
from gaitheat.comparison.rows import protocol_for, rows_called, trained_on_truth
from gaitheat.comparison.training import looked
from gaitheat.errors import GaitheatError
from gaitheat.recipe_table import RECIPES


def test_rows_by_name(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"network": {"name": "coordinates"}}), encoding="utf-8")
    rows = rows_called(["walkers-small", "walkers-small@truth", str(own), f"{own}@truth"])
    assert list(rows) == ["walkers-small", "walkers-small@truth", "own", "own@truth"]
    assert rows["walkers-small"] == RECIPES["walkers-small"]
    twin = rows["walkers-small@truth"]
    assert twin.data.dataset == "walkers-train-indoor-truth"
    assert replace(twin, data=RECIPES["walkers-small"].data) == RECIPES["walkers-small"]
    assert rows["own"].network.name == "coordinates"


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["walkers"], "no recipe is called 'walkers': expected one of walkers-tiny"),
        (["walkers-small@mask"], "no recipe is called 'walkers-small@mask'"),
        (["walkers-small", "walkers-small"], "got walkers-small twice"),
    ],
)
def test_rows_that_are_none(names: list[str], complaint: str) -> None:
    with pytest.raises(GaitheatError, match=complaint):
        rows_called(names)


def test_real_videos_have_no_twin() -> None:
    for recipe, protocols in (
        (MAPS, ["walkers-1-street", "kth"]),
        (trained_on_truth(MAPS), ["walkers-1-street-truth", "kth"]),
    ):
        assert [protocol_for(recipe, name).name for name in ("walkers-1-street", "kth")] == protocols


def test_a_training_has_the_rate_the_seed_and_the_steps_that_were_asked_for(tmp_path: Path) -> None:
    recipe = recipe_at(MAPS, plan(tmp_path, steps=9), 0.5, 7)
    assert (recipe.optimisation.learning_rate, recipe.optimisation.steps, recipe.seed) == (0.5, 9, 7)
    assert recipe_at(MAPS, plan(tmp_path, steps=None), 0.5, 7).optimisation.steps == 6
    assert folder_of(plan(tmp_path), "8' a / b", 3e-4, 1) == tmp_path / "8x_a__b" / "0.0003" / "1"


def test_hours_follow_from_speeds(tmp_path: Path) -> None:
    there = plan(tmp_path, steps=3600)
    assert frames_of(MAPS, 1) == 2 * 2 * 4
    # Of each row three trainings of 3600 steps, 16 frames each, forward and backward.
    slow, fast = (planned(ROWS, there, dict.fromkeys(ROWS, speed)) for speed in (48.0, 480.0))
    assert slow == "2 rows, 6 trainings to make: about 6.0 hours, tests included"
    assert fast == "2 rows, 6 trainings to make: about 0.6 hours, tests included"
    told = planned(ROWS, replace(there, minutes=30.0), dict.fromkeys(ROWS, 1e9))
    assert "about 3.0 hours" in told


def test_looks_of_the_second_half_count(tmp_path: Path) -> None:
    ranks = [0.9, None, 0.1, 0.2, None, 0.4]
    lines = [{"step": step} | ({} if rank is None else {"rank1": rank}) for step, rank in enumerate(ranks)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert looked(tmp_path) == pytest.approx(0.3)
    with pytest.raises(GaitheatError, match="none could be measured"):
        looked(tmp_path / "elsewhere")
