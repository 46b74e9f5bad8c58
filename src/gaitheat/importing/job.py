"""Import of many clips into one sink: parallel, resumable, everything counted.

Files that do not make a clip (unequal lengths, no whole body, something else than poses) are a refusal in the
store. A file that cannot be read, or that asks for more than plain data, is a problem: it leaves nothing in
the store, and the next run reads it again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets import dataset_called
from gaitheat.datasets.partition import read_partition, without_partition
from gaitheat.errors import GaitheatError
from gaitheat.importing.conversion import PREPROCESSING, Importer, Modalities, Source, convert
from gaitheat.importing.layout import (
    ClipFolder,
    Content,
    NoModalityError,
    Roots,
    clip_folders,
    described,
    recognised,
)
from gaitheat.importing.pickles import loads
from gaitheat.rows import encode
from gaitheat.sinks import ClipSink
from gaitheat.video.jobs import ClipMade, FramesRead, JobEnded
from gaitheat.video.pool import Summary, do_all


def import_opengait(
    roots: Roots,
    dataset: str,
    sink: ClipSink,
    importer: Importer,
    *,
    partition: Path | None = None,
    pattern: str = "*.pkl",
    workers: int = 1,
    report: Callable[[int, int], None] = lambda *_: None,
    cluster: bool = False,
) -> Summary:
    """Import what the sink does not hold yet of folders ``<subject>/<kind>/<view>``.

    A clip is known again by its key, the names and sizes of its files, and the importer: their content is
    read once only, by the process that converts it.

    Args:
        roots: where which modality lies.
        dataset: the data set's name: it says what the folders mean.
        sink: where clips and refusals go.
        importer: how they are made.
        partition: the JSON file that lists the subjects to train and to test on.
        pattern: which files count.
        workers: processes.
        report: called with the clips done, and to do.
        cluster: whether the processes are those of a Ray cluster.

    Raises:
        GaitheatError: nothing is there, the data set has no such layout or needs a partition, two clips have
            one key, or the sink cannot be written.
    """
    keys_of = _keys(dataset, partition)
    folders = clip_folders(roots, pattern)
    summary = Summary(recordings=len(folders))
    jobs = _jobs(folders, frozenset(filter(None, roots)), keys_of, importer, sink, summary)
    do_all(jobs, importer, sink, workers, summary, lambda done: report(done, len(jobs)), cluster)
    return summary


def _keys(dataset: str, partition: Path | None) -> Callable[[ClipFolder], ClipKey]:
    known = dataset_called(dataset)
    key_of = known.key_of
    if key_of is None:
        raise GaitheatError(
            f"data set {dataset}: expected one with folders <subject>/<kind>/<view>, but it has none; "
            "extract its videos instead"
        )
    if known.partition == "file" and partition is None:
        raise without_partition(dataset)
    lists = None if partition is None else read_partition(partition)
    return lambda folder: key_of(folder.subject, folder.kind, folder.view, lists)


def _jobs(
    folders: Sequence[ClipFolder],
    wanted: frozenset[Content],
    key_of: Callable[[ClipFolder], ClipKey],
    importer: Importer,
    sink: ClipSink,
    summary: Summary,
) -> list["ImportJob"]:
    """What is not in the sink yet; folders that are none of the data set are counted."""
    jobs, named = [], dict[ClipKey, ClipFolder]()
    for folder in folders:
        try:
            key = key_of(folder)
        except GaitheatError as error:
            summary.miss(str(error), failed=True)
            continue
        other = named.setdefault(key, folder)
        if other is not folder:
            raise GaitheatError(
                f"{folder.name} and {other.name} are both called {key}: expected one of them; move the other"
            )
        identity = _identity(folder, key, importer)
        if sink.done(key, identity):
            summary.skipped += 1
        else:
            jobs.append(ImportJob(folder, wanted, key, identity))
    return jobs


def _identity(folder: ClipFolder, key: ClipKey, importer: Importer) -> str:
    files = [(file.path.name, file.modality, file.size) for file in folder.files]
    parts = (astuple(key), files, astuple(importer), PREPROCESSING)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ImportJob:
    """The files of one clip: a ``Job`` of an ``Importer``."""

    folder: ClipFolder
    wanted: frozenset[Content]
    """What must be there."""
    key: ClipKey
    identity: str

    def run(
        self,
        number: int,
        parts: object,  # noqa: ARG002  # an importer has none
        maker: Importer,
        read: Callable[[FramesRead], None],
    ) -> Iterator[ClipMade | JobEnded]:
        """Import the clip (see ``Job``); progress is told in clips."""
        problem, failed = None, False
        try:
            item, problem = self._item(maker)
            yield ClipMade(number, encode(item), None, 1)
        except (GaitheatError, OSError) as error:
            problem, failed = str(error), True
        except Exception as error:  # noqa: BLE001  # a fault of ours in one job must not cost the others
            reason = " ".join(str(error).split())
            problem, failed = f"{self.folder.name}: not imported, {type(error).__name__}: {reason}", True
        read(FramesRead(1))
        yield JobEnded(number, problem, failed)

    def _item(self, importer: Importer) -> tuple[Clip | Refusal, str | None]:
        """The clip or refusal, and what is to be said about it."""
        contents = [file.path.read_bytes() for file in self.folder.files]
        source = Source(self.key, self.folder.name, _joint_digest(contents))
        try:
            given = self._modalities(contents)
        except _UnfitError as error:
            reason, detail = error.args
            return Refusal(*source, importer.identity(""), reason, 0), f"{detail}: {reason}"
        lengths = given.lengths()
        problem = None
        if len(set(lengths.values())) > 1:
            frames = ", ".join(f"{name} {length}" for name, length in lengths.items())
            problem = f"{source.name}: unequal lengths, {frames}"
        return convert(source, given, importer), problem

    def _modalities(self, contents: Sequence[bytes]) -> Modalities:
        found: dict[str, Any] = {}
        for file, content in zip(self.folder.files, contents, strict=True):
            value = loads(content, str(file.path))
            try:
                modality, array = recognised(value)
            except NoModalityError as error:
                raise _UnfitError(str(error), f"{file.path} holds {described(value)}") from error
            if file.modality not in (None, modality):
                raise _UnfitError(f"{modality} instead of {file.modality}", str(file.path))
            if modality in found:
                raise _UnfitError(f"several files of {modality}", str(file.path))
            found[modality] = array
        missing = sorted(self.wanted - found.keys())
        if missing:
            raise _UnfitError(f"no {' and no '.join(missing)}", self.folder.name)
        return Modalities(**found)


class _UnfitError(Exception):
    """The files of a clip do not make one: the reason, the same for all alike, and what it is about."""


def _joint_digest(contents: Sequence[bytes]) -> str:
    """The digest of one file; of several, that of their digests in order."""
    digests = [hashlib.sha256(content).digest() for content in contents]
    return digests[0].hex() if len(digests) == 1 else hashlib.sha256(b"".join(digests)).hexdigest()
