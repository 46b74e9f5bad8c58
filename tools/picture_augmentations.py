"""Each augmentation drawn once, before and after, for the documentation.

python tools/picture_augmentations.py STORE docs/augmentations.png

Left is an aligned frame of the first clip of the store, right what becomes of it. Every kind but the default
is drawn stronger than training has it, so that it can be seen.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.heatmaps.align import matrices
from gaitheat.heatmaps.augment import DEFAULT, NONE, Augmentation, augmented, draw_plan
from gaitheat.labels import paint_words
from gaitheat.painting import (
    TILE,
    Picture,
    empty,
    enlarged,
    paint_maps,
    paint_skeleton,
    save_picture,
)
from gaitheat.skeleton import ANKLES
from gaitheat.store import ClipStore

SCALE, GAP, TITLE, COLUMNS = 4, 12, 44, 5
TALL, WIDE = 64 * SCALE, 48 * SCALE
"""Pixels of the heatmap frame."""


class Kind(NamedTuple):
    """A cell of the sheet."""

    title: str
    strengths: dict[str, float]
    seed: int = 0


KINDS = (
    Kind("scale", {"scale": 0.15}, 2),
    Kind("stretch", {"stretch": 0.25}, 20),
    Kind("rotation", {"rotation": 9.0}, 9),
    Kind("shear", {"shear": 0.2}, 2),
    Kind("shift", {"shift": 4.0}, 1),
    Kind("displacement: one draw a clip", {"displacement": 1.5}),
    Kind("width of the peaks", {"width": 0.45}, 1),
    Kind("height of the peaks", {"height": 0.9}, 6),
    Kind("jitter: new in each frame", {"jitter": 1.2}, 1),
    Kind("lost joints", {"lost_joints": 0.7}, 2),
    Kind("occluder", {"occluder": 1.0}, 12),
    Kind("swapped legs", {"swapped_legs": 1.0}, 0),
    Kind("repeated frames", {"repeated_frames": 0.6}, 1),
    Kind("the default, all together", {}, 3),
    Kind("the default, another draw", {}, 8),
)


class Walk(NamedTuple):
    """What is augmented: maps, keypoints on them, matrices that align them."""

    maps: UInt8[np.ndarray, "frames 17 64 48"]
    points: Float32[np.ndarray, "frames 17 3"]
    affines: Float32[np.ndarray, "frames 2 3"]


def shown(walk: Walk, augmentation: Augmentation, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Maps and keypoints after it."""
    return augmented(*walk, draw_plan(augmentation, len(walk.maps), np.random.default_rng(seed)))


def tile(maps: UInt8[np.ndarray, "17 64 48"], points: Float32[np.ndarray, "17 3"]) -> Picture:
    """One frame, aligned."""
    picture = np.full((TALL, WIDE, 3), TILE, np.uint8)
    paint_maps(picture, maps, enlarged(SCALE))
    paint_skeleton(picture, points, enlarged(SCALE))
    return picture


def cell(walk: Walk, kind: Kind) -> Picture:
    """Before and after, side by side, under a title."""
    strengths = replace(NONE, **kind.strengths) if kind.strengths else DEFAULT
    plain, changed = shown(walk, NONE, 0), shown(walk, strengths, kind.seed)
    change = np.abs(changed[0].astype(np.int32) - plain[0]).sum((1, 2, 3))
    frame = int(np.argmax(change > change.max() / 2))
    picture = empty(TITLE + TALL, 2 * WIDE + GAP)
    paint_words(picture, kind.title, 0, 8, 20)
    picture[TITLE:, :WIDE] = tile(plain[0][frame], plain[1][frame])
    picture[TITLE:, WIDE + GAP :] = tile(changed[0][frame], changed[1][frame])
    return picture


def sheet(cells: Sequence[Picture]) -> Picture:
    """Cells in rows."""
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // COLUMNS)
    gap = 3 * GAP
    picture = empty(rows * (height + gap) + gap, COLUMNS * (width + gap) + gap)
    for number, one in enumerate(cells):
        top = gap + number // COLUMNS * (height + gap)
        left = gap + number % COLUMNS * (width + gap)
        picture[top : top + height, left : left + width] = one
    return picture


def main(store: str, out: str) -> None:
    """Write the sheet."""
    source = ClipStore(store)
    (clip,) = source.read([(source.infos()[0].key, None)])
    ankles = clip.keypoints_on_maps()[: len(clip) // 2, ANKLES, 0]
    clip = clip.take(slice(int(np.ptp(ankles, axis=1).argmax()), None))
    points = clip.keypoints_on_maps()
    walk = Walk(clip.heatmaps, points, matrices(points, clip.times))
    save_picture(sheet([cell(walk, kind) for kind in KINDS]), Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
