"""Frames of a video file as RGB: one at a time, so memory does not grow with its length."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from jaxtyping import UInt8

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame, FrameSource
from gaitheat.video.pictures import PICTURE_RATE, ImageFolder, check_range, digest

DECODING_THREADS = 2
"""Two threads decode while the estimator computes; more gain little and each keeps a picture in memory."""
CLOCK_RESTART = 1.0
"""A clock that falls back by this many seconds was started again, as where recordings were joined."""
FALLBACK_RATE = 25.0
"""Pictures a second where a file says nothing about time."""


def open_source(
    path: Path, start: int = 0, stop: int | None = None, rate: float = PICTURE_RATE
) -> FrameSource:
    """The frames ``start`` to ``stop`` (not included) of a video file or of a folder of pictures.

    A video file says itself at which ``rate``, in pictures a second, it was filmed; a folder does not.

    Raises:
        GaitheatError: nothing is there, or it cannot be read, or the range makes no sense.
    """
    return ImageFolder(path, start, stop, rate) if path.is_dir() else VideoFile(path, start, stop)


@dataclass
class VideoFile:
    """A :class:`~gaitheat.frames.FrameSource` of any file that FFmpeg reads; rotation flags are obeyed.

    Times are seconds since the file's first picture, from the presentation time stamps; frame numbers count
    pictures in the order in which they are shown. A range is decoded from the file's beginning: seeking
    by number is inexact in most containers.

    Attributes:
        path: the file.
        start: first frame, counted from 0.
        stop: first frame that does not belong to it any more; None: to the end.
        problem: what the last complete iteration missed, with the number of frames, or None if nothing: a
            file that is cut off or damaged gives the frames before the damage.

    Raises:
        GaitheatError: when made, the file is missing, empty, no video, or the range makes no sense.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    problem: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_range(self.path, self.start, self.stop)
        with _opened(self.path) as (_, stream):
            self._promised = stream.frames or None

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def sha256(self) -> str:
        """Hex digest of the file's bytes, whatever the range."""
        return digest(self.path).hex()

    def length(self) -> int | None:
        """Number of frames in the range by the container's header, or None when it does not say."""
        return None if self._promised is None else len(range(self._promised)[self.start : self.stop])

    def __iter__(self) -> Iterator[Frame]:
        """Frames in time order.

        Raises:
            GaitheatError: not a single frame could be read. After the first one, the iteration ends where
                the damage begins, and ``problem`` says so.
        """
        self.problem = None
        read, repeated, damage = 0, 0, ""
        rgb = VideoReformatter()
        with _opened(self.path) as (container, stream):
            clock = Clock(1.0 / float(stream.average_rate or FALLBACK_RATE))
            seconds = _promised_seconds(container, stream)
            try:
                for number, picture in enumerate(islice(container.decode(stream), self.stop)):
                    read = number + 1
                    time = clock.read(stamp_of(container, picture))
                    if number < self.start:
                        continue
                    if time is None:
                        repeated += 1
                    else:
                        yield Frame(number, time, partial(pixels_of, picture, rgb))
            except av.FFmpegError as error:
                damage = reason_of(error)
        if read <= self.start:
            raise GaitheatError(
                f"{self.path}: expected frames from number {self.start} on, got {read} frames in all"
                + (f" ({damage})" if damage else "")
            )
        whole = seconds is None or clock.covers(seconds)
        promised = self._promised or round((seconds or 0.0) / clock.step)
        missing = 0 if whole and not damage else min(promised, self.stop or promised) - read
        self.problem = _problem(read, missing, repeated, damage)


class Clock:
    """Time stamps made strictly increasing: a restarted clock goes on, a repeated time is refused."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.shift: float | None = None
        self.last = -step
        self.count = 0

    def read(self, stamp: float | None) -> float | None:
        """Seconds since the first picture, or None if that moment was shown already."""
        if stamp is None:
            time = self.last + self.step
        else:
            if self.shift is None or stamp + self.shift <= self.last - CLOCK_RESTART:
                self.shift = self.last + self.step - stamp
            time = stamp + self.shift
        if time <= self.last:
            return None
        self.last = time
        self.count += 1
        return time

    def covers(self, seconds: float) -> bool:
        """Whether the last picture, shown as long as the others, reaches the end."""
        mean_step = self.last / (self.count - 1) if self.count > 1 else self.step
        return seconds - self.last <= 1.5 * mean_step


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise GaitheatError(f"{path} is no file: check the spelling")
    if path.stat().st_size == 0:
        raise GaitheatError(f"{path}: expected a video, got an empty file; copy it again")
    try:
        # "file:" keeps a name with a colon from being taken for a network address.
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise GaitheatError(
            f"{path}: expected a video, got a file that cannot be read as one ({reason_of(error)}); "
            "if it is one, it is damaged or cut off: copy it again"
        ) from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not streams or streams[0].codec_context is None:
            kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
            raise GaitheatError(f"{path}: expected a video stream that can be decoded, got only: {kinds}")
        stream = streams[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = DECODING_THREADS
        yield container, stream


def stamp_of(container: InputContainer, picture: VideoFrame) -> float | None:
    """When a picture is to be shown, in seconds on the file's own clock, or None if nothing says so."""
    # An AVI numbers its packets in the order of decoding: their presentation times are in disorder.
    ticks = picture.dts if container.format.name == "avi" else picture.pts
    return None if ticks is None or picture.time_base is None else float(ticks * picture.time_base)


def _promised_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the pictures last, as the header says, or None if it does not."""
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return float(stream.frames / stream.average_rate)  # FFmpeg infers an AVI's duration from its size
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and len(container.streams) == 1:
        # Matroska's own clock may start late, and its header says when it ends.
        matroska = container.format.name.startswith("matroska")
        late = max(container.start_time or 0, 0) if matroska else 0
        return (container.duration - late) / av.time_base
    return None


def _problem(read: int, missing: int, repeated: int, damage: str) -> str | None:
    problems = []
    if missing > 0:
        problems.append(f"{missing} frames are missing after the first {read} ({damage or 'cut off'})")
    elif damage:
        problems.append(f"nothing could be read after the first {read} frames ({damage})")
    if repeated:
        problems.append(f"{repeated} frames were left out: they carry the time of the one before")
    return "; ".join(problems) or None


def pixels_of(picture: VideoFrame, rgb: VideoReformatter) -> UInt8[np.ndarray, "height width 3"]:
    """RGB pixels, turned the way they are to be seen (``rotation`` counts counter-clockwise degrees)."""
    pixels = rgb.reformat(picture, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, round(picture.rotation / 90)), dtype=np.uint8)


def reason_of(error: Exception) -> str:
    """What FFmpeg or the system says about an error, without its address."""
    return str(getattr(error, "strerror", None) or error)
