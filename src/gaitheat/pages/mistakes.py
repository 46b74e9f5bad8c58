"""Who was taken for whom: wrong searches as film strips, for a person to see why."""

from collections.abc import Sequence
from html import escape
from itertools import chain, zip_longest

import numpy as np

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.evaluation.cells import CellResult
from gaitheat.evaluation.searching import Mistake
from gaitheat.pages.markup import picture
from gaitheat.painting import (
    TILE,
    Picture,
    enlarged,
    evenly,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
    shrunk,
)
from gaitheat.sources import ClipSource

SHOWN = 8
"""Mistakes on a page."""
STRIP_FRAMES = 6
"""Frames of a film strip: the page shows three strips side by side."""
SCALE = 2
"""Picture pixels a heatmap cell."""


def mistakes_strips(source: ClipSource, cells: Sequence[CellResult]) -> str:
    """The surest wrong searches as HTML, from all cells in turn; only their clips are read.

    Of each the clip asked for, the one that it was taken for, and the nearest one of the right person.
    """
    by_turns = chain.from_iterable(
        zip_longest(*([(cell.label, mistake) for mistake in cell.mistakes] for cell in cells))
    )
    shown = [turn for turn in by_turns if turn is not None][:SHOWN]
    return "".join(_strips(source, label, mistake) for label, mistake in shown)


def _strips(source: ClipSource, label: str, mistake: Mistake) -> str:
    roles = (
        ("asked for", mistake.probe, label),
        ("taken for", mistake.taken_for, f"distance {mistake.distance:.3f}"),
        ("would be right", mistake.mate, f"distance {mistake.mate_distance:.3f}"),
    )
    clips = source.read([(key, None) for _, key, _ in roles])
    figures = [
        f"<figure><figcaption>{role} <b>{escape(key.subject)}</b> · {escape(fact)}<br>"
        f"<small>{escape(str(key))}</small></figcaption>{picture(strip(clip), f'{role}: {key}')}</figure>"
        for (role, key, fact), clip in zip(roles, clips, strict=True)
    ]
    return f'<div class="mistake">{"".join(figures)}</div>'


def strip(clip: Clip) -> Picture:
    """Evenly spaced frames in one row: maps and skeleton on the silhouette."""
    return np.hstack([_tile(clip, int(frame)) for frame in evenly(len(clip), STRIP_FRAMES)])


def _tile(clip: Clip, frame: int) -> Picture:
    """Painted at twice the size: thin lines stay smooth when they are shrunk."""
    shown, affine = person(clip, frame), enlarged(2.0 * SCALE)
    tile = np.full((2 * SCALE * MAP_HEIGHT, 2 * SCALE * MAP_WIDTH, 3), TILE, np.uint8)
    if shown.silhouette is not None:
        paint_silhouette(tile, shown.silhouette, affine, filled=True)
    paint_maps(tile, shown.maps, affine)
    paint_skeleton(tile, shown.keypoints, affine)
    return shrunk(tile, SCALE * MAP_WIDTH, SCALE * MAP_HEIGHT)
