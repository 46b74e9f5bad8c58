"""The loop: it learns, it writes down every step, and a stopped training ends as one that was not."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from factories import ESTIMATOR
from gaitheat.errors import GaitheatError
from gaitheat.recipes import Data, Network, Optimisation, Recipe, Sampling
from gaitheat.training.cast import cast
from gaitheat.training.checkpoints import NAME, RESUME, built, load
from gaitheat.training.journal import Row, rows_of
from gaitheat.training.loop import advance, groups, launched, prepared, train
from gaitheat.training.optimisation import (
    channels_last,
    decay,
    follow,
    gradient_norm,
    learning_rate,
    optimiser_of,
)
from gaitheat.training.run import Run
from gaitheat.training.sampling import subject_of
from gaitheat.training.watch import Watch
from training.walks import RECIPE, Memory, walks

RUN = Run(accelerator="cpu", workers=0, save_every=2, look_every=3)


class StoppedError(Exception):
    """Stands for a kill."""


def ignored(line: str) -> None:
    """Says nothing."""


def changed(**knobs: Any) -> Recipe:
    return replace(RECIPE, optimisation=replace(RECIPE.optimisation, **knobs))


def timeless(folder: Path) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows_of(folder)]


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Stop a training when it has made that many steps and written that down."""
    go_on = Watch.after

    def arm(steps: int) -> None:
        def after(self: Watch, row: Row) -> None:
            go_on(self, row)
            if row["step"] == steps:
                raise StoppedError

        monkeypatch.setattr(Watch, "after", after)

    return arm


def test_a_training_leaves_metrics_and_a_checkpoint(tmp_path: Path) -> None:
    said: list[str] = []
    people, recipe = walks(), changed(steps=8)
    assert train(recipe, people, tmp_path, RUN, said.append) == tmp_path / NAME
    rows = rows_of(tmp_path)
    assert [row["step"] for row in rows] == list(range(1, 9))
    assert [row["step"] for row in rows if "rank1" in row] == [3, 6, 8]
    assert {"loss", "triplet", "cross_entropy", "active", "accuracy", "gradient_norm", "learning_rate",
            "seconds"} <= rows[0].keys()  # fmt: skip
    shares = [row["residual"] for row in rows if "residual" in row]
    assert all(len(share) == 17 and 0.4 < min(share) <= max(share) < 0.6 for share in shares)
    assert said[0].startswith("3 subjects with 12 clips to train on, 2 subjects held out")
    assert said[1].startswith("2 steps are left: about")
    checkpoint = load(tmp_path)
    assert checkpoint.recipe == recipe
    assert len(checkpoint.subjects) == 3
    assert checkpoint.results["step"] == 8
    assert checkpoint.estimator == str(people.infos()[0].estimator)


