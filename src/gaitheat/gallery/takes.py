"""Takes of a gallery: what is known of a walk, and the rules that keep walks and people apart."""

import difflib
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float32

from gaitheat.errors import GaitheatError
from gaitheat.gallery.search import NORM_TOLERANCE, lengths_of
from gaitheat.names import one_line


class Take(NamedTuple):
    """One walk to enrol."""

    embedding: Float32[np.ndarray, " dimension"]
    """Of length 1."""
    frames: int
    """How many frames it rests on."""
    source: str
    """The recording's name."""
    sha256: str
    """Digest of the recording's content."""
    estimator: str
    part: str = ""
    """Which walk of the recording, such as its frames and track: two people in one video differ here."""
    camera: str = ""
    """What it was filmed with; "" if nobody knows."""


class Enrolled(NamedTuple):
    """What an enrolment did: takes that are new, and takes that were there already."""

    added: int
    known: int


def clean_name(name: str) -> str:
    """A person's name as it is kept; GaitheatError if it is empty, or not one line of text."""
    return one_line(name, "a person")


def now() -> str:
    """The date and time of an enrolment."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def rows_of(name: str, takes: Sequence[Take], schema: pa.Schema) -> pa.Table:
    """Rows of a gallery's table for takes of one person.

    Raises:
        GaitheatError: a bad name, no take, or an embedding of another dimension, or not of length 1.
    """
    name = clean_name(name)
    if not takes:
        raise GaitheatError(f"cannot enrol {name!r}: expected at least one walk, but got none")
    dimension, time = schema.field("embedding").type.list_size, now()
    for take in takes:
        check_embeddings(take.embedding[None], dimension, [f"the embedding of {take.source}"])
    rows = [{**take._asdict(), "id": uuid.uuid4().hex, "name": name, "enrolled": time} for take in takes]
    return pa.Table.from_pylist(rows, schema=schema)


def check_embeddings(embeddings: Float32[np.ndarray, "takes _"], dimension: int, what: Sequence[str]) -> None:
    """GaitheatError that says ``what`` embedding is not of ``dimension`` numbers and of length 1."""
    if embeddings.shape[1] != dimension:
        raise GaitheatError(
            f"{what[0]} must have {dimension} numbers as in the gallery, but it has {embeddings.shape[1]}"
        )
    lengths = lengths_of(embeddings)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= NORM_TOLERANCE))
    if len(wrong):
        raise GaitheatError(
            f"{what[wrong[0]]} must be finite and of length 1, but its length is {lengths[wrong[0]]:g}"
        )


def apart(rows: pa.Table, name: str) -> tuple[pa.Table, pa.Table]:
    """Rows of everybody else, and this person's; GaitheatError if nobody has that name."""
    theirs = rows.filter(pc.field("name") == name)
    if not len(theirs):
        near = difflib.get_close_matches(name, set(rows["name"].to_pylist()), cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise GaitheatError(f"nobody in the gallery is called {name!r}{hint}")
    return rows.filter(pc.field("name") != name), theirs


def unknown(rows: pa.Table, held: pa.Table) -> pa.Table:
    """Those rows by whose walks nobody is enrolled, each walk once.

    Args:
        rows: to be enrolled.
        held: who is enrolled: at least the columns ``sha256``, ``part`` and ``name``.

    Raises:
        GaitheatError: someone else is enrolled by one of the walks, or two people are to be by the same.
    """
    recordings = rows["sha256"].combine_chunks()
    owners = dict(_walks(held.filter(pc.is_in(held["sha256"], value_set=recordings))))
    fresh = []
    for place, (walk, name) in enumerate(_walks(rows)):
        owner = owners.get(walk)
        if owner is None:
            owners[walk] = name
            fresh.append(place)
        elif owner != name:
            raise GaitheatError(
                f"cannot enrol {name!r}: this walk in {rows['source'][place]} is enrolled as {owner!r} "
                f"already; forget one of them first if that is wrong"
            )
    return rows.take(pa.array(fresh, pa.int64()))


def _walks(rows: pa.Table) -> Iterable[tuple[tuple[str, str], str]]:
    """Each row's walk, and whose it is."""
    sha256, part, name = (rows[column].to_pylist() for column in ("sha256", "part", "name"))
    return zip(zip(sha256, part, strict=True), name, strict=True)
