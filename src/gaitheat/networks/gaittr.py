"""GaitTR, a baseline on keypoints: convolutions over time and, in every frame, attention between the joints.

After C. Zhang et al., "Spatial Transformer Network on Skeleton-based Gait Recognition" (Expert Systems 2023).
Departures: joints are centred on the neck; triplets see the embedding as it is compared, of length 1; in its
recipe all triplets count, not each anchor's hardest one: those pulled all clips to one point.
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.networks.blocks import Frames, Mask, TemporalConvolution
from gaitheat.networks.graphs import as_columns, averaged_over_clip
from gaitheat.networks.heads import TripletHead
from gaitheat.networks.poses import gaittr_inputs
from gaitheat.networks.types import Inputs, Output

CHANNELS = 10
"""Of the input."""
KERNEL = 9
"""Frames that a convolution over time sees."""
HEADS = 8
"""Of the attention."""


class GaitTR(nn.Module):
    """Four blocks, each over time and then between the joints, then the mean over both.

    Args:
        subjects: 0 builds no head for the triplet loss (inference, export).
        width: channels of the first two blocks, 64 in the paper, a multiple of 32; the others have twice and
            four times as many.
        dims: numbers of the embedding, which has one strip.
    """

    def __init__(self, subjects: int, *, width: int = 64, dims: int = 128) -> None:
        super().__init__()
        if width % (4 * HEADS):
            raise GaitheatError(
                f"network.width: expected a multiple of {4 * HEADS}, for {HEADS} heads of attention, "
                f"but got {width}"
            )
        widths = (CHANNELS, width, width, 2 * width, 4 * width)
        self.scale = nn.BatchNorm2d(CHANNELS)
        self.blocks = nn.ModuleList(Block(inputs, outputs) for inputs, outputs in pairwise(widths))
        self.head = TripletHead(widths[-1], 1, dims, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head with the same numbers."""
        mask = inputs.mask
        frames = self.scale(as_columns(gaittr_inputs(inputs.keypoints, mask), mask))
        for block in self.blocks:
            frames = block(frames, mask)
        embedding, heads = self.head(averaged_over_clip(frames, mask))
        return Output(embedding, tuple(head._replace(features=embedding) for head in heads))


class Block(nn.Module):
    """A convolution over time, then attention between the joints of every frame, past its input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.time = TemporalConvolution(inputs, outputs, KERNEL)
        self.time_normalisation = nn.BatchNorm2d(outputs)
        self.space = JointAttention(outputs)
        self.space_normalisation = nn.BatchNorm2d(outputs)

    def forward(self, frames: Frames, mask: Mask) -> Frames:
        """As many frames."""
        frames = functional.mish(self.time_normalisation(self.time(frames, mask)))
        return functional.mish(self.space_normalisation(self.space(frames)) + frames)


class JointAttention(nn.Module):
    """Every joint asks all joints of its frame; queries, keys and values have a quarter of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.ask = nn.Linear(channels, 3 * inner)
        self.answer = nn.Linear(inner, channels)

    def forward(self, frames: Frames) -> Frames:
        """As many channels."""
        queries, keys, values = map(_by_head, self.ask(frames[:, :, 0].transpose(1, 2)).chunk(3, 2))
        heard = functional.scaled_dot_product_attention(queries, keys, values)
        answers: Tensor = self.answer(heard.transpose(1, 2).flatten(2))
        return answers.transpose(1, 2)[:, :, None]


def _by_head(
    joints: Float[Tensor, "frames joints channels"],
) -> Float[Tensor, "frames heads joints share"]:
    frames, count, _ = joints.shape
    return joints.reshape(frames, count, HEADS, -1).transpose(1, 2)
