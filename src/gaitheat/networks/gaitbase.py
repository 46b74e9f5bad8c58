"""GaitBase, a baseline on silhouettes: a plain residual network over every frame.

After C. Fan et al., "OpenGait: Revisiting Gait Recognition Toward Better Practicality" (CVPR 2023).
Departures, so that it is compared like everybody: the embedding is what the neck gives (the paper compares
the features before it), and its strips are made 1 long before distances are taken.
"""

from torch import nn

from gaitheat.networks.blocks import ResidualBlock, pooled_over_time, shown, strips_of
from gaitheat.networks.heads import StripHead
from gaitheat.networks.types import Inputs, Output


class GaitBase(nn.Module):
    """A ResNet9 of every frame, the maximum over the frames, strips. Frames are a set.

    Args:
        subjects: classes of the cross-entropy head; 0 builds none (inference, export).
        width: channels of the first stage, 64 in the paper; the others are 2, 4 and 8 times as wide.
        strips: horizontal strips; the rows of the last features (a quarter of the maps') must be a multiple.
        dims: numbers a strip; 4 times the width unless given.
    """

    def __init__(self, subjects: int, *, width: int = 64, strips: int = 16, dims: int | None = None) -> None:
        super().__init__()
        self.strips = strips
        self.trunk = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            ResidualBlock(width, width, 1),
            ResidualBlock(width, 2 * width, 2),
            ResidualBlock(2 * width, 4 * width, 2),
            ResidualBlock(4 * width, 8 * width, 1),
        )
        self.head = StripHead(8 * width, strips, dims or 4 * width, subjects)

    def forward(self, inputs: Inputs) -> Output:
        """The embedding, and one head."""
        frames = self.trunk(shown(inputs.silhouettes.flatten(0, 1)[:, None], inputs.mask))
        embedding, head = self.head(strips_of(pooled_over_time(frames, inputs.mask, "max"), self.strips))
        return Output(embedding, () if head is None else (head,))
