"""The commands about who is known: remember people, list them, forget them, carry them elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import STOPPED, Camera, Csv, GalleryFolder, Json, Video
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.printing import Row


def enroll(
    gallery: GalleryFolder,
    video: Video,
    name: Annotated[str, arg(name="as")],
    embedding: str | None = None,
    camera: Camera = "",
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
        embedding: How clips become vectors: gaitheat-s, gaitheat_fusion, another one's name, or an exported
            network (.onnx); the gallery's own if left out.
        camera: What filmed it: cameras differ, and one that has learnt from passers-by is allowed for.
        track: Which person, if several walk in the video.
        start: First frame to look at, counted from 0.
        stop: First frame not to look at any more.
    """
    from gaitheat.printing import print_rows, say
    from gaitheat.recognizer import Recognizer

    recognizer = Recognizer(gallery, embedding, camera=camera)

    def remember(path: Path) -> "list[Row]":
        enrolled = recognizer.enroll(path, name, track, start, stop)
        if not (as_json or as_csv):
            known = "enrolled" if enrolled.added else "enrolled by this video already, nothing changed"
            say(f"{name}: {known}")
        return [{"name": name, "video": str(path), **enrolled._asdict()}]

    rows, code = each_video(video, remember)
    if as_json or as_csv:
        print_rows(rows, as_json, as_csv)
    return code


def people(gallery: GalleryFolder, as_json: Json = False, as_csv: Csv = False) -> None:
    """Who is in a gallery.

    Args:
        gallery: The folder of known people.
    """
    from gaitheat.gallery.gallery import Gallery
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
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import print_rows, say

    takes = Gallery.open(gallery).forget(name)
    if as_json or as_csv:
        print_rows([{"name": name, "takes": takes}], as_json, as_csv)
    else:
        say(f"{name}: forgotten, {takes} takes")


def merge(
    gallery: GalleryFolder,
    other: Annotated[Path, Positional, arg(metavar="OTHER")],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Add the people of another gallery, or of a file of embeddings, to a gallery.

    Equal names are taken for the same person; walks that are there already stay as they are.

    Args:
        gallery: The folder of known people; it is made if it is not there.
        other: Another such folder, or a file: what export-gallery wrote, or your own (.parquet or .npz).
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import print_rows, say

    merged = Gallery.create_like(gallery, other).merge(other)
    if as_json or as_csv:
        print_rows([{"gallery": str(gallery), "other": str(other), **merged._asdict()}], as_json, as_csv)
    else:
        say(f"{gallery}: {merged.added} takes added, {merged.known} were there already")


def export_gallery(gallery: GalleryFolder, file: Annotated[Path, Positional, arg(metavar="FILE")]) -> None:
    """Write everybody in a gallery into one file. Who is forgotten later is still in that file.

    Args:
        gallery: The folder of known people.
        file: The file to write, .parquet or .npz.
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import say

    takes = Gallery.open(gallery).export(file)
    say(f"{file}: {takes} takes, {file.stat().st_size / 1e6:.1f} MB")


def each_video(path: Path, action: "Callable[[Path], list[Row]]") -> "tuple[list[Row], int]":
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
