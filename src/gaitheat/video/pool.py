"""Extraction of many recordings into one sink: parallel, resumable, everything counted.

Worker processes read and estimate; the parent alone writes, so clips are committed in large batches.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording
from gaitheat.rows import Encoded
from gaitheat.sinks import ClipSink, recording_identity
from gaitheat.sources import ClipInfo
from gaitheat.video.extractor import Extractor
from gaitheat.video.jobs import ClipMade, ExtractionJob, FramesRead, Job, Maker, Message, Receive
from gaitheat.video.processes import here, in_processes

PASSES = 2
"""Extraction reads a recording twice."""


@dataclass(slots=True)
class Summary:
    """What came of an extraction; adds up over recordings."""

    recordings: int = 0
    skipped: int = 0
    """Recordings that were in the sink already."""
    clips: int = 0
    frames: int = 0
    refused_frames: Counter[str] = field(default_factory=Counter)
    """Frames left out of clips, by reason."""
    refusals: list[str] = field(default_factory=list)
    """Tracks and recordings that gave no clip: 'key: reason'."""
    problems: list[str] = field(default_factory=list)
    """Recordings that could not be read, or not to their end."""
    failed: int = 0
    """Recordings that could not be read at all."""

    def count(self, encoded: Encoded) -> None:
        """Add a clip or refusal."""
        item = encoded.item
        if isinstance(item, ClipInfo):
            self.clips += 1
            self.frames += len(item)
            self.refused_frames.update(item.refused)
        else:
            self.refusals.append(f"{item.key}: {item.reason} ({item.frames} frames)")
            self.refused_frames[item.reason] += item.frames

    def miss(self, problem: str, failed: bool) -> None:
        """Add a recording that could not be read (``failed``), or not to its end."""
        self.problems.append(problem)
        self.failed += failed


def extract_all(
    recordings: Sequence[Recording],
    sink: ClipSink,
    extractor: Extractor,
    workers: int,
    report: Callable[[int, int], None],
    cluster: bool = False,
) -> Summary:
    """Extract what the sink does not hold yet.

    Args:
        recordings: what to extract; the keys must differ.
        sink: where clips and refusals go, and their truth if a recording knows it.
        extractor: makes them.
        workers: processes; 1 works in this process, on all cores.
        report: called with frames read and to read (each twice); 0 to read if no recording says.
        cluster: whether the processes are those of a Ray cluster, see ``cluster.on_cluster``.

    Raises:
        GaitheatError: the sink cannot be written, or a worker died. What was committed stays.
    """
    summary = Summary(recordings=len(recordings))
    jobs = _jobs(recordings, sink, extractor, summary)
    total = PASSES * sum(job.length for job in jobs)
    do_all(jobs, extractor, sink, workers, summary, lambda read: report(read, total), cluster)
    return summary


def do_all(
    jobs: Sequence[Job],
    maker: Maker,
    sink: ClipSink,
    workers: int,
    summary: Summary,
    report: Callable[[int], None],
    cluster: bool = False,
) -> None:
    """Do jobs side by side, and write here what they make.

    Args:
        jobs: what the sink does not hold yet.
        maker: how they are done.
        sink: where clips and refusals go.
        workers: processes; 1 works in this process, on all cores.
        summary: what comes of it is added to this.
        report: called with the frames read so far.
        cluster: whether the processes are those of a Ray cluster, see ``cluster.on_cluster``.

    Raises:
        GaitheatError: the sink cannot be written, or a worker died. What was committed stays.
    """
    read = 0
    with sink.writer() as writer:

        def receive(message: Message) -> None:
            nonlocal read
            if isinstance(message, FramesRead):
                read += message.frames
                report(read)
            elif isinstance(message, ClipMade):
                summary.count(message.encoded)
                for encoded in filter(None, (message.encoded, message.truth)):
                    writer.add(encoded, jobs[message.job].identity, message.planned)
            elif message.problem:
                summary.miss(message.problem, message.failed)

        _do(jobs, maker, workers, receive, cluster)


def _jobs(
    recordings: Sequence[Recording], sink: ClipSink, extractor: Extractor, summary: Summary
) -> list[ExtractionJob]:
    """What is not in the sink yet; what cannot be opened is counted."""
    estimator, detector = extractor.identity(), extractor.detector_sha256()
    jobs = []
    for recording in recordings:
        try:
            source = recording.open()
            sha256 = source.sha256()
        except (GaitheatError, OSError) as error:
            summary.miss(str(error), failed=True)
            continue
        identity = recording_identity(recording, sha256, estimator, detector)
        if sink.done(recording.key, identity):
            summary.skipped += 1
        else:
            jobs.append(ExtractionJob(recording, sha256, identity, source.length() or 0))
    return jobs


def _do(jobs: Sequence[Job], maker: Maker, workers: int, receive: Receive, cluster: bool) -> None:
    """All jobs, by the processes that were asked for."""
    if cluster and jobs:
        from gaitheat.video.cluster import on_cluster

        on_cluster(jobs, maker, workers, receive)
    elif min(workers, len(jobs)) > 1:
        in_processes(jobs, maker, min(workers, len(jobs)), receive)
    else:
        here(jobs, maker, receive)
