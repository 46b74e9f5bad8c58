"""Frames a second of every network on one core: the estimator is not counted, what it reads is in memory.

    python benchmarks/networks.py

Ten minutes on an idle core. The networks take turns within each round, and the best round counts, so that a
disturbance meets all of them alike.
"""

import math
import time

import torch
from torch import nn

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.modalities import SHAPES
from gaitheat.networks import NETWORKS
from gaitheat.networks.counting import flops_per_frame, parameters
from gaitheat.networks.types import Inputs

FRAMES = 30
CLIPS = 2
ROUNDS = 5
BASELINE = "gaitheat_release"


def seconds(network: nn.Module, inputs: Inputs, *, half: bool) -> float:
    """Of one forward pass."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        start = time.perf_counter()
        network(inputs)
        return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    inputs = Inputs(
        **{name: torch.rand(CLIPS, FRAMES, *shape) for name, shape in SHAPES.items()},
        mask=torch.ones(CLIPS, FRAMES, dtype=torch.bool),
    )
    inputs.keypoints.mul_(torch.tensor([MAP_WIDTH, MAP_HEIGHT, 1]))
    # Weights as they are fastest on a CPU; the networks arrange their activations alike by themselves.
    networks = {
        name: entry.build(0).eval().to(memory_format=torch.channels_last) for name, entry in NETWORKS.items()
    }
    best = {(name, half): math.inf for name in networks for half in (False, True)}
    for _ in range(ROUNDS):
        for name, half in best:
            best[name, half] = min(best[name, half], seconds(networks[name], inputs, half=half))
    print("| network | GFLOP/frame | parameters | frames/s, float32 | frames/s, bfloat16 | ratio | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name, network in networks.items():
        speeds = [CLIPS * FRAMES / best[name, half] for half in (False, True)]
        ratios = [best[BASELINE, half] / best[name, half] for half in (False, True)]
        print(
            f"| {name} | {flops_per_frame(network) / 1e9:.3g} | {parameters(network) / 1e6:.2f} M |",
            " | ".join([*(f"{speed:.1f}" for speed in speeds), *(f"{ratio:.1f}" for ratio in ratios)]),
            "|",
        )


if __name__ == "__main__":
    main()
