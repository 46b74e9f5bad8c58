"""The command about walkers: generate them, and measure the estimator on them."""

import os
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from gaitheat.cli.arguments import Store, clip_sink, clip_source


def walkers(
    what: Positional[Literal["tiny", "small", "poor", "standard", "large", "report"]],
    store: Store,
    world: Literal["indoor", "street", "motion-only", "shape-only"] = "indoor",
    estimator: Literal["blazepose-full", "blazepose-lite", "blazepose-heavy"] = "blazepose-full",
    workers: int = os.cpu_count() or 1,
    ray: bool = False,
    out: Path = Path("out"),
) -> int:
    """Walkers, the open gait benchmark: virtual people, rendered as video, extracted like any other video.

    What the store holds already is skipped, so a run that was stopped goes on where it was.

    Args:
        what: How much to generate: tiny (12 people, proves the path), small (100), poor (the 60 of small who
            are trained on, filmed by poor cameras), standard (200), large (1000, to train on); or report: the
            estimator's errors against the truth in the store.
        store: The clip store, a folder; or one packed file if the name ends in .arrow.
        world: Where they walk; motion-only gives all one body, shape-only gives all one gait.
        estimator: What estimates their poses; a store holds clips of one.
        workers: Processes that work side by side.
        ray: Work on the Ray cluster that RAY_ADDRESS names, or on a local one (extra `ray`).
        out: Where a report is written.
    """
    if what == "report":
        return _report(store, out)
    from gaitheat.printing import extraction_progress, print_summary, say
    from gaitheat.video.extractor import Extractor
    from gaitheat.video.pool import extract_all
    from gaitheat.walkers.profiles import PROFILES, planned_seconds, walks

    recordings = walks(PROFILES[what], world)
    frames = sum(walk.frames for walk in recordings)
    minutes = planned_seconds(recordings, workers) / 60
    say(f"{len(recordings)} recordings, {frames} frames: about {minutes:.0f} min with {workers} processes")
    with extraction_progress() as report:
        made_by = Extractor(estimator=estimator)
        summary = extract_all(recordings, clip_sink(store), made_by, workers, report, ray)
    print_summary(summary, store)
    return 2 if summary.failed else 0


def _report(store: str, out: Path) -> int:
    from gaitheat.printing import say
    from gaitheat.walkers.report import write_report

    for path in write_report(clip_source(store), out):
        say(str(path))
    return 0
