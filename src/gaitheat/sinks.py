"""Where clips are written to: the Protocol between extraction and the stores, and the ledger they keep."""

import hashlib
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import pyarrow as pa

from gaitheat.clips import ClipKey, Estimator
from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording
from gaitheat.rows import CLIPS, KEY_COLUMNS, Encoded, clip_row

COMMIT_CLIPS, COMMIT_SECONDS = 64, 10.0
"""A writer commits at the clip that makes it 64, or that comes later than 10 s after the last commit."""

ENTRIES = pa.schema(
    [
        *CLIPS,
        pa.field("recording", pa.string(), nullable=False),
        pa.field("planned", pa.int64(), nullable=False),
    ]
)
"""A row a clip or refusal of ``recording`` (its identity), which has ``planned`` rows when it is done."""


class Entry(NamedTuple):
    """A clip or refusal on its way into a sink."""

    encoded: Encoded
    identity: str
    planned: int

    def row(self) -> dict[str, Any]:
        """A row of the ENTRIES schema."""
        return {**clip_row(self.encoded.item), "recording": self.identity, "planned": self.planned}


class SinkWriter(ABC):
    """Adds clips to a sink, and commits them in batches."""

    def __init__(self, sink: str) -> None:
        """``sink`` is what to call it in messages."""
        self._sink = sink
        self._pending: list[Entry] = []
        self._last_commit = time.monotonic()

    def add(self, encoded: Encoded, identity: str, planned: int) -> None:
        """Add a clip or refusal of a recording that gives ``planned`` of them, in one run or several.

        The recording (see ``recording_identity``) is done when so many are there. What is there already is
        dropped, so that the redo of a killed run may send everything again.

        Raises:
            GaitheatError: the disk is full, or another recording has the key; no other clip is lost by it.
        """
        self._pending.append(Entry(encoded, identity, planned))
        overdue = time.monotonic() - self._last_commit > COMMIT_SECONDS
        if overdue or len(self._pending) >= COMMIT_CLIPS:
            self.commit()

    def commit(self) -> None:
        """Make everything added so far part of the sink."""
        if not self._pending:
            return
        taken = self._write(self._pending)
        self._pending.clear()
        self._last_commit = time.monotonic()
        if taken:
            raise key_taken(self._sink, taken[0])

    @abstractmethod
    def _write(self, entries: Sequence[Entry]) -> list[ClipKey]:
        """Write what is new of them, all or nothing; returns the keys that another recording has."""


@runtime_checkable
class ClipSink(Protocol):
    """Where extraction puts its clips; killed at any moment, what was committed is there."""

    def done(self, key: ClipKey, identity: str) -> bool:
        """Whether every clip and refusal of the recording of that key and identity is there.

        Raises:
            GaitheatError: a recording of another identity has its key.
        """
        ...

    def writer(self) -> AbstractContextManager[SinkWriter]:
        """Add clips; when it ends, by an error too, what was added is committed."""
        ...


class Ledger:
    """What a sink holds of which recording: what need not, and what must not, be added again."""

    COLUMNS = (*KEY_COLUMNS, "reason", "recording", "planned")
    """What it reads of a table of ENTRIES rows."""

    def __init__(self) -> None:
        self._items: set[tuple[ClipKey, str | None]] = set()
        self._owners: dict[ClipKey, str] = {}
        self._rows: Counter[str] = Counter()
        self._planned: dict[str, int] = {}

    def read(self, table: pa.Table) -> list[bool]:
        """Enter the rows of a table; says of each whether it counts: the first of its key does."""
        return [
            self._enter(
                ClipKey(*(row[name] for name in KEY_COLUMNS)), row["reason"], row["recording"], row["planned"]
            )
            for row in table.select(self.COLUMNS).to_pylist()
        ]

    def sift(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[ClipKey]]:
        """Enter what may be added; returns what of it is new, and the keys that another recording has."""
        fresh, taken = [], []
        for entry in entries:
            key, reason = entry.encoded.item.key, getattr(entry.encoded.item, "reason", None)
            if not self.free_for(key, entry.identity):
                taken.append(key)
            elif self._enter(key, reason, entry.identity, entry.planned):
                fresh.append(entry)
        return fresh, taken

    def _enter(self, key: ClipKey, reason: str | None, recording: str, planned: int) -> bool:
        if (key, reason) in self._items or not self.free_for(key, recording):
            return False
        self._items.add((key, reason))
        self._owners[trackless(key)] = recording
        self._rows[recording] += 1
        self._planned[recording] = planned
        return True

    def free_for(self, key: ClipKey, recording: str) -> bool:
        """Whether no other recording uses this key (on any track)."""
        return self._owners.get(trackless(key), recording) == recording

    def done(self, recording: str) -> bool:
        """Whether a recording has all the rows that it planned."""
        return self._rows[recording] == self._planned.get(recording)


def recording_identity(recording: Recording, sha256: str, estimator: Estimator, detector: str = "") -> str:
    """The same for the same content, span, estimator, detector and key (but track): then clips are the same.

    Args:
        recording: the key and the span.
        sha256: of the content.
        estimator: what makes the maps.
        detector: what finds the people, empty for the embedded one.
    """
    key = astuple(trackless(recording.key))
    parts = (*key, sha256, recording.span, *astuple(estimator), detector)
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def key_taken(sink: str, key: ClipKey) -> GaitheatError:
    """Two recordings of one key would mix: their tracks are numbered alike."""
    return GaitheatError(
        f"{sink} holds {str(key).rpartition('/')[0]} of another recording already (other content, frame "
        "range, estimator or detector): give this one another take or condition, or another store"
    )


def trackless(key: ClipKey) -> ClipKey:
    """The key of a recording: all clips of it share it but for the track."""
    return replace(key, track=0)
