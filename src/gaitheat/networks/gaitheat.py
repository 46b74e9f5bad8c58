"""GaitHeat: aligned heatmaps, pose-guided attention, a global and a local branch, fused by channel attention.

After "Cut Out the Middleman: Revisiting Pose-Based Gait Recognition" (ECCV 2024). Where that is silent
(widths, grid, strips), the choice made here is small enough to train on two CPU cores.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.networks.attention import PoseGuidedAttention, enlarged
from gaitheat.networks.blocks import (
    ChannelFusion,
    Frames,
    Mask,
    Pooling,
    SpaceTimeBlock,
    averaged,
    by_clip,
    pooled_over_time,
    shown,
    strips_of,
)
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output
from gaitheat.skeleton import JOINTS, PARTS

_MOST_JOINTS = max(map(len, PARTS.values()))
# Groups of a convolution are equally large: a part with fewer joints shows its first one again.
_CHANNELS_OF_PARTS = [
    joint for joints in PARTS.values() for joint in (*joints, *joints[:1] * (_MOST_JOINTS - len(joints)))
]


class GaitHeat(nn.Module):
    """Windows of aligned heatmaps in, `strips` x `dims` numbers out.

    Args:
        subjects: classes of the cross-entropy heads; 0 builds none (inference, export).
        widths: channels at full resolution, then after each halving; those in multiples of 4, for the parts.
        blocks: residual blocks after each halving; one number fewer than widths.
        strips: horizontal strips; the rows of the last features must be a multiple.
        dims: numbers a strip.
        attention: whether maps are masked (step b of the alignment).
        residual: whether the mask leaves a learned share of the map (step c).
        parts: whether there is a local branch: head, torso, upper and lower limbs, each of its own channels.
        fusion: how the branches become one: weighed by channel attention, or added; none: no local branch.
        temporal: kernels over three frames, or over one: then the order of frames makes no difference.
        pooling: over time.
        columns: of every strip that are kept; 0: each strip's mean plus maximum.
        shallow: whether mean and deviation of the maps themselves join the strips of the fused features.
        reduce: maps are first averaged over squares of so many cells.
    """

    def __init__(
        self,
        subjects: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: tuple[int, ...] = (2, 1),
        strips: int = 8,
        dims: int = 64,
        attention: bool = True,
        residual: bool = True,
        parts: bool = True,
        fusion: Literal["attention", "add", "none"] = "attention",
        temporal: Literal["ordered", "unordered"] = "ordered",
        pooling: Pooling = "moments",
        columns: int = 6,
        shallow: bool = True,
        reduce: int = 2,
    ) -> None:
        super().__init__()
        expect_sizes(widths, blocks, len(PARTS) if parts and fusion != "none" else 1)
        self.reduce, self.pooling, self.strips, self.columns = reduce, pooling, strips, columns
        self.attention = PoseGuidedAttention(residual) if attention else None
        kernel = 3 if temporal == "ordered" else 1
        self.whole = Branch(len(JOINTS), widths, blocks, kernel)
        self.parts, self.fusion = None, None
        if parts and fusion != "none":
            self.parts = LocalBranch(widths[1:], blocks[1:], kernel)
            self.fusion = ChannelFusion(widths[-1]) if fusion == "attention" else None
        inputs = widths[-1] * (2 if pooling == "moments" else 1) * (columns or 1)
        self.shallow = Shallow(len(JOINTS), strips) if shallow else None
        beside = self.shallow.features if self.shallow else 0
        self.head = StripHead(inputs + beside, strips, dims, subjects)
        self.branch_heads = nn.ModuleList(
            StripHead(inputs, strips, dims, subjects) for _ in range(2 if subjects and self.parts else 0)
        )

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and heads in the order fused, global, local; only one without a local branch."""
        mask = inputs.mask
        maps = self._reduced(inputs)
        if self.attention is not None:
            maps = self.attention(maps, shown(inputs.keypoints.flatten(0, 1), mask))
        branches = [self.whole(maps, mask)]
        if self.parts is not None:
            branches.append(self.parts(maps, mask))
        strips = self._strips(self._fused(branches, mask), mask)
        if self.shallow is not None:
            strips = torch.cat([strips, self.shallow(maps, mask)], 1)
        embedding, head = self.head(strips)
        heads = [head] if head is not None else []
        for branch, branch_head in zip(branches, self.branch_heads, strict=False):
            heads.append(branch_head(self._strips(branch, mask))[1])
        return Output(embedding, tuple(heads))

    def masks(self, inputs: Inputs) -> Float[Tensor, "clips frames 17 height width"]:
        """What the attention leaves of each channel, 0..1, at the size of the heatmaps: for drawing."""
        if self.attention is None:
            return inputs.heatmaps.new_ones(inputs.heatmaps.shape)
        coarse = self.attention.masks(self._reduced(inputs), inputs.keypoints.flatten(0, 1))
        rows, columns = inputs.heatmaps.shape[3:]
        return by_clip(enlarged(coarse, rows, columns), inputs.mask)

    def _reduced(self, inputs: Inputs) -> Frames:
        maps = shown(averaged(inputs.heatmaps.flatten(0, 1), self.reduce), inputs.mask)
        return maps.contiguous(memory_format=torch.channels_last)

    def _strips(self, frames: Frames, mask: Mask) -> Float[Tensor, "clips features strips"]:
        return strips_of(pooled_over_time(frames, mask, self.pooling), self.strips, self.columns)

    def _fused(self, branches: list[Frames], mask: Mask) -> Frames:
        if len(branches) == 1:
            return branches[0]
        fused: Tensor = torch.add(*branches) if self.fusion is None else self.fusion(branches, mask)
        return fused


