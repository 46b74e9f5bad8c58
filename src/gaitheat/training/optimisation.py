"""Optimiser, learning rate and averaged weights: what a step does to a network, as functions of the step."""

from collections.abc import Iterable
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from gaitheat.recipes import Optimisation

MOMENTUM = 0.9
FLOOR = 0.01
"""Share of the highest learning rate that a cosine ends at."""


def optimiser_of(network: nn.Module, knobs: Optimisation) -> Optimizer:
    """The optimiser: only weights decay, not biases, norms and other scalars or vectors."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": knobs.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if knobs.optimiser == "sgd":
        return SGD(groups, lr=knobs.learning_rate, momentum=MOMENTUM, nesterov=True)
    return AdamW(groups, lr=knobs.learning_rate)


def learning_rate(step: int, knobs: Optimisation) -> float:
    """The learning rate of a step, counted from 0: it rises linearly, then falls."""
    if step < knobs.warm_up:
        return knobs.learning_rate * (step + 1) / (knobs.warm_up + 1)
    if knobs.schedule == "steps":
        passed = sum(step >= milestone * knobs.steps for milestone in knobs.milestones)
        return float(knobs.learning_rate * 0.1**passed)
    done = (step - knobs.warm_up) / max(knobs.steps - knobs.warm_up, 1)
    return knobs.learning_rate * (FLOOR + (1 - FLOOR) * (1 + cos(pi * done)) / 2)


def set_learning_rate(optimiser: Optimizer, rate: float) -> None:
    """The same for all weights."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def decay(step: int, longest: float) -> float:
    """How much of the average is kept at a step: little at first, when the weights are far from good."""
    return min(longest, (1 + step) / (10 + step))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, kept: float) -> None:
    """Move averaged weights and statistics a bit towards the network's; counters are copied."""
    for ours, theirs in zip(_state(average), _state(network), strict=True):
        if ours.is_floating_point():
            ours.lerp_(theirs, 1 - kept)
        else:
            ours.copy_(theirs)


def _state(network: nn.Module) -> Iterable[Tensor]:
    yield from network.parameters()
    yield from network.buffers()


def gradient_norm(network: nn.Module, longest: float | None) -> Tensor:
    """Length of the whole gradient, which is shortened to ``longest`` if it is longer than that."""
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    norm: Tensor = nn.utils.get_total_norm(gradients)
    if longest is not None:
        nn.utils.clip_grads_with_norm_(network.parameters(), longest, norm)
    return norm


@torch.no_grad()
def channels_last(network: nn.Module) -> nn.Module:
    """Convolution weights with the channels innermost, in place: faster on a CPU, most so if few."""
    for parameter in network.parameters():
        # Others lie alike in both orders, and only their strides would puzzle DDP.
        if parameter.dim() == 4 and parameter.shape[1] > 1 and parameter.shape[2:].numel() > 1:
            parameter.data = parameter.contiguous(memory_format=torch.channels_last)
    return network


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """The optimiser's state by name; its knobs are the recipe's."""
    state = optimiser.state_dict()["state"]
    return {f"{place}.{name}": value for place, values in state.items() for name, value in values.items()}


def restore_optimiser(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimiser_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for path, value in tensors.items():
        place, name = path.split(".", 1)
        state.setdefault(int(place), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
