"""Drawn people to train on, others to test on by the protocol of walkers, and the truth about both."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from factories import make_clip
from gaitheat.clips import ClipKey
from gaitheat.comparison.plan import Plan
from gaitheat.datasets.walkers import TRUTH_SUFFIX
from gaitheat.recipes import Data, Network, Recipe
from gaitheat.training.run import Run
from training.walks import RECIPE, Memory

TRAIN, TEST = "walkers-train-indoor", "walkers-1-indoor"
TAKES = (("nm", "01"), ("nm", "05"), ("bg", "01"), ("cl", "01"))

MAPS: Recipe = replace(RECIPE, data=Data(TRAIN, validation_subjects=2))
POINTS = replace(MAPS, network=Network("coordinates", width=8, dims=8))
ROWS = {"maps": MAPS, "points": POINTS}


@cache
def world(subjects: int = 4, frames: int = 6) -> Memory:
    """Four walks of everybody from two views, in both worlds, and their twins."""
    keys = [
        ClipKey(dataset + suffix, f"{first + subject:03d}", condition, view, take, 0)
        for dataset, first in ((TRAIN, 0), (TEST, 100))
        for suffix in ("", TRUTH_SUFFIX)
        for subject in range(subjects)
        for condition, take in TAKES
        for view in ("000", "090")
    ]
    return Memory(
        [replace(make_clip(frames, seed, silhouettes=False), key=key) for seed, key in enumerate(keys)]
    )


def plan(out: Path, **knobs: Any) -> Plan:
    """A few steps at two rates with two seeds, on the CPU."""
    run = Run(accelerator="cpu", workers=0, save_every=2, look_every=2)
    fast = {"rates": (1e-3, 3e-3), "seeds": 2, "steps": 4, "run": run}
    return Plan(**{"store": world(), "out": out, **fast, **knobs})


def said(_: str) -> None:
    """To nobody."""
