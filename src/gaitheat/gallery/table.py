"""The folder of a gallery: one Lance table, one writer at a time, and no trace of the past.

Every writer leaves one whole version and no other file of the table, so that the folder grows with the number
of takes, and what a killed writer left behind goes with the next one. Readers need no lock and write nothing.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import lance
import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError

FORMAT = "2"
"""Version of the table's layout, stored with it."""
STRANGERS, CAMERAS = "strangers.npz", "cameras"
"""What else may be in the folder: by whom false alarms are measured, and what cameras have learnt."""
LOCK_SECONDS = 60.0
"""How long a writer waits for another one."""
FRAGMENT_ROWS, SMALL_FRAGMENTS = 1024, 32
"""More than 32 files of under 1,024 takes each are joined: the list of files must not grow with the takes."""
READ_ATTEMPTS, READ_PAUSE = 10, 0.005
"""How often a reader looks again, 5 ms later each time, when a writer sweeps what it was about to read."""
MEND = "name a gallery's folder, or a new one to enrol into"

Seen = TypeVar("Seen")


def make(path: Path, embedder: str, dimension: int) -> None:
    """An empty table, if nothing is there but what a killed call may have left."""
    with sole_writer(path):
        if is_vacant(path):
            lance.write_dataset(_schema(embedder, dimension).empty_table(), path)


def is_vacant(path: Path) -> bool:
    """Whether nothing is there but what a killed call may have left: a gallery can be made there."""
    if not path.is_dir():
        return not path.exists()
    return all(item.is_dir() or _is_beside(item.relative_to(path).parts[0]) for item in path.rglob("*"))


def _is_beside(item: str) -> bool:
    """Whether this is no table, nor anybody's but ours: of a killed call, of strangers, of cameras."""
    return item in ("_transactions", STRANGERS, CAMERAS) or item.startswith(f".{STRANGERS}.")


def _schema(embedder: str, dimension: int) -> pa.Schema:
    kinds = {
        "id": pa.string(),
        "name": pa.string(),
        "embedding": pa.list_(pa.float32(), dimension),
        "frames": pa.int64(),
        "source": pa.string(),
        "sha256": pa.string(),
        "part": pa.string(),
        "estimator": pa.string(),
        "camera": pa.string(),
        "enrolled": pa.string(),
    }
    # Uncompressed, so that `files_with` finds what is in a file.
    plain = {"lance-encoding:compression": "none"}
    about = {
        "gaitheat.gallery": FORMAT,
        "gaitheat.embedder": embedder,
        "gaitheat.created": datetime.now(UTC).isoformat(),
    }
    return pa.schema([pa.field(name, kind, metadata=plain) for name, kind in kinds.items()], about)


def binding(schema: pa.Schema) -> tuple[str, int]:
    """The embedder and the dimension that a table is bound to."""
    return schema.metadata[b"gaitheat.embedder"].decode(), schema.field("embedding").type.list_size


def open_table(path: Path) -> lance.LanceDataset:
    """The newest version of a gallery's table."""
    table = look(path, lambda table: table)
    version = (table.schema.metadata or {}).get(b"gaitheat.gallery", b"").decode()
    if not version:
        raise GaitheatError(f"no gallery at {path}: it holds another kind of table; {MEND}")
    if version != FORMAT:
        raise GaitheatError(
            f"the gallery {path} has format {version}, but this gaitheat reads format {FORMAT}: "
            "use the gaitheat that made it, or enrol into a new folder"
        )
    return table


def look(path: Path, see: Callable[[lance.LanceDataset], Seen]) -> Seen:
    """What is seen in the newest version, at a later try if a writer sweeps what was just found."""
    if not (path / "_versions").is_dir():
        found = "the folder is empty or holds something else" if path.is_dir() else "that is a file"
        raise GaitheatError(f"no gallery at {path}: {found if path.exists() else 'there is nothing'}; {MEND}")
    for attempt in range(READ_ATTEMPTS):
        time.sleep(attempt * READ_PAUSE)
        try:
            return see(lance.dataset(path))
        except GaitheatError:
            raise
        except (OSError, ValueError) as error:
            failure = error
    raise GaitheatError(
        f"the gallery {path} cannot be read ({_first_line(failure)}): restore a copy or enrol anew"
    ) from failure


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keeps other writers out; what the disk refuses becomes one line."""
    place = path.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_name(f"{place.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise GaitheatError(
            f"the gallery {path} has been written by another process for over {LOCK_SECONDS:g} s: "
            "try again when that has finished"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise GaitheatError(
            f"the gallery {path} cannot be written ({_first_line(error)}): make room or allow writing, and "
            "try again; nothing that was in it is lost"
        ) from error


def append(path: Path, rows: pa.Table) -> None:
    """Adds rows, all or none. For the sole writer."""
    if len(rows):
        lance.write_dataset(rows, path, mode="append")
    sweep(path)


def rewrite(path: Path, rows: pa.Table) -> None:
    """Leaves these rows and nothing else in the folder. For the sole writer.

    Deleting rows would write the condition, and with it a name, into a transaction file.
    """
    lance.write_dataset(rows, path, mode="overwrite")
    sweep(path)


def sweep(path: Path) -> None:
    """Joins small files if they are many, deletes all other versions and stray files. For the sole writer."""
    table = open_table(path)
    if table.stats.dataset_stats(FRAGMENT_ROWS)["num_small_files"] > SMALL_FRAGMENTS:
        table.optimize.compact_files(target_rows_per_fragment=FRAGMENT_ROWS)
    table.cleanup_old_versions(timedelta(0), delete_unverified=True)


def embeddings_of(rows: pa.Table) -> Float32[np.ndarray, "takes dimension"]:
    """The column of embeddings as one array."""
    flat: NDArray[np.float32] = rows["embedding"].combine_chunks().flatten().to_numpy()
    return flat.reshape(len(rows), binding(rows.schema)[1])


def _first_line(error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    # Lance ends its messages with the place in its own source code.
    return re.sub(r", \S+\.rs:\d+:\d+$", "", line)
