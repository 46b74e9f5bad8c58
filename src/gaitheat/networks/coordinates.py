"""Keypoints instead of heatmaps: the middleman, as a baseline with the same head, losses and batches."""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from gaitheat.heatmaps.align import BODY_LENGTH, NECK
from gaitheat.networks.blocks import (
    Frames,
    Mask,
    Pooling,
    TemporalConvolution,
    pooled_over_time,
    shown,
    strips_of,
)
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output
from gaitheat.skeleton import JOINTS


class Coordinates(nn.Module):
    """Convolutions over time of [frames, 17, 3]: x and y from the neck in body lengths, and the score.

    Args:
        subjects: classes of the cross-entropy head; 0 builds none (inference, export).
        width: channels.
        blocks: residual blocks, each of two convolutions over time.
        dims: numbers of the embedding, which has one strip.
        temporal: kernels over three frames, or over one: then the order of frames makes no difference.
        pooling: over time.
    """

    def __init__(
        self,
        subjects: int,
        *,
        width: int = 128,
        blocks: int = 3,
        dims: int = 512,
        temporal: Literal["ordered", "unordered"] = "ordered",
        pooling: Pooling = "max",
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.stem = nn.Sequential(
            nn.Conv2d(3 * len(JOINTS), width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        kernel = 3 if temporal == "ordered" else 1
        self.blocks = nn.ModuleList(TimeBlock(width, kernel) for _ in range(blocks))
        self.head = StripHead(width * (2 if pooling == "moments" else 1), 1, dims, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        keypoints = shown(inputs.keypoints.flatten(0, 1), inputs.mask)
        places = (keypoints[:, :, :2] - keypoints.new_tensor(NECK)) / BODY_LENGTH
        frames = self.stem(torch.cat([places, keypoints[:, :, 2:]], 2).flatten(1)[:, :, None, None])
        for block in self.blocks:
            frames = block(frames, inputs.mask)
        embedding, head = self.head(strips_of(pooled_over_time(frames, inputs.mask, self.pooling), 1))
        return Output(embedding, () if head is None else (head,))


class TimeBlock(nn.Module):
    """Two convolutions over time, and past them."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.first = TemporalConvolution(width, width, kernel)
        self.first_normalisation = nn.BatchNorm2d(width)
        self.second = TemporalConvolution(width, width, kernel)
        self.second_normalisation = nn.BatchNorm2d(width)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many channels."""
        changed = functional.relu(self.first_normalisation(self.first(frames, mask)))
        changed = self.second_normalisation(self.second(changed, mask))
        return functional.relu(changed + frames)
