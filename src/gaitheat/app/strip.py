"""The film strip of a track in one picture: the person above, what the network sees of them below."""

from collections.abc import Sequence

import numpy as np

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.painting import Picture, empty, evenly
from gaitheat.tiles import body_tile, maps_tile

STRIP_FRAMES = 8
"""Frames of a strip."""
SCALE, GAP = 3, 6
"""Picture pixels a heatmap cell, and between two frames."""


def strip(clip: Clip, crops: Sequence[Picture]) -> Picture:
    """Evenly spaced frames side by side, two rows; a short clip leaves places empty.

    Args:
        clip: whose.
        crops: of the recording, one a frame of the strip (:func:`gaitheat.overlay.film_strips`); if there
            are none, silhouettes take their place.
    """
    width, height = SCALE * MAP_WIDTH, SCALE * MAP_HEIGHT
    picture = empty(2 * height + GAP, STRIP_FRAMES * (width + GAP) - GAP)
    for column, frame in enumerate(evenly(len(clip), STRIP_FRAMES).tolist()):
        crop = crops[column] if crops else None
        tiles = body_tile(clip, frame, crop, SCALE), empty(GAP, width), maps_tile(clip, frame, SCALE)
        left = column * (width + GAP)
        picture[:, left : left + width] = np.vstack(tiles)
    return picture
