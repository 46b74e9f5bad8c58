"""What the networks are built of: convolutions over space and time, pooling, strips, fusion.

Activations keep one layout, [clips * frames, channels, rows, columns] in channels-last memory. A convolution
over time is then a plain two-dimensional one on another view of the same numbers, without a copy. The mask
[clips, frames] travels along: a masked frame is zero to its neighbours in time, as if the clip ended there.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.errors import GaitheatError

Pooling = Literal["max", "moments"]
"""What is kept of a clip's frames: the maximum over time, or mean and deviation (twice the channels)."""

Frames = Float[Tensor, "all_frames _channels _rows _columns"]
Mask = Bool[Tensor, "clips frames"]


def by_clip(frames: Float[Tensor, "all_frames ..."], mask: Mask) -> Float[Tensor, "clips frames ..."]:
    """The same numbers, clip by clip."""
    return frames.reshape(*mask.shape, *frames.shape[1:])


def shown(frames: Float[Tensor, "all_frames ..."], mask: Mask) -> Float[Tensor, "all_frames ..."]:
    """The frames, masked ones zero: a product with 0 would keep a NaN, which spreads to the whole clip."""
    unseen = ~mask.reshape(-1, *[1] * (frames.dim() - 1))
    return frames.masked_fill(unseen, 0)


def averaged(maps: Frames, size: int) -> Frames:
    """Means of squares of so many cells; several times as fast on a CPU as average pooling."""
    rows, columns = maps.shape[2:]
    if rows % size or columns % size:
        raise GaitheatError(
            f"maps of {rows} x {columns} cells cannot be averaged over squares of {size} x {size}: "
            f"expected multiples of {size}; give the network other maps or reduce them less"
        )
    if size == 1:
        return maps
    low = reduce(torch.add, (maps[:, :, row::size] for row in range(size)))
    return reduce(torch.add, (low[..., column::size] for column in range(size))) / size**2


class TemporalConvolution(nn.Module):
    """A convolution over the frames of every clip, for each place in the map alike."""

    def __init__(self, inputs: int, outputs: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            inputs, outputs, (kernel, 1), padding=(kernel // 2, 0), groups=groups, bias=False
        )

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many frames of the same size; what masked frames hold changes nothing in the others."""
        _, channels, rows, columns = frames.shape
        clips = frames.permute(0, 2, 3, 1).reshape(*mask.shape, rows * columns, channels)
        seen = clips * mask[:, :, None, None].to(clips.dtype)
        mixed: Tensor = self.convolution(seen.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return mixed.reshape(frames.shape[0], rows, columns, -1).permute(0, 3, 1, 2)


class SpaceTimeBlock(nn.Module):
    """A residual pseudo-3D block: 3 x 3 over space, then a kernel over time (Z. Qiu et al., ICCV 2017)."""

    def __init__(self, inputs: int, outputs: int, stride: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        self.space = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.time = TemporalConvolution(outputs, outputs, kernel, groups)
        self.normalisation = nn.BatchNorm2d(outputs)
        self.shortcut = Shortcut(inputs, outputs, stride, groups)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """Rows and columns are divided by the stride, rounded up."""
        changed = self.normalisation(self.time(self.space(frames), mask))
        return functional.relu(changed + self.shortcut(frames), inplace=True)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions past each other's input (K. He et al., CVPR 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = Shortcut(inputs, outputs, stride)

    def forward(self, frames: Frames) -> Frames:
        """Rows and columns are divided by the stride, rounded up."""
        return functional.relu(self.change(frames) + self.shortcut(frames), inplace=True)


class Shortcut(nn.Module):
    """Past a residual block: nothing, or a 1 x 1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.change = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, groups=groups, bias=False), nn.BatchNorm2d(outputs)
            )
        )

    def forward(self, frames: Frames) -> Frames:
        """Rows and columns are divided by the stride, rounded up."""
        # The stride is no part of the convolution: with fewer than 16 channels a group, oneDNN 3 writes
        # past its memory in the backward pass of a strided 1 x 1 convolution of channels-last frames.
        changed: Tensor = self.change(frames[:, :, :: self.stride, :: self.stride])
        return changed


def pooled_over_time(
    frames: Frames, mask: Mask, pooling: Pooling
) -> Float[Tensor, "clips pooled rows columns"]:
    """One map for a clip, of the frames that the mask shows; each clip must show one."""
    clips = by_clip(frames, mask)
    if pooling == "max":
        unseen = torch.zeros_like(mask, dtype=clips.dtype).masked_fill(~mask, -torch.inf)
        return (clips + unseen[:, :, None, None, None]).amax(1)
    shares = (mask / mask.sum(1, keepdim=True))[:, :, None, None, None]
    mean = (clips * shares).sum(1, keepdim=True)
    variance = ((clips - mean).square() * shares).sum(1, keepdim=True)
    # The root's slope is infinite at 0, where a still joint or a single frame would make NaN gradients.
    return torch.cat([mean, (variance + 1e-5).sqrt()], 2).squeeze(1)


def strips_of(
    maps: Float[Tensor, "clips channels rows columns"], strips: int, columns: int = 0
) -> Float[Tensor, "clips features strips"]:
    """Horizontal strips of equal height, each as one vector.

    Args:
        maps: one a clip.
        strips: how many.
        columns: 0: mean plus maximum over the strip, one feature a channel, as silhouette networks do it.
            Or so many columns of a strip are kept side by side: where in the strip a joint is, counts.
    """
    rows = maps.shape[2]
    if columns:
        return functional.adaptive_avg_pool2d(maps, (strips, columns)).transpose(2, 3).flatten(1, 2)
    if rows % strips:
        raise GaitheatError(
            f"{strips} strips cannot be cut from features {rows} rows high: expected a multiple of {strips}; "
            "give the network other maps or another number of strips"
        )
    cut = maps.reshape(*maps.shape[:2], strips, -1)
    return cut.mean(3) + cut.amax(3)


class ChannelFusion(nn.Module):
    """Branches made one: for each clip and channel, attention says how much each of them counts.

    Selective kernels (X. Li et al., CVPR 2019) with the branches in the place of kernel sizes.
    """

    def __init__(self, channels: int, branches: int = 2) -> None:
        super().__init__()
        hidden = max(8, channels // 4)
        self.weigh = nn.Sequential(
            nn.Linear(branches * channels, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, branches * channels),
        )

    def weights(self, branches: Sequence[Frames], mask: Mask) -> Float[Tensor, "branches clips channels"]:
        """What each branch counts; they add up to 1."""
        places = by_clip(torch.cat([branch.mean((2, 3)) for branch in branches], 1), mask)
        squeezed = (places * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        weights: Tensor = self.weigh(squeezed).reshape(mask.shape[0], len(branches), -1).softmax(1)
        return weights.transpose(0, 1)

    def forward(self, branches: Sequence[Frames], mask: Mask) -> Frames:
        """The weighted sum of branches of one shape."""
        weights = self.weights(branches, mask).to(branches[0].dtype)[:, :, None, :, None, None]
        weighed = (by_clip(branch, mask) * weight for branch, weight in zip(branches, weights, strict=True))
        fused: Tensor = reduce(torch.add, weighed)
        return fused.flatten(0, 1)
