"""Extraction of many recordings into one sink: parallel, resumable, everything counted.

Worker processes read and estimate; the parent alone writes, so clips are committed in large batches. A worker
ends by itself when its parent is gone, however that was killed.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording
from gaitheat.rows import Encoded
from gaitheat.sinks import ClipSink, recording_identity
from gaitheat.sources import ClipInfo
from gaitheat.video.extractor import Extractor
from gaitheat.video.jobs import ClipMade, FramesRead, Job, JobEnded, Message, run

WAITING_MESSAGES = 64
"""Clips and signs of progress that may wait for the writer before the workers pause."""
PASSES = 2
"""Extraction reads a recording twice."""
CHECK_SECONDS = 1.0
"""How often the parent looks whether its workers are alive."""


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


Receive = Callable[[Message], None]


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
    total, read = PASSES * sum(job.length for job in jobs), 0
    with sink.writer() as writer:

        def receive(message: Message) -> None:
            nonlocal read
            if isinstance(message, FramesRead):
                read += message.frames
                report(read, total)
            elif isinstance(message, ClipMade):
                summary.count(message.encoded)
                for encoded in filter(None, (message.encoded, message.truth)):
                    writer.add(encoded, jobs[message.job].identity, message.planned)
            elif message.problem:
                summary.miss(message.problem, message.failed)

        _do(jobs, extractor, workers, receive, cluster)
    return summary


def _jobs(
    recordings: Sequence[Recording], sink: ClipSink, extractor: Extractor, summary: Summary
) -> list[Job]:
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
            jobs.append(Job(recording, sha256, identity, source.length() or 0))
    return jobs


def _do(jobs: Sequence[Job], extractor: Extractor, workers: int, receive: Receive, cluster: bool) -> None:
    """All jobs, by the processes that were asked for."""
    if cluster and jobs:
        from gaitheat.video.cluster import on_cluster

        on_cluster(jobs, extractor, workers, receive)
    elif min(workers, len(jobs)) > 1:
        _in_processes(jobs, extractor, min(workers, len(jobs)), receive)
    else:
        _here(jobs, extractor, receive)


def _here(jobs: Sequence[Job], extractor: Extractor, receive: Receive) -> None:
    if jobs:
        parts = extractor.parts(os.cpu_count() or 1)
        for number, job in enumerate(jobs):
            for message in run(number, job, parts, extractor, receive):
                receive(message)


def _in_processes(jobs: Sequence[Job], extractor: Extractor, workers: int, receive: Receive) -> None:
    """All jobs in spawned processes; their messages are received here, as they come."""
    context = multiprocessing.get_context("spawn")
    with _ctrl_c_waits():
        tasks: Any = context.Queue()
        messages: Any = context.Queue(WAITING_MESSAGES)
        tasks.cancel_join_thread()  # jobs that nobody takes any more must not keep this process from ending
        for task in [*enumerate(jobs), *[None] * workers]:
            tasks.put(task)
        processes = [
            context.Process(target=_work, args=(tasks, messages, extractor), daemon=True)
            for _ in range(workers)
        ]
        for process in processes:
            process.start()
    try:
        remaining = len(jobs)
        while remaining:
            message = _next(messages, processes)
            remaining -= isinstance(message, JobEnded)
            receive(message)
    finally:
        for process in processes:
            process.terminate()
            process.join()


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Processes that are started meanwhile never hear it: they would print where they were when it came."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would end the wait when it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _next(messages: Any, processes: Sequence[BaseProcess]) -> Message:
    while True:
        try:
            message: Message | GaitheatError = messages.get(timeout=CHECK_SECONDS)
        except queue.Empty:
            broken = [process.exitcode for process in processes if process.exitcode]
            if broken:
                raise GaitheatError(
                    f"a worker process died (exit code {broken[0]}), out of memory perhaps: "
                    "what was committed is safe; run the same command again to go on, with fewer --workers"
                ) from None
        else:
            if isinstance(message, GaitheatError):
                raise message
            return message


def _work(tasks: Any, messages: Any, extractor: Extractor) -> None:
    """A worker's life: jobs until there are no more; if it cannot begin, the parent says why."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C as well, and ends us
    _die_with_parent()
    try:
        parts = extractor.parts(1)
    except GaitheatError as error:
        messages.put(error)
        return
    while (task := tasks.get()) is not None:
        number, job = task
        for message in run(number, job, parts, extractor, messages.put):
            messages.put(message)


def _die_with_parent() -> None:
    """A parent that is killed cannot end its workers: they watch it."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
