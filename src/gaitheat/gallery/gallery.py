"""Who is known: a gallery keeps the embeddings of enrolled people in one folder; it searches and it forgets.

One row is one take: a person's name, the embedding of one walk, and where that came from. A gallery is bound
to one embedder and dimension, because distances between embeddings of different embedders mean nothing.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
from jaxtyping import Float32

from gaitheat.errors import GaitheatError
from gaitheat.gallery import index as gallery_index
from gaitheat.gallery import table as gallery_table
from gaitheat.gallery.search import KnownPeople, Match
from gaitheat.gallery.takes import Enrolled, Take, apart, check_embeddings, clean_name, rows_of, unknown
from gaitheat.gallery.traces import drop_strangers, files_with
from gaitheat.gallery.transfer import carried, write

__all__ = ["Enrolled", "Gallery", "Match", "Take", "clean_name"]


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
        self._indexed: lance.LanceDataset | None = None

    @classmethod
    def create(cls, path: str | Path, embedder: str, dimension: int) -> "Gallery":
        """The gallery in this folder; an empty one is made if there is none.

        Raises:
            GaitheatError: the folder holds something else, or a gallery of another embedder or dimension.
        """
        gallery_table.make(Path(path), embedder, dimension)
        gallery = cls.open(path)
        gallery.check_embedder(embedder)
        if gallery.dimension != dimension:
            raise GaitheatError(
                f"the gallery {path} holds embeddings of {gallery.dimension} numbers, but {dimension} are "
                "given: use another folder"
            )
        return gallery

    @classmethod
    def create_like(cls, path: str | Path, other: str | Path) -> "Gallery":
        """The gallery in this folder; if there is none, an empty one for what `merge` takes from elsewhere.

        Raises:
            GaitheatError: ``other`` holds no takes, or the folder something else or other embeddings.
        """
        given = carried(Path(other))
        return cls.create(path, given.embedder, given.embeddings.shape[1])

    @classmethod
    def open(cls, path: str | Path) -> "Gallery":
        """The gallery in this folder, which may be read-only.

        Raises:
            GaitheatError: there is none, or it is of another format version.
        """
        return cls(Path(path), gallery_table.open_table(Path(path)).schema)

    def check_embedder(self, embedder: str) -> None:
        """GaitheatError if embeddings by this embedder cannot be compared with the gallery's."""
        if embedder != self.embedder:
            raise GaitheatError(
                f"the gallery {self.path} holds embeddings by {self.embedder!r}, which cannot be compared "
                f"with those by {embedder!r}: use the first, or enrol into another folder"
            )

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
        self.check_embedder(embedder)
        rows = rows_of(name, takes, self._schema)
        with gallery_table.sole_writer(self.path):
            return self._add(rows)

    def replace(self, name: str, takes: Sequence[Take], embedder: str) -> int:
        """Puts these takes in the place of all that a person has, which go as if forgotten.

        Returns:
            how many takes went.

        Raises:
            GaitheatError: as `enroll` and `forget` do; or these takes are in the place of the others, but a
                file that holds those could not be deleted.
        """
        self.check_embedder(embedder)
        new = rows_of(name, takes, self._schema)
        with gallery_table.sole_writer(self.path):
            others, theirs = apart(self._read()[1], clean_name(name))
            drop_strangers(self.path, gallery_table.embeddings_of(new))
            self._leave(pa.concat_tables([others, unknown(new, others)]), theirs)
        return len(theirs)

    def merge(self, other: str | Path) -> Enrolled:
        """Adds the takes of another gallery, or of a file, all or none; what is here already stays.

        Equal names are one person. Strangers, and what cameras have learnt, are not carried over.

        Args:
            other: a gallery's folder, or a file of takes (`gaitheat.gallery.transfer`).

        Raises:
            GaitheatError: other or bad embeddings, one walk under two names, or a folder that cannot be
                written.
        """
        given = carried(Path(other))
        self.check_embedder(given.embedder)
        check_embeddings(given.embeddings, self.dimension, given.columns["source"])
        with gallery_table.sole_writer(self.path):
            return self._add(given.rows(self._schema))

    def export(self, path: str | Path) -> int:
        """Writes everybody's takes into one ``.parquet`` or ``.npz`` file; returns how many takes that are.

        Who is forgotten later is still in such a file.

        Raises:
            GaitheatError: nobody is enrolled, or the file cannot be written.
        """
        rows = self._read()[1]
        if not len(rows):
            raise GaitheatError(f"nobody is enrolled in the gallery {self.path}: there is nothing to export")
        write(Path(path), self.embedder, rows)
        return len(rows)

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
        self.check_embedder(embedder)
        check_embeddings(embedding[None], self.dimension, ["the probe's embedding"])
        if k < 1:
            raise GaitheatError(f"expected to list at least 1 person, but got {k}")
        matches = gallery_table.look(self.path, lambda table: self._by_index(table, embedding, k))
        return self.everybody().nearest(embedding, k) if matches is None else matches

    def everybody(self) -> KnownPeople:
        """Everybody, in memory: the same object until the folder holds another version.

        Raises:
            GaitheatError: files are damaged.
        """
        version = gallery_table.look(self.path, lambda table: self._checked(table).version)
        if self._known is None or self._known[0] != version:
            version, rows = self._read(["name", "embedding", "camera"])
            names, cameras = rows["name"].to_pylist(), rows["camera"].to_pylist()
            known = KnownPeople(names, gallery_table.embeddings_of(rows), cameras)
            if known.damaged:
                raise GaitheatError(
                    f"the gallery {self.path} is damaged: embeddings of {len(known.damaged)} people, such as "
                    f"{known.damaged[0]!r}, are not of length 1; restore a copy or enrol them anew"
                )
            self._known = version, known
        return self._known[1]

    def forget(self, name: str) -> int:
        """Removes a person from every version and every byte of the folder; returns how many takes that were.

        Raises:
            GaitheatError: nobody has that name, the folder cannot be written, or a file not be deleted.
        """
        self._known = self._indexed = None
        with gallery_table.sole_writer(self.path):
            # A call that was killed may have left bytes of someone whom the table does not show any more.
            gallery_table.sweep(self.path)
            others, theirs = apart(self._read()[1], clean_name(name))
            self._leave(others, theirs)
        return len(theirs)

    def _add(self, rows: pa.Table) -> Enrolled:
        """For the sole writer."""
        new = unknown(rows, self._read(["sha256", "part", "name"])[1])
        drop_strangers(self.path, gallery_table.embeddings_of(new))
        gallery_table.append(self.path, new)
        gallery_index.refresh(self.path)
        return Enrolled(len(new), len(rows) - len(new))

    def _leave(self, rows: pa.Table, gone: pa.Table) -> None:
        """These rows stay, those go from every byte. For the sole writer."""
        drop_strangers(self.path, gallery_table.embeddings_of(gone))
        gallery_table.rewrite(self.path, rows)
        left = files_with(self.path, gone["id"].to_pylist())
        if left:
            raise GaitheatError(
                f"{gone['name'][0].as_py()!r} is not found by these takes any more, but they are still in "
                f"{', '.join(map(str, left))}: end the programs that hold these files open, and delete them"
            )
        gallery_index.refresh(self.path)

    def _read(self, columns: list[str] | None = None) -> tuple[int, pa.Table]:
        """The newest version: its number, and these columns of it, or all."""
        return gallery_table.look(
            self.path, lambda table: (table.version, self._checked(table).to_table(columns=columns))
        )

    def _by_index(
        self, table: lance.LanceDataset, embedding: Float32[np.ndarray, " dimension"], k: int
    ) -> list[Match] | None:
        """Found by the index of this version, if it has one; the parts of it that are read stay in memory."""
        if not gallery_index.has_index(self._checked(table)):
            return None
        if self._indexed is None or self._indexed.version != table.version:
            self._indexed = table
        return gallery_index.nearest(self._indexed, embedding, k)

    def _checked(self, table: lance.LanceDataset) -> lance.LanceDataset:
        if table.schema.metadata != self._schema.metadata:
            raise GaitheatError(f"the gallery {self.path} was replaced by another one: open it again")
        return table
