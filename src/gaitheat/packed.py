"""PackedClips: clips in one Arrow file that needs only pyarrow to read; small sets travel as one.

The file has one record batch a clip, in the order of their keys, and the table of clips in its metadata. It
is memory-mapped: opening reads the table, a window reads its own frames.
"""

import tempfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.rows import CLIPS, FORMAT, FRAMES, Catalogue, chosen_frames, clip_row, decode, encode
from gaitheat.sources import ClipInfo, ClipSource, Request

_FORMAT_KEY, _CLIPS_KEY, _CHECKSUM_KEY = b"gaitheat.packed", b"gaitheat.clips", b"gaitheat.checksum"


class PackedClips:
    """The clips of a file that ``pack`` wrote; a ``ClipSource``. It pickles as its path."""

    def __init__(self, path: str | Path) -> None:
        """Open the file; GaitheatError if it is missing, cut short, no such file, or of another version."""
        self.path = Path(path)
        try:
            self._file = pa.ipc.open_file(pa.memory_map(str(self.path)))
        except (OSError, pa.ArrowException) as error:
            raise GaitheatError(
                f"{self.path} is no file of packed clips ({str(error).splitlines()[0]}): "
                "check the path, or write it again with `gaitheat pack`"
            ) from error
        metadata = self._file.schema.metadata or {}
        found = metadata.get(_FORMAT_KEY, b"unknown").decode(errors="replace")
        if found != str(FORMAT):
            raise GaitheatError(
                f"{self.path} has format {found}, but this gaitheat reads format {FORMAT}: "
                "pack the clips again, or use the gaitheat that wrote it"
            )
        clips = metadata.get(_CLIPS_KEY, b"")
        if metadata.get(_CHECKSUM_KEY) != str(zlib.crc32(clips)).encode():
            raise self._damaged("its table of clips")
        self._catalogue = Catalogue(pa.ipc.open_stream(clips).read_all())

    def _damaged(self, what: str) -> GaitheatError:
        return GaitheatError(f"{self.path} is damaged ({what}): copy or pack it again")

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedClips, (self.path,)

    def infos(self) -> list[ClipInfo]:
        """Every clip, sorted by key."""
        return list(self._catalogue.infos)

    def refusals(self) -> list[Refusal]:
        """What gave no clip, and why, sorted by key."""
        return list(self._catalogue.refusals)

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """The clips asked for; only the frames asked for are touched (see ``ClipSource``)."""
        return [self._clip(key, frames) for key, frames in requests]

    def _clip(self, key: ClipKey, wanted: NDArray[np.int64] | None) -> Clip:
        position = self._catalogue.position(key)
        info = self._catalogue.infos[position]
        frames = chosen_frames(info, wanted)
        try:
            batch = self._file.get_batch(position)
            batch.validate(full=True)
            rows = batch.take(pa.array(frames))
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(f"clip {key}") from error
        return decode(info, frames, rows)


def pack(source: ClipSource, path: str | Path, keys: Iterable[ClipKey] | None = None) -> None:
    """Write clips into one file, whole or not at all; memory holds one clip at a time.

    Args:
        source: where the clips are.
        path: a file that does not exist yet.
        keys: which clips; None packs them all, and the refusals as well.

    Raises:
        GaitheatError: something is at ``path``, it cannot be written, or a key is not in the source.
    """
    target = Path(path)
    if target.exists():
        raise GaitheatError(f"{target} exists: remove it first, or give another name")
    everything = {info.key: info for info in source.infos()}
    chosen = sorted(everything if keys is None else set(keys))
    missing = [key for key in chosen if key not in everything]
    if missing:
        # The source says it best: it names the closest.
        source.read([(missing[0], None)])
    items = [everything[key] for key in chosen]
    clips = _serialised([*items, *(source.refusals() if keys is None else [])])
    metadata = {_FORMAT_KEY: str(FORMAT), _CLIPS_KEY: clips, _CHECKSUM_KEY: str(zlib.crc32(clips))}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            part = Path(folder) / target.name
            with pa.ipc.new_file(str(part), FRAMES.with_metadata(metadata)) as file:
                for key in chosen:
                    file.write_batch(encode(source.read([(key, None)])[0]).frames)
            part.replace(target)
    except OSError as error:
        raise GaitheatError(f"cannot write {target}: {error}") from error


def _serialised(items: list[ClipInfo | Refusal]) -> bytes:
    """A table of CLIPS rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, CLIPS, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(pa.Table.from_pylist([clip_row(item) for item in items], CLIPS))
    serialised: bytes = sink.getvalue().to_pybytes()
    return serialised
