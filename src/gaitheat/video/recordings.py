"""Which recordings a path stands for: a video, a folder of pictures, or a folder of videos."""

from dataclasses import dataclass
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.frames import FrameSource
from gaitheat.video.pictures import PICTURE_RATE, digest, is_picture
from gaitheat.video.reader import open_source

VIDEOS = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)
"""Endings of the files in a folder that are taken for videos; a file that is named is opened anyway."""


@dataclass(frozen=True, slots=True)
class VideoRecording:
    """A video file or a folder of pictures, or a range of its frames: a ``Recording``."""

    path: Path
    key: ClipKey
    start: int = 0
    """First frame, counted from 0."""
    stop: int | None = None
    """First frame that does not belong to it any more; None: to the end."""
    alone: bool = False
    rate: float = PICTURE_RATE
    """Pictures a second of a folder; a video says it itself."""

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def span(self) -> str:
        """The range of frames, empty for all of them."""
        return _span(self.start, self.stop)

    def open(self) -> FrameSource:
        """The frames of the range; GaitheatError if there are none."""
        return open_source(self.path, self.start, self.stop, self.rate)


def _span(start: int, stop: int | None) -> str:
    return "" if (start, stop) == (0, None) else f"{start}-{'' if stop is None else stop}"


def files(path: Path) -> list[Path]:
    """The recordings below a path, in order: itself, or every video and folder of pictures in it.

    Raises:
        GaitheatError: nothing is there.
    """
    if not path.is_dir():
        return [path]
    below = [item for item in path.rglob("*") if not _hidden(item.relative_to(path))]
    pictures = {item.parent for item in below if is_picture(item)}
    found = sorted({*pictures, *(item for item in below if item.suffix.lower() in VIDEOS and item.is_file())})
    if not found:
        raise GaitheatError(f"{path}: expected videos or pictures in this folder, but found none")
    return found


def _hidden(below: Path) -> bool:
    return any(part.startswith(".") for part in below.parts)


def recording(path: Path, start: int = 0, stop: int | None = None) -> VideoRecording:
    """A video of somebody unknown: its clips are called by its name and content, wherever it lies.

    Raises:
        GaitheatError: nothing is there, or under a name that is no text.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise GaitheatError(
            f"{str(path)!r}: expected a name that is text, got other bytes; rename it"
        ) from error
    # A file is not opened as a video yet: one that is none must not keep the others of its folder waiting.
    sha256 = digest(path).hex() if path.is_file() else open_source(path, start, stop).sha256()
    frames = f"@{_span(start, stop)}" if _span(start, stop) else ""
    # "." and ".." are no names: the folder must be called the same from inside and from elsewhere.
    name = path.resolve().name if path.name in ("", "..") else path.name
    take = f"{name}{frames}#{sha256[:8]}"
    return VideoRecording(path, ClipKey("video", "unknown", "unknown", "unknown", take, 0), start, stop)
