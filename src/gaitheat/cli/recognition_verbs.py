"""The commands that say who that is: in a video, or of two videos."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import FlagCreatePairsOff, arg

from gaitheat.cli.arguments import Camera, Csv, GalleryFolder, Json, Video
from gaitheat.cli.gallery_verbs import each_video
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.printing import Row
    from gaitheat.recognizer import Person, Recognizer

OutFile = Annotated[Path | None, arg(metavar="FILE")]


def identify(
    gallery: GalleryFolder,
    video: Video,
    far: float | None = None,
    threshold: float | None = None,
    embedding: str | None = None,
    camera: Camera = "",
    overlay: OutFile = None,
    report: OutFile = None,
    start: int = 0,
    stop: int | None = None,
    stream: Annotated[bool, FlagCreatePairsOff] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> int:
    """Who walks in a video, or in every video of a folder: the nearest known people, or nobody known.

    Args:
        gallery: The folder of known people.
        video: A video, a folder of pictures, or a folder of videos.
        far: How often a stranger may be taken for somebody in this gallery, such as 0.05: false alarms by
            search. If left out: 0.05 once the gallery is calibrated or cameras have learnt; until then a
            distance decides.
        threshold: In the place of that, the distance (0 to 2) up to which the nearest person is named.
        embedding: The network that made the gallery (.onnx), if it did not come with this package.
        camera: What filmed the video: one that has learnt from passers-by is allowed for.
        overlay: Write the video with names, skeletons and maps over it (MP4).
        report: Write a page with film strips, the nearest people and the scores (HTML).
        start: First frame to look at, counted from 0.
        stop: First frame not to look at any more.
        stream: Read it once, as if it came from a camera, without a look ahead.
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import person_row, print_rows
    from gaitheat.recognizer import Recognizer

    Gallery.open(gallery)  # what is wrong with it is said once, not for every video
    recognizer = Recognizer(gallery, embedding, far, threshold, camera=camera)
    recognizer.judge()
    drawn = overlay is not None or report is not None
    if drawn:
        _expect_one(video)
    seen: list[Person] = []

    def look(path: Path) -> "list[Row]":
        rows = []
        for person in recognizer.identify(path, start, stop, stream):
            rows.append(person_row(path, person, as_json))
            if drawn:
                seen.append(person)
        return rows

    rows, code = each_video(video, look)
    print_rows(rows, as_json, as_csv)
    if code:
        return code
    if overlay is not None:
        _write_overlay(overlay, video, start, stop, seen)
    if report is not None:
        _write_report(report, video, start, stop, seen, recognizer)
    return code


def verify(
    first: Video,
    second: Video,
    embedding: str = "gaitheat-s",
    far: float | None = None,
    threshold: float | None = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Whether the people who walk in two videos are the same person.

    Args:
        first: A video, or a folder of pictures, in which one person walks.
        second: Another one.
        embedding: How clips become vectors.
        far: How often two different people may be taken for one, such as 0.05, counted with virtual
            walkers; if left out, a distance decides.
        threshold: In the place of that, the distance (0 to 2) up to which they are the same.
    """
    from gaitheat.printing import print_rows
    from gaitheat.recognition.verify import verify as compare

    answer = compare(first, second, embedding, threshold, far)
    print_rows([answer._asdict()], as_json, as_csv)


def _expect_one(video: Path) -> None:
    """Pictures are of one recording: which one would several be of?"""
    from gaitheat.video.recordings import files

    found = len(files(video))
    if found != 1:
        raise GaitheatError(f"--overlay and --report are of one video, but {video} holds {found}: name one")


def _write_overlay(path: Path, video: Path, start: int, stop: int | None, people: "Sequence[Person]") -> None:
    """The video with the answers over it; nothing where nobody was followed."""
    from gaitheat.answers import COLOURS, answer_of, label_of
    from gaitheat.overlay import overlay_video
    from gaitheat.printing import looking_at, warn
    from gaitheat.video.reader import open_source

    clips = [person.clip for person in people if person.clip]
    if not clips:
        warn(f"{video}: nobody was followed, so {path} was not written")
        return
    labels = {person.track: label_of(person) for person in people}
    colours = {person.track: COLOURS[answer_of(person)] for person in people}
    with looking_at(path, 1, 1):
        overlay_video(open_source(video, start, stop), clips, path, labels, colours)


def _write_report(
    path: Path,
    video: Path,
    start: int,
    stop: int | None,
    people: "Sequence[Person]",
    recognizer: "Recognizer",
) -> None:
    """The page of what was seen, said, and why."""
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.pages.identity import write_identity_page
    from gaitheat.pages.scores import rule_of
    from gaitheat.video.reader import open_source

    known = Gallery.open(recognizer.path).people()
    about = [
        ("video", str(video)),
        ("gallery", f"{recognizer.path}: {len(known)} people, {sum(known.values())} takes"),
        ("embedding", recognizer.embedding),
        ("camera", recognizer.camera or "not named"),
    ]
    command = shlex.join(["gaitheat", *sys.argv[1:]])
    source, rule = open_source(video, start, stop), rule_of(recognizer.judge())
    write_identity_page(path, source, people, rule, command, about)
