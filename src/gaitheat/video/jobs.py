"""A job, such as one recording: what a process that makes clips says while it works."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame, FrameSource, Recording, TrueSource
from gaitheat.rows import Encoded, encode
from gaitheat.video.extract import extract
from gaitheat.video.extractor import Extractor
from gaitheat.video.protocols import Detector, PoseEstimator

REPORT_FRAMES = 16
"""Frames between two signs of progress."""


class ClipMade(NamedTuple):
    """A clip or refusal of a job, its truth where the source knows it, and how many rows the job gives."""

    job: int
    encoded: Encoded
    truth: Encoded | None
    planned: int


class FramesRead(NamedTuple):
    """So many more frames were read."""

    frames: int


class JobEnded(NamedTuple):
    """The job is done; ``problem`` says what is missing, ``failed`` that all of it is."""

    job: int
    problem: str | None
    failed: bool


Message = ClipMade | FramesRead | JobEnded
Receive = Callable[[Message], None]


@runtime_checkable
class Maker(Hashable, Protocol):
    """How jobs are done: small, and sent to every process that does some."""

    def parts(self, cores: int) -> Any:
        """What a process loads once and does all its jobs with, for so many cores.

        Raises:
            GaitheatError: it cannot be loaded.
        """
        ...


@runtime_checkable
class Job(Protocol):
    """What any process can do alone, here or on another machine; it is small and pickles."""

    @property
    def identity(self) -> str:
        """The same for the same clips: see ``SinkWriter.add``."""
        ...

    def run(
        self, number: int, parts: Any, maker: Any, read: Callable[[FramesRead], None]
    ) -> Iterator[ClipMade | JobEnded]:
        """Do it. Whatever is wrong with it is a message, the last one, and not the end of the other jobs.

        Args:
            number: what to call the job in messages.
            parts: of the maker.
            maker: how.
            read: told of progress.
        """
        ...


@dataclass(frozen=True, slots=True)
class ExtractionJob:
    """A recording to extract, and the frames that it promises (0 if none): a ``Job`` of an ``Extractor``."""

    recording: Recording
    sha256: str
    """Of the content."""
    identity: str
    """See ``recording_identity``."""
    length: int

    def run(
        self,
        number: int,
        parts: tuple[Detector, PoseEstimator],
        maker: Extractor,
        read: Callable[[FramesRead], None],
    ) -> Iterator[ClipMade | JobEnded]:
        """Extract the recording (see ``Job``)."""
        recording, problem, failed = self.recording, None, False
        try:
            source = recording.open()
            true = source if isinstance(source, TrueSource) else None
            watched = _Watched(source, self.sha256, lambda frames: read(FramesRead(frames)))
            planned, items = extract(watched, recording.key, *parts, maker.preprocessing, recording.alone)
            for item in items:
                if true is None:
                    yield ClipMade(number, encode(item), None, planned)
                else:
                    said, truth = map(encode, true.with_truth(item))
                    yield ClipMade(number, said, truth, 2 * planned)
            problem = source.problem and f"{source.name}: {source.problem}"
        except GaitheatError as error:
            problem, failed = str(error), True
        except Exception as error:  # noqa: BLE001  # a fault of ours in one job must not cost the others
            reason = " ".join(str(error).split())
            problem, failed = f"{recording.name}: not extracted, {type(error).__name__}: {reason}", True
        yield JobEnded(number, problem, failed)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A source that says how far it is read, and knows its digest already."""

    source: FrameSource
    digest: str
    report: Callable[[int], None]

    @property
    def name(self) -> str:
        return self.source.name

    def sha256(self) -> str:
        return self.digest

    def length(self) -> int | None:
        return self.source.length()

    @property
    def problem(self) -> str | None:
        return self.source.problem

    def __iter__(self) -> Iterator[Frame]:
        for count, frame in enumerate(self.source, start=1):
            if count % REPORT_FRAMES == 0:
                self.report(REPORT_FRAMES)
            yield frame