def expect_sizes(widths: tuple[int, ...], blocks: tuple[int, ...], groups: int) -> None:
    """GaitheatError if no network can be built of them."""
    if len(blocks) != len(widths) - 1 or not blocks or min(*widths, *blocks) < 1:
        raise GaitheatError(
            f"expected widths and blocks of 1 or more, and one of blocks fewer, but got {widths} and {blocks}"
        )
    if any(width % groups for width in widths[1:]):
        raise GaitheatError(
            f"expected widths after the first in multiples of {groups}, for so many parts, but got {widths}"
        )


class Branch(nn.Module):
    """A convolution, then stages of residual blocks, each halving the size."""

    def __init__(
        self,
        channels: int,
        widths: tuple[int, ...],
        blocks: tuple[int, ...],
        kernel: int,
        groups: int = 1,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, widths[0], 3, stride, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList()
        for width, wider, depth in zip(widths[:-1], widths[1:], blocks, strict=True):
            self.blocks.append(SpaceTimeBlock(width, wider, 2, kernel, groups))
            self.blocks.extend(SpaceTimeBlock(wider, wider, 1, kernel, groups) for _ in range(depth - 1))

    def forward(self, maps: Frames, mask: Mask) -> Frames:
        """Features of every frame."""
        frames: Tensor = self.stem(maps)
        for block in self.blocks:
            frames = block(frames, mask)
        return frames


class LocalBranch(Branch):
    """A branch from half the size on, whose groups of channels see one part of the body each."""

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...], kernel: int) -> None:
        super().__init__(len(_CHANNELS_OF_PARTS), widths, blocks, kernel, len(PARTS), stride=2)

    def forward(self, maps: Frames, mask: Mask) -> Frames:
        """Features of every frame, of maps of all joints."""
        # By a product, several times as fast as by their indices.
        chosen = functional.one_hot(torch.tensor(_CHANNELS_OF_PARTS, device=maps.device), len(JOINTS))
        by_part = maps.permute(0, 2, 3, 1) @ chosen.T.to(maps.dtype)
        return super().forward(by_part.permute(0, 3, 1, 2), mask)


class Shallow(nn.Module):
    """Mean and deviation over time of the maps themselves, on a coarse grid: where every joint is, and moves.

    What a training-free embedding knows (`gaitheat.embeddings`), a network need not learn anew.

    Args:
        channels: of the maps.
        strips: of the body.
        rows: of the grid in a strip.
        columns: of the grid.
    """

    def __init__(self, channels: int, strips: int, rows: int = 2, columns: int = 12) -> None:
        super().__init__()
        self.strips, self.rows, self.columns = strips, rows, columns
        self.features = 2 * channels * rows * columns
        """Of a strip."""
        self.normalisation = nn.BatchNorm2d(2 * channels)

    def forward(self, maps: Frames, mask: Mask) -> Float[Tensor, "clips features strips"]:
        """Of the strips of every clip."""
        moments = pooled_over_time(maps.float(), mask, "moments")
        grid = functional.adaptive_avg_pool2d(moments, (self.strips * self.rows, self.columns))
        cut: Tensor = self.normalisation(grid).unflatten(2, (self.strips, self.rows))
        return cut.permute(0, 1, 3, 4, 2).flatten(1, 3)
