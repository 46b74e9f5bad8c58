"""Pose-guided heatmap alignment, second and third step: what says nothing about gait is damped, not lost.

The first step, an affine a frame, is done before the network (`gaitheat.heatmaps.align`).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.skeleton import JOINTS

ROWS, COLUMNS = 16, 12
"""The coarse grid on which masks are made: a cell is a twelfth of a body's width, wide as a thigh."""
SPREAD = 1.5
"""Width (standard deviation) of a keypoint on the coarse grid, cells."""
HIDDEN = 16
"""Channels between the two convolutions."""

Maps = Float[Tensor, "all_frames 17 rows columns"]
Keypoints = Float[Tensor, "all_frames 17 3"]


class PoseGuidedAttention(nn.Module):
    """One spatial mask a channel, made from the maps and from where the keypoints are.

    With the residual, channel by channel, the result is ``a * x + (1 - a) * m * x``: the mask m can damp, and
    the learned share a, which starts at one half, says how much of the map x stays in any case. Without a
    residual the result is ``m * x``.
    """

    def __init__(self, residual: bool) -> None:
        super().__init__()
        channels = len(JOINTS)
        self.mask = nn.Sequential(
            nn.Conv2d(2 * channels, HIDDEN, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(HIDDEN, channels, 3, padding=1),
            nn.Sigmoid(),
        )
        self.share = nn.Parameter(torch.zeros(channels)) if residual else None
        """Of every channel, what is kept whatever the mask says: the logit of a."""

    def kept(self) -> Float[Tensor, " channels"]:
        """The share a of every channel, 0..1; all 0 without the residual."""
        return torch.zeros(len(JOINTS)) if self.share is None else self.share.sigmoid()

    def masks(self, maps: Maps, keypoints: Keypoints) -> Float[Tensor, "all_frames 17 16 12"]:
        """The masks m on the coarse grid, 0..1."""
        coarse = functional.adaptive_avg_pool2d(maps, (ROWS, COLUMNS))
        masks: Tensor = self.mask(torch.cat([coarse, keypoint_fields(keypoints).to(coarse.dtype)], 1))
        return masks

    def forward(self, maps: Maps, keypoints: Keypoints) -> Maps:
        """Damped maps; keypoints are in aligned pixels of the 64 x 48 grid, whatever size the maps have."""
        gains = self.masks(maps, keypoints)
        if self.share is not None:
            kept = self.share.sigmoid()[:, None, None]
            gains = kept + (1 - kept) * gains
        return maps * enlarged(gains, maps.shape[2], maps.shape[3])


def keypoint_fields(keypoints: Keypoints) -> Float[Tensor, "all_frames 17 16 12"]:
    """A broad Gaussian for every keypoint on the coarse grid, as high as its score."""
    x, y, score = keypoints.unbind(2)
    across = _bell((x + 0.5) * (COLUMNS / MAP_WIDTH) - 0.5, COLUMNS)
    down = _bell((y + 0.5) * (ROWS / MAP_HEIGHT) - 0.5, ROWS)
    return (score[:, :, None] * down)[:, :, :, None] * across[:, :, None, :]


def enlarged(
    coarse: Float[Tensor, "all_frames 17 16 12"], rows: int, columns: int
) -> Float[Tensor, "all_frames 17 {rows} {columns}"]:
    """Masks or gains at the size of the maps."""
    return functional.interpolate(coarse, (rows, columns), mode="bilinear", align_corners=False)


def _bell(centres: Float[Tensor, "all_frames 17"], cells: int) -> Float[Tensor, "all_frames 17 {cells}"]:
    places = torch.arange(cells, device=centres.device)
    return (-((places - centres[:, :, None]) / SPREAD).square() / 2).exp()
