"""Frames of a folder of pictures as RGB, and what all sources of frames share."""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame

PICTURES = frozenset(
    {".bmp", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Endings of the files in a folder that are taken for pictures; all other files are left alone."""
PICTURE_RATE = 25.0
"""Pictures a second, unless said otherwise."""


@dataclass
class ImageFolder:
    """A :class:`~gaitheat.frames.FrameSource` of a folder of pictures in natural order (2 before 10).

    Attributes:
        path: the folder; sub-folders, hidden files, and files that are no ``PICTURES`` are left alone.
        start: first picture, counted from 0.
        stop: first picture that does not belong to it any more; None: to the end.
        rate: pictures a second.
        problem: always None: a picture that cannot be read ends the iteration with an error.

    Raises:
        GaitheatError: when made, the folder is missing, holds no pictures, or range or rate make no sense.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    rate: float = PICTURE_RATE
    problem: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_range(self.path, self.start, self.stop)
        if self.rate <= 0:
            raise GaitheatError(f"{self.path}: expected a rate above 0 pictures a second, got {self.rate}")
        if not self.path.is_dir():
            raise GaitheatError(f"{self.path} is no folder: check the spelling")
        self._files = sorted(filter(is_picture, self.path.iterdir()), key=_natural)
        if len(self._files) <= self.start:
            raise GaitheatError(
                f"folder {self.path}: expected pictures from number {self.start} on, "
                f"got {len(self._files)} in all (of the kinds {' '.join(sorted(PICTURES))})"
            )

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def sha256(self) -> str:
        """Hex digest of the digests of all pictures in order, whatever their names and the range."""
        return hashlib.sha256(b"".join(map(digest, self._files))).hexdigest()

    def length(self) -> int:
        """Number of pictures in the range."""
        return len(self._files[self.start : self.stop])

    def __iter__(self) -> Iterator[Frame]:
        """Pictures in order.

        Raises:
            GaitheatError: when its pixels are asked for, a picture cannot be read; the message names it.
        """
        for number, file in enumerate(self._files[self.start : self.stop], self.start):
            yield Frame(number, number / self.rate, partial(_read_picture, file))


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def joint_digest(files: Sequence[Path]) -> bytes:
    """The digest of a file; of several files, which belong together, that of their digests in order."""
    digests = [digest(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()


def check_range(path: Path, start: int, stop: int | None) -> None:
    """Raise a GaitheatError unless ``start`` to ``stop`` (None: to the end) is a range of frames."""
    if start < 0 or (stop is not None and stop <= start):
        raise GaitheatError(f"{path}: expected frames 0 <= start < stop, got start {start}, stop {stop}")


def _read_picture(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    # OpenCV cannot open every name on Windows; Python can.
    content = np.frombuffer(path.read_bytes(), np.uint8)
    picture = None
    with contextlib.suppress(cv2.error):  # a file that claims to be larger than any picture
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise GaitheatError(f"{path}: expected a picture, got a file that cannot be read as one; mend it")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def is_picture(file: Path) -> bool:
    """Whether a file is taken for a picture, by its name."""
    return file.suffix.lower() in PICTURES and not file.name.startswith(".") and file.is_file()


def _natural(file: Path) -> tuple[str, str]:
    """Sorts by name, with numbers by value."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), file.name.casefold()), file.name
