"""Pictures as they come: from a camera of this computer or of the network. What comes too late is dropped.

Another thread reads and decodes without a pause: a stream must not wait, and the processor need not.
"""

import hashlib
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Condition
from typing import NamedTuple

import av
from av.video.reformatter import VideoReformatter

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame, FrameSource
from gaitheat.video.reader import FALLBACK_RATE, Clock, open_source, pixels_of, reason_of, stamp_of

CAMERA = "camera:"
"""What the cameras of this computer are called: camera:0, camera:1 ..."""
SILENCE = 10.0
"""Seconds after which a stream that does not answer, or that falls silent, is given up."""
AHEAD = 4
"""Pictures of a file that are made ready while others are looked at."""
WAKE = 0.2
"""Seconds between looks at whether there is still somebody to wait for; Ctrl-C takes effect then."""


def open_stream(address: str) -> FrameSource:
    """Whatever can be watched: a camera (``camera:0``), a stream (``rtsp://...``), a file or a folder.

    Raises:
        GaitheatError: there is no such thing.
    """
    if address.startswith(CAMERA) or "://" in address:
        return LiveSource(address)
    return ReadAhead(open_source(Path(address)))


@dataclass
class LiveSource:
    """A :class:`~gaitheat.frames.FrameSource` of what is seen now: every iteration shows something else.

    Who is slower than the camera gets the newest picture. Frame numbers count those that were dropped too.

    Attributes:
        address: ``camera:N``, or any address that FFmpeg reads, such as ``rtsp://`` or ``http://``.

    Raises:
        GaitheatError: when made, it is no camera's number; when read, no pictures come.
    """

    address: str

    def __post_init__(self) -> None:
        self._input = _input(self.address)
        self._begun = time.time_ns()
        self._seen, self._sent, self._broken = 0, 0, ""

    @property
    def name(self) -> str:
        """The address, without the password that it may hold."""
        scheme, slashes, place = self.address.partition("://")
        return scheme + slashes + place.rpartition("@")[2]

    def sha256(self) -> str:
        """Hex digest of the address and the moment: no two recordings of a camera are the same."""
        return hashlib.sha256(f"{self.name} {self._begun}".encode()).hexdigest()

    def length(self) -> int | None:
        """Nobody knows."""
        return None

    @property
    def problem(self) -> str | None:
        """How many pictures were dropped so far, and why the stream broke off if it did."""
        dropped = self._sent - self._seen
        said = [f"{dropped} of {self._sent} pictures came too fast and were dropped"] if dropped else []
        said += [f"it broke off after {self._sent} pictures ({self._broken})"] if self._broken else []
        return "; ".join(said) or None

    def __iter__(self) -> Iterator[Frame]:
        """The newest picture whenever one is asked for, until the stream ends or breaks off."""
        self._seen, self._sent, self._broken = 0, 0, ""
        with closing(_Reader(_pictures(self._input, self.name), room=1, drop=True)) as newest:
            try:
                for frame in newest:
                    self._seen, self._sent = self._seen + 1, frame.number + 1
                    yield frame
            except (av.FFmpegError, OSError) as error:
                self._broken = reason_of(error)
        if not self._seen:
            raise GaitheatError(
                f"{self.name}: expected pictures, but none came ({self._broken or 'it ended'})"
            )


@dataclass
class ReadAhead:
    """A source whose next pictures are decoded and converted by another thread; none is dropped."""

    source: FrameSource

    @property
    def name(self) -> str:
        """As the source says."""
        return self.source.name

    @property
    def problem(self) -> str | None:
        """As the source says."""
        return self.source.problem

    def sha256(self) -> str:
        """As the source says."""
        return self.source.sha256()

    def length(self) -> int | None:
        """As the source says."""
        return self.source.length()

    def __iter__(self) -> Iterator[Frame]:
        """The source's frames, with their pixels."""
        with closing(_Reader(_converted(self.source), AHEAD)) as ready:
            yield from ready


def _converted(frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        _ = frame.rgb  # kept by the frame
        yield frame


class _Reader:
    """Frames that another thread reads; if reading fails, the error comes behind the last of them.

    Args:
        frames: what to read.
        room: how many may wait.
        drop: where there is no room, drop the oldest instead of waiting.
    """

    def __init__(self, frames: Iterable[Frame], room: int, drop: bool = False) -> None:
        self._frames, self._room, self._drop = frames, room, drop
        self._waiting: deque[Frame] = deque()
        self._changed = Condition()
        self._closed = False
        executor = ThreadPoolExecutor(1, "frames")
        self._reading = executor.submit(self._read)
        executor.shutdown(wait=False)

    def __iter__(self) -> Iterator[Frame]:
        while True:
            with self._changed:
                # The thread may end between two looks; a wait without end would be deaf to Ctrl-C on Windows.
                while not self._waiting and not self._reading.done():
                    self._changed.wait(WAKE)
                if not self._waiting:
                    break
                frame = self._waiting.popleft()
                self._changed.notify_all()
            yield frame
        self._reading.result()

    def close(self) -> None:
        """Read no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _read(self) -> None:
        for frame in self._frames:
            with self._changed:
                if self._drop and len(self._waiting) == self._room:
                    self._waiting.popleft()
                while len(self._waiting) == self._room and not self._closed:
                    self._changed.wait()
                if self._closed:
                    break
                self._waiting.append(frame)
                self._changed.notify_all()


class _Input(NamedTuple):
    """What FFmpeg opens, in which format if it cannot tell, and with which options."""

    address: str
    format: str | None
    options: dict[str, str]


def _pictures(given: _Input, name: str) -> Iterator[Frame]:
    """The pictures of a camera, at the times that it gives them; pixels on demand."""
    timeout = (SILENCE, SILENCE)
    with av.open(given.address, format=given.format, options=given.options, timeout=timeout) as container:
        if not container.streams.video:
            raise GaitheatError(f"{name}: expected a stream with pictures, got one without")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # threads that each decode a picture of their own would delay them
        clock, rgb = Clock(1.0 / float(stream.average_rate or FALLBACK_RATE)), VideoReformatter()
        number = 0
        for picture in container.decode(stream):
            shown = clock.read(stamp_of(container, picture))
            if shown is not None:
                yield Frame(number, shown, partial(pixels_of, picture, rgb))
                number += 1


def _input(address: str) -> _Input:
    """Where a camera of this computer, or a stream of the network, is found."""
    if not address.startswith(CAMERA):
        # Over UDP, the default, lost packets smear the pictures.
        return _Input(address, None, {"rtsp_transport": "tcp"} if address.startswith("rtsp://") else {})
    number = address.removeprefix(CAMERA)
    if not number.isdecimal():
        raise GaitheatError(f"{address}: expected a camera by its number, such as {CAMERA}0")
    if sys.platform == "darwin":
        return _Input(number, "avfoundation", {"framerate": "30"})
    if sys.platform == "win32":
        cameras = [
            found.name for found in av.enumerate_input_devices("dshow") if "video" in found.media_types
        ]
        if int(number) >= len(cameras):
            raise GaitheatError(f"{address}: this computer has {len(cameras)} cameras, counted from 0")
        return _Input(f"video={cameras[int(number)]}", "dshow", {})
    return _Input(f"/dev/video{number}", "v4l2", {})
