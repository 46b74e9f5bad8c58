"""The test worlds are frozen: figures measured on them stay comparable for good.

A world that would come out differently is another benchmark and gets another name. Pictures differ in the
last grey level between versions of numpy and OpenCV: what is pinned is what they are drawn from.
"""

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from gaitheat.walkers.profiles import ALL_TAKES
from gaitheat.walkers.walk import RenderedWalk, Walk
from gaitheat.walkers.worlds import World

FROZEN = {
    "walkers-1-indoor": "c051af2d9c19052c27e47f3fdbf76b8475d52d9fa55e9baaa4baa761d35e5121",
    "walkers-1-street": "808f171070b766077ce8f48c2c191dbcc0e9e8188d888535efe1e8b5fa7d1a49",
    "walkers-1-motion-only": "a2f6aa63c19c172978e63dd122f92972eda8070fb66aec2de8ba399f6c9378b5",
    "walkers-1-shape-only": "84e16af7661b298228beba65d90198ae8a98fabdd54b22d5b87cf8c59927ee7c",
}
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
            mesh = film.take.mesh
            moves = [figure.bones for figure in film.figures]
            for array in (film.joints, *moves, mesh.vertices, mesh.colours, mesh.weights, film.camera.matrix):
                digest.update(np.rint(np.asarray(array, np.float64) * 10**DIGITS).astype(np.int64).tobytes())
            digest.update(mesh.faces.tobytes() + mesh.bones.tobytes())
            scenery = film.scenery
            drawn = (film.take.outfit, film.shot, scenery.light, scenery.sensor)
            digest.update(repr([_plain(item) for item in drawn]).encode())
            # All that scenery, gait and passer-by drew lies before this number.
            digest.update(film.noise.integers(2**62).tobytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Numbers, words and tuples of them; floats are rounded."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_plain(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    return round(value, DIGITS) + 0.0 if isinstance(value, float) else value
