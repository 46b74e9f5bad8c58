"""Make src/gaitheat/data/strangers.arrow: passers-by who stand beside the walker in the demo's gallery.

    gaitheat extract vtest.avi --store out/vtest.store
    python tools/make_strangers.py out/vtest.store src/gaitheat/data/strangers.arrow

vtest.avi is a sample video of OpenCV. The tracks were chosen by eye: whole bodies that walk, one person each.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.packed import pack
from gaitheat.sources import ClipInfo, Request
from gaitheat.store import ClipStore

TRACKS = (8, 15, 18, 20, 22, 31, 34, 35)
FRAMES = 46


class Strangers:
    """The beginnings of the chosen tracks, under new names."""

    def __init__(self, store: ClipStore) -> None:
        keys = {info.key.track: info.key for info in store.infos()}
        clips = store.read([(keys[track], np.arange(FRAMES)) for track in TRACKS if track in keys])
        self._clips = [self._renamed(clip, number) for number, clip in enumerate(clips, start=1)]

    @staticmethod
    def _renamed(clip: Clip, number: int) -> Clip:
        key = ClipKey("strangers", f"stranger {number}", "street", "above", "1", clip.key.track)
        return replace(clip, key=key, source="vtest.avi", refused={})

    def infos(self) -> list[ClipInfo]:
        """All of them."""
        return [ClipInfo(c.key, c.source, c.sha256, c.estimator, c.times, {}) for c in self._clips]

    def refusals(self) -> list[Refusal]:
        """None."""
        return []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """Whole clips."""
        by_key = {clip.key: clip for clip in self._clips}
        return [by_key[key] for key, _ in requests]


if __name__ == "__main__":
    pack(Strangers(ClipStore(sys.argv[1])), Path(sys.argv[2]))
