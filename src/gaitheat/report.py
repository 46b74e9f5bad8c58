"""The contact sheet: clips at a glance, for a person to see whether extraction worked."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.errors import GaitheatError
from gaitheat.painting import (
    ALARM,
    LEGEND,
    LIGHT,
    MUTED,
    SURE,
    TILE,
    Person,
    Picture,
    empty,
    enlarged,
    evenly,
    fitted,
    font,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
    shrunk,
)

SHEET_CLIPS = 8
"""Clips on one contact sheet; the rest is counted in its last line."""
SHEET_FRAMES = 10
"""Evenly spaced frames of each clip."""
SCALE = 2.5
"""Picture pixels a heatmap cell, on the contact sheet."""
MARGIN, GAP = 32, 6
TILE_WIDTH, TILE_HEIGHT = round(SCALE * MAP_WIDTH), round(SCALE * MAP_HEIGHT)
STRIP_WIDTH = SHEET_FRAMES * (TILE_WIDTH + GAP) - GAP
HEADER, TITLE, FOOTER, BLOCK = 96, 60, 44, 60 + 2 * (TILE_HEIGHT + GAP) + 48


def contact_sheet(clips: Sequence[Clip], unseen: int = 0) -> Picture:
    """What was extracted, at a glance: a film strip of each clip, maps above, skeleton and silhouette below.

    Args:
        clips: what to show; the first SHEET_CLIPS are drawn.
        unseen: how many more there are that were not even read: they are counted in the last line.

    Raises:
        GaitheatError: there are no clips.
    """
    if not clips:
        raise GaitheatError("a contact sheet needs at least one clip, got none: extract some first")
    shown, rest = clips[:SHEET_CLIPS], unseen + max(0, len(clips) - SHEET_CLIPS)
    sheet = empty(HEADER + len(shown) * BLOCK + FOOTER, STRIP_WIDTH + 2 * MARGIN)
    for place, clip in enumerate(shown):
        _paint_strip(sheet[HEADER + place * BLOCK + TITLE :, MARGIN : MARGIN + STRIP_WIDTH], clip)
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    _write_header(draw)
    for place, clip in enumerate(shown):
        _write_title(draw, HEADER + place * BLOCK, clip)
    count = f"{len(shown)} clip{'s' * (len(shown) > 1)}" + (f", and {rest} more not shown" if rest else "")
    draw.text((MARGIN, image.height - FOOTER + 8), count, MUTED, font(13))
    return np.array(image)


def _paint_strip(place: Picture, clip: Clip) -> None:
    """Two rows of tiles into the top left of ``place``."""
    for column, frame in enumerate(evenly(len(clip), SHEET_FRAMES)):
        left, below = column * (TILE_WIDTH + GAP), TILE_HEIGHT + GAP
        maps, body = _tiles(person(clip, int(frame)))
        place[:TILE_HEIGHT, left : left + TILE_WIDTH] = maps
        place[below : below + TILE_HEIGHT, left : left + TILE_WIDTH] = body


def _tiles(shown: Person) -> tuple[Picture, Picture]:
    """Maps and body, painted at twice the size: thin lines stay smooth when they are shrunk."""
    affine = enlarged(2 * SCALE)
    maps, body = np.full((2, 2 * TILE_HEIGHT, 2 * TILE_WIDTH, 3), TILE, np.uint8)
    paint_maps(maps, shown.maps, affine)
    if shown.silhouette is not None:
        paint_silhouette(maps, shown.silhouette, affine)
        paint_silhouette(body, shown.silhouette, affine, filled=True)
    paint_skeleton(body, shown.keypoints, affine)
    return shrunk(maps, TILE_WIDTH, TILE_HEIGHT), shrunk(body, TILE_WIDTH, TILE_HEIGHT)


def _write_header(draw: ImageDraw.ImageDraw) -> None:
    draw.text((MARGIN, 26), "Extracted clips", LIGHT, font(20, bold=True))
    note = f"above: maps, outline of the silhouette · below: skeleton (faint: score under {SURE}), silhouette"
    draw.text((MARGIN, 58), note, MUTED, font(13))
    right = float(MARGIN + STRIP_WIDTH)
    for name, colour in reversed(LEGEND.items()):
        left = right - font(13).getlength(name)
        draw.text((left, 30), name, MUTED, font(13))
        draw.rounded_rectangle((left - 18, 32, left - 7, 43), 3, colour)
        right = left - 36


def _write_title(draw: ImageDraw.ImageDraw, top: int, clip: Clip) -> None:
    """What the clip is, above its strip, and the time and mean score of each frame, below it."""
    scores, large = clip.keypoints[:, :, 2].mean(1), font(16, bold=True)
    draw.text((MARGIN, top + 12), fitted(str(clip.key), STRIP_WIDTH, large), LIGHT, large)
    seconds = clip.times[-1] - clip.times[0]
    facts = f"{len(clip)} frames · {seconds:.1f} s · mean score {scores.mean():.2f} · {clip.estimator}"
    draw.text((MARGIN, top + 35), facts, MUTED, font(13))
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(clip.refused.items()))
    if refused:
        used = round(font(13).getlength(facts))
        refused = fitted(f" · refused: {refused}", STRIP_WIDTH - used, font(13))
        draw.text((MARGIN + used, top + 35), refused, ALARM, font(13))
    below = top + TITLE + 2 * (TILE_HEIGHT + GAP) + 2
    for column, frame in enumerate(evenly(len(clip), SHEET_FRAMES)):
        left = MARGIN + column * (TILE_WIDTH + GAP)
        draw.text((left + 2, below), f"{clip.times[frame]:.2f} s", MUTED, font(12))
        colour = MUTED if scores[frame] >= SURE else ALARM
        draw.text((left + TILE_WIDTH - 2, below), f"{scores[frame]:.2f}", colour, font(12), anchor="ra")
