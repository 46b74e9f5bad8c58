"""Folders ``<subject>/<kind>/<view>`` as benchmarks have them, and recordings of the pictures in them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.datasets.partition import Partition
from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording
from gaitheat.video.pictures import PICTURE_RATE
from gaitheat.video.recordings import VideoRecording

KeyOf = Callable[[str, str, str, Partition | None], ClipKey]
"""From the names of the folders subject, kind and view, and who is to train on, to the key of their clip.

GaitheatError for names that the data set does not have.
"""
Recordings = Callable[[Path, Partition | None], Sequence[Recording]]
"""From a data set's folder, and who is to train on, to what is extracted of it."""


def picture_recordings(
    root: Path,
    key_of: KeyOf,
    partition: Partition | None,
    *,
    inside: str = ".",
    rate: float = PICTURE_RATE,
) -> list[VideoRecording]:
    """One recording of one person for each folder of the third level, in order.

    Args:
        root: the folder of the data set.
        key_of: what the clip of a folder is called.
        partition: who is to train on.
        inside: where in such a folder the pictures are.
        rate: pictures a second.

    Raises:
        GaitheatError: a folder of the first two levels has no folders, or a name is not one of the data set.
    """
    return [
        VideoRecording(
            view / inside, key_of(subject.name, kind.name, view.name, partition), alone=True, rate=rate
        )
        for subject in _folders(root)
        for kind in _folders(subject)
        for view in _folders(kind)
    ]


def _folders(path: Path) -> list[Path]:
    found = sorted(item for item in path.glob("[!.]*") if item.is_dir())
    if not found:
        raise GaitheatError(
            f"{path}: expected folders <subject>/<kind>/<view> with pictures, but there are no folders in it"
        )
    return found


def only_imported(dataset: str) -> Recordings:
    """For a data set of which silhouettes and poses are published, but neither videos nor pictures."""

    def recordings(root: Path, _: Partition | None) -> Sequence[Recording]:
        raise GaitheatError(
            f"expected videos or pictures in {root}, but those of {dataset} are not published: bring its "
            "silhouettes and poses in by `gaitheat import opengait`"
        )

    return recordings


def understood(dataset: str, folder: re.Pattern[str], example: str, *names: str) -> re.Match[str]:
    """What the names of folders say; GaitheatError, with an example, if the data set has no such names."""
    found = folder.fullmatch("/".join(names))
    if found is None:
        raise GaitheatError(
            f"data set {dataset}: expected folders as {example}, got {'/'.join(names)}: check the spelling, "
            "or move it away"
        )
    return found
