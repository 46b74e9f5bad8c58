"""The commands about cameras: what passers-by teach them, and what a false alarm is in front of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import FlagCreatePairsOff, arg

from gaitheat.cli.arguments import Camera, Csv, GalleryFolder, Json, clip_source
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.clips import Clip
    from gaitheat.recognizer import Recognizer

Passers = Annotated[str | None, arg(metavar="STORE")]
BATCH = 16
"""Clips that are read together."""


def adapt(
    gallery: GalleryFolder,
    *,
    camera: Camera,
    cohort: Passers = None,
    undo: Annotated[bool, FlagCreatePairsOff] = False,
    embedding: str | None = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Teach a camera its bias by unlabelled people who walk by: people are recognised across cameras better.

    Args:
        gallery: The folder of known people.
        camera: Its name, as enroll and identify are told it.
        cohort: Walks of other people in front of it, two dozen or more: a clip store, a packed file, or a
            folder of videos. Mean and spread of them are kept, nothing of any single one.
        undo: Forget what it has learnt last; what it had learnt before is in force again.
        embedding: The network that made the gallery (.onnx), if it did not come with this package.
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import say
    from gaitheat.recognition import cameras
    from gaitheat.recognizer import Recognizer

    if (cohort is None) is not undo:
        raise GaitheatError("expected either --cohort with clips of passers-by, or --undo")
    Gallery.open(gallery)
    if cohort is None:
        number = cameras.undo(gallery, camera)
        done = f"undone; version {number} is in force" if number else "undone; it has learnt nothing any more"
    else:
        recognizer = Recognizer(gallery, embedding, camera=camera)
        recognizer.adapt(_clips(recognizer, cohort))
        done = "learnt"
    if not (as_json or as_csv):
        say(f"camera {camera}: {done}")
    _print_cameras(gallery, as_json, as_csv)


def cameras(gallery: GalleryFolder, as_json: Json = False, as_csv: Csv = False) -> None:
    """Which cameras of a gallery have learnt their bias, from how many clips, and when.

    Args:
        gallery: The folder of known people.
    """
    from gaitheat.gallery.gallery import Gallery

    Gallery.open(gallery)
    _print_cameras(gallery, as_json, as_csv)


def calibrate(
    gallery: GalleryFolder,
    *,
    nonmated: Annotated[str, arg(metavar="STORE")],
    camera: Camera = "",
    embedding: str | None = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Measure false alarms by your own strangers: people who are not enrolled, and never will be.

    Args:
        gallery: The folder of known people.
        nonmated: Walks of strangers: a clip store, a packed file, or a folder of videos. Those of one subject
            are one person's; in videos everybody counts as somebody else.
        camera: What filmed them; unknown if left out.
        embedding: The network that made the gallery (.onnx), if it did not come with this package.
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import print_rows, say
    from gaitheat.recognizer import Recognizer

    Gallery.open(gallery)
    recognizer = Recognizer(gallery, embedding, camera=camera)
    strangers = recognizer.calibrate(_clips(recognizer, nonmated))
    if as_json or as_csv:
        print_rows([{"gallery": str(gallery), "strangers": strangers}], as_json, as_csv)
    else:
        say(f"{gallery}: false alarms are counted with {strangers} strangers from now on")


def _print_cameras(gallery: Path, as_json: bool, as_csv: bool) -> None:
    from gaitheat.printing import print_rows
    from gaitheat.recognition import cameras

    rows = [
        {
            "camera": camera,
            "version": versions[-1].number,
            "clips": versions[-1].clips,
            "learnt": versions[-1].learnt,
            "versions": len(versions),
        }
        for camera, versions in cameras.cameras_of(gallery).items()
    ]
    print_rows(rows, as_json, as_csv)


def _clips(recognizer: "Recognizer", where: str) -> "Iterator[Clip]":
    """Everybody in a store, a packed file, a video or a folder of videos; a few in memory at a time."""
    from gaitheat.tables import clips_at
    from gaitheat.video.recordings import VIDEOS, files

    path = Path(where)
    if path.suffix.lower() in VIDEOS or (path.is_dir() and not Path(clips_at(where)).exists()):
        for video in files(path):
            yield from _seen(recognizer, video)
        return
    source = clip_source(where)
    keys = [info.key for info in source.infos()]
    for start in range(0, len(keys), BATCH):
        yield from source.read([(key, None) for key in keys[start : start + BATCH]])


def _seen(recognizer: "Recognizer", video: Path) -> "Iterator[Clip]":
    """Everybody in a video; tracks that give no clip are told."""
    from gaitheat.clips import Refusal
    from gaitheat.printing import warn

    for found in recognizer.viewer.people(video):
        if isinstance(found, Refusal):
            warn(f"{video}, track {found.key.track}: left out, {found.reason}")
        else:
            yield found
