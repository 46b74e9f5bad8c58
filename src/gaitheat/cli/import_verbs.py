"""The command that brings in what other gait toolboxes have made."""

import os
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import Store, clip_sink
from gaitheat.errors import GaitheatError


def import_clips(
    what: Positional[Literal["opengait"]],  # noqa: ARG001  # there is one layout yet
    root: Annotated[Path | None, Positional, arg(metavar="[ROOT]")] = None,
    *,
    dataset: str,
    store: Store,
    partition: Path | None = None,
    silhouettes: Path | None = None,
    poses: Path | None = None,
    heatmaps: Path | None = None,
    files: str = "*.pkl",
    unequal: Literal["refuse", "shortest"] = "refuse",
    rate: float = 25.0,
    joints18: Literal["openpose", "alphapose"] = "openpose",
    estimator: str = "opengait",
    workers: int = os.cpu_count() or 1,
    ray: bool = False,
) -> int:
    """Pickles of OpenGait or FastPoseGait in, clips out: silhouettes, poses, heatmaps.

    Nothing that a pickle may hold is run. What the store holds already is skipped, so a run that was stopped
    goes on where it was.

    Args:
        what: Whose layout: folders <subject>/<kind>/<view> with pickles, as OpenGait and FastPoseGait have.
        root: The folder of the data set; what is in a file is seen by its content.
        dataset: Which data set it is, such as casia-b.
        store: The clip store, a folder, or one packed file if it is called NAME.arrow; it is made if it is
            not there.
        partition: The JSON file that lists the subjects to train and to test on.
        silhouettes: If each has a folder of its own, instead of ROOT: that of the silhouettes.
        poses: That of the poses.
        heatmaps: That of the heatmaps.
        files: Which files to take, such as "*-Sils_aligned.pkl", where folders hold more than is wanted.
        unequal: If silhouettes, poses and heatmaps of a clip differ in length: refuse the clip, or cut them
            to the shortest, though nobody knows which frames belong together.
        rate: Frames a second.
        joints18: The order of the joints in poses of 18.
        estimator: What the poses and heatmaps were estimated with, such as hrnet.
        workers: Processes that work side by side.
        ray: Work on the Ray cluster that RAY_ADDRESS names, or on a local one (extra `ray`).
    """
    from gaitheat.importing.conversion import Importer
    from gaitheat.importing.job import import_opengait
    from gaitheat.importing.layout import Content
    from gaitheat.printing import extraction_progress, print_summary

    given: dict[Content | None, Path | None] = {
        None: root, "silhouettes": silhouettes, "poses": poses, "heatmaps": heatmaps
    }  # fmt: skip
    roots = {modality: path for modality, path in given.items() if path is not None}
    if not roots or (root is not None and len(roots) > 1):
        raise GaitheatError("expected either ROOT, or some of --silhouettes, --poses and --heatmaps")
    importer = Importer(rate, unequal, joints18, estimator)
    with extraction_progress() as report:
        summary = import_opengait(
            roots, dataset, clip_sink(store), importer, partition=partition, pattern=files, workers=workers,
            report=report, cluster=ray,
        )  # fmt: skip
    print_summary(summary, store)
    return 2 if summary.failed else 0


import_clips.__name__ = "import"  # a word of Python's own, so no function can be called so
