"""Clips of drawn people in memory, and a recipe that learns them in no time."""

from collections.abc import Sequence
from dataclasses import replace

from factories import make_clip
from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.heatmaps.augment import NONE
from gaitheat.recipes import Data, Network, Optimisation, Recipe, Sampling
from gaitheat.sources import ClipInfo, Request

RECIPE = Recipe(
    data=Data("drawn", validation_subjects=2),
    network=Network("gaitheat-s", widths=(8, 8), blocks=(1,), reduce=4, strips=2, dims=4),
    sampling=Sampling(subjects=2, clips=2, frames=4),
    augmentation=NONE,
    optimisation=Optimisation(steps=6, warm_up=1, learning_rate=3e-3, ema_decay=0.9),
)


class Memory:
    """A `ClipSource` of some clips."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = {clip.key: clip for clip in sorted(clips, key=lambda clip: clip.key)}

    def infos(self) -> list[ClipInfo]:
        return [
            ClipInfo(clip.key, clip.source, clip.sha256, clip.estimator, clip.times, clip.refused)
            for clip in self.clips.values()
        ]

    def refusals(self) -> list[Refusal]:
        return []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        clips = [(self.clips[key], frames) for key, frames in requests]
        return [clip if frames is None else clip.take(frames) for clip, frames in clips]


def walks(subjects: int = 5, frames: int = 6, dataset: str = "drawn") -> Memory:
    """Two takes of each subject from each of two views; a subject's build and gait are the same in all."""
    keys = [
        ClipKey(dataset, f"{subject:03d}", "nm", view, take, 0)
        for subject in range(subjects)
        for view in ("000", "090")
        for take in ("01", "02")
    ]
    return Memory([replace(make_clip(frames, int(key.subject), silhouettes=False), key=key) for key in keys])
