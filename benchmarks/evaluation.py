"""How long a large search takes, and how much memory, beside the loop that is usual: one probe at a time.

    python benchmarks/evaluation.py

20,000 clips of 1,000 people are enrolled, 2,000 are searched for, embeddings are 16 strips of 256 numbers.
Both ways count the same: first mates, average precision, inverse penalty. The loop gets squares and strips
ready made; it measures a probe by one product a strip, sorts, and walks down the list. It runs for a sample
of the probes, between pieces of the whole. Times are processor time of one thread: other programs disturb
them little.
"""

import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time

import numpy as np
from jaxtyping import Bool, Float32

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import Cell, Selection
from gaitheat.evaluation.openset import GROUPS
from gaitheat.evaluation.searching import Found, compared_by, relations, searched
from memory import peak_memory

PEOPLE, ENROLLED, PROBES = 1000, 20, 2
"""Clips of each."""
STRIPS, WIDTH = 16, 256
NOISE = 6
"""Deviation of a person's clips; that of people is 1."""
PIECES, SAMPLE = 4, 10
"""The search runs in so many pieces; behind each the loop runs for so many probes."""


def main() -> None:
    """Print both times, and what the process needed at most."""
    keys, embeddings = clips()
    probes, gallery = np.arange(PEOPLE * PROBES), np.arange(PEOPLE * PROBES, len(keys))
    compare = compared_by(embeddings, strips=STRIPS)
    ready = peak_memory()
    groups = {key.subject: place % GROUPS for place, key in enumerate(keys[: len(probes)])}
    among = relations(Cell("all", Selection(), Selection()), keys, groups)
    strips = [embeddings[:, start : start + WIDTH] for start in range(0, STRIPS * WIDTH, WIDTH)]
    squares = [np.einsum("cd,cd->c", strip, strip) for strip in strips]
    blocked, measuring, walking, worst = 0.0, 0.0, 0.0, 0.0
    for piece in np.array_split(probes, PIECES):
        start = time.process_time()
        found = searched(piece, gallery, among, compare)
        blocked += time.process_time() - start
        for row in range(SAMPLE):
            start = time.process_time()
            near = np.mean([_between(*of, piece[row]) for of in zip(strips, squares, strict=True)], axis=0)
            middle = time.process_time()
            figures = walked(near[gallery], among.people[gallery] == among.people[piece[row]])
            walking += time.process_time() - middle
            measuring += middle - start
            worst = max(worst, *(abs(a - b) for a, b in zip(figures, counted(found, row), strict=True)))
    share = len(probes) / (PIECES * SAMPLE)
    result = {
        "blocked, s": blocked,
        "loop, s": share * (measuring + walking),
        "of it without distances, s": share * walking,
        "times as fast": share * (measuring + walking) / blocked,
        "largest difference": worst,
        "embeddings, GB": embeddings.nbytes / 1e9,
        "peak memory before, GB": ready / 1e9,
        "peak memory, GB": peak_memory() / 1e9,
    }
    print(json.dumps({name: round(value, 3) for name, value in result.items()}, indent=2))


def _between(
    strip: Float32[np.ndarray, "clips width"], squares: Float32[np.ndarray, " clips"], probe: int
) -> Float32[np.ndarray, " clips"]:
    """Euclidean distance of one clip's strip to those of all."""
    return np.sqrt(np.maximum(squares + squares[probe] - 2 * (strip @ strip[probe]), 0))


def clips() -> tuple[list[ClipKey], Float32[np.ndarray, "clips dimension"]]:
    """Probes, then the gallery: a place for each person, and noise."""
    generator = np.random.default_rng(0)
    subjects = [*range(PEOPLE)] * (PROBES + ENROLLED)
    keys = [ClipKey("here", f"{s:04d}", "nm", "000", str(n), 0) for n, s in enumerate(subjects)]
    places = generator.standard_normal((PEOPLE, STRIPS * WIDTH), np.float32)
    embeddings = generator.standard_normal((len(keys), STRIPS * WIDTH), np.float32)
    embeddings *= NOISE
    for clip, subject in enumerate(subjects):
        embeddings[clip] += places[subject]
    return keys, embeddings


def walked(
    distances: Float32[np.ndarray, " gallery"], mates: Bool[np.ndarray, " gallery"]
) -> tuple[float, float, float]:
    """Rank of the first mate, average precision, inverse penalty: the list is walked down to its end."""
    first, met, precisions, last = 0, 0, 0.0, 0
    for rank, mate in enumerate(mates[np.argsort(distances)].tolist(), start=1):
        if mate:
            first, met, last = first or rank, met + 1, rank
            precisions += met / rank
    return first, precisions / met, met / last


def counted(found: Found, row: int) -> tuple[float, float, float]:
    """The same of a search."""
    return float(found.first[row]), float(found.average_precision[row]), float(found.inverse_penalty[row])


if __name__ == "__main__":
    main()
