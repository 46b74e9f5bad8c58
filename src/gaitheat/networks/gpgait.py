"""GPGait, a baseline on keypoints: an upright body, and graph convolutions that know its parts.

After Y. Fu et al., "GPGait: Generalized Pose-based Gait Recognition" (ICCV 2023). Departures: the description
leaves open which parts there are, whom a joint hears, and how long the kernels over time are; what is chosen
here comes to the published size and cost. The embedding's parts are made 1 long before distances are taken,
behind the neck of the head, as everybody's are.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.blocks import (
    Frames,
    Mask,
    Shortcut,
    TemporalConvolution,
    pooled_over_time,
)
from gaitheat.networks.graphs import GraphConvolution, Relations, as_columns, hops, normalised
from gaitheat.networks.heads import StripHead
from gaitheat.networks.poses import gpgait_inputs
from gaitheat.networks.types import Inputs, Output
from gaitheat.skeleton import JOINTS, PARTS

LIMBS = (
    PARTS["head"],
    (5, 7, 9),
    (6, 8, 10),
    (11, 13, 15),
    (12, 14, 16),
)
"""Head, arms and legs: left, right. Every joint belongs to exactly one."""
POOLED = (
    tuple(range(len(JOINTS))),
    (*LIMBS[0], *LIMBS[1], *LIMBS[2]),
    (*LIMBS[3], *LIMBS[4]),
    *LIMBS,
)
"""What has a strip of the embedding each: the whole body, its upper and its lower half, and the limbs."""
KERNEL = 5
"""Frames that a convolution over time sees."""


class GPGait(nn.Module):
    """Three branches of four blocks (joints, bones, angles), the maximum over time, the means of parts.

    Args:
        subjects: classes of the cross-entropy head; 0 builds none (inference, export).
        width: channels of the first two blocks, 64 in the paper; the others have twice and four times that.
        dims: numbers a part; 4 times the width unless given.
    """

    def __init__(self, subjects: int, *, width: int = 64, dims: int | None = None) -> None:
        super().__init__()
        widths = (2, width, width, 2 * width, 4 * width)
        relations = near_in_part_and_anywhere()
        self.branches = nn.ModuleList(
            Branch(Block(inputs, outputs, relations) for inputs, outputs in pairwise(widths))
            for _ in range(3)
        )
        members = members_of(POOLED)
        self.register_buffer(
            "shares", torch.tensor(members / members.sum(1, keepdims=True)), persistent=False
        )
        self.shares: Tensor
        self.head = StripHead(3 * widths[-1], len(POOLED), dims or 4 * width, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        mask = inputs.mask
        features = gpgait_inputs(inputs.keypoints)
        seen = [
            branch(as_columns(each, mask), mask) for branch, each in zip(self.branches, features, strict=True)
        ]
        joints = pooled_over_time(torch.cat(seen, 1), mask, "max")[:, :, 0]
        embedding, head = self.head(joints @ self.shares.T.to(joints.dtype))
        return Output(embedding, () if head is None else (head,))


class Branch(nn.Module):
    """The blocks that see one kind of input."""

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many frames."""
        for block in self.blocks:
            frames = block(frames, mask)
        return frames


class Block(nn.Module):
    """A part-aware graph convolution, then one over time, past their input."""

    def __init__(self, inputs: int, outputs: int, relations: Relations) -> None:
        super().__init__()
        self.space = nn.Sequential(
            nn.BatchNorm2d(inputs),
            GraphConvolution(inputs, outputs, relations),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.time = TemporalConvolution(outputs, outputs, KERNEL)
        self.time_normalisation = nn.BatchNorm2d(outputs)
        self.shortcut = Shortcut(inputs, outputs, 1)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many frames."""
        changed = self.time_normalisation(self.time(self.space(frames), mask))
        return functional.relu(changed + self.shortcut(frames), inplace=True)


def near_in_part_and_anywhere() -> Relations:
    """Whom a joint hears: itself and what a bone links it to, then its own part, then the whole body.

    The adjacency masked by the partition is what makes the convolution part-aware: local beside global.
    """
    members = members_of(LIMBS)
    ways = [hops() <= 1, members.T @ members, np.ones((len(JOINTS), len(JOINTS)))]
    return normalised(np.stack(ways).astype(np.float32))


def members_of(parts: tuple[tuple[int, ...], ...]) -> Float32[np.ndarray, "parts 17"]:
    """1 where a joint belongs to a part, else 0."""
    members = np.zeros((len(parts), len(JOINTS)), np.float32)
    for row, joints in zip(members, parts, strict=True):
        row[list(joints)] = 1
    return members