def test_it_learns(tmp_path: Path) -> None:
    recipe = replace(
        changed(steps=15, learning_rate=1e-2),
        data=Data("drawn", validation_subjects=0),
        sampling=Sampling(subjects=3, clips=2, frames=4),
    )
    train(recipe, walks(3), tmp_path, RUN, ignored)
    losses = [row["loss"] for row in rows_of(tmp_path)]
    assert np.mean(losses[-3:]) < 0.7 * np.mean(losses[:3])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that was not stopped."""
    folder = tmp_path_factory.mktemp("whole")
    train(RECIPE, walks(), folder, RUN, ignored)
    return folder


def assert_equal(ours: Path, theirs: Path) -> None:
    first, second = load_file(ours), load_file(theirs)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("stopped", [1, 3])
def test_a_stopped_training_ends_as_one_that_was_not(
    tmp_path: Path, whole: Path, stop_after: Callable[[int], None], stopped: int
) -> None:
    stop_after(stopped)
    with pytest.raises(StoppedError):
        train(RECIPE, walks(), tmp_path, RUN, ignored)
    stop_after(-1)
    said: list[str] = []
    train(RECIPE, walks(), tmp_path, RUN, said.append)
    assert ("going on after step 2 of 6" in said) == (stopped == 3)
    assert timeless(tmp_path) == timeless(whole)
    for name in (NAME, RESUME):
        assert_equal(tmp_path / name, whole / name)


def test_a_finished_training_is_left_alone(whole: Path) -> None:
    before = (whole / NAME).read_bytes()
    train(RECIPE, walks(), whole, RUN, ignored)
    assert (whole / NAME).read_bytes() == before
    with pytest.raises(GaitheatError, match="take another folder"):
        train(changed(steps=7), walks(), whole, RUN, ignored)


def test_how_often_it_is_saved_changes_nothing(tmp_path: Path, whole: Path) -> None:
    train(RECIPE, walks(), tmp_path, replace(RUN, save_every=9, look_every=6), ignored)
    assert_equal(tmp_path / NAME, whole / NAME)


def test_bfloat16_is_near_single_precision(tmp_path: Path) -> None:
    people = walks()
    for precision in ("32", "bf16"):
        train(changed(steps=1, precision=precision), people, tmp_path / precision, RUN, ignored)
    exact, rounded = (rows_of(tmp_path / which)[0]["loss"] for which in ("32", "bf16"))
    assert rounded != exact
    assert rounded == pytest.approx(exact, rel=0.05)


def test_accumulated_batches_are_all_seen(tmp_path: Path) -> None:
    people = walks()
    train(changed(steps=2, accumulate=1), people, tmp_path / "one", RUN, ignored)
    train(changed(steps=1, accumulate=2, warm_up=0), people, tmp_path / "two", RUN, ignored)
    first, second = rows_of(tmp_path / "one")
    both = rows_of(tmp_path / "two")[0]
    assert both["loss"] != pytest.approx(first["loss"])
    # The network of the second batch has moved by one step at a small rate only.
    assert both["loss"] == pytest.approx((first["loss"] + second["loss"]) / 2, rel=0.1)


def test_gradients_of_accumulated_batches_are_averaged() -> None:
    people, fabric = cast(RECIPE, walks()), launched(RECIPE.optimisation, RUN)
    norms = []
    for size in (1, 3):
        torch.manual_seed(0)
        state, *wrapped = prepared(fabric, built(RECIPE.network, 3), RECIPE.optimisation)
        group = next(groups(fabric, state, RECIPE, people, 0)) * size
        norms.append(advance(fabric, state, *wrapped, group, RECIPE)["gradient_norm"])
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)


def test_an_accumulating_training_goes_on_with_the_batch_that_is_next() -> None:
    recipe = changed(steps=3, accumulate=2)
    people, fabric = cast(recipe, walks()), launched(recipe.optimisation, RUN)
    state = prepared(fabric, built(recipe.network, 3), recipe.optimisation)[0]
    *_, last = groups(fabric, state, recipe, people, 0)
    state.step = 2
    (again,) = groups(fabric, state, recipe, people, 0)
    for ours, theirs in zip(again, last, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_the_average_is_the_result(whole: Path) -> None:
    result, state = load_file(whole / NAME), load_file(whole / RESUME)
    assert all(torch.equal(tensor, state[f"average.{name}"]) for name, tensor in result.items())
    assert not torch.equal(state["average.head.projection"], state["network.head.projection"])


def test_a_loss_that_is_no_number_stops_in_one_line(tmp_path: Path) -> None:
    recipe = changed(optimiser="sgd", learning_rate=1e30, warm_up=0)
    with pytest.raises(GaitheatError, match=r"step \d: expected a finite loss.*lower"):
        train(recipe, walks(), tmp_path, RUN, ignored)


def test_who_is_held_out_is_never_trained_on() -> None:
    people = walks()
    sampler, held_out = cast(RECIPE, people)[1:3]
    other = cast(replace(RECIPE, seed=5), people)
    assert {key.subject for key in held_out} == {key.subject for key in other.held_out}
    assert len(set(map(subject_of, held_out))) == 2
    assert not {subject_of(key) for key in held_out} & set(sampler.roster)


def test_clips_that_do_not_fit_the_recipe_are_refused() -> None:
    with pytest.raises(GaitheatError, match=r"'kth'.*the store has drawn"):
        cast(replace(RECIPE, data=Data("kth")), walks())
    with pytest.raises(GaitheatError, match="1 are not, first 077"):
        cast(replace(RECIPE, data=Data("drawn", ("001", "002", "077"))), walks())
    mixed = list(walks().clips.values())
    mixed[0] = replace(mixed[0], estimator=replace(ESTIMATOR, name="another"))
    with pytest.raises(GaitheatError, match="one pose estimator"):
        cast(RECIPE, Memory(mixed))
    assert (
        "20 clips have fewer than 8 frames"
        in cast(replace(RECIPE, sampling=Sampling(2, 2, frames=8)), walks()).about
    )
    only = cast(replace(RECIPE, data=Data("drawn", ("001", "002"), validation_subjects=0)), walks())
    assert list(only.sampler.roster) == ["drawn/001", "drawn/002"]


def test_learning_rates() -> None:
    cosine = Optimisation(steps=100, learning_rate=1.0, warm_up=9)
    rates = [learning_rate(step, cosine) for step in range(100)]
    assert rates[:9] == pytest.approx([0.1 * step for step in range(1, 10)])
    assert max(rates) == rates[9] == 1.0
    assert all(np.diff(rates[9:]) < 0)
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)
    steps = replace(cosine, schedule="steps", milestones=(0.5, 0.8))
    rates = [learning_rate(step, steps) for step in (9, 49, 50, 79, 80, 99)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_averaged_weights_follow() -> None:
    torch.manual_seed(0)
    network, average = (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)) for _ in range(2))
    network(torch.rand(4, 2))
    before = average[0].weight.clone()
    follow(average, network, 0.75)
    torch.testing.assert_close(average[0].weight, 0.75 * before + 0.25 * network[0].weight)
    torch.testing.assert_close(average[1].running_mean, 0.25 * network[1].running_mean)
    assert average[1].num_batches_tracked == 1
    assert [decay(step, 0.99) for step in (0, 10**6)] == [0.1, 0.99]


def test_only_weights_decay_and_long_gradients_are_shortened() -> None:
    network = nn.Sequential(nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2))
    groups = optimiser_of(network, Optimisation(weight_decay=0.1)).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.1), (3, 0.0)]
    network(torch.rand(2, 2, 5, 5)).square().sum().backward()
    norm = gradient_norm(network, None)
    expected = sum(parameter.grad.square().sum() for parameter in network.parameters()) ** 0.5
    torch.testing.assert_close(norm, expected)
    assert gradient_norm(network, 0.5 * float(norm)) == norm
    torch.testing.assert_close(gradient_norm(network, inf), 0.5 * norm)


def test_channels_last_changes_no_result() -> None:
    torch.manual_seed(0)
    network, maps = nn.Conv2d(3, 4, 3), torch.rand(2, 3, 6, 5)
    before = network(maps)
    torch.testing.assert_close(channels_last(network)(maps), before)
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


PROGRAM = """
import sys
from pathlib import Path
from test_loop import RECIPE, RUN, changed, ignored, walks
from gaitheat.training.loop import train
train(changed(steps=30), walks(), Path(sys.argv[1]), RUN, ignored)
"""


@pytest.mark.slow
def test_a_killed_training_ends_as_one_that_was_not(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    environment = {**os.environ, "PYTHONPATH": path}

    def start(folder: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / folder)]
        return subprocess.Popen(command, env=environment)

    killed = start("killed")
    while killed.poll() is None and len(rows_of(tmp_path / "killed")) < 5:
        time.sleep(0.02)
    killed.kill()
    assert killed.wait() != 0
    assert len(rows_of(tmp_path / "killed")) < 30
    for folder in ("killed", "whole"):
        assert start(folder).wait() == 0
    assert timeless(tmp_path / "killed") == timeless(tmp_path / "whole")
    assert_equal(tmp_path / "killed" / NAME, tmp_path / "whole" / NAME)


@pytest.mark.parametrize(
    ("name", "emptied"),
    [("gaitset", "silhouettes"), ("gaitheat-s", "heatmaps"), ("gaitheat_fusion", "silhouettes")],
)
def test_clips_that_do_not_hold_what_is_read_are_refused_at_once(name: str, emptied: str) -> None:
    people = walks()
    body = np.full((6, 128, 96), 255, np.uint8)
    people.clips = {key: replace(clip, silhouettes=body) for key, clip in people.clips.items()}
    recipe = replace(RECIPE, network=Network(name))
    cast(recipe, people)
    last = list(people.clips)[-1]
    nothing = np.zeros_like(getattr(people.clips[last], emptied))
    people.clips[last] = replace(people.clips[last], **{emptied: nothing})
    with pytest.raises(GaitheatError, match=f"^{name} reads {emptied}, but clip {last} has none or empty"):
        cast(recipe, people)
