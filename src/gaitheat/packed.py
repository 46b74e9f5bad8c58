"""PackedClips: clips in one Arrow file that needs only pyarrow to read; small sets travel as one.

The file has the table of clips in its metadata, and a record batch a clip, in the order of the table. It is
memory-mapped: opening reads the table, a window reads its own frames.
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
    """The clips of a packed file; a ``ClipSource``. It pickles as its path."""

    def __init__(self, path: str | Path) -> None:
        """Open the file; GaitheatError if it is missing, cut short, no such file, or of another version."""
        self.path = Path(path)
        self._batches, clips = open_packed(self.path)
        self._catalogue = Catalogue(clips)
        self._number = {row: number for number, row in enumerate(sorted(self._catalogue.rows))}

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
            batch = self._batches.get_batch(self._number[self._catalogue.rows[position]])
            batch.validate(full=True)
            rows = batch.take(pa.array(frames))
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.path, f"clip {key}") from error
        return decode(info, frames, rows)


def open_packed(path: Path) -> tuple[pa.ipc.RecordBatchFileReader, pa.Table]:
    """The frames, a batch a clip, and the table of clips, where refusals (see ``rows.CLIPS``) have no batch.

    Raises:
        GaitheatError: the file is missing, cut short, no such file, or of another version.
    """
    try:
        batches = pa.ipc.open_file(pa.memory_map(str(path)))
    except (OSError, pa.ArrowException) as error:
        raise GaitheatError(
            f"{path} is no file of packed clips ({str(error).splitlines()[0]}): "
            "check the path, or write it again with `gaitheat pack`"
        ) from error
    metadata = batches.schema.metadata or {}
    found = metadata.get(_FORMAT_KEY, b"unknown").decode(errors="replace")
    if found != str(FORMAT):
        raise GaitheatError(
            f"{path} has format {found}, but this gaitheat reads format {FORMAT}: "
            "pack the clips again, or use the gaitheat that wrote it"
        )
    clips = metadata.get(_CLIPS_KEY, b"")
    if metadata.get(_CHECKSUM_KEY) != str(zlib.crc32(clips)).encode():
        raise _damaged(path, "its table of clips")
    return batches, pa.ipc.open_stream(clips).read_all()


def write_packed(
    target: Path, clips: pa.Table, batches: Iterable[pa.RecordBatch], work: Path | None = None
) -> None:
    """Write a file that ``open_packed`` reads, whole or not at all; GaitheatError if that is impossible.

    Args:
        target: the file; it is replaced if it is there.
        clips: rows of the CLIPS schema, and more columns perhaps.
        batches: the frames of each that is no refusal.
        work: a folder of the same disk for the unfinished file; the target's if left out.
    """
    table = _serialised(clips)
    metadata = {_FORMAT_KEY: str(FORMAT), _CLIPS_KEY: table, _CHECKSUM_KEY: str(zlib.crc32(table))}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=work or target.parent) as folder:
            part = Path(folder) / target.name
            with pa.ipc.new_file(str(part), FRAMES.with_metadata(metadata)) as file:
                for batch in batches:
                    file.write_batch(batch)
            part.replace(target)
    except OSError as error:
        raise GaitheatError(f"cannot write {target}: {error}") from error


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
    rows = [clip_row(everything[key]) for key in chosen]
    if keys is None:
        rows += [clip_row(refusal) for refusal in source.refusals()]
    frames = (encode(source.read([(key, None)])[0]).frames for key in chosen)
    write_packed(target, pa.Table.from_pylist(rows, CLIPS), frames)


def _serialised(clips: pa.Table) -> bytes:
    """The table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, clips.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(clips)
    serialised: bytes = sink.getvalue().to_pybytes()
    return serialised


def _damaged(path: Path, what: str) -> GaitheatError:
    return GaitheatError(f"{path} is damaged ({what}): copy or pack it again")
