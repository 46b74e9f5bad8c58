"""The table of alignments that centre the neck: rank-1 without training, with paired intervals.

    gaitheat extract KTH --dataset kth --store kth.store
    python benchmarks/alignment.py kth.store

About half an hour on two cores for the 255 clips of the development subjects. Rows come as they are measured.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import get_args, get_type_hints

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets.kth import PROTOCOL
from gaitheat.embeddings import EMBEDDERS
from gaitheat.evaluation.evaluate import difference, evaluate
from gaitheat.heatmaps.align import Alignment
from gaitheat.sources import ClipInfo, Request
from gaitheat.store import ClipStore


class InMemory:
    """A store's clips, each read once."""

    def __init__(self, store: ClipStore) -> None:
        self._store = store
        self._clips: dict[ClipKey, Clip] = {}

    def infos(self) -> list[ClipInfo]:
        """The store's."""
        return self._store.infos()

    def refusals(self) -> list[Refusal]:
        """The store's."""
        return self._store.refusals()

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """Whole clips."""
        missing = [(key, None) for key, _ in requests if key not in self._clips]
        self._clips.update({clip.key: clip for clip in self._store.read(missing)})
        return [self._clips[key] for key, _ in requests]


def main(path: str) -> None:
    """Print the table."""
    clips = InMemory(ClipStore(path))
    default = {
        name: evaluate(clips, PROTOCOL, embedder.embed_all, name) for name, embedder in EMBEDDERS.items()
    }
    print("| rotation | scale | centre |", " | ".join(EMBEDDERS), "|")
    print("|---" * (3 + len(EMBEDDERS)), "|", sep="")
    choices = [get_args(choice) for choice in get_type_hints(Alignment).values()]
    for setting in product(*choices):
        if setting[-1] == "none":
            continue
        cells = []
        for name, embedder in EMBEDDERS.items():
            changed = replace(embedder, alignment=Alignment(*setting))
            report = evaluate(clips, PROTOCOL, changed.embed_all, name)
            better, low, high = (100 * bound for bound in difference(report, default[name]))
            headline = report.headline.value if report.headline else float("nan")
            cells.append(f"{100 * headline:.1f} ({better:+.1f}: {low:+.1f} to {high:+.1f})")
        print("|", " | ".join([*setting, *cells]), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
