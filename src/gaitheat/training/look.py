"""An early look at recognition: rank-1 on training subjects held out, never on a protocol's test ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from gaitheat.clips import ClipKey
from gaitheat.heatmaps.augment import NONE
from gaitheat.metrics import distances, ranking
from gaitheat.sources import ClipSource
from gaitheat.training.cutting import Cutting
from gaitheat.training.loading import Batch, batches, to_inputs
from gaitheat.training.sampling import SPLIT_SEED, Balanced, subject_of

CLIPS = 8
"""Clips of each subject that are looked at."""
CHUNK = 16
"""Windows that are embedded together."""


class Look:
    """One fixed window, not augmented, of some clips of each subject, kept in memory.

    Args:
        source: where the clips are.
        keys: the clips of the subjects that are held out.
        cutting: how windows are made.
    """

    def __init__(self, source: ClipSource, keys: Sequence[ClipKey], cutting: Cutting) -> None:
        subjects = len(set(map(subject_of, keys)))
        sampler = Balanced(keys, subjects, CLIPS, SPLIT_SEED)
        # A subject with fewer clips is given some of them twice: they are shown once.
        picked = sampler.batch(0)
        places = [place for place, key in enumerate(picked) if picked.index(key) == place]
        (batch,) = batches(source, sampler, replace(cutting, augmentation=NONE, stride_jitter=0.0), range(1))
        self._keys = [picked[place] for place in places]
        self._batch = Batch(*(tensor[places] for tensor in batch))

    def rank1(self, network: nn.Module, device: torch.device) -> float | None:
        """Share of clips whose nearest one of another view is of the same subject; None if none has a mate.

        Where there is one view only, the nearest of all other clips counts.
        """
        strips = self._embedded(network, device)
        flat = strips.reshape(len(strips), -1)
        apart = distances(flat, flat, strips=strips.shape[1])
        views = np.array([key.view for key in self._keys])
        allowed = views[:, None] != views if len(set(views)) > 1 else ~np.eye(len(views), dtype=bool)
        labels = self._batch.labels.numpy()
        first = ranking(apart, labels[:, None] == labels, allowed).first
        return float((first[first > 0] == 1).mean()) if first.any() else None

    @torch.no_grad()
    def _embedded(self, network: nn.Module, device: torch.device) -> Float32[np.ndarray, "clips strips dims"]:
        found = []
        for start in range(0, len(self._keys), CHUNK):
            inputs, _ = to_inputs(Batch(*(tensor[start : start + CHUNK] for tensor in self._batch)), device)
            found.append(network(inputs).embedding.float().cpu().numpy())
        return np.concatenate(found)
