"""PackedSink: extraction straight into one packed file, where there is no Lance; safe to kill at any moment.

What was committed lies in small packed files in ``NAME.parts`` beside the file. A run that comes to its end
makes one file of them and of the file, if that is there already. Parts that a kill left behind after that do
no harm: what is there twice is taken once.
"""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from jaxtyping import Int64

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.packed import open_packed, write_packed
from gaitheat.sinks import ENTRIES, Entry, Ledger, SinkWriter, key_taken


class PackedSink:
    """A packed file in the making; a ``ClipSink``. When a run has ended, ``PackedClips`` reads the file."""

    def __init__(self, path: str | Path) -> None:
        """Go on with what is there; GaitheatError if that is something else."""
        self.path = Path(path)
        self._parts = self.path.with_name(f"{self.path.name}.parts")
        self._ledger = self._read_ledger()

    def _files(self) -> list[Path]:
        return [*([self.path] if self.path.exists() else []), *sorted(self._parts.glob("*.arrow"))]

    def _read_ledger(self) -> Ledger:
        ledger = Ledger()
        for file in self._files():
            ledger.read(_open(file)[1])
        return ledger

    def done(self, key: ClipKey, identity: str) -> bool:
        """Whether every clip and refusal of a recording is there (see ``ClipSink``)."""
        if not self._ledger.free_for(key, identity):
            raise key_taken(str(self.path), key)
        return self._ledger.done(identity)

    @contextlib.contextmanager
    def writer(self) -> Iterator[SinkWriter]:
        """Add clips; when it ends, by an error too, what was added is committed.

        Raises:
            GaitheatError: somebody else writes there now, or nobody can.
        """
        with self._locked():
            for leftover in self._parts.glob(".*"):
                shutil.rmtree(leftover)
            writer = _PartWriter(self.path, self._parts, self._read_ledger)
            try:
                yield writer
            finally:
                try:
                    writer.commit()
                finally:
                    self._ledger = self._read_ledger()
            self._join()
            shutil.rmtree(self._parts, ignore_errors=True)
        with contextlib.suppress(OSError):  # Windows keeps the lock, and so the folder, until now
            self._parts.rmdir()

    def _locked(self) -> contextlib.AbstractContextManager[Any]:
        lock = FileLock(self._parts / "writer.lock", timeout=0)
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            return lock.acquire()
        except Timeout as error:
            raise GaitheatError(
                f"{self.path} is being written by another process: wait for it, or give another name"
            ) from error
        except OSError as error:
            raise GaitheatError(f"cannot write {self.path}: {error}") from error

    def _join(self) -> None:
        files = self._files()
        if files and files != [self.path]:
            pieces = _pieces(files)
            entries = pa.concat_tables([piece.entries for piece in pieces])
            write_packed(self.path, entries, _batches(pieces), work=self._parts)


class _PartWriter(SinkWriter):
    """Every commit is one more part."""

    def __init__(self, path: Path, parts: Path, read_ledger: Callable[[], Ledger]) -> None:
        super().__init__(str(path))
        self._parts = parts
        self._read_ledger = read_ledger
        self._ledger: Ledger | None = None

    def _write(self, entries: Sequence[Entry]) -> list[ClipKey]:
        ledger = self._ledger or self._read_ledger()
        # Until the commit is through, the ledger says more than there is.
        self._ledger = None
        fresh, taken = ledger.sift(entries)
        if fresh:
            table = pa.Table.from_pylist([entry.row() for entry in fresh], ENTRIES)
            frames = (entry.encoded.frames for entry in fresh if entry.encoded.frames is not None)
            write_packed(self._parts / f"{secrets.token_hex(8)}.arrow", table, frames)
        self._ledger = ledger
        return taken


class _Piece(NamedTuple):
    """What a file adds to those before it."""

    file: Path
    entries: pa.Table
    batches: Int64[np.ndarray, " clips"]


def _pieces(files: Sequence[Path]) -> list[_Piece]:
    ledger, pieces = Ledger(), []
    for file in files:
        entries = _open(file)[1]
        new = np.array(ledger.read(entries), bool)
        clips = entries.column("reason").is_null().to_numpy()
        pieces.append(_Piece(file, entries.filter(pa.array(new)), np.flatnonzero(new[clips])))
    return pieces


def _batches(pieces: Sequence[_Piece]) -> Iterator[pa.RecordBatch]:
    for piece in pieces:
        batches, _ = _open(piece.file)
        for number in piece.batches:
            yield batches.get_batch(number)


def _open(file: Path) -> tuple[pa.ipc.RecordBatchFileReader, pa.Table]:
    batches, entries = open_packed(file)
    if entries.schema.names != ENTRIES.names:
        raise GaitheatError(
            f"{file} was packed from a store, so that nothing can be added to it: give another name"
        )
    return batches, entries
