"""GaitHeat beside silhouettes: maps say where the joints are, silhouettes what shape is around them.

Three branches of one shape (the whole body's maps, its parts' maps, the silhouette) are fused by channel
attention. Keypoints steer the attention on the maps, as they do without silhouettes.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.attention import PoseGuidedAttention
from gaitheat.networks.blocks import (
    ChannelFusion,
    Frames,
    Mask,
    averaged,
    pooled_over_time,
    shown,
    strips_of,
)
from gaitheat.networks.gaitheat import Branch, LocalBranch, Shallow, expect_sizes
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output
from gaitheat.skeleton import JOINTS, PARTS

REDUCE = 2
"""Cells along each side of the squares over which maps are averaged, and silhouettes folded into channels."""
KERNEL = 3
"""Frames that a convolution over time sees."""


class GaitHeatFusion(nn.Module):
    """Windows of aligned heatmaps, keypoints and tight silhouettes in, `strips` x `dims` numbers out.

    Args:
        subjects: classes of the cross-entropy heads; 0 builds none (inference, export).
        widths: channels at half the resolution of the inputs, then after each halving; those in multiples of
            4, for the parts.
        blocks: residual blocks after each halving; one number fewer than widths.
        strips: horizontal strips.
        dims: numbers a strip.
        columns: of every strip that are kept; 0: each strip's mean plus maximum.
    """

    def __init__(
        self,
        subjects: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: tuple[int, ...] = (2, 1),
        strips: int = 8,
        dims: int = 64,
        columns: int = 6,
    ) -> None:
        super().__init__()
        expect_sizes(widths, blocks, len(PARTS))
        self.strips, self.columns = strips, columns
        self.attention = PoseGuidedAttention(residual=True)
        self.whole = Branch(len(JOINTS), widths, blocks, KERNEL)
        self.parts = LocalBranch(widths[1:], blocks[1:], KERNEL)
        self.silhouette = Branch(REDUCE**2, widths, blocks, KERNEL)
        self.fusion = ChannelFusion(widths[-1], branches=3)
        self.shallow_maps = Shallow(len(JOINTS), strips)
        # One channel affords a finer grid than 17.
        self.shallow_silhouettes = Shallow(1, strips, rows=4, columns=22)
        inputs = 2 * widths[-1] * (columns or 1)
        beside = self.shallow_maps.features + self.shallow_silhouettes.features
        self.head = StripHead(inputs + beside, strips, dims, subjects)
        self.branch_heads = nn.ModuleList(
            StripHead(inputs, strips, dims, subjects) for _ in range(3 if subjects else 0)
        )

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and heads in the order fused, global, local, silhouette."""
        mask = inputs.mask
        maps = _lasting(shown(averaged(inputs.heatmaps.flatten(0, 1), REDUCE), mask))
        maps = self.attention(maps, shown(inputs.keypoints.flatten(0, 1), mask))
        silhouettes = shown(inputs.silhouettes.flatten(0, 1)[:, None], mask)
        # Folded, not averaged: the outline keeps its sharpness at the same cost.
        folded = _lasting(functional.pixel_unshuffle(silhouettes, REDUCE))
        branches = [self.whole(maps, mask), self.parts(maps, mask), self.silhouette(folded, mask)]
        branches[2] = functional.adaptive_avg_pool2d(branches[2], branches[0].shape[2:])
        strips = [
            self._strips(self.fusion(branches, mask), mask),
            self.shallow_maps(maps, mask),
            self.shallow_silhouettes(silhouettes, mask),
        ]
        embedding, head = self.head(torch.cat(strips, 1))
        heads = [head] if head is not None else []
        for branch, branch_head in zip(branches, self.branch_heads, strict=False):
            heads.append(branch_head(self._strips(branch, mask))[1])
        return Output(embedding, tuple(heads))

    def _strips(self, frames: Frames, mask: Mask) -> Float[Tensor, "clips features strips"]:
        return strips_of(pooled_over_time(frames, mask, "moments"), self.strips, self.columns)


def _lasting(frames: Frames) -> Frames:
    """Channels last in memory."""
    return frames.contiguous(memory_format=torch.channels_last)
