"""Videos that show what was extracted: over the whole picture, or, where that is gone, crop by crop."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import takewhile
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, WINDOW_RATE, Clip, compose, window
from gaitheat.errors import GaitheatError
from gaitheat.frames import FrameSource
from gaitheat.painting import (
    Affine,
    Picture,
    empty,
    enlarged,
    evenly,
    paint_frame,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    paint_words,
    person,
    shrunk,
)
from gaitheat.video.crop import cut
from gaitheat.video.reader import open_source

SAME_MOMENT = 1e-3
"""Seconds by which a clip's frame and the recording's may differ and still be the same."""
TICKS = 90_000
"""Units of a second in which the video tells its times: whole for 24, 25, 30, 50 and 60 frames a second."""
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
    source: FrameSource, clips: Sequence[Clip], path: Path, labels: Mapping[int, str] | None = None
) -> None:
    """Write an MP4 of the recording with everybody's maps, skeleton and silhouette over it.

    Args:
        source: the recording, frame by frame; a picture of another size than the first is resized to it.
        clips: people of that recording.
        path: where to; nothing is left there if it cannot be finished.
        labels: what to write over each track; ``track 3``, if it is not named.

    Raises:
        GaitheatError: no clips, clips of another recording, nothing to read, or no place to write.
    """
    _check_one_recording(clips)
    names, painted = labels or {}, 0
    begin, end = min(clip.times[0] for clip in clips) - LEAD, max(clip.times[-1] for clip in clips) + LEAD
    with _film(path) as film:
        for frame in takewhile(lambda frame: frame.time <= end, source):
            if frame.time < begin:
                continue
            picture, factor = _legible(frame.rgb)
            size = max(LABEL, min(picture.shape[:2]) // 45)
            for clip in clips:
                at = _frame_at(clip, frame.time)
                if at is not None:
                    affine = compose(clip.crop[at : at + 1], enlarged(float(factor))[None])[0]
                    _paint_layers(picture, clip, at, affine)
                    paint_frame(picture, affine, names.get(clip.key.track, f"track {clip.key.track}"), size)
                    painted += 1
            film.add(picture, frame.time)
        if not painted:
            raise _wrong_recording(source, clips[0])


def _check_one_recording(clips: Sequence[Clip]) -> None:
    if not clips:
        raise GaitheatError("an overlay needs at least one clip, got none: extract some first")
    if len({clip.sha256 for clip in clips}) > 1:
        names = sorted({clip.source for clip in clips})
        raise GaitheatError(f"an overlay needs clips of one recording, got {', '.join(names)}")


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
    with _film(path) as film:
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
    chosen = evenly(len(clip), count)
    crops: dict[int, Picture] = {}
    for frame in source:
        at = _frame_at(clip, frame.time)
        if at is not None and at in chosen:
            crops[at] = cut(frame.rgb, clip.crop[at], CROP_SIZE)
        if len(crops) == len(chosen):
            return [crops[int(at)] for at in chosen]
    raise _wrong_recording(source, clip)


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


class _Film:
    """An H.264 stream that takes the size of its first picture, and its times from the pictures."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream: VideoStream | None = None
        self._start = 0.0

    def add(self, picture: Picture, time: float) -> None:
        """One more picture, ``time`` seconds on the recording's clock; the film starts at the first."""
        if self._stream is None:
            self._start, self._stream = time, self._opened(*picture.shape[:2])
        width, height = self._stream.width, self._stream.height
        odd_height, odd_width = height - picture.shape[0], width - picture.shape[1]
        if (odd_height, odd_width) in ((0, 1), (1, 0), (1, 1)):
            # yuv420p holds one colour for four pixels: sizes must be even.
            picture = cv2.copyMakeBorder(picture, 0, odd_height, 0, odd_width, cv2.BORDER_REPLICATE)
        elif (odd_height, odd_width) != (0, 0):
            picture = shrunk(picture, width, height)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        frame.pts, frame.time_base = round((time - self._start) * TICKS), Fraction(1, TICKS)
        self._container.mux(self._stream.encode(frame))

    def _opened(self, height: int, width: int) -> VideoStream:
        # B-frames would let the header tell too short a length where times are uneven.
        options = {"crf": "18", "preset": "veryfast", "bf": "0"}
        stream: VideoStream = self._container.add_stream("h264", rate=round(WINDOW_RATE), options=options)
        stream.width, stream.height, stream.pix_fmt = width + width % 2, height + height % 2, "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.colorspace = Colorspace.ITU709  # players guess by the size unless told
        return stream

    def finish(self) -> None:
        """Nothing more will come."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))


@contextmanager
def _film(path: Path) -> Iterator[_Film]:
    """A film that is at ``path`` whole, or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            part = Path(folder) / "film.mp4"
            with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
                film = _Film(container)
                yield film
                film.finish()
            part.replace(path)
    except (OSError, av.FFmpegError) as error:
        raise GaitheatError(f"{path}: cannot write a video there ({error})") from error
