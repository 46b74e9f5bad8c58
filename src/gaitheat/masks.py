"""What the attention lets through: of each channel the aligned map, its mask, and what is left of the map."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.painting import ALARM, JOINT_COLOURS, LIGHT, MUTED, TILE, Colour, Picture, empty, fitted, font
from gaitheat.skeleton import JOINTS

CONSTANT = 0.02
"""A mask whose deviation over space is smaller tells no place from another."""
COLUMNS = 3
"""Channels side by side."""
TILE_WIDTH, TILE_HEIGHT = 2 * MAP_WIDTH, 2 * MAP_HEIGHT
MARGIN, GAP, HEADER, TITLE = 32, 4, 92, 44
CELL_WIDTH, CELL_HEIGHT = 3 * (TILE_WIDTH + GAP) + 28, TITLE + TILE_HEIGHT + 20
BAR_HEIGHT = 12


class Attended(NamedTuple):
    """What a network's attention did to the frames of a clip, all values in 0..1.

    Attributes:
        maps: aligned maps, as they went in.
        masks: one a channel and frame.
        damped: the maps as they went on: mask and residual applied.
    """

    maps: Float32[np.ndarray, "frames 17 height width"]
    masks: Float32[np.ndarray, "frames 17 height width"]
    damped: Float32[np.ndarray, "frames 17 height width"]


class MaskFigures(NamedTuple):
    """A channel's mask in numbers."""

    joint: str
    mean: float
    """Over frames and space."""
    deviation: float
    """Over the space of a frame, mean over frames; about 0 if the mask is constant and so of no use."""
    change: float
    """Deviation of a place over the frames, mean over space; 0 if the mask does not follow the person."""
    kept: float | None
    """Share of the map's mass that went on; None if the map is empty."""


def mask_figures(attended: Attended) -> list[MaskFigures]:
    """The numbers of all channels, in the order of JOINTS."""
    masks = attended.masks.astype(np.float64)
    mean, deviation = masks.mean((0, 2, 3)), masks.std((2, 3)).mean(0)
    change = masks.std(0).mean((1, 2))
    before, after = (maps.sum((0, 2, 3), np.float64) for maps in (attended.maps, attended.damped))
    return [
        MaskFigures(
            joint,
            float(mean[channel]),
            float(deviation[channel]),
            float(change[channel]),
            float(after[channel] / before[channel]) if before[channel] else None,
        )
        for channel, joint in enumerate(JOINTS)
    ]


def mask_sheet(attended: Attended, title: str, subtitle: str) -> Picture:
    """Of each channel, mean over the frames given: aligned map, mask (always from 0 to 1), damped map.

    Args:
        attended: of some frames, or of a single one.
        title: whose; ``subtitle`` by what.
    """
    rows = -(-len(JOINTS) // COLUMNS)
    sheet = empty(HEADER + rows * CELL_HEIGHT + MARGIN, 2 * MARGIN + COLUMNS * CELL_WIDTH - 28)
    means = [layer.mean(0) for layer in attended]
    places = [
        (MARGIN + c % COLUMNS * CELL_WIDTH, HEADER + c // COLUMNS * CELL_HEIGHT) for c in range(len(JOINTS))
    ]
    for channel, (left, top) in enumerate(places):
        # One gain for both, so that what was damped looks damped.
        gain = 1 / max(float(means[0][channel].max()), 1e-6)
        tiles = [
            _map_colours(gain * means[0][channel], JOINT_COLOURS[channel]),
            mask_colours(_enlarged(means[1][channel])),
            _map_colours(gain * means[2][channel], JOINT_COLOURS[channel]),
        ]
        for column, tile in enumerate(tiles):
            x, y = left + column * (TILE_WIDTH + GAP), top + TITLE
            sheet[y : y + TILE_HEIGHT, x : x + TILE_WIDTH] = tile
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    _write_header(draw, image, title, subtitle)
    for place, figures in zip(places, mask_figures(attended), strict=True):
        _write_figures(draw, place, figures)
    return np.array(image)


def mask_colours(values: NDArray[np.float32]) -> UInt8[np.ndarray, "height width 3"]:
    """0 is dark violet, 1 is yellow; equal steps look equal."""
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def _map_colours(layer: Float32[np.ndarray, "height width"], colour: Colour) -> Picture:
    strength = np.clip(_enlarged(layer), 0, 1)[..., None]
    return np.asarray(np.rint(TILE + strength * (np.array(colour, np.float32) - TILE)), np.uint8)


def _enlarged(layer: Float32[np.ndarray, "height width"]) -> NDArray[np.float32]:
    bigger = cv2.resize(layer, (TILE_WIDTH, TILE_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(bigger, np.float32)


def _write_header(draw: ImageDraw.ImageDraw, image: Image.Image, title: str, subtitle: str) -> None:
    width, large = image.width - 2 * MARGIN, font(20, bold=True)
    scale = np.repeat(np.linspace(0, 1, 180, dtype=np.float32)[None], BAR_HEIGHT, axis=0)
    right = image.width - MARGIN
    image.paste(Image.fromarray(mask_colours(scale)), (right - 200, 62))
    draw.text((right - 208, 68), "mask 0", MUTED, font(13), anchor="rm")
    draw.text((right, 68), "1", MUTED, font(13), anchor="rm")
    draw.text((MARGIN, 24), fitted(title, width, large), LIGHT, large)
    words = f"{subtitle} · left to right: aligned map, mask, what goes on"
    draw.text((MARGIN, 60), fitted(words, width - 280, font(13)), MUTED, font(13))


def _write_figures(draw: ImageDraw.ImageDraw, place: tuple[int, int], figures: MaskFigures) -> None:
    left, top = place
    constant = figures.deviation < CONSTANT
    draw.text((left, top + 2), figures.joint.replace("_", " "), LIGHT, font(14, bold=True))
    kept = "map empty" if figures.kept is None else f"kept {100 * figures.kept:.0f} %"
    words = f"mask {figures.mean:.2f} ± {figures.deviation:.3f}{' constant' if constant else ''} · {kept}"
    draw.text((left, top + 22), words, ALARM if constant else MUTED, font(12))
