"""What goes into a network and what comes out: NamedTuples, which DDP, torch.export and ONNX pass on."""

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor


class Inputs(NamedTuple):
    """Windows of aligned frames, batch first. What the network does not read is empty: see `frame_shape`.

    Attributes:
        heatmaps: [clips, frames, 17, height, width] in 0..1, aligned.
        keypoints: [clips, frames, 17, 3], x and y in aligned heatmap pixels of the 64 x 48 grid, and score.
        silhouettes: [clips, frames, 64, 44] in 0..1, tight: cut at head and feet, of one height, centred.
        mask: [clips, frames], true where the window shows a frame. What a masked slot holds changes nothing,
            not even NaN.
    """

    heatmaps: Float[Tensor, "clips frames channels height width"]
    keypoints: Float[Tensor, "clips frames joints 3"]
    silhouettes: Float[Tensor, "clips frames rows columns"]
    mask: Bool[Tensor, "clips frames"]


class Head(NamedTuple):
    """What the losses of one branch see: features for the triplets, logits for the cross entropy."""

    features: Float[Tensor, "clips strips dims"]
    logits: Float[Tensor, "clips strips subjects"]


class Output(NamedTuple):
    """A network's answer.

    Attributes:
        embedding: [clips, strips, dims]; every strip has length 1.
        heads: one a branch while training; empty where there are no classifiers (`subjects` = 0).
    """

    embedding: Float[Tensor, "clips strips dims"]
    heads: tuple[Head, ...]
