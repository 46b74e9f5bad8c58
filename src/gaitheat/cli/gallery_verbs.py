"""The commands about people: remember them, recognise them, compare them, forget them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from gaitheat.cli.arguments import STOPPED, Csv, GalleryFolder, Json, Video
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.printing import Row


def enroll(
    gallery: GalleryFolder,
    video: Video,
    name: Annotated[str, arg(name="as")],
    embedding: str | None = None,
    track: int | None = None,
    start: int = 0,
    stop: int | None = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> int:
    """Remember the person who walks in a video, or in every video of a folder.

    Args:
        gallery: The folder of known people; it is made if it is not there.
        video: A video, a folder of pictures, or a folder of videos of that person.
        name: What to call them.
        embedding: How clips become vectors; the gallery's own if left out.
        track: Which person, if several walk in the video.
        start: First frame to look at, counted from 0.
        stop: First frame not to look at any more.
    """
    from gaitheat.printing import print_rows, say
    from gaitheat.recognizer import Recognizer

    recognizer = Recognizer(gallery, embedding)

    def remember(path: Path) -> "list[Row]":
        enrolled = recognizer.enroll(path, name, track, start, stop)
        if not (as_json or as_csv):
            known = "enrolled" if enrolled.added else "enrolled by this video already, nothing changed"
            say(f"{name}: {known}")
        return [{"name": name, "video": str(path), **enrolled._asdict()}]

    rows, code = _each_video(video, remember)
    if as_json or as_csv:
        print_rows(rows, as_json, as_csv)
    return code


def identify(
    gallery: GalleryFolder,
    video: Video,
    threshold: float | None = None,
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
        threshold: Distance (0 to 2) up to which the nearest person is named; the embedding's own if left out.
        start: First frame to look at, counted from 0.
        stop: First frame not to look at any more.
        stream: Read it once, as if it came from a camera, without a look ahead.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import person_row, print_rows
    from gaitheat.recognizer import Recognizer

    Gallery.open(gallery)  # where there is none, that is said once, not for every video
    recognizer = Recognizer(gallery, threshold=threshold)

    def look(path: Path) -> "list[Row]":
        found = recognizer.identify(path, start, stop, stream)
        return [person_row(path, person, as_json) for person in found]

    rows, code = _each_video(video, look)
    print_rows(rows, as_json, as_csv)
    return code


def verify(
    first: Video,
    second: Video,
    embedding: str = "mean-heatmap",
    threshold: float | None = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Whether the people who walk in two videos are the same person.

    Args:
        first: A video, or a folder of pictures, in which one person walks.
        second: Another one.
        embedding: How clips become vectors.
        threshold: Distance (0 to 2) up to which they are the same; the embedding's own if left out.
    """
    from gaitheat.printing import print_rows
    from gaitheat.recognizer import verify as compare

    answer = compare(first, second, embedding, threshold)
    print_rows([answer._asdict()], as_json, as_csv)


def people(gallery: GalleryFolder, as_json: Json = False, as_csv: Csv = False) -> None:
    """Who is in a gallery.

    Args:
        gallery: The folder of known people.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import print_rows

    known = Gallery.open(gallery).people()
    print_rows([{"name": name, "takes": takes} for name, takes in known.items()], as_json, as_csv)


def forget(
    gallery: GalleryFolder,
    name: Annotated[str, Positional, arg(metavar="NAME")],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Remove a person from a gallery for good: from every version and every byte of it.

    Args:
        gallery: The folder of known people.
        name: Whom to forget.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import print_rows, say

    takes = Gallery.open(gallery).forget(name)
    if as_json or as_csv:
        print_rows([{"name": name, "takes": takes}], as_json, as_csv)
    else:
        say(f"{name}: forgotten, {takes} takes")


def _each_video(path: Path, action: "Callable[[Path], list[Row]]") -> "tuple[list[Row], int]":
    """What is said of every recording below a path, and the exit code: a bad one does not stop the others.

    Ctrl-C ends it with what was said so far.
    """
    from gaitheat.printing import looking_at, warn
    from gaitheat.video.recordings import files

    videos, rows, code = files(path), [], 0
    for number, video in enumerate(videos, start=1):
        try:
            with looking_at(video, number, len(videos)):
                rows += action(video)
        except GaitheatError as error:
            if len(videos) == 1:
                raise
            warn(str(error))
            code = 2
        except KeyboardInterrupt:
            warn(STOPPED)
            return rows, 130
    return rows, code
