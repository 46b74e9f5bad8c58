"""The two Lance tables of a ClipStore: where they lie, who may change them, what they hold, what fails."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import lance
import numpy as np
import pyarrow as pa
from filelock import FileLock
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError
from gaitheat.rows import FORMAT, FRAMES
from gaitheat.sinks import ENTRIES

_T = TypeVar("_T")

LOCK_SECONDS = 600.0
"""How long a writer waits for another one, which needs seconds to commit and at most a minute to compact."""
SETTLING = timedelta(days=1)
"""Without a lock: after so long no writer is between its two writes, no reader at an old version."""

_FORMAT_KEY = b"gaitheat.store"
_METADATA = {_FORMAT_KEY: str(FORMAT)}
_CLIP = pa.field("clip", pa.int64(), nullable=False)
FRAMES_TABLE = pa.schema([_CLIP, *FRAMES], metadata=_METADATA)
"""A row a frame; ``clip`` is the number that the clip's row names."""
CLIPS_TABLE = pa.schema([_CLIP, *ENTRIES], metadata=_METADATA)
"""A row a clip or refusal."""

REMOTE_HINT = "check the address, and keys and endpoint in the environment (such as AWS_ACCESS_KEY_ID)"
"""What a user of an object store can do."""

LANCE_ERRORS = (OSError, ValueError, RuntimeError, KeyError)
"""What Lance raises for a missing or damaged file, a full disk, a dead endpoint, without much system."""


def is_remote(path: str | Path) -> bool:
    """Whether it is the address of an object store."""
    return "://" in str(path)


def location(path: str | Path) -> str:
    """A folder as an absolute path, or the address of an object store as it is."""
    return str(path) if is_remote(path) else str(Path(path).absolute())


def frames_at(store: str) -> str:
    """Where a store's table of frames lies."""
    return f"{store.rstrip('/')}/frames.lance"


def clips_at(store: str) -> str:
    """Where a store's table of clips lies."""
    return f"{store.rstrip('/')}/clips.lance"


def lock(store: str) -> contextlib.AbstractContextManager[Any]:
    """What a process holds while it changes the tables of a folder; it falls open when the process dies."""
    if is_remote(store):
        return contextlib.nullcontext()
    return FileLock(Path(store) / "writer.lock", LOCK_SECONDS)


def settled_frames(store: str) -> lance.LanceDataset | None:
    """The table of frames as it was when what no clip names by now was a dead writer's; None if unknown."""
    newest = lance.dataset(frames_at(store))
    if not is_remote(store):
        return newest  # whoever asks has the lock
    latest = datetime.now() - SETTLING
    versions: list[Any] = newest.versions()
    settled = [version["version"] for version in versions if version["timestamp"] <= latest]
    return lance.dataset(frames_at(store), version=max(settled)) if settled else None


def clip_numbers(table: lance.LanceDataset) -> NDArray[np.int64]:
    """The clips that one of the two tables knows, each once."""
    numbers: NDArray[np.int64] = table.to_table(columns=["clip"]).column("clip").unique().to_numpy()
    return numbers


@contextlib.contextmanager
def left_to_another() -> Iterator[None]:
    """Where there is no lock, pass over what another writer does just now, and one need do only."""
    try:
        yield
    except OSError as error:
        said = str(error).lower()
        if "commit conflict" not in said and "already exists" not in said:
            raise


@contextlib.contextmanager
def said_plainly(doing: str, store: str) -> Iterator[None]:
    """Turn what Lance and the file system raise into one line."""
    try:
        yield
    except GaitheatError:
        raise
    except BaseException as error:
        # Lance panics when a table's own description is damaged, and a panic is no Exception.
        if not isinstance(error, LANCE_ERRORS) and type(error).__name__ != "PanicException":
            raise
        # Lance appends the places in its own source, file after file: only the first part is for the user.
        reason = str(error).splitlines()[0].split(", /")[0] if str(error) else type(error).__name__
        hint = f"; {REMOTE_HINT}" if is_remote(store) else ""
        raise GaitheatError(f"cannot {doing} the store {store}: {reason}{hint}") from error


def is_store(store: str) -> bool:
    """Whether a store is there; False if nothing is, or only what a killed creation left.

    Raises:
        GaitheatError: something else is there, which must not be touched.
    """
    if is_remote(store):
        return _exists(clips_at(store))
    folder = Path(store)
    if folder.is_dir():
        names = {entry.name for entry in folder.iterdir()}
        if "clips.lance" in names:
            return True
        foreign = sorted(names - {"frames.lance", "writer.lock"})
        if not foreign:
            return False
        raise GaitheatError(
            f"{store} is no clip store: it holds {', '.join(foreign[:3])}; give another folder"
        )
    if folder.exists():
        raise GaitheatError(f"{store} is a file, but a clip store is a folder")
    return False


def create(store: str) -> None:
    """Make what is missing of the two tables; ``clips`` last, for a folder without it is no store yet."""
    if not is_remote(store):
        Path(store).mkdir(parents=True, exist_ok=True)
    with lock(store):
        for table, schema in ((frames_at(store), FRAMES_TABLE), (clips_at(store), CLIPS_TABLE)):
            if not _exists(table):
                with left_to_another():
                    lance.write_dataset(schema.empty_table(), table, mode="create")


def open_clips(store: str) -> lance.LanceDataset:
    """The newest table of clips; GaitheatError if its format is not ours."""
    dataset = lance.dataset(clips_at(store))
    found = (dataset.schema.metadata or {}).get(_FORMAT_KEY, b"unknown").decode()
    if found != str(FORMAT):
        raise GaitheatError(
            f"the store {store} has format {found}, but this gaitheat reads format {FORMAT}: "
            "extract the videos again into a new store, or use the gaitheat that wrote it"
        )
    return dataset


def read_newest(read: Callable[[], _T]) -> _T:
    """Run a read that opens the newest version; again if a writer drops just that version meanwhile."""
    for _ in range(2):
        with contextlib.suppress(*LANCE_ERRORS):
            return read()
    return read()


def _exists(table: str) -> bool:
    try:
        lance.dataset(table)
    except ValueError as error:
        if "was not found" in str(error):
            return False
        raise
    return True


class FramesTable:
    """The table of frames at one version, where rows keep their places; other processes do not move them."""

    def __init__(self, store: str) -> None:
        self._dataset = lance.dataset(frames_at(store))
        clips = self._dataset.to_table(columns=["clip"]).column("clip").to_numpy()
        # A clip is appended at one stroke and compaction keeps the order: its rows are one run.
        starts = np.flatnonzero(np.diff(clips, prepend=clips[:1] - 1))
        self._runs = dict(zip(clips[starts].tolist(), starts.tolist(), strict=True))

    def take(self, clips: Sequence[int], frames: Sequence[NDArray[np.int64]]) -> list[pa.RecordBatch]:
        """Rows of the FRAMES schema: of each clip (by number) the frames asked for, all in one read."""
        lost = [clip for clip in clips if clip not in self._runs]
        if lost:
            raise OSError(f"the frames of {len(lost)} clips are missing")
        places = np.concatenate(
            [self._runs[clip] + chosen for clip, chosen in zip(clips, frames, strict=True)]
        )
        places, rows = np.unique(places, return_inverse=True)
        batch = self._dataset.take(places, columns=FRAMES.names).combine_chunks().to_batches()[0]
        ends = np.cumsum([len(chosen) for chosen in frames])[:-1]
        return [batch.take(pa.array(part)) for part in np.split(rows, ends)]
