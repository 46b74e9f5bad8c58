"""SkeletonGait, a baseline on keypoints: it draws them as a picture, and reads that like a silhouette.

After C. Fan et al., "SkeletonGait: Gait Recognition Using Skeleton Maps" (AAAI 2024), whose network is the
pseudo-3D one of "Exploring Deep Models for Practical Gait Recognition" (C. Fan et al., 2023). Departures:

- The paper draws a body 128 pixels high with a deviation of 8, then cuts away what is empty and reduces to 64
  rows. Here the body is drawn once, on the 64 x 44 grid, with the deviation in the same proportion to it.
- Joints that are hardly seen do not measure the body, and are drawn as faint as their score; the paper
  fills in joints that are missing.
- The bones are those of `gaitheat.skeleton`, and the embedding's strips, behind the neck, are made 1 long.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.networks.blocks import (
    Frames,
    Mask,
    ResidualBlock,
    Shortcut,
    TemporalConvolution,
    pooled_over_time,
    shown,
    strips_of,
)
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output
from gaitheat.skeleton import BONES, HIPS

ROWS, COLUMNS = 64, 44
"""Of the maps, as silhouettes have them."""
BODY_ROWS = 56.0
"""Rows from the highest joint to the lowest."""
SIGMA = BODY_ROWS * 8 / 128
"""Deviation of the Gaussians, cells."""
SEEN = 0.2
"""Score below which a joint does not measure the body."""
SHORTEST = 4.0
"""Heatmap pixels: what is seen less high is no body."""

Joints = Float[Tensor, "frames 17 3"]
"""x and y in pixels, and score."""


class SkeletonGait(nn.Module):
    """Maps of joints and of limbs, convolutions over space and time, the maximum over time, strips.

    Args:
        subjects: classes of the cross-entropy head; 0 builds none (inference, export).
        width: channels of the first stage, 64 in the paper; the others are 2, 4 and 8 times as wide.
        blocks: residual blocks of the four stages; the paper has (1, 4, 4, 1) for its largest data sets.
        strips: horizontal strips, a divisor of 16.
        dims: numbers a strip; 4 times the width unless given.
    """

    def __init__(
        self,
        subjects: int,
        *,
        width: int = 64,
        blocks: tuple[int, ...] = (1, 1, 1, 1),
        strips: int = 16,
        dims: int | None = None,
    ) -> None:
        super().__init__()
        if len(blocks) != 4 or min(blocks) < 1:
            raise GaitheatError(f"expected four numbers of blocks, each 1 or more, but got {blocks}")
        self.strips = strips
        self.stem = nn.Sequential(
            nn.Conv2d(2, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            *(ResidualBlock(width, width, 1) for _ in range(blocks[0])),
        )
        self.blocks = nn.ModuleList()
        for factor, stride, depth in zip((1, 2, 4), (2, 2, 1), blocks[1:], strict=True):
            wider = 2 * factor * width
            self.blocks.append(SpaceTimeSpaceBlock(factor * width, wider, stride))
            self.blocks.extend(SpaceTimeSpaceBlock(wider, wider, 1) for _ in range(depth - 1))
        self.head = StripHead(8 * width, strips, dims or 4 * width, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        maps = skeleton_maps(shown(inputs.keypoints.flatten(0, 1), inputs.mask))
        frames = self.stem(maps.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            frames = block(frames, inputs.mask)
        embedding, head = self.head(strips_of(pooled_over_time(frames, inputs.mask, "max"), self.strips))
        return Output(embedding, () if head is None else (head,))


class SpaceTimeSpaceBlock(nn.Module):
    """A residual block of two 3 x 3 convolutions, with one over time, in a path of its own, between them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.time = TemporalConvolution(outputs, outputs, 3)
        self.time_normalisation = nn.BatchNorm2d(outputs)
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.shortcut = Shortcut(inputs, outputs, stride)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """Rows and columns are divided by the stride, rounded up."""
        changed = self.first(frames)
        changed = functional.relu(changed + self.time_normalisation(self.time(changed, mask)))
        return functional.relu(self.second(changed) + self.shortcut(frames), inplace=True)


def skeleton_maps(keypoints: Joints) -> Float[Tensor, "frames 2 64 44"]:
    """The joints as Gaussians, and the limbs as ridges of the same width, each as high as its score.

    Where several reach, the highest counts; a limb's score is the lower of its two joints'.

    Args:
        keypoints: x and y in any pixels, and score.
    """
    points, scores = normalised(keypoints), keypoints[:, :, 2]
    starts, ends = (torch.tensor(joints, device=points.device) for joints in zip(*BONES, strict=True))
    limbs = _drawn(points[:, starts], points[:, ends], torch.minimum(scores[:, starts], scores[:, ends]))
    return torch.stack([_drawn(points, points, scores), limbs], 1)


def normalised(keypoints: Joints) -> Float[Tensor, "frames 17 2"]:
    """Places in cells of the map: hips midway across, from the highest joint to the lowest BODY_ROWS.

    Every frame is normalised by itself. Joints scored below SEEN do not measure the body's height.
    """
    points, scores = keypoints[:, :, :2], keypoints[:, :, 2]
    hips = points[:, HIPS[0] : HIPS[1] + 1].mean(1, keepdim=True)
    heights = torch.where(scores < SEEN, hips[:, :, 1], points[:, :, 1])
    top, bottom = heights.amin(1, keepdim=True), heights.amax(1, keepdim=True)
    middle = torch.stack([hips[:, :, 0], (top + bottom) / 2], 2)
    scale = BODY_ROWS / (bottom - top).clamp(min=SHORTEST)
    return (points - middle) * scale[:, :, None] + points.new_tensor([(COLUMNS - 1) / 2, (ROWS - 1) / 2])


def _drawn(
    starts: Float[Tensor, "frames lines 2"],
    ends: Float[Tensor, "frames lines 2"],
    heights: Float[Tensor, "frames lines"],
) -> Float[Tensor, "frames 64 44"]:
    """Of all lines, the highest Gaussian of the distance to it. A joint is a line without length."""
    along = (ends - starts)[..., None]
    unit = along / along.square().sum(2, keepdim=True).clamp(min=1e-6)
    across = torch.arange(COLUMNS, device=starts.device) - starts[:, :, :1]
    down = torch.arange(ROWS, device=starts.device) - starts[:, :, 1:]
    # How far along the line its nearest point lies: 0 at its start, 1 at its end.
    nearest = (across * unit[:, :, 0])[:, :, None] + (down * unit[:, :, 1])[..., None]
    nearest = nearest.clamp(0, 1)
    beside = across[:, :, None] - nearest * along[:, :, :1]
    below = down[..., None] - nearest * along[:, :, 1:]
    bells = (-(beside.square() + below.square()) / (2 * SIGMA**2)).exp()
    return (heights[:, :, None, None] * bells).amax(1)
