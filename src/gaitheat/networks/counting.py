"""How much a network computes and how large it is."""

from copy import deepcopy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.networks.types import Inputs
from gaitheat.skeleton import JOINTS


def flops_per_frame(network: nn.Module, frames: int = 30) -> float:
    """Floating-point operations (a multiplication and an addition are two) for a frame of a clip that long.

    Convolutions and matrix products of one forward pass; nothing is computed, only shapes are followed.
    """
    shapes = deepcopy(network).to("meta").eval()
    inputs = Inputs(
        heatmaps=torch.empty(1, frames, len(JOINTS), MAP_HEIGHT, MAP_WIDTH, device="meta"),
        keypoints=torch.empty(1, frames, len(JOINTS), 3, device="meta"),
        mask=torch.empty(1, frames, dtype=torch.bool, device="meta"),
    )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        shapes(inputs)
    return float(counter.get_total_flops()) / frames


def parameters(network: nn.Module) -> int:
    """Numbers that are learned."""
    return sum(parameter.numel() for parameter in network.parameters())
