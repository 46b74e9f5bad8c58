"""Pictures that tell a person what happened: was a clip extracted well, and who was recognised, how surely?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, MAX_GAP, Clip
from gaitheat.errors import GaitheatError
from gaitheat.painting import (
    BACKGROUND,
    BODY,
    LEGEND,
    LIGHT,
    SURE,
    Colour,
    Picture,
    empty,
    enlarged,
    font,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
)

SHEET_CLIPS = 8
"""Clips on one contact sheet; the rest is counted in its last line."""
SHEET_FRAMES = 10
"""Evenly spaced frames of each clip."""
SCALE = 2.5
"""Picture pixels a heatmap cell, on the contact sheet."""
MARGIN, GAP = 32, 6
TILE: Colour = (22, 26, 33)
MUTED: Colour = (139, 149, 163)
ALARM: Colour = (248, 113, 92)
"""Of what deserves a look: low scores, refused frames, unknown people."""
TILE_WIDTH, TILE_HEIGHT = round(SCALE * MAP_WIDTH), round(SCALE * MAP_HEIGHT)
STRIP_WIDTH = SHEET_FRAMES * (TILE_WIDTH + GAP) - GAP
HEADER, TITLE, FOOTER, BLOCK = 96, 60, 44, 60 + 2 * (TILE_HEIGHT + GAP) + 48


def evenly(frames: int, count: int) -> NDArray[np.int64]:
    """At most ``count`` frame indices, evenly spaced over a clip of so many frames, each in its middle."""
    count = min(count, frames)
    return ((np.arange(count) + 0.5) * frames / count).astype(np.int64)


def save(picture: Picture, path: Path) -> None:
    """Write a PNG; GaitheatError if that is impossible."""
    try:
        Image.fromarray(picture).save(path, format="PNG")
    except OSError as error:
        raise GaitheatError(f"{path}: cannot write a picture there ({error.strerror or error})") from error


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
    affine = enlarged(SCALE)
    for column, frame in enumerate(evenly(len(clip), SHEET_FRAMES)):
        shown = person(clip, int(frame))
        left, below = column * (TILE_WIDTH + GAP), TILE_HEIGHT + GAP
        maps = place[:TILE_HEIGHT, left : left + TILE_WIDTH]
        body = place[below : below + TILE_HEIGHT, left : left + TILE_WIDTH]
        maps[:] = body[:] = TILE
        paint_maps(maps, shown.maps, affine)
        if shown.silhouette is not None:
            paint_silhouette(maps, shown.silhouette, affine)
            paint_silhouette(body, shown.silhouette, affine, filled=True)
        paint_skeleton(body, shown.keypoints, affine)


def _write_header(draw: ImageDraw.ImageDraw) -> None:
    draw.text((MARGIN, 26), "Extracted clips", LIGHT, font(20, bold=True))
    note = (
        f"above: maps and outline of the silhouette · below: skeleton (faint: score under {SURE}) and silhouette"
    )
    draw.text((MARGIN, 58), note, MUTED, font(13))
    right = MARGIN + STRIP_WIDTH
    for name, colour in reversed(LEGEND.items()):
        left = right - font(13).getlength(name)
        draw.text((left, 30), name, MUTED, font(13))
        draw.rounded_rectangle((left - 18, 32, left - 7, 43), 3, colour)
        right = left - 36


def _write_title(draw: ImageDraw.ImageDraw, top: int, clip: Clip) -> None:
    """What the clip is, above its strip, and the time and mean score of each frame, below it."""
    scores = clip.keypoints[:, :, 2].mean(1)
    draw.text((MARGIN, top + 12), str(clip.key), LIGHT, font(16, bold=True))
    seconds = clip.times[-1] - clip.times[0]
    facts = f"{len(clip)} frames · {seconds:.1f} s · mean score {scores.mean():.2f} · {clip.estimator}"
    draw.text((MARGIN, top + 35), facts, MUTED, font(13))
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(clip.refused.items()))
    after = MARGIN + font(13).getlength(facts)
    if refused:
        draw.text((after, top + 35), f" · refused: {refused}", ALARM, font(13))
    below = top + TITLE + 2 * (TILE_HEIGHT + GAP) + 2
    for column, frame in enumerate(evenly(len(clip), SHEET_FRAMES)):
        left = MARGIN + column * (TILE_WIDTH + GAP)
        draw.text((left + 2, below), f"{clip.times[frame]:.2f} s", MUTED, font(12))
        colour = MUTED if scores[frame] >= SURE else ALARM
        draw.text((left + TILE_WIDTH - 2, below), f"{scores[frame]:.2f}", colour, font(12), anchor="ra")
