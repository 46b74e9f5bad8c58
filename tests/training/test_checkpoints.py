"""Checkpoints and states on the disk: whole or not at all, complete in themselves, never pickled."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

from gaitheat.errors import GaitheatError
from gaitheat.networks import NETWORKS
from gaitheat.networks.types import Inputs
from gaitheat.recipes import Network, Optimisation
from gaitheat.training import checkpoints
from gaitheat.training.checkpoints import (
    NAME,
    RESUME,
    Checkpoint,
    State,
    built,
    load,
    restore,
    save,
    save_state,
    write_tensors,
)
from gaitheat.training.optimisation import channels_last, optimiser_of
from training.walks import RECIPE

SUBJECTS = ("drawn/001", "drawn/002", "drawn/003")


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return built(RECIPE.network, len(SUBJECTS))


def inputs(seed: int = 0) -> Inputs:
    random = torch.Generator().manual_seed(seed)
    maps = torch.rand(3, 4, 17, 64, 48, generator=random)
    points = 40 * torch.rand(3, 4, 17, 3, generator=random)
    return Inputs(maps, points, torch.empty(3, 4, 0, 44), torch.ones(3, 4, dtype=torch.bool))


def test_the_network_comes_back_from_its_file_alone(tmp_path: Path) -> None:
    trained = channels_last(network()).eval()
    results = {"step": 6, "loss": 1.5}
    path = save(tmp_path, Checkpoint(RECIPE, SUBJECTS, trained.state_dict(), results))
    moved = path.rename(tmp_path / "elsewhere.safetensors")
    checkpoint = load(moved)
    assert (checkpoint.recipe, checkpoint.subjects, checkpoint.results) == (RECIPE, SUBJECTS, results)
    output = checkpoint.network()(inputs())
    assert output.heads == ()
    torch.testing.assert_close(output.embedding, trained(inputs()).embedding)


def test_people_can_read_what_it_holds(tmp_path: Path) -> None:
    save(tmp_path, Checkpoint(RECIPE, SUBJECTS, network().state_dict(), {"rank1": 0.5}))
    about = json.loads((tmp_path / "gaitheat.json").read_text())
    assert about["recipe"]["data"]["dataset"] == "drawn"
    assert (about["subjects"], about["results"]) == (list(SUBJECTS), {"rank1": 0.5})
    assert load(tmp_path).subjects == SUBJECTS


@pytest.mark.parametrize("damage", ["missing", "cut", "foreign", "newer"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path = save(tmp_path, Checkpoint(RECIPE, SUBJECTS, network().state_dict(), {}))
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif damage == "foreign":
        path.write_bytes(b"not tensors at all")
    else:
        write_tensors(path, {}, {"format": 99})
    with pytest.raises(GaitheatError, match="expected a checkpoint"):
        load(path)


def test_a_state_is_no_checkpoint(tmp_path: Path) -> None:
    save_state(tmp_path, state(RECIPE.optimisation, 0), RECIPE, SUBJECTS)
    with pytest.raises(GaitheatError, match=f"use {NAME} beside it"):
        load(tmp_path / RESUME)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    weights = network().state_dict()
    other = replace(RECIPE, network=replace(RECIPE.network, dims=8))
    path = save(tmp_path, Checkpoint(other, SUBJECTS, weights, {}))
    with pytest.raises(GaitheatError, match="another version"):
        load(path).network()


def test_a_networks_own_settings_may_not_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, network=replace(RECIPE.network, reduce=None))
    weights = built(recipe.network, len(SUBJECTS)).state_dict()
    path = save(tmp_path, Checkpoint(recipe, SUBJECTS, weights, {}))
    assert load(path).recipe == recipe
    entry = NETWORKS["gaitheat-s"]
    monkeypatch.setitem(NETWORKS, "gaitheat-s", entry._replace(build=partial(entry.build, reduce=1)))
    with pytest.raises(GaitheatError, match="its own settings have changed"):
        load(path)


def test_a_setting_that_a_network_has_not_is_refused() -> None:
    with pytest.raises(GaitheatError, match="gaitheat_release has no such setting, only"):
        built(Network("gaitheat_release", attention=False), 3)


def test_a_kill_while_writing_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, Checkpoint(RECIPE, SUBJECTS, network(0).state_dict(), {"step": 1}))

    def killed(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, Checkpoint(RECIPE, SUBJECTS, network(1).state_dict(), {"step": 2}))
    assert load(tmp_path).results == {"step": 1}


def state(knobs: Optimisation, seed: int) -> State:
    learner = network(seed)
    return State(learner, network(seed), optimiser_of(learner, knobs))


def step(state: State, seed: int) -> None:
    loss = sum((head.features.square().mean() for head in state.network(inputs(seed)).heads), Tensor([0]))
    state.optimiser.zero_grad()
    loss.sum().backward()
    state.optimiser.step()


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_a_restored_state_goes_on_exactly(tmp_path: Path, optimiser: str) -> None:
    recipe = replace(RECIPE, optimisation=replace(RECIPE.optimisation, optimiser=optimiser))
    ours = state(recipe.optimisation, seed=0)
    step(ours, 1)
    step(ours, 2)
    ours.step, ours.seconds = 2, 1.5
    save_state(tmp_path, ours, recipe, SUBJECTS)
    theirs = state(recipe.optimisation, seed=5)
    restore(tmp_path, theirs, recipe, SUBJECTS)
    assert (theirs.step, theirs.seconds) == (2, 1.5)
    step(ours, 3)
    step(theirs, 3)
    for one, other in ((ours.network, theirs.network), (ours.average, theirs.average)):
        for name, tensor in one.state_dict().items():
            assert torch.equal(tensor, other.state_dict()[name]), name


def test_another_recipe_does_not_go_on_from_a_state(tmp_path: Path) -> None:
    save_state(tmp_path, state(RECIPE.optimisation, 0), RECIPE, SUBJECTS)
    longer = replace(RECIPE, optimisation=replace(RECIPE.optimisation, steps=7))
    with pytest.raises(GaitheatError, match=r"another optimisation\.steps"):
        restore(tmp_path, state(RECIPE.optimisation, 0), longer, SUBJECTS)
    with pytest.raises(GaitheatError, match="other subjects"):
        restore(tmp_path, state(RECIPE.optimisation, 0), RECIPE, SUBJECTS[:2])


def test_nothing_is_pickled(tmp_path: Path) -> None:
    trained = state(RECIPE.optimisation, 0)
    step(trained, 1)
    save_state(tmp_path, trained, RECIPE, SUBJECTS)
    save(tmp_path, Checkpoint(RECIPE, SUBJECTS, trained.average.state_dict(), {}))
    assert {path.name for path in tmp_path.iterdir()} == {NAME, RESUME, "gaitheat.json"}
    with safe_open(tmp_path / RESUME, framework="pt") as file:
        assert any(name.startswith("optimiser.") for name in file.keys())  # noqa: SIM118
