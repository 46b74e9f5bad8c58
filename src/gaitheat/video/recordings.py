"""Which recordings a path stands for: a video, a folder of pictures, or a folder of videos."""

from pathlib import Path

from gaitheat.clips import ClipKey, Recording
from gaitheat.errors import GaitheatError
from gaitheat.video.pictures import digest, is_picture
from gaitheat.video.reader import open_source

VIDEOS = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)
"""Endings of the files in a folder that are taken for videos; a file that is named is opened anyway."""


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


def recording(path: Path, start: int = 0, stop: int | None = None) -> Recording:
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
    frames = "" if (start, stop) == (0, None) else f"@{start}-{'' if stop is None else stop}"
    # "." and ".." are no names: the folder must be called the same from inside and from elsewhere.
    name = path.resolve().name if path.name in ("", "..") else path.name
    take = f"{name}{frames}#{sha256[:8]}"
    return Recording(path, ClipKey("video", "unknown", "unknown", "unknown", take, 0), start, stop)
