"""The whole way on a real video: who is in it, enrol one person from the first half, find her in the second.

The gallery holds strangers as well: passers-by of a street camera, who came as clips with this package. What
is printed is measured; nothing is prepared but the strangers.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from gaitheat.assets import fetch
from gaitheat.clips import Clip, Refusal
from gaitheat.gallery import Gallery, Match
from gaitheat.match_figure import FIGURE_FRAMES, match_figure
from gaitheat.overlay import film_strip, overlay_video
from gaitheat.packed import PackedClips
from gaitheat.painting import save_picture
from gaitheat.printing import print_rows, say
from gaitheat.recognizer import Recognizer, decide
from gaitheat.report import contact_sheet
from gaitheat.video.people import motion_of
from gaitheat.video.reader import open_source

HALF = 118
"""Frame at which the video is cut: the walker is in view for as long before it as behind it."""
NAME = "the walker"
NEEDED = ("blazepose-full", "ssdlite", "demo-video")
"""The assets it fetches, before anything else, so that nothing downloads in the middle."""


def run(out: Path) -> None:
    """Do it all, print what happens, leave pictures in ``out``."""
    begin = time.monotonic()
    video = {name: fetch(name) for name in NEEDED}["demo-video"]
    shutil.rmtree(out / "demo.gallery", ignore_errors=True)
    recognizer = Recognizer(out / "demo.gallery")

    say(f"\n1. Who is in the first half of {video.name}?\n")
    seen = list(recognizer.viewer.people(video, 0, HALF))
    print_rows([_described(item) for item in seen])
    clips = [item for item in seen if isinstance(item, Clip)]

    say(f"\n2. Enrol the person who walks as {NAME!r}, beside passers-by of another camera.\n")
    strangers = list(stranger_clips())
    for clip in strangers:
        recognizer.enroll_clip(clip, clip.key.subject)
    recognizer.enroll_clip(next(clip for clip in clips if motion_of(clip).walking), NAME)
    gallery = Gallery.open(recognizer.path)
    say(f"   {recognizer.path}: {len(gallery.people())} people")

    say("\n3. Who walks in the second half?\n")
    people = list(recognizer.identify(video, HALF))
    print_rows([{"track": person.track, "name": person.name, "why": person.reason} for person in people])
    probe = next(person.clip for person in people if person.matches and person.clip)
    everybody = recognizer.nearest(probe, gallery, len(gallery.people()))
    _explain(everybody, recognizer.threshold)

    say("\n4. Pictures\n")
    out.mkdir(parents=True, exist_ok=True)
    strip = film_strip(open_source(video, HALF), probe, FIGURE_FRAMES)
    answer = match_figure(probe, everybody, recognizer.threshold, strip)
    save_picture(answer, out / "demo.png")
    save_picture(contact_sheet(clips), out / "demo-sheet.png")
    labels = {person.track: person.name or person.reason.split(":")[0] for person in people}
    followed = [person.clip for person in people if person.clip]
    overlay_video(open_source(video, HALF), followed, out / "demo.mp4", labels)
    say(f"   {out / 'demo.png'}        who walks there, and how near everybody in the gallery is")
    say(f"   {out / 'demo-sheet.png'}  everybody in the first half: maps, skeleton, silhouette")
    say(f"   {out / 'demo.mp4'}        the second half with what was seen and said")
    say(f"\n{time.monotonic() - begin:.0f} s. With your own video: gaitheat --help")


def stranger_clips() -> Iterator[Clip]:
    """The passers-by who came with this package."""
    with resources.as_file(resources.files("gaitheat") / "data" / "strangers.arrow") as file:
        packed = PackedClips(file)
        yield from packed.read([(info.key, None) for info in packed.infos()])


def _described(item: Clip | Refusal) -> dict[str, object]:
    if isinstance(item, Refusal):
        return {
            "track": item.key.track,
            "seconds": None,
            "frames": item.frames,
            "what": f"refused: {item.reason}",
        }
    motion = motion_of(item)
    return {
        "track": item.key.track,
        "seconds": f"{item.times[0]:.1f}-{item.times[-1]:.1f}",
        "frames": len(item),
        "what": f"{'walks' if motion.walking else 'not walking'}: feet move {motion.value:.2f} leg lengths/s",
    }


def _explain(everybody: Sequence[Match], threshold: float) -> None:
    """The margin, and what would have been said if the person were not enrolled."""
    best, second = everybody[:2]
    say(f"\n   nearest: {best.name} at {best.distance:.3f}, then {second.name} at {second.distance:.3f}:")
    say(f"   a margin of {second.distance - best.distance:.3f}; up to {threshold:g} the nearest is named")
    others = tuple(match for match in everybody if match.name != NAME)
    name, reason = decide(others, threshold)
    say(f"   were {NAME} not enrolled, the answer would be: {name or 'nobody'} ({reason})")
