"""Small pictures of one frame of a clip, for film strips: the person, and what the network sees of them."""

import numpy as np

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.painting import (
    TILE,
    Picture,
    enlarged,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
    shrunk,
)

FINER = 2.0
"""How much larger a tile is painted than it is shown: thin lines stay smooth when they are shrunk."""


def body_tile(clip: Clip, frame: int, crop: Picture | None, scale: int) -> Picture:
    """The person with the skeleton, ``scale`` pixels a heatmap cell.

    Args:
        clip: whose.
        frame: which of its frames.
        crop: of the recording (:func:`gaitheat.overlay.film_strips`); None: the silhouette takes its place.
        scale: pixels a heatmap cell.
    """
    shown, width, height = person(clip, frame), scale * MAP_WIDTH, scale * MAP_HEIGHT
    tile = _empty(scale) if crop is None else shrunk(crop, round(FINER * width), round(FINER * height))
    if crop is None and shown.silhouette is not None:
        paint_silhouette(tile, shown.silhouette, enlarged(float(FINER * scale)), filled=True)
    paint_skeleton(tile, shown.keypoints, enlarged(float(FINER * scale)))
    return shrunk(tile, width, height)


def maps_tile(clip: Clip, frame: int, scale: int) -> Picture:
    """The heatmaps of all joints, ``scale`` pixels a heatmap cell."""
    tile = _empty(scale)
    paint_maps(tile, person(clip, frame).maps, enlarged(float(FINER * scale)))
    return shrunk(tile, scale * MAP_WIDTH, scale * MAP_HEIGHT)


def _empty(scale: int) -> Picture:
    finer = round(FINER * scale)
    return np.full((finer * MAP_HEIGHT, finer * MAP_WIDTH, 3), TILE, np.uint8)
