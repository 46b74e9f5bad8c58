"""What integers and bfloat16 cost in accuracy and bring in speed: one table, all measured in one run.

    gaitheat export RUN exact.onnx
    gaitheat export RUN integers.onnx --int8 TRAIN.store
    python benchmarks/export.py exact.onnx integers.onnx --store STORE --protocol kth

Every clip is embedded by all networks in turn, each of one thread, one window at a time. Times are processor
time of the network alone, without alignment: other programs disturb them little.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitheat.cli.arguments import clip_source
from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets import protocol_called
from gaitheat.evaluation.evaluate import difference, evaluate
from gaitheat.inference import precisions
from gaitheat.modalities import Passes
from gaitheat.network_embeddings import NetworkEmbedder, from_export
from gaitheat.sources import ClipInfo, ClipSource, Request


@dataclass
class Contestant:
    """A network in a precision, with what it made of each clip."""

    name: str
    embedder: NetworkEmbedder
    vectors: dict[ClipKey, NDArray[np.float32]] = field(default_factory=dict)
    seconds: float = 0.0
    ticks: int = 0

    def look(self, clip: Clip) -> None:
        """Embed a clip, and count."""
        self.vectors[clip.key] = replace(self.embedder, forward=self._timed).embed(clip)

    def _timed(self, passes: Passes) -> NDArray[np.float32]:
        """One window after the other, as when somebody is identified."""
        answers = []
        for row in range(len(passes.mask)):
            window = Passes(*(array[[row]] for array in passes))
            start = time.process_time()
            answers.append(self.embedder.forward(window))
            self.seconds += time.process_time() - start
            self.ticks += window.mask.size
        return np.concatenate(answers)


class Some:
    """Clips of the first subjects of a source, each cut to its beginning."""

    def __init__(self, source: ClipSource, dataset: str, subjects: int, frames: int) -> None:
        there = [info for info in source.infos() if info.key.dataset == dataset]
        chosen = sorted({info.key.subject for info in there})[:subjects]
        self._source, self._frames = source, frames
        self._infos = [info for info in there if info.key.subject in chosen]

    def infos(self) -> list[ClipInfo]:
        """Of these subjects."""
        return self._infos

    def refusals(self) -> list[Refusal]:
        """Not looked at."""
        return []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """The beginnings."""
        clips = self._source.read(requests)
        return [clip.take(np.arange(min(len(clip), self._frames))) for clip in clips]


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("networks", type=Path, nargs="+", help="the exact one first")
    asked.add_argument("--store", required=True)
    asked.add_argument("--protocol", required=True)
    asked.add_argument("--subjects", type=int, default=40)
    asked.add_argument("--frames", type=int, default=60, help="of each clip")
    given = asked.parse_args()
    contestants = [
        Contestant(f"{path.stem}, {precision}", from_export(path, precision=precision))
        for path in given.networks
        for precision in precisions()
    ]
    protocol = protocol_called(given.protocol)
    some = Some(clip_source(given.store), protocol.dataset, given.subjects, given.frames)
    for info in some.infos():
        (clip,) = some.read([(info.key, None)])
        for each in contestants:
            each.look(clip)
    reports = [
        evaluate(
            some,
            protocol,
            lambda clips, each=each: np.stack([each.vectors[clip.key] for clip in clips]),
            each.name,
            strips=each.embedder.strips,
        )
        for each in contestants
    ]
    exact = contestants[0]
    print("| network | frames/s of one core | moved | rank-1 | against the first |")
    print("|---|---|---|---|---|")
    for each, report in zip(contestants, reports, strict=True):
        moved = np.mean([np.linalg.norm(each.vectors[key] - exact.vectors[key]) for key in exact.vectors])
        gain, low, high = (100 * bound for bound in difference(report, reports[0]))
        print(
            f"| {each.name} | {each.ticks / each.seconds:.0f} | {moved:.3f} | "
            f"{100 * report.headline.value:.1f} | {gain:+.1f} ({low:+.1f} to {high:+.1f}) |"
        )


if __name__ == "__main__":
    main()
