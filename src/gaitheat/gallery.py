"""Who is known: a gallery keeps the embeddings of enrolled people in one folder; it searches and it forgets.

One row is one take: a person's name, the embedding of one walk, and where that came from. A gallery is bound
to one embedder and dimension, because distances between embeddings of different embedders mean nothing.
"""

import difflib
import unicodedata
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float32

from gaitheat import gallery_table
from gaitheat.errors import GaitheatError
from gaitheat.gallery_search import NORM_TOLERANCE, KnownPeople, Match, lengths_of

__all__ = ["Enrolled", "Gallery", "Match", "Take"]


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


class Enrolled(NamedTuple):
    """What an enrolment did: takes that are new, and takes that this person had already."""

    added: int
    known: int


class Gallery:
    """A folder of known people. Make one with `create` or `open`; every method sees its latest state.

    Attributes:
        path: the folder.
        embedder: what makes its embeddings: an embedding's identity and its estimator's, from the
            ``mean-heatmap-1`` in front to the ``blazepose-full/rgb-1/e9a5c5cb`` at the end.
        dimension: how many numbers an embedding has.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.embedder, self.dimension = gallery_table.binding(schema)
        self._schema = schema
        self._known: tuple[int, KnownPeople] | None = None

    @classmethod
    def create(cls, path: str | Path, embedder: str, dimension: int) -> "Gallery":
        """The gallery in this folder; an empty one is made if there is none.

        Raises:
            GaitheatError: the folder holds something else, or a gallery of another embedder or dimension.
        """
        gallery_table.make(Path(path), embedder, dimension)
        gallery = cls.open(path)
        gallery._check_embedder(embedder)
        if gallery.dimension != dimension:
            raise GaitheatError(
                f"the gallery {path} holds embeddings of {gallery.dimension} numbers, but {dimension} are "
                "given: use another folder"
            )
        return gallery

    @classmethod
    def open(cls, path: str | Path) -> "Gallery":
        """The gallery in this folder, which may be read-only.

        Raises:
            GaitheatError: there is none, or it is of another format version.
        """
        return cls(Path(path), gallery_table.open_table(Path(path)).schema)

    def enroll(self, name: str, takes: Sequence[Take], embedder: str) -> Enrolled:
        """Adds takes of one person, all or none; those that the person has already stay as they are.

        Args:
            name: any text in one line; space around it is dropped.
            takes: at least one.
            embedder: what made the embeddings: must be the gallery's.

        Raises:
            GaitheatError: bad name, wrong embedder, bad embedding, a walk by which someone else is enrolled,
                or a folder that cannot be written.
        """
        name = clean_name(name)
        self._check_embedder(embedder)
        if not takes:
            raise GaitheatError(f"cannot enrol {name!r}: expected at least one walk, but got none")
        for take in takes:
            self._check_embedding(take.embedding, f"the embedding of {take.source}")
        with gallery_table.sole_writer(self.path):
            new = self._unknown(name, takes)
            gallery_table.append(self.path, _rows(name, new, self._schema))
        return Enrolled(len(new), len(takes) - len(new))

    def people(self) -> dict[str, int]:
        """How many takes each person has, by name, in order."""
        names = self._read(["name"])[1]["name"].to_pylist()
        return dict(sorted(Counter(names).items()))

    def search(self, embedding: Float32[np.ndarray, " dimension"], embedder: str, k: int = 5) -> list[Match]:
        """The ``k`` nearest people, the nearest first; fewer if the gallery holds fewer.

        Args:
            embedding: of length 1.
            embedder: what made it: must be the gallery's.
            k: at least 1.

        Raises:
            GaitheatError: wrong embedder, bad embedding, or a gallery whose files are damaged.
        """
        self._check_embedder(embedder)
        self._check_embedding(embedding, "the probe's embedding")
        if k < 1:
            raise GaitheatError(f"expected to list at least 1 person, but got {k}")
        return self._latest().nearest(embedding, k)

    def forget(self, name: str) -> int:
        """Removes a person from every version and every byte of the folder; returns how many takes that were.

        Raises:
            GaitheatError: nobody has that name, or the folder cannot be written.
        """
        name = clean_name(name)
        self._known = None
        with gallery_table.sole_writer(self.path):
            # A call that was killed may have left bytes of someone whom the table does not show any more.
            gallery_table.sweep(self.path)
            rows = self._read()[1]
            theirs = rows.filter(pc.field("name") == name)
            if not len(theirs):
                near = difflib.get_close_matches(name, set(rows["name"].to_pylist()), cutoff=0.5)
                hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
                raise GaitheatError(f"nobody in the gallery {self.path} is called {name!r}{hint}")
            gallery_table.rewrite(self.path, rows.filter(pc.field("name") != name))
            left = gallery_table.files_with(self.path, theirs["id"].to_pylist())
        if left:
            raise GaitheatError(
                f"{name!r} is not found any more, but their data is still in {', '.join(map(str, left))}: "
                "end the programs that hold these files open, and delete them"
            )
        return len(theirs)

    def _unknown(self, name: str, takes: Sequence[Take]) -> list[Take]:
        """Those takes by which nobody is enrolled yet, each once."""
        rows = self._read(["sha256", "part", "name"])[1].to_pydict()
        owners = {(sha256, part): owner for sha256, part, owner in zip(*rows.values(), strict=True)}
        given = {(take.sha256, take.part): take for take in takes}
        for walk, take in given.items():
            owner = owners.get(walk, name)
            if owner != name:
                raise GaitheatError(
                    f"cannot enrol {name!r}: this walk in {take.source} is enrolled as {owner!r} already; "
                    f"forget {owner!r} first if that is wrong"
                )
        return [take for walk, take in given.items() if walk not in owners]

    def _check_embedder(self, embedder: str) -> None:
        if embedder != self.embedder:
            raise GaitheatError(
                f"the gallery {self.path} holds embeddings by {self.embedder!r}, which cannot be compared "
                f"with those by {embedder!r}: use the first, or enrol into another folder"
            )

    def _check_embedding(self, embedding: Float32[np.ndarray, " dimension"], what: str) -> None:
        if embedding.shape != (self.dimension,):
            raise GaitheatError(
                f"{what} must have {self.dimension} numbers as in the gallery {self.path}, "
                f"but its shape is {list(embedding.shape)}"
            )
        length = float(lengths_of(embedding[None])[0])
        if not abs(length - 1) <= NORM_TOLERANCE:
            raise GaitheatError(f"{what} must be finite and of length 1, but its length is {length:g}")

    def _read(self, columns: list[str] | None = None) -> tuple[int, pa.Table]:
        version, rows = gallery_table.read(self.path, columns)
        if rows.schema.metadata != self._schema.metadata:
            raise GaitheatError(f"the gallery {self.path} was replaced by another one: open it again")
        return version, rows

    def _latest(self) -> KnownPeople:
        """Everybody, in memory: read again only when the folder holds another version."""
        version = self._read([])[0]
        if self._known is None or self._known[0] != version:
            version, rows = self._read(["name", "embedding"])
            known = KnownPeople(rows["name"].to_pylist(), gallery_table.embeddings_of(rows))
            if known.damaged:
                raise GaitheatError(
                    f"the gallery {self.path} is damaged: embeddings of {len(known.damaged)} people, such as "
                    f"{known.damaged[0]!r}, are not of length 1; restore a copy or enrol them anew"
                )
            self._known = version, known
        return self._known[1]


def clean_name(name: str) -> str:
    """The name without space around it, composed (NFC) so that it is found however its accents were typed.

    Raises:
        GaitheatError: it is empty, or not one line of text.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in cleaned):
        raise GaitheatError(f"a person's name must be some text in one line, but got {name!r}")
    return cleaned


def _rows(name: str, takes: Sequence[Take], schema: pa.Schema) -> pa.Table:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [{**take._asdict(), "id": uuid.uuid4().hex, "name": name, "enrolled": now} for take in takes]
    return pa.Table.from_pylist(rows, schema=schema)
