"""Walkers: the open gait benchmark: virtual people, rendered as video and put through the real estimator."""

from importlib.util import find_spec

from gaitheat.errors import GaitheatError

_missing = [name for name in ("numba", "scipy") if find_spec(name) is None]
if _missing:
    needed = " and ".join(_missing)
    raise GaitheatError(f"walkers need {needed}, which the core has not: pip install 'gaitheat[walkers]'")
