"""What each benchmark's folders mean, as data; DATASETS lists them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gaitheat.clips import Recording
from gaitheat.datasets import kth
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError


class Dataset(NamedTuple):
    """How the folders of a data set are read, and how it is evaluated."""

    recordings: Callable[[Path], list[Recording]]
    protocol: Protocol


DATASETS = {"kth": Dataset(kth.recordings, kth.PROTOCOL)}


def dataset_called(name: str) -> Dataset:
    """The data set of that name; GaitheatError with the names there are if there is none."""
    if name not in DATASETS:
        raise GaitheatError(f"no data set is called {name!r}: expected one of {', '.join(DATASETS)}")
    return DATASETS[name]
