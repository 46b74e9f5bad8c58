"""Words on a picture: on a dark plate, inside the picture, and where others are, beside them."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gaitheat.painting import BACKGROUND, LIGHT, SHIFT, Affine, Colour, Picture, font, frame_corners


class Plate(NamedTuple):
    """Where words stand: pixels from ``top`` to ``bottom`` and ``left`` to ``right``, these not included."""

    top: int
    left: int
    bottom: int
    right: int

    def touches(self, other: "Plate") -> bool:
        """Whether they have a pixel in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


@lru_cache(maxsize=256)
def _words(text: str, size: int, colour: Colour) -> Picture:
    """Words on a dark plate: the first line in ``colour``, what follows it smaller and light."""
    lines, pad = text.split("\n"), size // 3
    faces = [font(size, bold=len(lines) > 1), *[font(round(0.8 * size))] * (len(lines) - 1)]
    bottoms = np.cumsum([round(1.2 * face.size) for face in faces])
    width = round(max(map(ImageFont.FreeTypeFont.getlength, faces, lines)))
    plate = Image.new("RGB", (width + 2 * pad, int(bottoms[-1]) + pad), BACKGROUND)
    for row, (line, face, bottom) in enumerate(zip(lines, faces, bottoms, strict=True)):
        at, shade = (pad, bottom - 0.6 * face.size + pad / 2), LIGHT if row else colour
        ImageDraw.Draw(plate).text(at, line, shade, face, anchor="lm")
    return np.array(plate)


def paint_words(
    picture: Picture,
    text: str,
    left: float,
    top: float,
    size: int,
    colour: Colour = LIGHT,
    taken: list[Plate] | None = None,
) -> None:
    """Words on a plate, moved inside the picture where they would stick out.

    Args:
        picture: it is painted on.
        text: one line or more.
        left: pixels of the plate's left edge from the picture's, ``top`` of its upper edge.
        size: of the first line, in pixels.
        colour: of the first line.
        taken: where other words of this picture stand. These here move up until they touch none of them, if
            there is room, and are added.
    """
    pixels = _words(text, size, colour)[: picture.shape[0], : picture.shape[1]]
    height, width = pixels.shape[:2]
    y, x = np.clip((top, left), 0, (len(picture) - height, picture.shape[1] - width)).astype(int).tolist()
    place = Plate(y, x, y + height, x + width)
    if taken is not None:
        place = _free(place, taken)
        taken.append(place)
    picture[place.top : place.bottom, x : place.right] = pixels


def _free(place: Plate, taken: list[Plate]) -> Plate:
    """The place, or the next one above it that is free; the place all the same if there is none."""
    free = place
    while in_the_way := [other for other in taken if other.touches(free)]:
        bottom = min(other.top for other in in_the_way)
        free = free._replace(top=bottom - (free.bottom - free.top), bottom=bottom)
    return free if free.top >= 0 else place


def paint_frame(
    picture: Picture,
    affine: Affine,
    label: str,
    size: int,
    colour: Colour = LIGHT,
    taken: list[Plate] | None = None,
) -> None:
    """The border of the heatmap frame, and a label above it that keeps clear of those that are ``taken``."""
    corners = frame_corners(affine)
    outline = np.rint(corners * 2**SHIFT).astype(np.int32)
    cv2.polylines(picture, [outline], True, colour, 1, cv2.LINE_AA, SHIFT)
    left, top = corners.min(0).tolist()
    paint_words(picture, label, left, top - len(_words(label, size, colour)), size, colour, taken)
