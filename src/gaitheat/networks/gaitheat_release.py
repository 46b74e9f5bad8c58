"""The public release (FastPoseGait, July 2025) as a baseline: its network, with its faults mended.

Its unpublished step from 17 channels to two parts is read as upper and lower body, by maximum over joints.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaitheat.networks.blocks import ResidualBlock, pooled_over_time, shown, strips_of
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output

UPPER = slice(0, 11)
"""Joints of the first stream, from the nose to the wrists."""
LOWER = slice(11, 17)
"""Joints of the second stream, from the hips to the ankles."""


class GaitHeatRelease(nn.Module):
    """Three streams (upper body, lower body, both) share a ResNet9; a fourth path fuses them stage by stage.

    Frames are a set: only the maximum over time meets.

    Args:
        subjects: classes of the cross-entropy heads; 0 builds none (inference, export).
        width: channels of the first stage; the release has 64. The others are 2, 4 and 8 times as wide.
        strips: horizontal strips; the rows of the last features (a quarter of the maps') must be a multiple.
        dims: numbers a strip; 4 times the width unless given.
    """

    def __init__(self, subjects: int, *, width: int = 64, strips: int = 16, dims: int | None = None) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            ResidualBlock(width, width, 1),
        )
        self.stages, self.fusion = (
            nn.ModuleList(
                ResidualBlock(factor * width, 2 * factor * width, stride)
                for factor, stride in ((1, 2), (2, 2), (4, 1))
            )
            for _ in range(2)
        )
        self.strips = strips
        head = (8 * width, strips, dims or 4 * width, subjects)
        self.head = StripHead(*head)
        self.branch_heads = nn.ModuleList(StripHead(*head) for _ in range(2 if subjects else 0))

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and heads in the order fused, global, parts."""
        maps = inputs.heatmaps.flatten(0, 1)
        upper, lower = (
            shown(maps[:, joints].amax(1, keepdim=True), inputs.mask) for joints in (UPPER, LOWER)
        )
        # One batch for the three streams, so that shared weights see shared batch statistics.
        streams = self.stem(torch.cat([upper, lower, torch.maximum(upper, lower)]))
        fused = _strongest(streams)
        for stage, fusion in zip(self.stages, self.fusion, strict=True):
            streams = stage(streams)
            fused = fusion(fused) + _strongest(streams)
        upper, lower, whole = _by_stream(streams)
        strips = [
            strips_of(pooled_over_time(path, inputs.mask, "max"), self.strips)
            for path in (fused, whole, torch.maximum(upper, lower))
        ]
        embedding, head = self.head(strips[0])
        if head is None:
            return Output(embedding, ())
        others = zip(self.branch_heads, strips[1:], strict=True)
        return Output(embedding, (head, *(branch_head(cut)[1] for branch_head, cut in others)))


def _by_stream(streams: Float[Tensor, "all_streams ..."]) -> Float[Tensor, "3 frames ..."]:
    """The same numbers, stream by stream."""
    return streams.reshape(3, -1, *streams.shape[1:])


def _strongest(streams: Float[Tensor, "all_streams ..."]) -> Float[Tensor, "frames ..."]:
    """The maximum of the three streams, place by place."""
    upper, lower, whole = _by_stream(streams)
    return torch.maximum(torch.maximum(upper, lower), whole)
