"""Batches for training: windows read, aligned and augmented, the same whoever loads them and however often.

A batch is a function of seed and step alone: every sample has a generator of its own, seeded by seed, step
and place in the batch. So batches are equal for any number of workers and processes, and after a resume.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.networks.types import Inputs
from gaitheat.sources import ClipSource
from gaitheat.training.cutting import Cutting, sample
from gaitheat.training.sampling import Balanced, frames_of, reading, subject_of

Times = Mapping[ClipKey, Float64[np.ndarray, " frames"]]
"""Seconds of the frames of every clip."""


class Batch(NamedTuple):
    """Samples as they travel between processes, where bytes are a quarter of floats; see `to_inputs`."""

    heatmaps: UInt8[Tensor, "clips frames channels height width"]
    keypoints: Float32[Tensor, "clips frames joints 3"]
    silhouettes: UInt8[Tensor, "clips frames rows columns"]
    mask: Bool[Tensor, "clips frames"]
    labels: Int64[Tensor, " clips"]


def to_inputs(
    batch: Batch, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> tuple[Inputs, Int64[Tensor, " clips"]]:
    """The batch on its device, pictures in 0..1 as ``dtype``, and the labels; keypoints stay exact."""
    moved = Batch(*(tensor.to(device, non_blocking=True) for tensor in batch))
    heatmaps, silhouettes = (pictures.to(dtype) / 255 for pictures in (moved.heatmaps, moved.silhouettes))
    return Inputs(heatmaps, moved.keypoints, silhouettes, moved.mask), moved.labels


def load_batch(
    source: ClipSource,
    times: Times,
    keys: Sequence[ClipKey],
    labels: Sequence[int],
    cutting: Cutting,
    generators: Sequence[np.random.Generator],
) -> Batch:
    """A window of each clip, all read at once, each with chance of its own.

    Args:
        source: where the clips are.
        times: of these clips at least.
        keys: the clips; one may come twice.
        labels: the class of each.
        cutting: how windows are made.
        generators: one a clip.
    """
    cuts = [
        reading(frames_of(times[key], cutting.frames, cutting.mode, cutting.stride_jitter, rng))
        for key, rng in zip(keys, generators, strict=True)
    ]
    clips = source.read([(key, cut.frames) for key, cut in zip(keys, cuts, strict=True)])
    samples = [
        sample(clip, cut.slots, cutting, rng) for clip, cut, rng in zip(clips, cuts, generators, strict=True)
    ]
    heatmaps, keypoints, silhouettes = (
        torch.from_numpy(np.stack(arrays)) for arrays in zip(*samples, strict=True)
    )
    mask = torch.ones(heatmaps.shape[:2], dtype=torch.bool)
    return Batch(heatmaps, keypoints, silhouettes, mask, torch.tensor(labels))


class _Steps(Dataset[Batch | GaitheatError]):
    """The batch of a step; a worker gets a pickle of it, for which a source is its path."""

    def __init__(
        self, source: ClipSource, sampler: Balanced, cutting: Cutting, rank: int, world: int
    ) -> None:
        self._source, self._sampler, self._cutting = source, sampler, cutting
        self._rank, self._world = rank, world
        wanted = set(sampler.keys)
        self._times = {info.key: info.times for info in source.infos() if info.key in wanted}

    def __getitem__(self, step: int) -> Batch | GaitheatError:
        keys = self._sampler.batch(step, self._rank, self._world)
        labels = [self._sampler.roster[subject_of(key)] for key in keys]
        first = self._rank * len(keys)
        generators = [
            np.random.default_rng([self._sampler.seed, step, slot])
            for slot in range(first, first + len(keys))
        ]
        try:
            return load_batch(self._source, self._times, keys, labels, self._cutting, generators)
        except GaitheatError as error:
            # A worker's exception would come back wrapped in its traceback, and be no line for the user.
            return error


def batches(
    source: ClipSource,
    sampler: Balanced,
    cutting: Cutting,
    steps: range,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """The batches of these steps, one after the other.

    Args:
        source: where the clips are; it must pickle if there are workers, as `ClipStore` and `PackedClips` do.
        sampler: which clips; its seed is the seed of everything.
        cutting: how windows are made.
        steps: after a resume, a range that starts later.
        workers: processes that load; 0 loads in this one.
        rank: this process among those that train together.
        world: how many train together; each gets its part of every batch.

    Raises:
        GaitheatError: a clip is not there or damaged.
    """
    loader = DataLoader(
        _Steps(source, sampler, cutting, rank, world),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
        # Without one of its own, the loader would take a number from the generator that the network uses.
        generator=torch.Generator(),
    )
    for batch in loader:
        if isinstance(batch, GaitheatError):
            raise batch
        yield batch
