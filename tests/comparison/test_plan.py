"""Rows by their names, where trainings lie, and how long they take."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comparison.worlds import MAPS, ROWS, TRAIN, plan, said
from gaitheat.comparison import training
from gaitheat.comparison.plan import expect_possible, folder_of, frames_of, planned, recipe_at
from gaitheat.comparison.rows import protocol_for, rows_called, trained_on_truth
from gaitheat.comparison.training import best_rate, looked
from gaitheat.errors import DivergedError, GaitheatError
from gaitheat.recipe_table import RECIPES
from gaitheat.recipes import Network, Recipe
from training.walks import Memory


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


@pytest.mark.parametrize("network", ["gaitset", "gaitheat_fusion"])
def test_clips_without_what_a_network_reads_are_said_at_once(tmp_path: Path, network: str) -> None:
    """Silhouettes are in no clip here; then in all but the test's."""
    rows = {"maps": MAPS, "other": replace(MAPS, network=Network(network))}
    there = plan(tmp_path)
    with pytest.raises(GaitheatError, match=f"{network} reads silhouettes, but clip walkers-train-indoor/"):
        expect_possible(rows, there)
    assert isinstance(there.store, Memory)
    mask = np.full((6, 128, 96), 255, np.uint8)
    trained = [
        replace(clip, silhouettes=mask if clip.key.dataset == TRAIN else None)
        for clip in there.store.clips.values()
    ]
    with pytest.raises(GaitheatError, match=f"{network} reads silhouettes, but clip walkers-1-indoor/"):
        expect_possible(rows, replace(there, store=Memory(trained)))


def test_people_too_few_for_a_batch_are_said_at_once(tmp_path: Path) -> None:
    many = replace(MAPS, sampling=replace(MAPS.sampling, subjects=9))
    with pytest.raises(GaitheatError, match="a batch of 9 subjects"):
        expect_possible({"maps": MAPS, "many": many}, plan(tmp_path))


def diverging(monkeypatch: pytest.MonkeyPatch, rates: tuple[float, ...]) -> None:
    """Stands for trainings: those at these rates diverge, the others find 1 less their rate."""

    def train(recipe: Recipe, _: object, folder: Path, *__: object) -> None:
        rate = recipe.optimisation.learning_rate
        if rate in rates:
            raise DivergedError("step 1: expected a finite loss")
        folder.mkdir(parents=True)
        line = json.dumps({"step": 1, "rank1": 1 - rate})
        (folder / "metrics.jsonl").write_text(f"{line}\n", encoding="utf-8")

    monkeypatch.setattr(training, "train", train)


def test_a_rate_at_which_training_diverges_is_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging(monkeypatch, (1e-3,))
    told = list[str]()
    there = plan(tmp_path, rates=(3e-3, 1e-3, 1e-2))
    assert best_rate("maps", MAPS, there, told.append) == 3e-3
    assert any(line.startswith("maps diverges at learning rate 0.001, which is not chosen") for line in told)
    diverging(monkeypatch, (1e-3, 3e-3))
    with pytest.raises(GaitheatError, match=r"maps diverges at every learning rate: give one below 0\.001"):
        best_rate("maps", MAPS, plan(tmp_path / "other", rates=(1e-3, 3e-3)), said)
