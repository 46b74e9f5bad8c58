"""What a network's attention makes of aligned frames, as arrays: for drawing, not for training."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from torch import nn

from gaitheat.errors import GaitheatError
from gaitheat.modalities import frame_shape
from gaitheat.networks.gaitheat import GaitHeat
from gaitheat.networks.types import Inputs


class Attention(NamedTuple):
    """Masks, and how much of a map stays whatever they say, of every channel; all in 0..1."""

    masks: Float32[np.ndarray, "frames 17 height width"]
    kept: Float32[np.ndarray, " channels"]


def attention_of(
    network: nn.Module,
    maps: Float32[np.ndarray, "frames 17 height width"],
    keypoints: Float32[np.ndarray, "frames 17 3"],
) -> Attention:
    """The masks of frames, each by itself.

    Args:
        network: one whose maps are masked.
        maps: aligned, in 0..1.
        keypoints: in aligned heatmap pixels.

    Raises:
        GaitheatError: the network has no attention.
    """
    if not isinstance(network, GaitHeat) or network.attention is None:
        raise GaitheatError("expected a network with attention, but got one without: it has no masks to show")
    shown = torch.ones(1, len(maps), dtype=torch.bool)
    with torch.inference_mode():
        nothing = torch.empty(*shown.shape, *frame_shape("silhouettes", frozenset()))
        masks = network.masks(Inputs(_batch(maps), _batch(keypoints), nothing, shown))[0]
        kept = network.attention.kept()
    return Attention(masks.float().numpy(), kept.float().numpy())


def _batch(array: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(array)[None]
