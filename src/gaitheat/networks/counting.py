"""How much a network computes and how large it is."""

from copy import deepcopy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gaitheat.modalities import SHAPES
from gaitheat.networks.types import Inputs


def flops_per_frame(network: nn.Module, frames: int = 30) -> float:
    """Floating-point operations (a multiplication and an addition are two) for a frame of a clip that long.

    Convolutions and matrix products of one forward pass; nothing is computed, only shapes are followed.
    """
    shapes = deepcopy(network).to("meta").eval()
    inputs = Inputs(
        **{name: torch.empty(1, frames, *shape, device="meta") for name, shape in SHAPES.items()},
        mask=torch.empty(1, frames, dtype=torch.bool, device="meta"),
    )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        shapes(inputs)
    return float(counter.get_total_flops()) / frames


def parameters(network: nn.Module) -> int:
    """Numbers that are learned."""
    return sum(parameter.numel() for parameter in network.parameters())
