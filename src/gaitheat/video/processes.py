"""Jobs in this process, or in several of this machine.

A worker process ends by itself when its parent is gone, however that was killed.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from gaitheat.errors import GaitheatError
from gaitheat.video.jobs import Job, JobEnded, Maker, Message, Receive

WAITING_MESSAGES = 64
"""Clips and signs of progress that may wait for the writer before the workers pause."""
CHECK_SECONDS = 1.0
"""How often the parent looks whether its workers are alive."""


def here(jobs: Sequence[Job], maker: Maker, receive: Receive) -> None:
    """All jobs in this process, on all cores."""
    if jobs:
        parts = maker.parts(os.cpu_count() or 1)
        for number, job in enumerate(jobs):
            for message in job.run(number, parts, maker, receive):
                receive(message)


def in_processes(jobs: Sequence[Job], maker: Maker, workers: int, receive: Receive) -> None:
    """All jobs in spawned processes; their messages are received here, as they come."""
    context = multiprocessing.get_context("spawn")
    with _ctrl_c_waits():
        tasks: Any = context.Queue()
        messages: Any = context.Queue(WAITING_MESSAGES)
        tasks.cancel_join_thread()  # jobs that nobody takes any more must not keep this process from ending
        for task in [*enumerate(jobs), *[None] * workers]:
            tasks.put(task)
        processes = [
            context.Process(target=_work, args=(tasks, messages, maker), daemon=True) for _ in range(workers)
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


def _work(tasks: Any, messages: Any, maker: Maker) -> None:
    """A worker's life: jobs until there are no more; if it cannot begin, the parent says why."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C as well, and ends us
    _die_with_parent()
    try:
        parts = maker.parts(1)
    except GaitheatError as error:
        messages.put(error)
        return
    while (task := tasks.get()) is not None:
        number, job = task
        for message in job.run(number, parts, maker, messages.put):
            messages.put(message)


def _die_with_parent() -> None:
    """A parent that is killed cannot end its workers: they watch it."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
