"""ClipStore: clips in two Lance tables of one folder (or object store), safe to kill at any moment.

``frames`` has one row a frame, ``clips`` one row a clip or refusal. A clip exists if and only if its
``clips`` row does: frames are written first, under a random number that the row then names, so frames of a
killed run are nobody's and are swept by a later writer. Several processes may write at once: into a folder
they do so in turn, under a lock file beside the tables. An object store (``s3://bucket/path``, ``gs://``,
``az://``; keys and endpoint come from the environment) has no such lock. There each commit is one conditional
put: nothing is lost, and of what two processes added both, the first counts, for every reader alike.
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gaitheat import tables
from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.rows import Catalogue, chosen_frames, decode
from gaitheat.sinks import Entry, Ledger, SinkWriter, key_taken
from gaitheat.sources import ClipInfo, Request
from gaitheat.tables import FramesTable, said_plainly

FRAGMENT_FRAMES = 65_536
"""Frames of a compacted file, about 0.2 GB: adding a clip to a large store rewrites no more than this."""


class ClipStore:
    """A store as it was when it was opened, or last written through this object.

    It is a ``ClipSource`` and a ``ClipSink``, and pickles as its path: a spawned worker opens it anew.
    """

    def __init__(self, path: str | Path) -> None:
        """Open what is there; GaitheatError if it is no store, or one of another version."""
        self.path = tables.location(path)
        with said_plainly("read", self.path):
            there = tables.is_store(self.path)
        if not there:
            raise GaitheatError(
                f"there is no clip store at {self.path} (it is missing or empty): "
                "check the path, or make one with `gaitheat extract VIDEO --store PATH`"
            )
        self._load()

    @classmethod
    def open_or_create(cls, path: str | Path) -> "ClipStore":
        """Open the store, or make an empty one; GaitheatError if something else is there."""
        place = tables.location(path)
        with said_plainly("make", place):
            tables.is_store(place)
            tables.create(place)
        return cls(place)

    def __reduce__(self) -> tuple[Any, ...]:
        return ClipStore, (self.path,)

    def _load(self) -> None:
        with said_plainly("read", self.path):
            table = tables.read_newest(lambda: tables.open_clips(self.path).to_table())
            self._ledger = Ledger()
            table = table.filter(pa.array(self._ledger.read(table), pa.bool_()))
            self._ids: NDArray[np.int64] = table.column("clip").to_numpy()
            self._catalogue = Catalogue(table)
        self._frames: FramesTable | None = None

    def infos(self) -> list[ClipInfo]:
        """Every whole clip, sorted by key."""
        return list(self._catalogue.infos)

    def refusals(self) -> list[Refusal]:
        """What gave no clip, and why, sorted by key."""
        return list(self._catalogue.refusals)

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """The clips asked for, in one read; only the frames asked for are touched (see ``ClipSource``)."""
        if not requests:
            return []
        positions = [self._catalogue.position(key) for key, _ in requests]
        infos = [self._catalogue.infos[position] for position in positions]
        frames = [chosen_frames(info, chosen) for info, (_, chosen) in zip(infos, requests, strict=True)]
        ids = [int(self._ids[self._catalogue.rows[position]]) for position in positions]
        with said_plainly("read", self.path):
            rows = self._take(ids, frames)
        return [decode(*clip) for clip in zip(infos, frames, rows, strict=True)]

    def _take(self, ids: list[int], frames: list[NDArray[np.int64]]) -> list[pa.RecordBatch]:
        def newest() -> list[pa.RecordBatch]:
            self._frames = FramesTable(self.path)
            return self._frames.take(ids, frames)

        if self._frames is not None:
            # A writer may have compacted and dropped this version: the newest has the same clips elsewhere.
            with contextlib.suppress(*tables.LANCE_ERRORS):
                return self._frames.take(ids, frames)
        return tables.read_newest(newest)

    def done(self, key: ClipKey, identity: str) -> bool:
        """Whether every clip and refusal of a recording is there (see ``ClipSink``)."""
        if not self._ledger.free_for(key, identity):
            raise key_taken(f"the store {self.path}", key)
        return self._ledger.done(identity)

    @contextlib.contextmanager
    def writer(self) -> Iterator["ClipWriter"]:
        """Add clips; when it ends, by an error too, what was added is committed."""
        writer = ClipWriter(self.path)
        writer.sweep()
        try:
            yield writer
        finally:
            try:
                writer.commit()
            finally:
                self._load()
        writer.tidy()
        self._load()


class ClipWriter(SinkWriter):
    """Comes from ``ClipStore.writer``."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the store {path}")
        self._path = path
        self._lock = tables.lock(path)
        self._ledger: Ledger | None = None
        self._version = 0

    def _write(self, entries: Sequence[Entry]) -> list[ClipKey]:
        with said_plainly("write to", self._path), self._lock:
            ledger = self._newest_ledger()
            # Until the commit is through, the ledger says more than the store holds.
            self._ledger = None
            fresh, taken = ledger.sift(entries)
            before = self._version
            if fresh:
                self._version = _append(self._path, fresh)
            # Without a lock, another writer may have committed meanwhile: then it does not say all.
            if self._version <= before + 1:
                self._ledger = ledger
        return taken

    def _newest_ledger(self) -> Ledger:
        clips = tables.open_clips(self._path)
        if self._ledger is not None and clips.version == self._version:
            return self._ledger
        self._version = clips.version
        ledger = Ledger()
        ledger.read(clips.to_table(columns=list(Ledger.COLUMNS)))
        return ledger

    def sweep(self) -> None:
        """Remove frames that no clip names, if they can only be a dead writer's."""
        with said_plainly("write to", self._path), self._lock:
            settled = tables.settled_frames(self._path)
            if settled is None:
                return
            named = tables.clip_numbers(tables.open_clips(self._path))
            orphans = np.setdiff1d(tables.clip_numbers(settled), named)
            if len(orphans):
                frames = lance.dataset(tables.frames_at(self._path))
                frames.delete(f"clip IN ({', '.join(map(str, orphans))})")

    def tidy(self) -> None:
        """Join the small files of many commits, drop old versions and what killed writers left behind."""
        self.sweep()
        with said_plainly("write to", self._path), self._lock:
            for path in (tables.frames_at(self._path), tables.clips_at(self._path)):
                table = lance.dataset(path)
                with tables.left_to_another():
                    table.optimize.compact_files(
                        target_rows_per_fragment=FRAGMENT_FRAMES, materialize_deletions_threshold=0.0
                    )
                if tables.is_remote(self._path):
                    table.cleanup_old_versions(tables.SETTLING)
                else:  # under the lock no other writer is at work, so unverified files are nobody's
                    table.cleanup_old_versions(timedelta(0), delete_unverified=True)


def _append(store: str, fresh: list[Entry]) -> int:
    """Write frames, then clips; returns the new version of the table of clips."""
    # Numbers are drawn for each attempt: frames that a failed one wrote must stay nobody's.
    ids = [secrets.randbits(63) for _ in fresh]
    batches = [
        pa.record_batch(
            [pa.array(np.full(len(encoded.frames), number)), *encoded.frames.columns], tables.FRAMES_TABLE
        )
        for number, (encoded, _, _) in zip(ids, fresh, strict=True)
        if encoded.frames is not None
    ]
    rows = [{"clip": number, **entry.row()} for number, entry in zip(ids, fresh, strict=True)]
    if batches:
        lance.write_dataset(pa.Table.from_batches(batches), tables.frames_at(store), mode="append")
    clips = pa.Table.from_pylist(rows, tables.CLIPS_TABLE)
    version: int = lance.write_dataset(clips, tables.clips_at(store), mode="append").version
    return version
