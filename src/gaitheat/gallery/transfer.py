"""Takes in one file, to carry to another gallery: a ``.parquet`` or an ``.npz``, written here or by others.

Both have a row a take and these columns; the first three are all that is needed:

- ``name``: text. ``embedding``: numbers, of length 1. ``embedder``: what made it, as `Gallery.embedder` says;
  the same in all rows; in an ``.npz`` it may also be one text for all.
- ``source``: the recording's name (if left out, the file's). ``frames``: how many it rests on (0: unknown).
  ``sha256`` and ``part``: which walk it is, digest of the recording's content and the place in it; if left
  out, equal embeddings are the same walk. ``estimator``, ``camera``, ``enrolled``: text.

An ``.npz`` (``numpy.savez``) holds them as arrays, the embeddings as takes x dimension, text as ``<U``.
"""

import hashlib
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError
from gaitheat.gallery.table import binding, embeddings_of, look, open_table
from gaitheat.gallery.takes import clean_name, now
from gaitheat.names import one_line

REQUIRED = ("name", "embedding", "embedder")
OPTIONAL = ("source", "frames", "sha256", "part", "estimator", "camera", "enrolled")
COLUMNS = frozenset((*REQUIRED, *OPTIONAL))
SUFFIXES = (".parquet", ".npz")

Columns = Mapping[str, NDArray[Any]]


class Carried(NamedTuple):
    """Takes on their way into a gallery."""

    embedder: str
    embeddings: Float32[np.ndarray, "takes dimension"]
    columns: dict[str, list[Any]]
    """All others of a gallery's table but ``id``, a value a take."""

    def rows(self, schema: pa.Schema) -> pa.Table:
        """As rows of a gallery's table, of that dimension."""
        embedding = pa.FixedSizeListArray.from_arrays(self.embeddings.ravel(), self.embeddings.shape[1])
        ids = [uuid.uuid4().hex for _ in self.embeddings]
        return pa.table({**self.columns, "id": ids, "embedding": embedding}).select(schema.names).cast(schema)


def carried(place: Path) -> Carried:
    """The takes of a gallery's folder or of a file.

    Raises:
        GaitheatError: it holds none, is damaged, or a file's columns are not those of the module's text.
    """
    if place.is_file():
        return _read(place)
    embedder, _ = binding(open_table(place).schema)
    rows = look(place, lambda table: table.to_table())
    return Carried(embedder, embeddings_of(rows), _columns(rows))


def write(path: Path, embedder: str, rows: pa.Table) -> None:
    """Writes rows of a gallery's table; the file appears whole or not at all, in the place of an earlier one.

    Raises:
        GaitheatError: the name says no known kind of file, or it cannot be written.
    """
    _check_suffix(path)
    columns = _columns(rows)
    part = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npz":
            arrays = {name: np.array(values) for name, values in columns.items()}
            given = {"embedder": np.array(embedder), "embedding": embeddings_of(rows)}
            np.savez(part, allow_pickle=False, **given, **arrays)
        else:
            embedding = rows["embedding"].cast(
                pa.list_(pa.float32(), rows.schema.field("embedding").type.list_size)
            )
            table = {"embedder": [embedder] * len(rows), "embedding": embedding, **columns}
            pq.write_table(pa.table(table), part)
        part.replace(path)
    except OSError as error:
        raise GaitheatError(f"cannot write {path}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _columns(rows: pa.Table) -> dict[str, list[Any]]:
    return {name: rows[name].to_pylist() for name in rows.column_names if name not in ("id", "embedding")}


def _read(path: Path) -> Carried:
    """What a file holds; names are cleaned, what is left out is filled in."""
    _check_suffix(path)
    try:
        columns = _arrays(path) if path.suffix == ".npz" else _parquet(path)
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, pa.ArrowException) as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise GaitheatError(f"cannot read {path} ({line}): expected a table of takes") from error
    _check_columns(columns, path)
    embeddings = columns["embedding"].astype(np.float32)
    count = len(embeddings)
    cleaned = {name: clean_name(name) for name in set(columns["name"].tolist())}
    filled = {
        "source": [path.name] * count,
        "frames": [0] * count,
        "part": [""] * count,
        "estimator": [""] * count,
        "camera": [""] * count,
        "enrolled": [now()] * count,
        **{name: columns[name].tolist() for name in OPTIONAL if name in columns},
        "name": [cleaned[name] for name in columns["name"].tolist()],
    }
    cameras = {camera: one_line(camera, "a camera") if camera else "" for camera in set(filled["camera"])}
    filled["camera"] = [cameras[camera] for camera in filled["camera"]]
    if "sha256" not in filled:
        filled["sha256"] = [hashlib.sha256(embedding.tobytes()).hexdigest() for embedding in embeddings]
    return Carried(str(columns["embedder"].flat[0]), embeddings, filled)


def _arrays(path: Path) -> Columns:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _parquet(path: Path) -> Columns:
    table = pq.read_table(path)
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if column.null_count:
            raise ValueError(f"the column {name!r} has {column.null_count} empty places")
        if name == "embedding":
            sizes = pc.unique(pc.list_value_length(column)).to_pylist()
            if len(sizes) > 1:
                raise ValueError(
                    f"the embeddings are of different lengths, such as {sizes[0]} and {sizes[1]}"
                )
            columns[name] = column.flatten().to_numpy(zero_copy_only=False).reshape(len(table), *sizes)
        else:
            columns[name] = np.array(column.to_pylist())
    return columns


def _check_columns(columns: Columns, path: Path) -> None:
    """The columns that are needed, no others, of the right kinds and all of one length."""
    missing, foreign = sorted(set(REQUIRED) - columns.keys()), sorted(columns.keys() - COLUMNS)
    if missing or foreign:
        told = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"also has {', '.join(foreign)}"] * bool(
            foreign
        )
        raise GaitheatError(
            f"{path} must have {', '.join(REQUIRED)} and may have {', '.join(OPTIONAL)}, "
            f"but it {' and '.join(told)}"
        )
    embeddings, embedder = columns["embedding"], columns["embedder"]
    if embeddings.ndim != 2 or embeddings.dtype.kind != "f" or not len(embeddings):
        raise GaitheatError(
            f"the embeddings of {path} must be fractions, takes x dimension, at least one take, but they are "
            f"{embeddings.dtype} of shape {list(embeddings.shape)}"
        )
    for name, values in columns.items():
        shared = name == "embedder" and values.ndim == 0
        if not shared and name != "embedding" and values.shape != (len(embeddings),):
            raise GaitheatError(
                f"{path} has {len(embeddings)} embeddings, so expected as many of {name}, "
                f"but the shape is {list(values.shape)}"
            )
        kinds, called = ("iu", "integers") if name == "frames" else ("U", "text")
        if name != "embedding" and values.dtype.kind not in kinds:
            raise GaitheatError(f"{name} in {path} must be {called}, but is {values.dtype}")
    if len(np.unique(embedder)) > 1:
        raise GaitheatError(f"{path} holds embeddings by several embedders: write one file for each")


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise GaitheatError(f"expected a file named {' or '.join(SUFFIXES)}, but got {path}")
