"""How long a large search takes, and how much memory, beside the loop that is usual: one probe at a time.

    python benchmarks/evaluation.py
    python benchmarks/evaluation.py oumvlp

20,000 clips of 1,000 people are enrolled, 2,000 are searched for, embeddings are 16 strips of 256 numbers.
Both ways count the same: first mates, average precision, inverse penalty. The loop gets squares and strips
ready made; it measures a probe by one product a strip, sorts, and walks down the list. It runs for a sample
of the probes, between pieces of the whole. Times are processor time of one thread: other programs disturb
them little.

``oumvlp``: the protocol of OU-MVLP at its full size, 133,000 probes and 133,000 enrolled clips from 14 views,
on embeddings that are held in memory in float32. The gallery and all pairs of views are whole; probes are
those of 256 of 9,500 people, and the time for all is so many times theirs. What is kept of each search takes
memory as well: it is measured on narrow embeddings, for 256 and for 512 people, and laid through to 9,500.
"""

import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from typing import Any
from unittest.mock import patch

import numpy as np
from jaxtyping import Bool, Float32

from gaitheat.clips import ClipKey
from gaitheat.datasets import protocol_called
from gaitheat.datasets.oumvlp import VIEWS
from gaitheat.datasets.protocol import Cell, Selection
from gaitheat.evaluation.evaluate import evaluate_embeddings
from gaitheat.evaluation.openset import GROUPS
from gaitheat.evaluation.searching import Found, compared_by, relations, searched
from gaitheat.evaluation.verification import compared
from memory import peak_memory

PEOPLE, ENROLLED, PROBES = 1000, 20, 2
"""Clips of each."""
STRIPS, WIDTH = 16, 256
NOISE = 6
"""Deviation of a person's clips; that of people is 1."""
PIECES, SAMPLE = 4, 10
"""The search runs in so many pieces; behind each the loop runs for so many probes."""
OUMVLP_PEOPLE, OUMVLP_ASKED = 9500, 256
"""133,000 clips of each walk; people whose first walks are asked for, a block of searches from each view."""
NARROW_ASKED = (256, 512)


def main() -> None:
    """Print what is asked for."""
    result = oumvlp() if sys.argv[1:] == ["oumvlp"] else beside_the_loop()
    print(json.dumps({name: round(value, 3) for name, value in result.items()}, indent=2))


def oumvlp() -> dict[str, float]:
    """Time and memory of the whole protocol, from a part of its probes."""
    peaks = [_oumvlp(asked, strips=1, width=16)[1] for asked in NARROW_ASKED]
    kept = (peaks[1] - peaks[0]) / (NARROW_ASKED[1] - NARROW_ASKED[0])
    seconds, peak, fixed = _oumvlp(OUMVLP_ASKED, STRIPS, WIDTH)
    whole = OUMVLP_PEOPLE / OUMVLP_ASKED
    return {
        "searches, s": seconds,
        "one-to-one, s": fixed,
        "searches of all probes, minutes": seconds * whole / 60,
        "peak memory, GB": peak / 1e9,
        "kept of all searches, GB": kept * OUMVLP_PEOPLE / 1e9,
        "peak memory with all probes, GB": (peak + kept * (OUMVLP_PEOPLE - OUMVLP_ASKED)) / 1e9,
    }


def _oumvlp(asked: int, strips: int, width: int) -> tuple[float, float, float]:
    """Processor time of the searches, peak memory, and processor time of the comparisons one to one.

    The vectors of the probes that are not asked for lie in memory as well.
    """
    everybody = [("01", range(OUMVLP_PEOPLE)), ("00", range(asked))]
    keys = [
        ClipKey("oumvlp", f"{subject:05d}", "nm", view, take, 0)
        for take, subjects in everybody
        for subject in subjects
        for view in sorted(VIEWS)
    ]
    generator = np.random.default_rng(0)
    vectors = np.empty((2 * OUMVLP_PEOPLE * len(VIEWS), strips * width), np.float32)
    for start in range(0, len(vectors), PEOPLE):
        generator.standard_normal(out=vectors[start : start + PEOPLE], dtype=np.float32)
    fixed = 0.0

    def timed(*arguments: Any) -> Any:
        nonlocal fixed
        begun = time.process_time()
        result = compared(*arguments)
        fixed += time.process_time() - begun
        return result

    start, protocol = time.process_time(), protocol_called("oumvlp")
    with patch("gaitheat.evaluation.evaluate.compared", timed):
        evaluate_embeddings(keys, vectors[: len(keys)], protocol, "generated", strips=strips)
    return time.process_time() - start - fixed, peak_memory(), fixed


def beside_the_loop() -> dict[str, float]:
    """Both times, and what the process needed at most."""
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
    return {
        "blocked, s": blocked,
        "loop, s": share * (measuring + walking),
        "of it without distances, s": share * walking,
        "times as fast": share * (measuring + walking) / blocked,
        "largest difference": worst,
        "embeddings, GB": embeddings.nbytes / 1e9,
        "peak memory before, GB": ready / 1e9,
        "peak memory, GB": peak_memory() / 1e9,
    }


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
