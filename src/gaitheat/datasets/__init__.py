"""What each benchmark's folders mean, as data; DATASETS and PROTOCOLS list them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from gaitheat.datasets import casia_b, ccpg, gait3d, grew, kth, oumvlp, sustech1k, walkers
from gaitheat.datasets.folders import KeyOf, Recordings
from gaitheat.datasets.partition import Partition
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording


class Dataset(NamedTuple):
    """How the folders of a data set are read, and how it is evaluated."""

    recordings: Recordings
    """A data set without videos has none: its function says so by a GaitheatError, and what to do instead."""
    protocols: tuple[Protocol, ...]
    """One, which is called as the data set; or several, of which one has to be named."""
    key_of: KeyOf | None = None
    """None if there are no folders ``<subject>/<kind>/<view>`` of it."""
    partition: Literal["none", "rule", "file"] = "none"
    """Who is to train on: nobody is; or a file says it, without which a rule does; or only a file."""


def _whole(read: Callable[[Path], Sequence[Recording]]) -> Recordings:
    """For a data set of which nobody is to train on."""

    def recordings(root: Path, partition: Partition | None) -> Sequence[Recording]:
        if partition is not None:
            raise GaitheatError(
                f"{root}: expected no partition file, as nobody of this data set is to train on; leave it out"
            )
        return read(root)

    return recordings


DATASETS = {
    kth.DATASET: Dataset(_whole(kth.recordings), (kth.PROTOCOL,)),
    casia_b.DATASET: Dataset(casia_b.recordings, (casia_b.PROTOCOL,), casia_b.key_of, "rule"),
    oumvlp.DATASET: Dataset(oumvlp.recordings, (oumvlp.PROTOCOL,), oumvlp.key_of, "file"),
    grew.DATASET: Dataset(grew.recordings, (grew.PROTOCOL,), grew.key_of, "file"),
    gait3d.DATASET: Dataset(gait3d.recordings, (gait3d.PROTOCOL,), gait3d.key_of, "file"),
    sustech1k.DATASET: Dataset(sustech1k.recordings, (sustech1k.PROTOCOL,), sustech1k.key_of, "file"),
    ccpg.DATASET: Dataset(ccpg.recordings, (ccpg.GAIT, ccpg.REID), ccpg.key_of, "file"),
    **{
        name: Dataset(_whole(walkers.recordings), (protocol,)) for name, protocol in walkers.PROTOCOLS.items()
    },
}
PROTOCOLS = {protocol.name: protocol for dataset in DATASETS.values() for protocol in dataset.protocols}
"""By their own names: several may be of one data set."""


def dataset_called(name: str) -> Dataset:
    """The data set of that name; GaitheatError with the names there are if there is none."""
    if name not in DATASETS:
        raise GaitheatError(f"no data set is called {name!r}: expected one of {', '.join(DATASETS)}")
    return DATASETS[name]


def protocol_called(name: str) -> Protocol:
    """The protocol of that name; GaitheatError with the names there are if there is none."""
    several = DATASETS[name].protocols if name in DATASETS else ()
    if name not in PROTOCOLS and several:
        names = " or ".join(protocol.name for protocol in several)
        raise GaitheatError(f"data set {name} has several protocols, whose figures differ: expected {names}")
    if name not in PROTOCOLS:
        raise GaitheatError(f"no protocol is called {name!r}: expected one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
