"""Seconds of a training step: forward, losses, backward, optimiser. Same batch, loading not counted.

    python benchmarks/training.py [cpu | cuda]

Two minutes on an idle core. The ways take turns within each round, and the best round counts, so that a
disturbance meets all of them alike.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, thread_time
from typing import NamedTuple

import torch
from torch import nn

from gaitheat.losses import objective
from gaitheat.modalities import SHAPES
from gaitheat.networks import NETWORKS
from gaitheat.networks.types import Inputs
from gaitheat.recipes import Optimisation
from gaitheat.training.optimisation import channels_last, optimiser_of

CLIPS, SUBJECTS = 4, 60
FRAMES = {"cpu": 4, "cuda": 30}
ROUNDS = 3


class Way(NamedTuple):
    """A network and how it is trained."""

    network: str
    half: bool
    """bfloat16 where that is safe, or float32."""
    rearranged: bool
    """Channels innermost, or as PyTorch makes them."""


WAYS = {
    "release, as published": Way("gaitheat_release", half=False, rearranged=False),
    "release, channels last": Way("gaitheat_release", half=False, rearranged=True),
    "release, channels last, bfloat16": Way("gaitheat_release", half=True, rearranged=True),
    "gaitheat-s": Way("gaitheat-s", half=False, rearranged=True),
    "gaitheat-s, bfloat16": Way("gaitheat-s", half=True, rearranged=True),
}


def batch(device: str) -> tuple[Inputs, torch.Tensor]:
    """Random windows of two subjects."""
    windows = CLIPS, FRAMES[device]
    inputs = Inputs(
        **{name: torch.rand(*windows, *shape, device=device) for name, shape in SHAPES.items()},
        mask=torch.ones(windows, dtype=torch.bool, device=device),
    )
    return inputs, torch.arange(CLIPS, device=device) % 2


def stepper(way: Way, device: str) -> Callable[[], float]:
    """A function that makes one step and says how many seconds it took."""
    network: nn.Module = NETWORKS[way.network].build(SUBJECTS).to(device)
    if way.rearranged:
        network = channels_last(network)
    optimiser = optimiser_of(network, replace(Optimisation(), optimiser="sgd", learning_rate=1e-3))
    inputs, labels = batch(device)

    # One thread computes on a CPU: its own time is not disturbed by other processes.
    clock = thread_time if device == "cpu" else perf_counter

    def step() -> float:
        start = clock()
        with torch.autocast(device, torch.bfloat16, enabled=way.half):
            heads = network(inputs).heads
        terms = objective(
            heads, labels, mining="hard", margin=0.2, triplet_weight=1, cross_entropy_weight=1, smoothing=0.1,
            scale=16,
        )  # fmt: skip
        terms.total.backward()
        optimiser.step()
        optimiser.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        return clock() - start

    step()
    return step


def main(device: str) -> None:
    """Print the table."""
    torch.manual_seed(0)
    if device == "cpu":
        torch.set_num_threads(1)
    steps = {name: stepper(way, device) for name, way in WAYS.items()}
    best = dict.fromkeys(WAYS, math.inf)
    for _ in range(ROUNDS):
        for name, step in steps.items():
            best[name] = min(best[name], step())
    first = next(iter(WAYS))
    print("| training step | s | frames/s | ratio |")
    print("|---|---|---|---|")
    for name, seconds in best.items():
        speed = CLIPS * FRAMES[device] / seconds
        print(f"| {name} | {seconds:.3f} | {speed:.1f} | {best[first] / seconds:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cpu")
