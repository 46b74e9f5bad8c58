"""One recording as a job: what a process that extracts says while it works."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame, FrameSource, Recording, TrueSource
from gaitheat.rows import Encoded, encode
from gaitheat.video.extract import extract
from gaitheat.video.extractor import Extractor
from gaitheat.video.protocols import Detector, PoseEstimator

REPORT_FRAMES = 16
"""Frames between two signs of progress."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to extract, and the frames that it promises (0 if none)."""

    recording: Recording
    sha256: str
    """Of the content."""
    identity: str
    """See ``recording_identity``."""
    length: int


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


def run(
    number: int,
    job: Job,
    parts: tuple[Detector, PoseEstimator],
    extractor: Extractor,
    read: Callable[[FramesRead], None],
) -> Iterator[ClipMade | JobEnded]:
    """Extract one recording. Whatever is wrong with it is a message, not the end of the other recordings.

    Args:
        number: what to call the job in messages.
        job: the recording.
        parts: detector and estimator.
        extractor: how.
        read: told of progress.
    """
    problem, failed = None, False
    try:
        source = job.recording.open()
        true = source if isinstance(source, TrueSource) else None
        watched = _Watched(source, job.sha256, lambda frames: read(FramesRead(frames)))
        planned, items = extract(
            watched, job.recording.key, *parts, extractor.preprocessing, job.recording.alone
        )
        for item in items:
            if true is None:
                yield ClipMade(number, encode(item), None, planned)
            else:
                said, truth = map(encode, true.with_truth(item))
                yield ClipMade(number, said, truth, 2 * planned)
        problem = source.problem and f"{source.name}: {source.problem}"
    except GaitheatError as error:
        problem, failed = str(error), True
    except Exception as error:  # noqa: BLE001  # a fault of ours in one recording must not cost the others
        reason = " ".join(str(error).split())
        problem, failed = f"{job.recording.name}: not extracted, {type(error).__name__}: {reason}", True
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
