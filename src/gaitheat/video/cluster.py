"""The same jobs, extraction or import, on a Ray cluster (extra `ray`): tasks anywhere, one writer here.

``RAY_ADDRESS`` says which cluster; without it, one of local processes is started and ended again. On the
machines of a real cluster gaitheat must be installed, and what is read must lie under the same paths.
"""

import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from gaitheat.errors import GaitheatError
from gaitheat.video.jobs import Job, Maker, Message, Receive

RETRIES = 3
"""How often a job is done again whose worker was killed."""
IN_FLIGHT = 2
"""Jobs for each core of the cluster whose clips may be in memory, or on their way."""
NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens."""


def on_cluster(jobs: Sequence[Job], maker: Maker, workers: int, receive: Receive) -> None:
    """Do all jobs; their messages are received here, job by job.

    Args:
        jobs: what to do.
        maker: how.
        workers: processes of a local cluster; another one has as many as it has.
        receive: told of every clip, and of progress.

    Raises:
        GaitheatError: Ray is missing or cannot be reached, or the workers of a job died again and again.
    """
    with _connection(workers) as ray:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if cores == 0:
            raise GaitheatError(
                "the Ray cluster has no CPU: every job needs one; add a machine that has some"
            )
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(_done)
        waiting = list(enumerate(jobs))[::-1]
        running: list[Any] = []
        while waiting or running:
            while waiting and len(running) < IN_FLIGHT * cores:
                running.append(task.remote(*waiting.pop(), maker))
            (finished,), running = ray.wait(running, num_returns=1)
            for message in _messages(ray, finished):
                receive(message)


def _done(number: int, job: Job, maker: Maker) -> list[Message] | GaitheatError:
    """One job, in a process of the cluster; or why none can be done there."""
    try:
        parts = _parts(maker)
    except GaitheatError as error:
        return error
    progress: list[Message] = []
    made = list(job.run(number, parts, maker, progress.append))
    return [*progress, *made]


@cache
def _parts(maker: Maker) -> Any:
    """Loaded once in a process, which does many jobs."""
    return maker.parts(1)


def _messages(ray: Any, finished: Any) -> list[Message]:
    try:
        messages: list[Message] | GaitheatError = ray.get(finished)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        raise GaitheatError(
            f"a job was given up, its workers died {RETRIES + 1} times ({type(error).__name__}), out of "
            "memory perhaps: what was committed is safe; run the same command again to go on"
        ) from error
    if isinstance(messages, GaitheatError):
        raise messages
    return messages


@contextmanager
def _connection(workers: int) -> Iterator[Any]:
    """Ray, connected to the user's cluster or to one of our own."""
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray = _join(address) if address else _start(workers)
    except ImportError as error:
        raise GaitheatError("Ray is missing: pip install 'gaitheat[ray]'") from error
    except Exception as error:  # a node that does not start in time raises nothing more special
        where = f"at {address} (RAY_ADDRESS)" if address else "on this machine"
        raise GaitheatError(f"cannot work with Ray {where}: {str(error).splitlines()[0]}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _join(address: str) -> Any:
    import ray

    ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def _start(workers: int) -> Any:
    """A cluster that keeps to this machine: by itself Ray listens to the network, and looks for a cloud."""
    proxies = {name: os.environ.get(name, "") for name in ("http_proxy", "https_proxy")}
    alone = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux as well: listen to this machine only
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _token(),
        **dict.fromkeys(proxies, NOWHERE),
    }
    with _environment(alone):
        import ray

        ray.init(
            "local",
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": proxies},  # a job may fetch weights
        )
    return ray


@cache
def _token() -> str:
    """Ray remembers the first one of a process. Given like this, it leaves no trace in the user's home."""
    return secrets.token_hex(32)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set for a while, and for good in the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
