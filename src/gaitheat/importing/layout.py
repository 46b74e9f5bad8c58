"""Folders ``<subject>/<kind>/<view>/*.pkl`` of OpenGait and FastPoseGait, and what is in their files."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.errors import GaitheatError
from gaitheat.skeleton import JOINTS

Content = Literal["silhouettes", "poses", "heatmaps"]
"""``silhouettes``: uint8 [frames, 64, 64] or [frames, 64, 44]. ``poses``: floats [frames, 17 or 18, 3], x, y
in image pixels and score. ``heatmaps``: floats [frames, 17, 64, 48] in 0..1."""
Roots = Mapping[Content | None, Path]
"""A folder for each modality; or one for all of them, under None."""

SILHOUETTES = frozenset({(64, 64), (64, 44)})
"""Rows and columns that silhouettes may have."""
MAX_BYTES = 1 << 31
"""Larger arrays are refused: no clip is so long."""


class ClipFile(NamedTuple):
    """A pickle, what it must hold (None: whatever it holds), and its size in bytes."""

    path: Path
    modality: Content | None
    size: int


class ClipFolder(NamedTuple):
    """The names of the three folders that a clip lies in, and its files, below one root or several."""

    subject: str
    kind: str
    view: str
    files: tuple[ClipFile, ...]

    @property
    def name(self) -> str:
        """The same below every root."""
        return f"{self.subject}/{self.kind}/{self.view}"


class NoModalityError(Exception):
    """What a file holds is not one of the modalities; the message is the reason, the same for all alike."""


def clip_folders(roots: Roots, pattern: str = "*.pkl") -> list[ClipFolder]:
    """The clips below the roots, in order of their names.

    Args:
        roots: where which modality lies.
        pattern: which files count, such as ``*-Sils_aligned.pkl``, where a folder has more than are wanted.

    Raises:
        GaitheatError: a root has no such files.
    """
    found: defaultdict[tuple[str, str, str], list[ClipFile]] = defaultdict(list)
    for modality, root in roots.items():
        files = sorted(_files(root, pattern))
        if not files:
            raise GaitheatError(
                f"{root}: expected files <subject>/<kind>/<view>/{pattern} below it, but found none"
            )
        for path in files:
            subject, kind, view = path.parts[-4:-1]
            found[subject, kind, view].append(ClipFile(path, modality, _size(path)))
    return [ClipFolder(*names, tuple(files)) for names, files in sorted(found.items())]


def _files(root: Path, pattern: str) -> Iterator[Path]:
    for path in root.glob(f"*/*/*/{pattern}"):
        if not path.is_dir() and not any(part.startswith(".") for part in path.relative_to(root).parts):
            yield path


def _size(path: Path) -> int:
    """A link that leads nowhere is found as well: to read it is what fails, and is reported."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def recognised(value: Any) -> tuple[Content, NDArray[Any]]:
    """What a pickle holds, by type and shape of its array (or of its list of equal arrays, one a frame).

    Raises:
        NoModalityError: none of the modalities.
    """
    array = _array(value)
    floats = array.dtype.kind == "f"
    if array.dtype == np.uint8 and array.ndim == 3:
        if array.shape[1:] not in SILHOUETTES:
            raise NoModalityError("silhouettes of another size than 64 x 64 or 64 x 44")
        return "silhouettes", array
    if floats and array.ndim == 3 and array.shape[2] == 3:
        if array.shape[1] not in (len(JOINTS), len(JOINTS) + 1):
            raise NoModalityError("poses of another number of joints than 17 or 18")
        return "poses", array
    if array.ndim == 4:
        if not floats or array.shape[1:] != (len(JOINTS), MAP_HEIGHT, MAP_WIDTH):
            raise NoModalityError("maps of another type or size than floats, 17 x 64 x 48")
        return "heatmaps", array
    raise NoModalityError("neither silhouettes nor poses nor heatmaps")


def described(value: Any) -> str:
    """Type and shape of what a pickle holds, for a message."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {list(value.shape)}"
    return type(value).__name__


def _array(value: Any) -> NDArray[Any]:
    if isinstance(value, list | tuple) and value and all(isinstance(item, np.ndarray) for item in value):
        kinds = {(item.dtype, item.shape) for item in value}
        if len(kinds) > 1:
            raise NoModalityError("frames of different type or size")
        # Small in the file, as the same array may be named many times.
        if sum(item.nbytes for item in value) > MAX_BYTES:
            raise NoModalityError("more than 2 GB of frames")
        value = np.stack(value)
    if not isinstance(value, np.ndarray):
        raise NoModalityError("neither silhouettes nor poses nor heatmaps")
    return value
