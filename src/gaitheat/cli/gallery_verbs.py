"""The commands about people: remember them, recognise them, compare them, forget them."""

from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from gaitheat.cli.arguments import Csv, GalleryFolder, Json, Video
from gaitheat.errors import GaitheatError


def enroll(
    gallery: GalleryFolder,
    video: Video,
    name: Annotated[str, arg(name="as")],
    embedding: str | None = None,
    track: int | None = None,
    start: int = 0,
    stop: int | None = None,
) -> None:
    """Remember the person who walks in a video.

    Args:
        gallery: The folder of known people; it is made if it is not there.
        video: A video, or a folder of pictures.
        name: What to call them.
        embedding: How clips become vectors; the gallery's own if left out.
        track: Which person, if several walk in the video.
        start: First frame to look at, counted from 0.
        stop: First frame not to look at any more.
    """
    from gaitheat.printing import say
    from gaitheat.recognizer import Recognizer

    recognizer = Recognizer(gallery, embedding)
    enrolled = recognizer.enroll(video, name, track, start, stop)
    say(f"{name}: enrolled" if enrolled.added else f"{name}: enrolled by this video already, nothing changed")


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
    from gaitheat.printing import person_row, print_rows, warn
    from gaitheat.recognizer import Recognizer
    from gaitheat.video.recordings import files

    Gallery.open(gallery)  # where there is none, that is said once, not for every video
    recognizer = Recognizer(gallery, threshold=threshold)
    videos, failed, rows = files(video), 0, []
    try:
        for path in videos:
            try:
                found = recognizer.identify(path, start, stop, stream)
                rows += [person_row(path, person, as_json) for person in found]
            except GaitheatError as error:
                if len(videos) == 1:
                    raise
                warn(str(error))
                failed += 1
    except KeyboardInterrupt:
        print_rows(rows, as_json, as_csv)
        raise
    print_rows(rows, as_json, as_csv)
    return 2 if failed else 0


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


def forget(gallery: GalleryFolder, name: Annotated[str, Positional, arg(metavar="NAME")]) -> None:
    """Remove a person from a gallery for good: from every version and every byte of it.

    Args:
        gallery: The folder of known people.
        name: Whom to forget.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import say

    say(f"{name}: forgotten, {Gallery.open(gallery).forget(name)} takes")
