"""What `gaitheat walkers report` makes: the estimator's errors by view and condition, with pictures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets.walkers import HONEST_LIMITS
from gaitheat.errors import GaitheatError
from gaitheat.overlay import film_strip, overlay_video
from gaitheat.painting import (
    LIGHT,
    Picture,
    empty,
    enlarged,
    evenly,
    font,
    paint_skeleton,
    person,
    save_picture,
)
from gaitheat.sinks import trackless
from gaitheat.sources import ClipInfo, ClipSource
from gaitheat.video.crop import CROP_CELLS
from gaitheat.walkers.accuracy import Accuracy, Errors, all_errors, by, summary
from gaitheat.walkers.truth import true_key
from gaitheat.walkers.walk import RenderedWalk, walk_called

SHEET_ROWS = 2
"""Of the sheet of views, for each condition."""
STRIPS = 2
"""Film strips of each condition."""
STRIP_FRAMES = 12
"""Of a film strip: a stride, at 30 frames a recording."""
LABEL = 22
"""Pixels above a row of pictures, for its name."""
TRUE_JOINT = 2
"""Radius in pixels of the white dots."""


def write_report(source: ClipSource, out: Path) -> list[Path]:
    """A table of the estimator's errors, two pictures and a video for each data set of walkers in the source.

    Args:
        source: clips with their truth beside them.
        out: the folder to write into.

    Raises:
        GaitheatError: the source has no clips of walkers.
    """
    every = list(all_errors(source))
    if not every:
        raise GaitheatError(
            "a report on walkers expects clips with their ground truth, got none: "
            "generate some with `gaitheat walkers tiny --store PATH`"
        )
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for dataset in sorted({item.key.dataset for item in every}):
        some = [item for item in every if item.key.dataset == dataset]
        infos = [info for info in source.infos() if info.key.dataset == dataset]
        names = (f"{dataset}{end}" for end in (".md", "-views.png", "-strips.png", ".mp4"))
        table, views, strips, video = (out / name for name in names)
        table.write_text(accuracy_table(dataset, infos, some, _lost(source, dataset)), "utf-8")
        save_picture(view_sheet(source, infos), views)
        save_picture(strip_sheet(source, infos), strips)
        clip = source.read([(infos[0].key, None)])[0]
        overlay_video(_rendered(clip), [clip], video)
        written += [table, views, strips, video]
    return written


def accuracy_table(
    dataset: str, infos: Sequence[ClipInfo], some: Sequence[Errors], lost: Mapping[ClipKey, int]
) -> str:
    """The errors as Markdown, in percent and in pixels of a person 150 pixels tall."""
    rows = [
        summary("all", some, lost.values()),
        *by(lambda key: key.condition, some, lost),
        *by(lambda key: f"view {key.view}", some, lost),
    ]
    estimators = ", ".join(sorted({str(info.estimator) for info in infos}))
    lines = [
        f"# {dataset}, estimator {estimators}",
        "",
        HONEST_LIMITS,
        "",
        "| | clips | frames detected % | joint error px, mean | median | legs swapped % | silhouette IoU |",
        "|---|---|---|---|---|---|---|",
        *map(_row, rows),
        "",
        "Pixels of a person 150 pixels tall; legs swapped: of the frames in which they are apart.",
    ]
    return "\n".join(lines) + "\n"


def _row(figures: Accuracy) -> str:
    return (
        f"| {figures.group} | {figures.clips} | {_percent(figures.detected)} | {_number(figures.mean, 2)} | "
        f"{_number(figures.median, 2)} | {_percent(figures.swapped)} | {_number(figures.overlap, 3)} |"
    )


def _percent(share: float | None) -> str:
    return _number(None if share is None else 100 * share, 1)


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _lost(source: ClipSource, dataset: str) -> dict[ClipKey, int]:
    """Recordings that gave no clip, and their frames."""
    there = {trackless(info.key) for info in source.infos()}
    return {
        trackless(refusal.key): walk_called(refusal.source).frames
        for refusal in source.refusals()
        if refusal.key.dataset == dataset and trackless(refusal.key) not in there
    }


def view_sheet(source: ClipSource, infos: Sequence[ClipInfo]) -> Picture:
    """Every view (columns) in every condition: the estimator's joints, the true ones as dots."""
    views, conditions = _values(infos, "view"), _values(infos, "condition")
    seen = defaultdict(list)
    for info in infos:
        seen[info.key.condition, info.key.view].append(info)
    strips = []
    for row in range(SHEET_ROWS):
        for condition in conditions:
            # Steps through the subjects, so that neighbours differ.
            here = [seen[condition, view] for view in views]
            chosen = [
                of_view[(row + place) % len(of_view)] if of_view else None
                for place, of_view in enumerate(here)
            ]
            tiles = [None if info is None else _overlaid(source, info) for info in chosen]
            strips.append((f"{condition}, views {', '.join(views)}", tiles))
    return _stacked(strips)


def strip_sheet(source: ClipSource, infos: Sequence[ClipInfo]) -> Picture:
    """Film strips as the estimator saw them: of each condition two subjects, from different views."""
    strips: list[tuple[str, list[Picture | None]]] = []
    for condition in _values(infos, "condition"):
        of_condition = [info for info in infos if info.key.condition == condition]
        for place in evenly(len(of_condition), STRIPS):
            clip = source.read([(of_condition[place].key, None)])[0]
            strips.append((str(clip.key), list(film_strip(_rendered(clip), clip, STRIP_FRAMES))))
    return _stacked(strips)


def _values(infos: Sequence[ClipInfo], field: str) -> list[str]:
    return sorted({getattr(info.key, field) for info in infos})


def _overlaid(source: ClipSource, info: ClipInfo) -> Picture:
    """The middle frame of a clip, as the estimator saw it, with its joints and the true ones."""
    clip, truth = source.read([(info.key, None), (true_key(info.key), None)])
    [tile] = film_strip(_rendered(clip), clip, 1)
    middle, affine = len(clip) // 2, enlarged(float(CROP_CELLS))
    paint_skeleton(tile, person(clip, middle).keypoints, affine)
    for x, y in np.rint((person(truth, middle).keypoints[:, :2] + 0.5) * CROP_CELLS - 0.5).astype(int):
        tile[max(y - TRUE_JOINT, 0) : y + TRUE_JOINT, max(x - TRUE_JOINT, 0) : x + TRUE_JOINT] = LIGHT
    return tile


def _rendered(clip: Clip) -> RenderedWalk:
    """The pictures that a clip was made from, rendered again.

    Raises:
        GaitheatError: this version renders others.
    """
    source = RenderedWalk(walk_called(clip.source))
    if source.sha256() != clip.sha256:
        raise GaitheatError(
            f"clip {clip.key} was made by another version of the walkers: generate it again to see pictures"
        )
    return source


def _stacked(strips: Sequence[tuple[str, Sequence[Picture | None]]]) -> Picture:
    """Rows of pictures of one size, each under its name; None leaves a gap."""
    shape = next(tile.shape for _, tiles in strips for tile in tiles if tile is not None)
    widest = max(len(tiles) for _, tiles in strips)
    rows = []
    for name, tiles in strips:
        filled = [*tiles, *[None] * (widest - len(tiles))]
        label = Image.fromarray(empty(LABEL, widest * shape[1]))
        ImageDraw.Draw(label).text((4, 2), name, LIGHT, font(14))
        rows += [np.array(label), np.hstack([empty(*shape[:2]) if tile is None else tile for tile in filled])]
    return np.vstack(rows)
