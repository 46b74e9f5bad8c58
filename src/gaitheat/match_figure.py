"""The picture of an answer: the person who was seen, how near everybody in the gallery is, and who it is."""

from collections.abc import Sequence

import numpy as np
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
    evenly,
    fitted,
    font,
)
from gaitheat.tiles import body_tile, maps_tile

FIGURE_FRAMES = 6
"""Frames of the film strip."""
FIGURE_PEOPLE = 9
"""Lines; the rest of the gallery is counted."""
SCALE = 2
"""Picture pixels a heatmap cell."""
TILE_WIDTH, TILE_HEIGHT = SCALE * MAP_WIDTH, SCALE * MAP_HEIGHT
WIDTH, MARGIN, GAP, TOP = 1200, 36, 6, 112
COLUMN, ROWS = TILE_WIDTH + GAP, (TOP, TOP + TILE_HEIGHT + GAP)
NEAR: Colour = (61, 220, 151)
"""Of the answer, and its point."""
FAR: Colour = (99, 111, 130)
"""Of everybody else's point."""
NAMED: Colour = (20, 33, 31)
"""Behind scores that are near enough."""
DOT, INSET = 6, 12
"""Radius of a point, and how far the outermost stay away from the ends of their line."""
ROW = 29
"""Height of a line of the gallery."""
HEIGHT = TOP + 22 + FIGURE_PEOPLE * ROW + 52


def match_figure(
    probe: Clip,
    scores: Sequence[tuple[str, float]],
    limit: float,
    pictures: Sequence[Picture] | None = None,
) -> Picture:
    """Who walks here? 1200 pixels wide.

    Args:
        probe: the track that was looked up.
        scores: of everybody in the gallery, in any order: name and score; the lower, the nearer.
        limit: the score below which the nearest is named; else the answer is "unknown".
        pictures: crops of the recording (:func:`gaitheat.overlay.film_strip` with FIGURE_FRAMES); without
            them the film strip shows silhouettes.

    Raises:
        GaitheatError: no scores, or one that is no number, or another number of pictures than frames.
    """
    ranked, frames = _ranked(scores), evenly(len(probe), FIGURE_FRAMES).tolist()
    if pictures is not None and len(pictures) != len(frames):
        raise GaitheatError(f"a match figure needs {len(frames)} pictures, got {len(pictures)}")
    figure = empty(HEIGHT, WIDTH)
    for column, frame in enumerate(frames):
        left = MARGIN + column * COLUMN
        crop = None if pictures is None else pictures[column]
        for top, tile in zip(
            ROWS, (body_tile(probe, frame, crop, SCALE), maps_tile(probe, frame, SCALE)), strict=True
        ):
            figure[top : top + TILE_HEIGHT, left : left + TILE_WIDTH] = tile
    image = Image.fromarray(figure)
    draw = ImageDraw.Draw(image)
    _write_answer(draw, ranked, limit)
    seconds = probe.times[-1] - probe.times[0]
    caption = f"{len(probe)} frames, {seconds:.1f} s · cool: left, warm: right"
    draw.text((MARGIN, TOP + 2 * (TILE_HEIGHT + GAP) + 6), caption, MUTED, font(13))
    _draw_gallery(draw, MARGIN + FIGURE_FRAMES * COLUMN + 40, ranked, limit)
    return np.array(image)


def _ranked(scores: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    ranked = sorted(scores, key=lambda item: item[1])
    if not ranked or not np.isfinite([score for _, score in ranked]).all():
        raise GaitheatError(f"a match figure needs the scores of a gallery, got {ranked or 'none'}")
    return ranked


def _write_answer(draw: ImageDraw.ImageDraw, ranked: Sequence[tuple[str, float]], limit: float) -> None:
    name, score = ranked[0]
    known = score < limit
    title = fitted(name if known else "unknown", WIDTH - 2 * MARGIN, font(32, bold=True))
    draw.text((MARGIN, 26), title, NEAR if known else ALARM, font(32, bold=True))
    facts = [f"score {score:.2f}" if known else f"nearest: {name} at {score:.2f}"]
    if len(ranked) > 1:
        facts.append(f"next best {ranked[1][1]:.2f} ({ranked[1][0]})")
    if np.isfinite(limit):
        facts.append(f"named below {limit:.2f}")
    draw.text((MARGIN, 70), fitted(" · ".join(facts), WIDTH - 2 * MARGIN, font(16)), LIGHT, font(16))


def _draw_gallery(
    draw: ImageDraw.ImageDraw, left: int, ranked: Sequence[tuple[str, float]], limit: float
) -> None:
    """The gallery, nearest first, each at its score, the nearer the farther right, and the limit across it.

    Points, not bars: a score has no natural zero.
    """
    shown, rest = ranked[:FIGURE_PEOPLE], len(ranked) - FIGURE_PEOPLE
    names = [fitted(name, 130, font(15, bold=True)) for name, _ in shown]
    start = left + round(max(font(15, bold=True).getlength(name) for name in names)) + 14
    end, bottom = WIDTH - MARGIN - 56, TOP + 22 + len(shown) * ROW
    marks = [shown[0][1], shown[-1][1], *([limit] if np.isfinite(limit) else [])]
    low, high = min(marks), max(marks)
    per_unit = (end - start - 2 * INSET) / max(high - low, 1e-9)

    def across(score: float) -> float:
        return end - INSET - (score - low) * per_unit

    if np.isfinite(limit):
        _draw_limit(draw, across(limit), end, bottom, limit)
    for place, (name, (_, score)) in enumerate(zip(names, shown, strict=True)):
        middle, at = TOP + 22 + (place + 0.5) * ROW, across(score)
        chosen = place == 0 and score < limit
        draw.text((start - 14, middle), name, LIGHT if chosen else MUTED, font(15, chosen), anchor="rm")
        draw.line((start, middle, end, middle), TILE, 2)
        draw.circle((at, middle), DOT, NEAR if chosen else FAR)
        # The border keeps the number legible where the limit runs through it.
        draw.text(
            (at + DOT + 8, middle), f"{score:.2f}", LIGHT, font(14), "lm", stroke_width=3,
            stroke_fill=BACKGROUND,
        )  # fmt: skip
    draw.text((start, bottom + 8), "less alike", MUTED, font(13))
    draw.text((end, bottom + 8), "more alike", MUTED, font(13), anchor="ra")
    if rest > 0:
        draw.text((left, bottom + 26), f"and {rest} more, all farther", MUTED, font(13))


def _draw_limit(draw: ImageDraw.ImageDraw, line: float, end: int, bottom: int, limit: float) -> None:
    """Who lies right of it is named."""
    draw.rectangle((line, TOP + 20, end, bottom), NAMED)
    for dash in range(TOP + 20, bottom, 8):
        draw.line((line, dash, line, min(dash + 4, bottom)), ALARM, 2)
    draw.text((line, TOP + 14), f"named below {limit:.2f}", ALARM, font(13), anchor="mb")
