"""The test worlds are frozen: figures measured on them stay comparable for good.

A world that would come out differently is another benchmark and gets another name. Pictures differ in the
last grey level between versions of numpy and OpenCV: what is pinned is what they are drawn from.
"""

import hashlib
from dataclasses import astuple
from typing import Any

import numpy as np

from gaitheat.walkers.profiles import ALL_TAKES
from gaitheat.walkers.walk import RenderedWalk, Walk
from gaitheat.walkers.worlds import World

FROZEN: dict[str, str] = {}
"""The fingerprint of each frozen world."""
DIGITS = 4
"""Decimal places of metres, degrees and colours that are compared."""


def fingerprint(world: World, subjects: int = 2) -> str:
    """Digest of a world's numbers, and of what its first subjects look like and do in every take.

    Args:
        world: one of WORLDS.
        subjects: how many.
    """
    digest = hashlib.sha256(repr(world).encode())
    views = world.cameras.views
    for number in range(subjects):
        for place, (condition, take) in enumerate(ALL_TAKES):
            view = views[(number + place) % len(views)]
            film = RenderedWalk(Walk(world.name, f"{number + 1:04d}", condition, take, view, 30)).film
            shown = (film.joints, film.take.mesh.vertices, film.take.mesh.colours, film.camera.matrix)
            for array in shown:
                digest.update(np.rint(np.asarray(array, np.float64) * 10**DIGITS).astype(np.int64).tobytes())
            digest.update(repr(_rounded((astuple(film.take.outfit), astuple(film.shot)))).encode())
    return digest.hexdigest()


def _rounded(value: Any) -> Any:
    """Plain values with their floats rounded."""
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    return round(value, DIGITS) if isinstance(value, float) else value
