"""GaitSet, a baseline on silhouettes: frames are a set, of which only the maximum counts.

After H. Chao et al., "GaitSet: Regarding Gait as a Set for Cross-View Gait Recognition" (AAAI 2019), with the
maximum as the set pooling. Departures, so that it is compared like everybody: the embedding's strips are made
1 long before distances are taken (the triplets see them as they are); silhouettes are soft where masks are.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.blocks import pooled_over_time, shown, strips_of
from gaitheat.networks.focal import FocalPair
from gaitheat.networks.heads import TripletHead
from gaitheat.networks.types import Inputs, Output

PYRAMID = (1, 2, 4, 8, 16)
"""Strips of the pyramid's levels."""


class GaitSet(nn.Module):
    """Convolutions of every frame, a second pipeline of their maxima, and a pyramid of strips over both.

    Args:
        subjects: 0 builds no head for the triplet loss (inference, export).
        width: channels of the first block, 32 in the paper; the others are 2 and 4 times as wide.
        dims: numbers a strip; 8 times the width unless given.
    """

    def __init__(self, subjects: int, *, width: int = 32, dims: int | None = None) -> None:
        super().__init__()
        self.first = FocalPair(1, width, kernel=5)
        self.second, self.set_second = (FocalPair(width, 2 * width) for _ in range(2))
        self.third, self.set_third = (FocalPair(2 * width, 4 * width) for _ in range(2))
        self.head = TripletHead(4 * width, 2 * sum(PYRAMID), dims or 8 * width, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, strips of the frames before those of the set; and one head."""
        silhouettes = shown(inputs.silhouettes.flatten(0, 1)[:, None], inputs.mask)
        frames = functional.max_pool2d(self.first(silhouettes), 2)
        pooled = pooled_over_time(frames, inputs.mask, "max")
        frames = functional.max_pool2d(self.second(frames), 2)
        whole = functional.max_pool2d(self.set_second(pooled), 2)
        pooled = pooled_over_time(frames, inputs.mask, "max")
        frames = self.third(frames)
        whole = self.set_third(whole + pooled)
        pooled = pooled_over_time(frames, inputs.mask, "max")
        output: Output = self.head(torch.cat([_pyramid(pooled), _pyramid(whole + pooled)], 2))
        return output


def _pyramid(maps: Float[Tensor, "clips channels rows columns"]) -> Float[Tensor, "clips channels 31"]:
    """The strips of all levels, from the whole body to a sixteenth."""
    return torch.cat([strips_of(maps, strips) for strips in PYRAMID], 2)
