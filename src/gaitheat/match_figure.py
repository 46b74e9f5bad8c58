"""The picture of an answer: the person who was seen, how near everybody in the gallery is, and who it is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.errors import GaitheatError
from gaitheat.painting import (
    ALARM,
    BACKGROUND,
    LIGHT,
    MUTED,
    TILE,
    Colour,
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

FIGURE_FRAMES = 5
"""Frames of the film strip."""
FIGURE_PEOPLE = 9
"""Bars; the rest of the gallery is counted."""
SCALE = 2.25
"""Picture pixels a heatmap cell."""
TILE_WIDTH, TILE_HEIGHT = round(SCALE * MAP_WIDTH), round(SCALE * MAP_HEIGHT)
WIDTH, MARGIN, GAP, TOP = 1200, 36, 6, 112
COLUMN = TILE_WIDTH + GAP
HEIGHT = TOP + 2 * (TILE_HEIGHT + GAP) + 40
NEAR: Colour = (61, 220, 151)
"""Of the answer, and its bar."""
BAR: Colour = (71, 81, 97)
ROW = 29
"""Height of a line of the gallery."""


class MeanMaps(NamedTuple):
    """The maps of the person seen and of the nearest in the gallery, aligned and averaged over time."""

    probe: UInt8[np.ndarray, "17 64 48"]
    nearest: UInt8[np.ndarray, "17 64 48"]


def match_figure(
    probe: Clip,
    distances: Sequence[tuple[str, float]],
    threshold: float,
    pictures: Sequence[Picture] | None = None,
    means: MeanMaps | None = None,
) -> Picture:
    """Who walks here? 1200 pixels wide.

    Args:
        probe: the track that was looked up.
        distances: of everybody in the gallery, in any order: name and distance.
        threshold: the distance up to which the nearest is named; beyond it the answer is "unknown".
        pictures: crops of the recording (:func:`gaitheat.overlay.film_strip` with FIGURE_FRAMES); without
            them the film strip shows silhouettes.
        means: shown one above the other, for the eye to compare.

    Raises:
        GaitheatError: no distances, or one that is no number, or another number of pictures than frames.
    """
    ranked, frames = _ranked(distances), evenly(len(probe), FIGURE_FRAMES)
    if pictures is not None and len(pictures) != len(frames):
        raise GaitheatError(f"a match figure needs {len(frames)} pictures, got {len(pictures)}")
    figure = empty(HEIGHT, WIDTH)
    for column, frame in enumerate(frames):
        left = MARGIN + column * COLUMN
        _place(figure, left, *_tiles(probe, int(frame), None if pictures is None else pictures[column]))
    right = MARGIN + len(frames) * COLUMN
    if means is not None:
        right += 2 * GAP
        _place(figure, right, _maps_tile(means.probe), _maps_tile(means.nearest))
        right += COLUMN
    image = Image.fromarray(figure)
    draw = ImageDraw.Draw(image)
    _write_answer(draw, ranked, threshold)
    _write_captions(draw, probe, None if means is None else right - COLUMN, ranked[0][0])
    _draw_bars(draw, right + 40, ranked, threshold)
    return np.array(image)


def _ranked(distances: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    ranked = sorted(distances, key=lambda item: item[1])
    if not ranked or not np.isfinite([distance for _, distance in ranked]).all():
        raise GaitheatError(f"a match figure needs the distances of a gallery, got {ranked or 'none'}")
    return ranked


def _place(figure: Picture, left: int, above: Picture, below: Picture) -> None:
    for top, tile in ((TOP, above), (TOP + TILE_HEIGHT + GAP, below)):
        figure[top : top + TILE_HEIGHT, left : left + TILE_WIDTH] = tile


def _tiles(probe: Clip, frame: int, picture: Picture | None) -> tuple[Picture, Picture]:
    """The person (in the recording, or the silhouette) with the skeleton; and the maps."""
    shown, affine = person(probe, frame), enlarged(2 * SCALE)
    if picture is not None:
        body = shrunk(picture, 2 * TILE_WIDTH, 2 * TILE_HEIGHT)
    else:
        body = np.full((2 * TILE_HEIGHT, 2 * TILE_WIDTH, 3), TILE, np.uint8)
        if shown.silhouette is not None:
            paint_silhouette(body, shown.silhouette, affine, filled=True)
    paint_skeleton(body, shown.keypoints, affine)
    return shrunk(body, TILE_WIDTH, TILE_HEIGHT), _maps_tile(shown.maps)


def _maps_tile(maps: UInt8[np.ndarray, "17 64 48"]) -> Picture:
    tile = np.full((TILE_HEIGHT, TILE_WIDTH, 3), TILE, np.uint8)
    paint_maps(tile, maps, enlarged(SCALE))
    return tile


def _write_answer(draw: ImageDraw.ImageDraw, ranked: Sequence[tuple[str, float]], threshold: float) -> None:
    name, distance = ranked[0]
    known = distance <= threshold
    title = name if known else "unknown"
    draw.text(
        (MARGIN, 26),
        fitted(title, WIDTH - 2 * MARGIN, font(32, bold=True)),
        NEAR if known else ALARM,
        font(32, bold=True),
    )
    facts = [f"distance {distance:.2f}" if known else f"nearest: {name} at {distance:.2f}"]
    if len(ranked) > 1:
        facts.append(f"next best {ranked[1][1]:.2f} ({ranked[1][0]})")
    facts.append(f"threshold {threshold:.2f}")
    draw.text((MARGIN, 70), fitted(" · ".join(facts), WIDTH - 2 * MARGIN, font(16)), LIGHT, font(16))


def _write_captions(draw: ImageDraw.ImageDraw, probe: Clip, means: int | None, nearest: str) -> None:
    below = HEIGHT - 36
    seconds = probe.times[-1] - probe.times[0]
    draw.text(
        (MARGIN, below), f"{len(probe)} frames, {seconds:.1f} s · cool: left, warm: right", MUTED, font(13)
    )
    if means is not None:
        draw.text((means, below), "mean maps", MUTED, font(13))
        draw.text((means + 6, TOP + 4), "seen", MUTED, font(12))
        name = fitted(nearest, TILE_WIDTH - 12, font(12))
        draw.text((means + 6, TOP + TILE_HEIGHT + GAP + 4), name, MUTED, font(12))


def _draw_bars(
    draw: ImageDraw.ImageDraw, left: int, ranked: Sequence[tuple[str, float]], threshold: float
) -> None:
    """The gallery, nearest first, and the threshold across it."""
    shown, rest = ranked[:FIGURE_PEOPLE], len(ranked) - FIGURE_PEOPLE
    names = [fitted(name, 130, font(15, bold=True)) for name, _ in shown]
    start = left + round(max(font(15, bold=True).getlength(name) for name in names)) + 14
    per_unit = (WIDTH - MARGIN - 56 - start) / max(threshold, shown[-1][1], 1e-9)
    line = start + threshold * per_unit
    bottom = TOP + 22 + len(shown) * ROW
    for place, (name, (_, distance)) in enumerate(zip(names, shown, strict=True)):
        middle = TOP + 22 + place * ROW + ROW / 2
        chosen = place == 0 and distance <= threshold
        end = start + max(2.0, distance * per_unit)
        draw.text((start - 14, middle), name, LIGHT if chosen else MUTED, font(15, chosen), anchor="rm")
        draw.rounded_rectangle((start, middle - 8, end, middle + 8), 3, NEAR if chosen else BAR)
    for dash in range(TOP + 20, bottom, 8):
        draw.line((line, dash, line, min(dash + 4, bottom)), ALARM, 2)
    for place, (_, distance) in enumerate(shown):
        at = (start + distance * per_unit + 9, TOP + 22 + (place + 0.5) * ROW)
        # The border keeps the number legible where the threshold runs through it.
        draw.text(at, f"{distance:.2f}", LIGHT, font(14), anchor="lm", stroke_width=3, stroke_fill=BACKGROUND)
    draw.text((line, TOP + 14), f"threshold {threshold:.2f}", ALARM, font(13), anchor="mb")
    if rest > 0:
        draw.text((left, bottom + 6), f"and {rest} more, all farther", MUTED, font(13))
