"""Windows a second that one core loads for training, beside the way of peers: a pickle a clip.

    python benchmarks/loading.py STORE [DATASET] [CLIPS]

Each row is a fresh process on one core; rows take turns, and the best of three rounds counts. It counts from
the opened store (or the list of pickles) on, the first batch included; files are in the system's cache.
"""

import multiprocessing
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gaitheat.heatmaps.augment import DEFAULT, NONE
from gaitheat.modalities import SHAPES
from gaitheat.store import ClipStore
from gaitheat.training.cutting import Cutting
from gaitheat.training.loading import batches
from gaitheat.training.sampling import Balanced

FRAMES, SUBJECTS, CLIPS, STEPS, ROUNDS = 30, 8, 4, 6, 3
ROWS = {
    "aligned, augmented": Cutting(frames=FRAMES, augmentation=DEFAULT),
    "aligned": Cutting(frames=FRAMES, augmentation=NONE),
    "aligned, augmented, drawn maps": Cutting(frames=FRAMES, augmentation=DEFAULT, variant="drawn"),
    "keypoints alone, augmented": Cutting(
        frames=FRAMES, augmentation=DEFAULT, reads=frozenset({"keypoints"})
    ),
    "silhouettes alone, augmented": Cutting(
        frames=FRAMES, augmentation=DEFAULT, reads=frozenset({"silhouettes"})
    ),
    "everything, augmented": Cutting(frames=FRAMES, augmentation=DEFAULT, reads=frozenset(SHAPES)),
}
PEERS = "a pickle a clip, 30 random frames, not aligned"


class Speed(NamedTuple):
    """Windows a second."""

    processor: float
    """Of processor time, which other programs disturb little."""
    wall: float


def one_core() -> None:
    """Keep this process on one core, where the system lets it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def timed(load: Callable[[], int]) -> Speed:
    """How fast it loads; it returns the number of windows."""
    wall, processor = time.perf_counter(), time.process_time()
    windows = load()
    return Speed(windows / (time.process_time() - processor), windows / (time.perf_counter() - wall))


def ours(store: str, dataset: str, cutting: Cutting) -> Speed:
    """Batches from the store."""
    source = ClipStore(store)
    keys = [info.key for info in source.infos() if info.key.dataset == dataset]
    sampler = Balanced(keys, SUBJECTS, CLIPS, seed=0)
    return timed(lambda: sum(len(batch.labels) for batch in batches(source, sampler, cutting, range(STEPS))))


def peers(files: Sequence[Path]) -> Speed:
    """Batches from pickles."""
    rng = np.random.default_rng(0)

    def window(path: Path) -> np.ndarray:
        with path.open("rb") as file:
            maps = pickle.load(file)  # noqa: S301
        chosen = rng.choice(len(maps), FRAMES, replace=len(maps) < FRAMES)
        return maps[np.sort(chosen)]

    def load() -> int:
        for _ in range(STEPS):
            batch = np.stack([window(files[number]) for number in rng.integers(len(files), size=32)])
        return STEPS * len(batch)

    return timed(load)


def write_pickles(store: str, dataset: str, count: int, folder: Path) -> list[Path]:
    """The first clips of a data set as others keep them: float16 [T, 17, 64, 48]."""
    source, files = ClipStore(store), []
    for info in [info for info in source.infos() if info.key.dataset == dataset][:count]:
        (clip,) = source.read([(info.key, None)])
        files.append(folder / f"{len(files)}.pkl")
        files[-1].write_bytes(pickle.dumps(clip.heatmaps.astype(np.float16) / np.float16(255), 4))
    return files


def in_fresh_process(function: Callable[..., Speed], *arguments: object) -> Speed:
    """Its result; nothing is warm."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=one_core) as pool:
        return pool.submit(function, *arguments).result()


def main(store: str, dataset: str = "walkers-train-indoor", count: str = "64") -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_pickles(store, dataset, int(count), Path(folder))
        size = sum(file.stat().st_size for file in files) / len(files) / 1e6
        speeds: dict[str, list[Speed]] = {name: [] for name in [*ROWS, PEERS]}
        for _ in range(ROUNDS):
            for name, cutting in ROWS.items():
                speeds[name].append(in_fresh_process(ours, store, dataset, cutting))
            speeds[PEERS].append(in_fresh_process(peers, files))
    print(f"Pickles hold {size:.1f} MB a clip.\n")
    print(f"| windows of {FRAMES} frames | a second of processor time | a second | beside pickles |")
    print("|---|---|---|---|")
    best = {name: Speed(*map(max, zip(*found, strict=True))) for name, found in speeds.items()}
    for name, speed in best.items():
        ratio = speed.processor / best[PEERS].processor
        print(f"| {name} | {speed.processor:.0f} | {speed.wall:.0f} | {ratio:.2f} x |")


if __name__ == "__main__":
    main(*sys.argv[1:])
