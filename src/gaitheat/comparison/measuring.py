"""What a training is worth, and what it costs."""

from collections.abc import Mapping
from hashlib import sha256
from math import inf
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import Protocol
from gaitheat.evaluation.embedding import embedded, entrants
from gaitheat.evaluation.evaluate import Report, evaluate_embeddings
from gaitheat.modalities import SHAPES
from gaitheat.network_embeddings import NetworkEmbedder
from gaitheat.networks.types import Inputs
from gaitheat.sources import ClipSource
from gaitheat.training.embedder import from_checkpoint
from gaitheat.training.optimisation import channels_last

KEPT_EVERY = 512
"""Clips after whose embedding what there is is kept, for a test that is stopped."""
CLIPS, FRAMES = 2, 30
"""Of the batch by which speeds are measured."""
ROUNDS, TURN = 3, 0.2
"""Rounds, of which the best one counts, and seconds that a network computes in each, at least."""


def measured(source: ClipSource, protocol: Protocol, folder: Path, row: str) -> Report:
    """The report on a training; its embeddings and the report are kept beside it."""
    keys, _, refused = entrants(source, protocol)
    infos = {info.key: info for info in source.infos()}
    names = {key: f"{key} {infos[key].sha256} {infos[key].estimator}" for key in keys}
    embedder = from_checkpoint(folder)
    kept = folder / f"{protocol.name}-{sha256(embedder.identity.encode()).hexdigest()[:8]}.npz"
    vectors = _embeddings(source, names, embedder, kept)
    report = evaluate_embeddings(keys, vectors, protocol, row, refused=refused, strips=embedder.strips)
    (folder / f"{protocol.name}.json").write_text(report.to_json(), encoding="utf-8")
    return report


def _embeddings(
    source: ClipSource, names: Mapping[ClipKey, str], embedder: NetworkEmbedder, kept: Path
) -> NDArray[np.float32]:
    """Of clips by the names under which they are kept: those that are there, and the others anew."""
    there: dict[str, Any] = {}
    if kept.exists():
        with np.load(kept) as vectors:
            there = dict(vectors)
    missing = [key for key, name in names.items() if name not in there]
    for start in range(0, len(missing), KEPT_EVERY):
        some = missing[start : start + KEPT_EVERY]
        found = embedded(source, some, embedder.embed_all)
        there.update({names[key]: vector for key, vector in zip(some, found, strict=True)})
        part = kept.with_name(f"{kept.stem}.part.npz")
        np.savez(part, **there)
        part.replace(kept)
    return np.stack([there[name] for name in names.values()])


def frames_per_second(networks: Mapping[str, nn.Module]) -> dict[str, float]:
    """Of each network on one core, in float32, from inputs in memory.

    Time is the core's: what other programs take of it does not count. The networks take turns within each
    round, so that a core that is clocked down meets all alike.
    """
    shape = CLIPS, FRAMES
    random = torch.Generator().manual_seed(0)
    inputs = Inputs(
        **{name: torch.rand(*shape, *size, generator=random) for name, size in SHAPES.items()},
        mask=torch.ones(shape, dtype=torch.bool),
    )
    ready = {name: channels_last(network).eval() for name, network in networks.items()}
    best = dict.fromkeys(ready, inf)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for _ in range(ROUNDS):
                for name, network in ready.items():
                    best[name] = min(best[name], _seconds(network, inputs))
    finally:
        torch.set_num_threads(threads)
    return {name: CLIPS * FRAMES / seconds for name, seconds in best.items()}


def _seconds(network: nn.Module, inputs: Inputs) -> float:
    """Of one pass, from as many as fill a turn: some clocks tick only every 16 ms."""
    passes, start = 0, thread_time()
    while passes == 0 or thread_time() - start < TURN:
        network(inputs)
        passes += 1
    return (thread_time() - start) / passes
