"""Videos that show what was extracted: over the whole picture, or, where that is gone, crop by crop."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path

import cv2
import numpy as np

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, WINDOW_RATE, Clip, compose, window
from gaitheat.errors import GaitheatError
from gaitheat.film import film_at
from gaitheat.frames import FrameSource
from gaitheat.labels import Plate, paint_frame, paint_words
from gaitheat.painting import (
    LIGHT,
    Affine,
    Colour,
    Picture,
    empty,
    enlarged,
    evenly,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
)
from gaitheat.video.crop import cut
from gaitheat.video.reader import open_source

SAME_MOMENT = 1e-3
"""Seconds by which a clip's frame and the recording's may differ and still be the same."""
LEAD = 1.0
"""Seconds that are shown before the first clip and behind the last."""
CROPS = 8
"""Clips that are shown side by side; the rest is counted."""
CROPS_IN_A_ROW, CROP_SCALE = 4, 6
"""Crops in one row, and picture pixels a heatmap cell."""
CROP_SIZE = (4 * MAP_HEIGHT, 4 * MAP_WIDTH)
"""Of a crop of the picture in a film strip."""
LABEL = 14
"""Least height in pixels of the words at a person: they grow with the picture."""
LEGIBLE = 480
"""Pixels of the shorter side below which a picture is enlarged, so that lines and words do not hide it."""


def recording_of(clip: Clip) -> FrameSource | None:
    """The recording that a clip was made from, or None if it is gone or has another content by now."""
    try:
        source = open_source(Path(clip.source))
        return source if source.sha256() == clip.sha256 else None
    except (GaitheatError, OSError):
        return None


def overlay_video(
    source: FrameSource,
    clips: Sequence[Clip],
    path: Path,
    labels: Mapping[int, str] | None = None,
    colours: Mapping[int, Colour] | None = None,
) -> None:
    """Write an MP4 of the recording with everybody's maps, skeleton and silhouette over it.

    Args:
        source: the recording, frame by frame; a picture of another size than the first is resized to it.
        clips: people of that recording.
        path: where to; nothing is left there if it cannot be finished.
        labels: what to write over each track, in one or more lines; ``track 3``, if it is not named.
        colours: of each track's frame and of the first line of its label; light, if it is not named.

    Raises:
        GaitheatError: no clips, clips of another recording, nothing to read, or no place to write.
    """
    _check_one_recording(clips)
    names, shades, painted = labels or {}, colours or {}, 0
    begin, end = min(clip.times[0] for clip in clips) - LEAD, max(clip.times[-1] for clip in clips) + LEAD
    with film_at(path) as film:
        for frame in takewhile(lambda frame: frame.time <= end, source):
            if frame.time < begin:
                continue
            picture, factor = _legible(frame.rgb)
            size = max(LABEL, min(picture.shape[:2]) // 45)
            shown = _shown(clips, frame.time, factor)
            for clip, at, affine in shown:
                _paint_layers(picture, clip, at, affine)
            taken: list[Plate] = []
            for clip, _, affine in shown:  # words last: nobody's body hides another one's name
                track = clip.key.track
                label = names.get(track, f"track {track}")
                paint_frame(picture, affine, label, size, shades.get(track, LIGHT), taken)
            painted += len(shown)
            film.add(picture, frame.time)
        if not painted:
            raise _wrong_recording(source, clips[0])


def _check_one_recording(clips: Sequence[Clip]) -> None:
    if not clips:
        raise GaitheatError("an overlay needs at least one clip, got none: extract some first")
    if len({clip.sha256 for clip in clips}) > 1:
        names = sorted({clip.source for clip in clips})
        raise GaitheatError(f"an overlay needs clips of one recording, got {', '.join(names)}")


def _shown(clips: Sequence[Clip], time: float, factor: int) -> list[tuple[Clip, int, Affine]]:
    """Who is in the picture of that moment: which frame of which clip, and where it lies in the picture."""
    frames = [(clip, _frame_at(clip, time)) for clip in clips]
    larger = enlarged(float(factor))[None]
    return [(clip, at, compose(clip.crop[at : at + 1], larger)[0]) for clip, at in frames if at is not None]


def _legible(rgb: Picture) -> tuple[Picture, int]:
    """A copy to paint on, and how many times larger it is."""
    factor = max(1, -(-LEGIBLE // min(rgb.shape[:2])))
    if factor == 1:
        return rgb.copy(), 1
    larger = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return np.asarray(larger, np.uint8), factor


def crops_video(clips: Sequence[Clip], path: Path, unseen: int = 0) -> None:
    """Write an MP4 of the crops side by side, each from its own first frame, for when the recording is gone.

    Args:
        clips: people of any recordings; the first CROPS are shown.
        path: where to; nothing is left there if it cannot be finished.
        unseen: how many more clips there are that were not even read: they are counted in the picture.

    Raises:
        GaitheatError: there are no clips, or no place to write.
    """
    if not clips:
        raise GaitheatError("a video of crops needs at least one clip, got none: extract some first")
    shown, rest = clips[:CROPS], unseen + max(0, len(clips) - CROPS)
    ticks = max(round((clip.times[-1] - clip.times[0]) * WINDOW_RATE) + 1 for clip in shown)
    windows = [window(clip.times, 0, ticks) for clip in shown]
    with film_at(path) as film:
        for tick in range(ticks):
            pairs = zip(shown, windows, strict=True)
            tiles = [_tile(clip, int(frames[tick]) if mask[tick] else None) for clip, (frames, mask) in pairs]
            picture = _grid(tiles)
            if rest:
                paint_words(picture, f"and {rest} more", float(picture.shape[1]), float(picture.shape[0]), 14)
            film.add(picture, tick / WINDOW_RATE)


def film_strip(source: FrameSource, clip: Clip, count: int) -> list[Picture]:
    """At most ``count`` evenly spaced crops of a clip's recording, 256 x 192 pixels, for the match figure.

    Raises:
        GaitheatError: the recording has no frame at the time of one of them.
    """
    return film_strips(source, [clip], count)[0]


def film_strips(source: FrameSource, clips: Sequence[Clip], count: int) -> list[list[Picture]]:
    """The film strip of each of several people; the recording is read once.

    Raises:
        GaitheatError: the recording has no frame at the time of one of a strip's pictures.
    """
    chosen = [evenly(len(clip), count).tolist() for clip in clips]
    end = max((clip.times[-1] for clip in clips), default=-np.inf) + SAME_MOMENT
    crops: list[dict[int, Picture]] = [{} for _ in clips]
    for frame in takewhile(lambda frame: frame.time <= end, source):
        for clip, wanted, found in zip(clips, chosen, crops, strict=True):
            at = _frame_at(clip, frame.time)
            if at is not None and at in wanted:
                found[at] = cut(frame.rgb, clip.crop[at], CROP_SIZE)
    for clip, wanted, found in zip(clips, chosen, crops, strict=True):
        if len(found) < len(wanted):
            raise _wrong_recording(source, clip)
    return [[found[at] for at in wanted] for wanted, found in zip(chosen, crops, strict=True)]


def _wrong_recording(source: FrameSource, clip: Clip) -> GaitheatError:
    return GaitheatError(
        f"{source.name}: expected the recording of {clip.key}, which is {clip.source}, "
        "but it has no frames at the times of that clip; give the file that it was extracted from"
    )


def _frame_at(clip: Clip, time: float) -> int | None:
    """The clip's frame of that moment, or None if it has none."""
    at = int(np.searchsorted(clip.times, time - SAME_MOMENT))
    return at if at < len(clip) and clip.times[at] <= time + SAME_MOMENT else None


def _paint_layers(picture: Picture, clip: Clip, frame: int, affine: Affine) -> None:
    shown = person(clip, frame)
    paint_maps(picture, shown.maps, affine)
    if shown.silhouette is not None:
        paint_silhouette(picture, shown.silhouette, affine)
    paint_skeleton(picture, shown.keypoints, affine)


def _tile(clip: Clip, frame: int | None) -> Picture:
    """A crop with the clip's name on it; only the name where the clip shows nothing."""
    tile = empty(CROP_SCALE * MAP_HEIGHT, CROP_SCALE * MAP_WIDTH)
    affine = enlarged(float(CROP_SCALE))
    if frame is not None:
        _paint_layers(tile, clip, frame, affine)
    paint_frame(tile, affine, str(clip.key), 12)
    return tile


def _grid(tiles: Sequence[Picture]) -> Picture:
    """Tiles in rows of CROPS_IN_A_ROW, the last row filled with nothing."""
    columns = min(len(tiles), CROPS_IN_A_ROW)
    filled = [*tiles, *[empty(*tiles[0].shape[:2])] * (-len(tiles) % columns)]
    return np.vstack([np.hstack(filled[row : row + columns]) for row in range(0, len(filled), columns)])
