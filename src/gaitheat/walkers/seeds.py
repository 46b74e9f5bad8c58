"""Random numbers that are addressed by name: nothing drawn before, elsewhere or in parallel changes them."""

import hashlib

import numpy as np


def generator(*names: str | int) -> np.random.Generator:
    """The random numbers that belong to these names: ``generator("walkers-1", "007", "nm", 3)``.

    The same names give the same numbers in whatever process and order; other names, or the same ones cut
    elsewhere (``"a", "b"`` and ``"ab"``, ``1`` and ``"1"``), give numbers that have nothing to do with them.
    """
    # repr tells all of these apart; int() because numpy's integers print otherwise than Python's.
    plain = [name if isinstance(name, str) else int(name) for name in names]
    digest = hashlib.sha256(repr(plain).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "little")))
