"""Make src/gaitheat/data/strangers.arrow: passers-by of a street whom the demo looks up and should not know.

    gaitheat extract vtest.avi --store out/vtest.store
    python tools/make_strangers.py out/vtest.store src/gaitheat/data/strangers.arrow

vtest.avi is a sample video of OpenCV. The tracks were chosen by eye: whole bodies that walk, one person each.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from held_clips import HeldClips

from gaitheat.clips import Clip, ClipKey
from gaitheat.packed import pack
from gaitheat.store import ClipStore

TRACKS = (8, 15, 18, 20, 22, 31, 34, 35)
FRAMES = 46


def renamed(clip: Clip, number: int) -> Clip:
    """The clip under a new name."""
    key = ClipKey("strangers", f"stranger {number}", "street", "above", "1", clip.key.track)
    return replace(clip, key=key, source="vtest.avi", refused={})


def strangers(store: ClipStore) -> list[Clip]:
    """The beginnings of the chosen tracks."""
    keys = {info.key.track: info.key for info in store.infos()}
    clips = store.read([(keys[track], np.arange(FRAMES)) for track in TRACKS if track in keys])
    return [renamed(clip, number) for number, clip in enumerate(clips, start=1)]


if __name__ == "__main__":
    pack(HeldClips(strangers(ClipStore(sys.argv[1]))), Path(sys.argv[2]))
