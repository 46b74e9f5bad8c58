"""Make src/gaitheat/data/walkers.arrow: the virtual people whom the demo enrols and looks up.

    python tools/make_walkers.py src/gaitheat/data/walkers.arrow

Twelve people of the frozen indoor world, taken in order and not chosen. Their numbers lie above those of
every profile for that world, so nobody trains on them and no benchmark asks for them. The first eight have
two clips in plain clothes, seen from two sides, to be enrolled with. All twelve have one of another day, in
other clothes, seen from between those sides, to be looked up with: four are strangers. Takes a minute or two.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from held_clips import HeldClips

from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets.walkers import TEST
from gaitheat.packed import pack
from gaitheat.store import ClipStore
from gaitheat.video.extractor import Extractor
from gaitheat.video.pool import extract_all
from gaitheat.walkers.walk import Walk

FIRST, PEOPLE, ENROLLED = 101, 12, 8
FRAMES, KEPT = 40, 30
"""Filmed, and packed: more than two steps, and the file stays near 2 MB."""
ENROLLED_VIEWS, VIEW = (72, 108), 90
"""Degrees: people pass the camera, coming a little nearer, going a little away, or neither."""


def walks() -> list[Walk]:
    """What is filmed."""
    world = f"{TEST}indoor"
    subjects = [f"{number:04d}" for number in range(FIRST, FIRST + PEOPLE)]
    return [
        *(
            Walk(world, subject, "nm", "01", view, FRAMES)
            for subject in subjects[:ENROLLED]
            for view in ENROLLED_VIEWS
        ),
        *(Walk(world, subject, "cl", "01", VIEW, FRAMES) for subject in subjects),
    ]


def renamed(clip: Clip) -> Clip:
    """The beginning of a clip, under a name that a reader of the demo can follow."""
    subject = f"walker {int(clip.key.subject) - FIRST + 1:02d}"
    key = ClipKey("demo", subject, clip.key.condition, clip.key.view, clip.key.take, 0)
    return replace(clip.take(slice(0, KEPT)), key=key, refused={}, phase=None)


def filmed() -> list[Clip]:
    """All clips, rendered and extracted like any video."""
    with tempfile.TemporaryDirectory() as folder:
        store = ClipStore.open_or_create(Path(folder) / "walkers.store")
        extract_all(walks(), store, Extractor(), workers=1, report=lambda *_: None)
        wanted = [walk.key for walk in walks()]
        missing = set(wanted) - {info.key for info in store.infos()}
        if missing:
            raise SystemExit(f"no clip came of {', '.join(map(str, sorted(missing)))}")
        return [renamed(clip) for clip in store.read([(key, None) for key in wanted])]


if __name__ == "__main__":
    pack(HeldClips(filmed()), Path(sys.argv[1]))
