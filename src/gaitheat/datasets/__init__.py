"""What each benchmark's folders mean, as data; DATASETS lists them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gaitheat.datasets import kth, walkers
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording


class Dataset(NamedTuple):
    """How the folders of a data set are read, and how it is evaluated."""

    recordings: Callable[[Path], Sequence[Recording]]
    """A data set that is generated has no folders: its function says so by a GaitheatError."""
    protocol: Protocol


DATASETS = {
    "kth": Dataset(kth.recordings, kth.PROTOCOL),
    **{name: Dataset(walkers.recordings, protocol) for name, protocol in walkers.PROTOCOLS.items()},
}


def dataset_called(name: str) -> Dataset:
    """The data set of that name; GaitheatError with the names there are if there is none."""
    if name not in DATASETS:
        raise GaitheatError(f"no data set is called {name!r}: expected one of {', '.join(DATASETS)}")
    return DATASETS[name]
