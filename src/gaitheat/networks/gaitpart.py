"""GaitPart, a baseline on silhouettes: parts of the body seen apart, and the short motions of each.

After C. Fan et al., "GaitPart: Temporal Part-based Model for Gait Recognition" (CVPR 2020), in its size for
CASIA-B. Departures: the embedding's strips are made 1 long before distances are taken, as everybody's are
(the triplets see them as they are); beyond a clip's ends, and in a masked frame, windows average zeros.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.blocks import (
    Frames,
    Mask,
    TemporalConvolution,
    by_clip,
    pooled_over_time,
    shown,
    strips_of,
)
from gaitheat.networks.focal import FocalPair
from gaitheat.networks.heads import TripletHead
from gaitheat.networks.types import Inputs, Output

STRIPS = 16
"""Of a quarter of the silhouettes' rows: every strip is one row."""
SQUEEZE = 4
"""How many times fewer channels there are between the two convolutions of an attention."""


class GaitPart(nn.Module):
    """Focal convolutions of every frame, strips, then attention over two lengths of motion.

    Args:
        subjects: 0 builds no head for the triplet loss (inference, export).
        width: channels of the first block, 32 in the paper; the others are 2 and 4 times as wide.
        dims: numbers a strip; 4 times the width unless given.
    """

    def __init__(self, subjects: int, *, width: int = 32, dims: int | None = None) -> None:
        super().__init__()
        self.first = FocalPair(1, width, kernel=5)
        self.second = FocalPair(width, 2 * width, parts=4)
        self.third = FocalPair(2 * width, 4 * width, parts=8)
        self.short = MicroMotion(4 * width, window=3, kernel=1)
        self.long = MicroMotion(4 * width, window=5, kernel=3)
        self.head = TripletHead(4 * width, STRIPS, dims or 4 * width, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        mask = inputs.mask
        frames = self.first(shown(inputs.silhouettes.flatten(0, 1)[:, None], mask))
        frames = self.second(functional.max_pool2d(frames, 2))
        frames = self.third(functional.max_pool2d(frames, 2))
        parts = strips_of(frames, STRIPS).transpose(1, 2).flatten(1)[:, :, None, None]
        motion = pooled_over_time(self.short(parts, mask) + self.long(parts, mask), mask, "max")
        output: Output = self.head(motion.reshape(motion.shape[0], STRIPS, -1).transpose(1, 2))
        return output


class MicroMotion(nn.Module):
    """What happens within a few frames, in each strip by itself, weighed by attention.

    Args:
        channels: of a strip.
        window: frames.
        kernel: of the attention's second convolution over time; that of the first is 3.
    """

    def __init__(self, channels: int, window: int, kernel: int) -> None:
        super().__init__()
        self.window = window
        outer, inner = STRIPS * channels, STRIPS * max(channels // SQUEEZE, 1)
        self.first = TemporalConvolution(outer, inner, 3, STRIPS)
        self.second = TemporalConvolution(inner, outer, kernel, STRIPS)

    def forward(
        self, parts: Float[Tensor, "all_frames features 1 1"], mask: Mask
    ) -> Float[Tensor, "all_frames features 1 1"]:
        """Features are those of all strips, one strip after the other."""
        attention: Tensor = self.second(functional.leaky_relu(self.first(parts, mask)), mask).sigmoid()
        return attention * templates(parts, mask, self.window)


def templates(parts: Frames, mask: Mask, window: int) -> Frames:
    """Mean plus maximum over the frames around every frame; 0 in masked frames."""
    features = by_clip(parts.flatten(1), mask)[:, None]
    unseen = ~mask[:, None, :, None]
    options = (window, 1), 1, (window // 2, 0)
    mean = functional.avg_pool2d(features.masked_fill(unseen, 0), *options)
    largest = functional.max_pool2d(features.masked_fill(unseen, -torch.inf), *options)
    pooled: Tensor = (mean + largest).masked_fill(unseen, 0)
    return pooled.reshape(parts.shape)
