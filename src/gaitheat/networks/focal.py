"""What GaitSet and GaitPart share: convolutions of one part of the body at a time."""

from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.blocks import Frames


class FocalPair(nn.Module):
    """Two convolutions with leaky ReLUs, of every part of the maps by itself (C. Fan et al., CVPR 2020).

    Args:
        inputs: channels.
        outputs: channels.
        kernel: of the first convolution; that of the second is 3.
        parts: of equal height, with the same weights; the border between two is zero to both. With one part
            these are plain convolutions.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, parts: int = 1) -> None:
        super().__init__()
        self.parts = parts
        self.first = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)

    def forward(self, frames: Frames) -> Frames:
        """Maps of the same size, whose rows must be a multiple of the parts."""
        count, channels, rows, columns = frames.shape
        cut = frames.permute(0, 2, 3, 1).reshape(count * self.parts, rows // self.parts, columns, channels)
        first = functional.leaky_relu(self.first(cut.permute(0, 3, 1, 2)))
        second = functional.leaky_relu(self.second(first))
        whole: Tensor = second.permute(0, 2, 3, 1).reshape(count, rows, columns, -1)
        return whole.permute(0, 3, 1, 2)
