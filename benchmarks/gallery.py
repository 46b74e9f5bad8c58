"""How long a search of a large gallery takes, exactly in memory and by the index, and what the index misses.

    python benchmarks/gallery.py [TAKES ...]

Embeddings of 256 numbers are drawn: people who walked five times each, whose takes are at about 0.6 of each
other and of the probe, as in gait; numbers of falling variance, which is kinder to an index than even noise.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lance
import numpy as np
from jaxtyping import Float32

from gaitheat.gallery import index as gallery_index
from gaitheat.gallery import table as gallery_table
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.transfer import Carried

DIMENSION, TAKES_EACH, PROBES, LISTED = 256, 5, 200, 5
EMBEDDER = "drawn"
VARIANCES = 1 / (1 + np.arange(DIMENSION, dtype=np.float32) / 16)
SPREAD = np.float32(0.5)


def unit(vectors: Float32[np.ndarray, "n dimension"]) -> Float32[np.ndarray, "n dimension"]:
    """Of length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def drawn(random: np.random.Generator, count: int) -> Float32[np.ndarray, "count dimension"]:
    """Random directions."""
    return unit(random.standard_normal((count, DIMENSION), np.float32) * VARIANCES)


def fill(path: Path, takes: int) -> Float32[np.ndarray, "probes dimension"]:
    """Makes a gallery of so many takes, without an index; returns probes of people in it."""
    random = np.random.default_rng(0)
    people = drawn(random, takes // TAKES_EACH)
    gallery_table.make(path, EMBEDDER, DIMENSION)
    schema = gallery_table.open_table(path).schema
    for walk in range(TAKES_EACH):
        embeddings = unit(people + SPREAD * drawn(random, len(people)))
        text = [""] * len(people)
        columns: dict[str, Any] = dict.fromkeys(("source", "part", "estimator", "camera", "enrolled"), text)
        columns["name"] = [f"person {number}" for number in range(len(people))]
        columns["sha256"] = [f"{walk} {number}" for number in range(len(people))]
        columns["frames"] = [50] * len(people)
        lance.write_dataset(Carried(EMBEDDER, embeddings, columns).rows(schema), path, mode="append")
    whose = random.integers(0, len(people), PROBES)
    return unit(people[whose] + SPREAD * drawn(random, PROBES))


def timed(
    search: Callable[[Float32[np.ndarray, " dimension"]], Any], probes: Float32[np.ndarray, "n d"]
) -> str:
    """Median and the 95th of 100, of the clock, and processor time of one."""
    search(probes[0])  # what is read once is not counted
    clock, processor = [], time.process_time()
    for probe in probes:
        start = time.perf_counter()
        search(probe)
        clock.append(time.perf_counter() - start)
    used = (time.process_time() - processor) / len(probes)
    return f"{1e3 * np.median(clock):.1f} | {1e3 * np.quantile(clock, 0.95):.1f} | {1e3 * used:.1f}"


def row(takes: int, folder: Path) -> str:
    """The line of one size."""
    path = folder / str(takes)
    probes = fill(path, takes)
    gallery = Gallery.open(path)
    start = time.perf_counter()
    known = gallery.everybody()
    reading = time.perf_counter() - start
    gallery_index.EXACT_TAKES = takes
    exact = timed(lambda probe: gallery.search(probe, EMBEDDER, LISTED), probes)
    right = [known.nearest(probe, LISTED) for probe in probes]
    gallery_index.EXACT_TAKES = 0
    start = time.perf_counter()
    gallery_index.refresh(path)
    building = time.perf_counter() - start
    indexed = timed(lambda probe: gallery.search(probe, EMBEDDER, LISTED), probes)
    found = [gallery.search(probe, EMBEDDER, LISTED) for probe in probes]
    first = np.mean([a[0] == b[0] for a, b in zip(right, found, strict=True)])
    listed = np.mean([len({*a} & {*b}) / LISTED for a, b in zip(right, found, strict=True)])
    return (
        f"| {takes:,} | {reading:.1f} | {exact} | {building:.0f} | {indexed} | {first:.3f} | {listed:.3f} |"
    )


def main() -> None:
    """Measure every size."""
    print("Milliseconds of one search: median, 95 %, processor time. Recall: people found of 1 and of 5.\n")
    print("| takes | read, s | exact | 95 % | cpu | index, s | by index | 95 % | cpu | recall 1 | recall 5 |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for takes in map(int, sys.argv[1:] or ("100000",)):
        with tempfile.TemporaryDirectory() as folder:
            print(row(takes, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
