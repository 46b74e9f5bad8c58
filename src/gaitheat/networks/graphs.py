"""What the networks on keypoints are built of: joints as columns, convolutions along the bones, means.

Activations keep the layout of `gaitheat.networks.blocks`, with the joints as the columns of a single row:
[clips * frames, channels, 1, 17]. So its convolutions over time serve joints as they do places of a map.
"""

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from numpy.typing import NDArray
from torch import Tensor, nn

from gaitheat.networks.blocks import Frames, Mask, by_clip, shown
from gaitheat.networks.poses import PARENTS
from gaitheat.skeleton import JOINTS

Relations = Float32[np.ndarray, "relations 17 17"]
"""How much each joint (second axis) hears of each (third axis), in several ways."""


def as_columns(features: Float[Tensor, "clips frames 17 channels"], mask: Mask) -> Frames:
    """The joints as columns of every frame; masked frames are zero."""
    frames = shown(features.flatten(0, 1), mask)
    return frames.transpose(1, 2)[:, :, None]


def averaged_over_clip(frames: Frames, mask: Mask) -> Float[Tensor, "clips channels 1"]:
    """The mean over the joints, and over the frames that the mask shows."""
    clips = by_clip(frames.mean((2, 3)), mask) * mask[:, :, None]
    return (clips.sum(1) / mask.sum(1, keepdim=True))[:, :, None]


def normalised(related: Relations) -> Relations:
    """Rows that add up to 1: every joint hears a mean."""
    means: Relations = related / np.maximum(related.sum(2, keepdims=True), 1)
    return means


def hops() -> Int64[np.ndarray, "17 17"]:
    """How many bones lie between two joints."""
    linked = np.eye(len(JOINTS), dtype=np.int64)
    for joint, parent in enumerate(PARENTS):
        linked[joint, parent] = linked[parent, joint] = 1
    reached = [np.linalg.matrix_power(linked, steps) > 0 for steps in range(len(JOINTS))]
    first: NDArray[np.int64] = np.stack(reached).argmax(0)
    return first


class GraphConvolution(nn.Module):
    """Every joint's neighbours, gathered in several ways, each with weights of its own.

    The relations say who is heard at all; how much, each layer learns (S. Yan et al., AAAI 2018).
    """

    def __init__(self, inputs: int, outputs: int, relations: Relations) -> None:
        super().__init__()
        self.register_buffer("relations", torch.tensor(relations), persistent=False)
        self.relations: Tensor
        self.importance = nn.Parameter(torch.ones_like(self.relations))
        self.convolution = nn.Conv2d(len(relations) * inputs, outputs, 1, bias=False)

    def forward(self, frames: Frames) -> Frames:
        """As many joints."""
        heard = (self.relations * self.importance).flatten(0, 1).to(frames.dtype)
        gathered = heard @ frames[:, :, 0].transpose(1, 2)  # [frames, relations * joints, channels]
        by_way = gathered.reshape(frames.shape[0], *self.relations.shape[:2], -1)
        columns = by_way.transpose(2, 3).flatten(1, 2)
        mixed: Tensor = self.convolution(columns[:, :, None])
        return mixed
