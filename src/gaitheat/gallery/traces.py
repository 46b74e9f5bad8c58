"""What a gallery's folder may still hold of a person beside their takes, and how that goes."""

from collections.abc import Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from gaitheat.gallery.search import ROUNDING
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS

BLOCK = 4096
"""So many takes are compared with all strangers at a time."""


def strangers_apart(strangers: Strangers, takes: Float32[np.ndarray, "takes dimension"]) -> Strangers | None:
    """The strangers by whom none of these takes is; None if nobody is left.

    One clip that is (almost) the same as a take shows who a stranger is: all of their clips go. The same clip
    embedded twice differs by rounding; two walks of one person are much farther apart.
    """
    same = np.zeros(len(strangers.embeddings), bool)
    for start in range(0, len(takes), BLOCK):
        same |= (2 - 2 * strangers.embeddings @ takes[start : start + BLOCK].T < ROUNDING).any(axis=1)
    others = ~np.isin(strangers.people, strangers.people[same])
    if not others.any():
        return None
    cameras = tuple(np.array(strangers.cameras, object)[others])
    return Strangers(strangers.embeddings[others], strangers.people[others], cameras)


def drop_strangers(gallery: Path, takes: Float32[np.ndarray, "takes dimension"]) -> None:
    """Takes out of a gallery's strangers whoever is in these takes. For the sole writer."""
    for unfinished in gallery.glob(f".{STRANGERS}.*"):
        unfinished.unlink()
    file = gallery / STRANGERS
    if not file.exists():
        return
    strangers = Strangers.load(file)
    left = strangers_apart(strangers, takes)
    if left is None:
        file.unlink()
    elif len(left.people) < len(strangers.people):
        left.save(file)


def files_with(path: Path, ids: Sequence[str]) -> list[Path]:
    """Files of a gallery whose bytes contain one of these row ids, and all files of an index.

    A row's id, name and embedding are written to one file together and uncompressed, so a file without the id
    has none of them. (The name itself would prove nothing: it may be part of another name.) An index holds
    numbers of embeddings without their ids: there must be none until it is made anew without the person.
    """
    found = []
    for file in sorted(item for item in path.rglob("*") if item.is_file() and item.stat().st_size):
        with file.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
            indexes = path / "_indices" in file.parents
            if indexes or any(content.find(mark.encode()) >= 0 for mark in ids):
                found.append(file)
    return found
