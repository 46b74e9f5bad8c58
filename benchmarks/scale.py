"""How fast and how large an import is, and from that what whole data sets cost: time, storage, money.

    python benchmarks/scale.py STORE [--price 0.04]

Pickles as the other toolboxes write them are made of clips of the STORE, which holds nothing but extracted
clips, and imported by one core. The frames of the data sets are those that their authors state; of CASIA-B
and OUMVLP they are estimates.
"""

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gaitheat.clips import Clip
from gaitheat.importing.conversion import Importer
from gaitheat.importing.job import import_opengait
from gaitheat.silhouettes import tight
from gaitheat.store import ClipStore

FRAMES = {
    "CASIA-B": 13_640 * 90,
    "OUMVLP": 288_596 * 25,
    "GREW": 14_185_478,
    "Gait3D": 3_279_239,
    "SUSTech1K": 763_416,
}
EXTRACTED_PER_SECOND = 22
"""Frames of clips that one core extracts in a second, everything included: ``benchmarks/extract.py``."""
CLIPS = 40

FILES: dict[str, Callable[[Clip], NDArray[Any]]] = {
    "silhouettes": lambda clip: tight(clip.silhouettes),
    "poses": lambda clip: clip.keypoints.astype(np.float64),
    "heatmaps": lambda clip: (clip.heatmaps / np.float32(255)).astype(np.float16),
}
KINDS = (
    ("silhouettes",),
    ("poses",),
    ("silhouettes", "poses"),
    ("poses", "heatmaps"),
    ("silhouettes", "poses", "heatmaps"),
)


class Cost(NamedTuple):
    """Of one frame."""

    seconds: float
    """Of one core."""
    pickled: float
    """Bytes."""
    stored: float
    """Bytes."""


def measured(clips: list[Clip], kinds: tuple[str, ...]) -> Cost:
    """What it costs to import these clips from pickles of these kinds."""
    with tempfile.TemporaryDirectory() as place:
        root, store = Path(place) / "pickles", Path(place) / "store"
        for number, clip in enumerate(clips, start=1):
            folder = root / f"{number:03d}" / "nm-01" / "000"
            folder.mkdir(parents=True)
            for kind in kinds:
                (folder / f"{kind}.pkl").write_bytes(pickle.dumps(FILES[kind](clip)))
        pickled = bytes_of(root)
        start = time.process_time()
        summary = import_opengait({None: root}, "casia-b", ClipStore.open_or_create(store), Importer())
        seconds = time.process_time() - start
        assert summary.frames > 0, summary
        return Cost(*(value / summary.frames for value in (seconds, pickled, bytes_of(store))))


def bytes_of(folder: Path) -> int:
    """The size of everything in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows(costs: dict[str, Cost], price: float) -> Iterator[str]:
    """The lines of a table: what each data set costs."""
    yield "| data set | frames | what | core hours | at the price | pickles, GB | store, GB |"
    yield "|---|---|---|---|---|---|---|"
    for name, frames in FRAMES.items():
        for what, cost in costs.items():
            hours = frames * cost.seconds / 3600
            pickled = f"{frames * cost.pickled / 1e9:.0f}" if cost.pickled else "-"
            yield (
                f"| {name} | {frames / 1e6:.1f} M | {what} | {hours:.1f} | {hours * price:.2f} | {pickled} | "
                f"{frames * cost.stored / 1e9:.1f} |"
            )


def main() -> None:
    """Measure, and multiply."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--price", type=float, default=0.04, help="of a core hour")
    arguments = parser.parse_args()
    store = ClipStore(arguments.store)
    clips = store.read([(info.key, None) for info in store.infos()[:CLIPS]])
    measured(clips[:2], KINDS[-1])  # what is loaded once is not counted
    costs = {", ".join(kinds): measured(clips, kinds) for kinds in KINDS}
    print("| imported | frames/s and core | pickles, bytes/frame | store, bytes/frame |\n|---|---|---|---|")
    for what, cost in costs.items():
        print(f"| {what} | {1 / cost.seconds:.0f} | {cost.pickled:.0f} | {cost.stored:.0f} |")
    print()
    stored = bytes_of(arguments.store) / sum(map(len, store.infos()))
    costs["extracted from video"] = Cost(1 / EXTRACTED_PER_SECOND, 0, stored)
    print(*rows(costs, arguments.price), sep="\n")


if __name__ == "__main__":
    main()
