"""Pictures in, an MP4 out: whole, or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from gaitheat.clips import WINDOW_RATE
from gaitheat.errors import GaitheatError
from gaitheat.painting import Picture, shrunk

TICKS = 90_000
"""Units of a second in which the video tells its times: whole for 24, 25, 30, 50 and 60 frames a second."""


class Film:
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
def film_at(path: Path) -> Iterator[Film]:
    """A film that is at ``path`` whole, or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            part = Path(folder) / "film.mp4"
            with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
                film = Film(container)
                yield film
                film.finish()
            part.replace(path)
    except (OSError, av.FFmpegError) as error:
        raise GaitheatError(f"{path}: cannot write a video there ({error})") from error
