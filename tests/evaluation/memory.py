"""Clips to evaluate that are nowhere: only their keys matter."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from factories import ESTIMATOR, make_clip
from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.sources import ClipInfo, Request


class Memory:
    """A ClipSource of clips that all look alike: only their keys matter here."""

    def __init__(self, keys: Sequence[ClipKey], refused: Sequence[ClipKey] = (), estimators=None) -> None:
        self.estimators = estimators or [ESTIMATOR] * len(keys)
        self.keys, self.refused, self.clip = list(keys), list(refused), make_clip(1)
        self.most_at_once = 0

    def infos(self) -> list[ClipInfo]:
        pairs = zip(self.keys, self.estimators, strict=True)
        return [ClipInfo(key, "video", "0" * 64, estimator, np.zeros(1), {}) for key, estimator in pairs]

    def refusals(self) -> list[Refusal]:
        return [Refusal(key, "video", "0" * 64, ESTIMATOR, "no person", 9) for key in self.refused]

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        self.most_at_once = max(self.most_at_once, len(requests))
        return [replace(self.clip, key=key) for key, _ in requests]
