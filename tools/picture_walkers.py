"""Contact sheets of walkers for the documentation: people in all conditions, both worlds, walk cycles.

python tools/picture_walkers.py docs
"""

import sys
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gaitheat.painting import Picture, save_picture, shrunk
from gaitheat.walkers.clothes.wardrobe import Condition
from gaitheat.walkers.walk import RenderedWalk, Walk
from gaitheat.walkers.worlds import WORLDS

PEOPLE = 12
"""In a row, each of another subject."""
TAKES: tuple[tuple[Condition, str], ...] = (
    ("nm", "01"),
    ("bg", "01"),
    ("bg", "02"),
    ("cl", "01"),
    ("cl", "02"),
)
TALL, WIDE = 160, 88
"""Pixels of one person's tile."""


def around(picture: Picture, mask: UInt8[np.ndarray, "height width"]) -> Picture:
    """The part of a picture that shows the walker, in a tile of fixed size."""
    rows, columns = np.nonzero(mask > 127)
    half = 0.56 * np.ptp(rows)
    middle, centre = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    top, left = int(middle - half), int(centre - half * WIDE / TALL)
    height, width = int(2 * half), int(2 * half * WIDE / TALL)
    padded = np.pad(picture, ((height, height), (width, width), (0, 0)), "edge")
    return shrunk(padded[top + height : top + 2 * height, left + width : left + 2 * width], WIDE, TALL)


def people(world: str) -> Picture:
    """A row for each take, a column for each subject, everybody from another view."""
    views = WORLDS[world].cameras.views
    rows = []
    for row, (condition, take) in enumerate(TAKES):
        tiles = []
        for number in range(PEOPLE):
            view = views[(3 * number + row) % len(views)]
            shown = RenderedWalk(Walk(world, f"{number + 1:04d}", condition, take, view, 8)).picture(4)
            tiles.append(around(shown.rgb, shown.mask))
        rows.append(np.hstack(tiles))
    return np.vstack(rows)


def worlds(names: tuple[str, ...], columns: int, rows: int) -> Picture:
    """Whole pictures of each world, one world below the other."""
    lines = []
    for name in names:
        views = WORLDS[name].cameras.views
        for row in range(rows):
            line = []
            for column in range(columns):
                number = row * columns + column
                condition, take = TAKES[number % len(TAKES)]
                walk = Walk(name, f"{number + 1:04d}", condition, take, views[number % len(views)], 16)
                line.append(RenderedWalk(walk).picture(8).rgb)
            lines.append(np.hstack(line))
    return np.vstack(lines)


def cycles(walks: tuple[Walk, ...], every: int, count: int) -> Picture:
    """Film strips of whole pictures, to see feet on the floor."""
    strips = []
    for walk in walks:
        source = RenderedWalk(walk)
        strips.append(np.hstack([source.picture(every * step).rgb[:, 60:260] for step in range(count)]))
    return np.vstack(strips)


def main(out: Path) -> None:
    """Write the sheets."""
    save_picture(people("walkers-1-indoor"), out / "walkers-people.png")
    sheet = worlds(("walkers-1-indoor", "walkers-1-street"), 6, 2)
    save_picture(shrunk(sheet, sheet.shape[1] * 2 // 3, sheet.shape[0] * 2 // 3), out / "walkers-worlds.png")
    strip = cycles(
        (
            Walk("walkers-1-indoor", "0007", "nm", "01", 90, 30),
            Walk("walkers-1-indoor", "0008", "bg", "01", 54, 30),
            Walk("walkers-1-indoor", "0009", "cl", "02", 126, 30),
        ),
        every=3,
        count=10,
    )
    save_picture(shrunk(strip, strip.shape[1] * 2 // 3, strip.shape[0] * 2 // 3), out / "walkers-cycles.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
