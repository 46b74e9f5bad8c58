"""GaitGraph2, a baseline on keypoints: residual graph blocks, a branch each for joints, velocities and bones.

After T. Teepe et al., "Towards a Deeper Understanding of Skeleton-based Gait Recognition" (CVPR workshops
2022), on the residual graph blocks of Y.-F. Song et al. (ACM Multimedia 2020). Departures: joints are centred
on the neck, whatever the estimator has; the embedding is that of the clip alone, not of its mirrored and
reversed self as well. The published GFLOP a frame are three times
what is counted here, presumably for those three passes.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.blocks import Frames, Mask, Shortcut, TemporalConvolution, by_clip
from gaitheat.networks.graphs import (
    GraphConvolution,
    Relations,
    as_columns,
    averaged_over_clip,
    hops,
    normalised,
)
from gaitheat.networks.heads import TripletHead
from gaitheat.networks.poses import gaitgraph_inputs
from gaitheat.networks.types import Inputs, Output

CHANNELS = 5
"""Of every branch's input."""
REACH = 2
"""Bones over which a graph convolution hears, each distance with weights of its own."""
KERNEL = 9
"""Frames that a convolution over time sees."""
REDUCTION = 8
"""How many times narrower a bottleneck is than what comes out of it."""


class GaitGraph2(nn.Module):
    """Three branches side by side, then one stream that halves the frame rate twice, then the mean.

    Args:
        subjects: 0 builds no head for the contrastive loss (inference, export).
        width: channels of the first block, 64 in the paper; the others have half, twice and four times that.
        dims: numbers of the embedding, which has one strip.
    """

    def __init__(self, subjects: int, *, width: int = 64, dims: int = 128) -> None:
        super().__init__()
        narrow = max(width // 2, 1)
        relations = by_distance(REACH)
        self.branches = nn.ModuleList(Branch(width, narrow, relations) for _ in range(3))
        self.stream = nn.ModuleList(
            [
                Bottleneck(3 * narrow, 2 * width, relations, halves=True),
                Bottleneck(2 * width, 4 * width, relations, halves=True),
            ]
        )
        self.head = TripletHead(4 * width, 1, dims, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        mask = inputs.mask
        features = gaitgraph_inputs(inputs.keypoints, mask)
        joined = [
            branch(as_columns(seen, mask), mask) for branch, seen in zip(self.branches, features, strict=True)
        ]
        frames = torch.cat(joined, 1)
        for block in self.stream:
            frames, mask = block(frames, mask)
        output: Output = self.head(averaged_over_clip(frames, mask))
        return output


def by_distance(reach: int) -> Relations:
    """Joints as many bones away: none, one, ... Every joint hears the mean of each ring around it."""
    distance = hops()
    return normalised(np.stack([distance == ring for ring in range(reach + 1)]).astype(np.float32))


class Branch(nn.Module):
    """The two blocks that see one kind of input; the frame rate stays."""

    def __init__(self, width: int, outputs: int, relations: Relations) -> None:
        super().__init__()
        self.first = Basic(CHANNELS, width, relations)
        self.second = Bottleneck(width, outputs, relations)

    def forward(self, frames: Float[Tensor, "all_frames channels 1 17"], mask: Mask) -> Tensor:
        """As many frames."""
        frames, _ = self.second(self.first(frames, mask), mask)
        return frames


class Basic(nn.Module):
    """A graph convolution, then one over time, each past its own input."""

    def __init__(self, inputs: int, outputs: int, relations: Relations) -> None:
        super().__init__()
        self.scale = nn.BatchNorm2d(inputs)
        self.space = GraphConvolution(inputs, outputs, relations)
        self.space_normalisation = nn.BatchNorm2d(outputs)
        self.shortcut = Shortcut(inputs, outputs, 1)
        self.time = TemporalConvolution(outputs, outputs, KERNEL)
        self.time_normalisation = nn.BatchNorm2d(outputs)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many frames."""
        frames = self.scale(frames)
        frames = functional.relu(self.space_normalisation(self.space(frames)) + self.shortcut(frames))
        return functional.relu(self.time_normalisation(self.time(frames, mask)) + frames)


class Bottleneck(nn.Module):
    """The same between two 1 x 1 convolutions, where it costs little. A stride halves the frame rate."""

    def __init__(self, inputs: int, outputs: int, relations: Relations, halves: bool = False) -> None:
        super().__init__()
        inner = max(outputs // REDUCTION, 1)
        self.halves = halves
        self.space = nn.Sequential(
            *_pointwise(inputs, inner),
            nn.ReLU(inplace=True),
            GraphConvolution(inner, inner, relations),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
            *_pointwise(inner, outputs),
        )
        self.shortcut = Shortcut(inputs, outputs, 1)
        self.time_in = nn.Sequential(*_pointwise(outputs, inner), nn.ReLU(inplace=True))
        self.time = TemporalConvolution(inner, inner, KERNEL)
        self.time_out = nn.Sequential(
            nn.BatchNorm2d(inner), nn.ReLU(inplace=True), *_pointwise(inner, outputs)
        )
        self.time_shortcut = nn.Sequential(*(_pointwise(outputs, outputs) if halves else ()))

    def forward(self, frames: Frames, mask: Mask) -> tuple[Tensor, Tensor]:
        """Frames and mask, of which every second is left if the block halves the rate."""
        frames = functional.relu(self.space(frames) + self.shortcut(frames))
        changed: Tensor = self.time(self.time_in(frames), mask)
        if self.halves:
            frames, changed = every_second(frames, mask), every_second(changed, mask)
            mask = every_second_mask(mask)
        return functional.relu(self.time_out(changed) + self.time_shortcut(frames)), mask


def every_second(frames: Frames, mask: Mask) -> Float[Tensor, "half_frames _channels _rows _columns"]:
    """The first frame of every clip, the third, and so on."""
    return by_clip(frames, mask)[:, ::2].flatten(0, 1)


def every_second_mask(mask: Mask) -> Bool[Tensor, "clips half_frames"]:
    """Which of them stand for a frame that is shown: they themselves, or the one after."""
    next_shown = functional.pad(mask.float(), (0, 1))[:, 1:] > 0
    return (mask | next_shown)[:, ::2]


def _pointwise(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
