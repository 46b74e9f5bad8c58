"""How fast is extraction, where does its time go, how much memory does it need? README.md explains.

Every measurement runs in a process of its own. Where the time goes is processor time, which other programs on
the machine hardly disturb; only the comparison of layouts is wall time.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from gaitheat.assets import fetch
from gaitheat.rows import encode
from gaitheat.video.extract import extract
from gaitheat.video.extractor import Extractor
from gaitheat.video.reader import open_source
from memory import measure_loops, measure_people
from stages import DETECTOR, ESTIMATOR, KEY, measure_stages

CROWD_FRAMES = 60
"""Frames of a crowded scene: each costs as much as ten of one person."""
LOOPS = (12, 4, 1)
"""How many times the demo video is played for its memory; the longest first, they run side by side."""
PEOPLE = 10
GOALS = {"share": 0.85, "bytes/frame": 5000, "peak GB": 1.2}
CORES = os.cpu_count() or 1

Task = Callable[[], dict[str, Any]]


def main(
    crowd: Annotated[Path | None, tyro.conf.Positional] = None,
    to_json: Annotated[Path | None, tyro.conf.arg(name="json")] = None,
) -> None:
    """Measure extraction on the demo video; on a small grey one too if GAITHEAT_KTH names the KTH folder.

    Args:
        crowd: A video with many people at once.
        to_json: A file for all figures.
    """
    fetch("demo-video")
    stages = [result for task in _videos(crowd) for result in run([task], 1)]
    layouts = {
        f"one video, one process on {CORES} cores": run([partial(measure_wall, CORES)], 1),
        f"{CORES} videos, {CORES} processes on a core each": run([partial(measure_wall, 1)] * CORES, CORES),
    }
    memory = dict(
        zip(
            [*(f"demo video x {times}" for times in LOOPS), f"{PEOPLE} people for the longest clip"],
            run(
                [*(partial(measure_loops, times) for times in LOOPS), partial(measure_people, PEOPLE)], CORES
            ),
            strict=True,
        )
    )
    console = Console(width=110)
    console.print(stage_table(stages), speed_table(stages), layout_table(layouts), memory_table(memory))
    if to_json is not None:
        content = {"cores": CORES, "goals": GOALS, "stages": stages, "layouts": layouts, "memory": memory}
        to_json.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _videos(crowd: Path | None) -> list[Task]:
    tasks: list[Task] = [partial(measure_stages, fetch("demo-video"), None)]
    if folder := os.environ.get("GAITHEAT_KTH"):
        tasks.append(partial(measure_stages, sorted(Path(folder).rglob("person*_walking_d1_*"))[0], None))
    if crowd is not None:
        tasks.append(partial(measure_stages, crowd, CROWD_FRAMES))
    return tasks


def run(tasks: Sequence[Task], processes: int) -> list[dict[str, Any]]:
    """The results of all tasks, each from a fresh process: peak memory is a process's own."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, max_tasks_per_child=1) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def measure_wall(cores: int) -> dict[str, Any]:
    """Seconds of wall time to extract the demo video on so many cores, and its frames."""
    source, parts = open_source(fetch("demo-video")), Extractor().parts(cores)
    start = time.perf_counter()
    for item in extract(source, KEY, *parts).items:
        encode(item)
    return {"frames": source.length(), "seconds": time.perf_counter() - start}


def stage_table(results: list[dict[str, Any]]) -> Table:
    """Milliseconds of processor time a frame of video, and the share of the whole, by stage."""
    table = Table("stage", title="processor time a frame of video, one thread", title_justify="left")
    for result in results:
        table.add_column(f"{result['video']}\nms", justify="right")
        table.add_column("\nshare", justify="right")
    names = sorted(results[0]["seconds"], key=lambda name: -results[0]["seconds"][name])
    for name in [*names, "sum"]:
        row = [name]
        for result in results:
            total = sum(result["seconds"].values())
            seconds = total if name == "sum" else result["seconds"].get(name, 0.0)
            row += [f"{1000 * seconds / result['frames']:.2f}", f"{seconds / total:.1%}"]
        table.add_row(*row, style="bold" if name in (ESTIMATOR, DETECTOR, "sum") else None)
    return table


def speed_table(results: list[dict[str, Any]]) -> Table:
    """Speed and size, one column a video."""
    table = Table("speed and size", *(result["video"] for result in results))
    rows = {
        "frames of video": ("frames", "d"),
        "frames in clips": ("frames in clips", "d"),
        "crops estimated": ("crops estimated", "d"),
        "pictures searched for people": ("pictures searched", "d"),
        "frames of video/s and core": ("frames/s per core", ".1f"),
        "frames in clips/s and core": ("frames in clips/s per core", ".1f"),
        f"share of the estimator (goal {GOALS['share']:.0%})": ("share of the estimator", ".1%"),
        "share of estimator and detector": ("share of both networks", ".1%"),
        f"bytes a frame: maps, silhouette, keypoints (goal {GOALS['bytes/frame']})": ("bytes/frame", ".0f"),
        "bytes a frame on disk, everything": ("bytes/frame on disk", ".0f"),
    }
    for title, (name, style) in rows.items():
        table.add_row(title, *(f"{result[name]:{style}}" for result in results))
    return table


def layout_table(layouts: dict[str, list[dict[str, Any]]]) -> Table:
    """Frames of the demo video a second of wall time: all processes together, from the first to the last."""
    table = Table("layout (wall time: other programs count)", "frames/s")
    for name, results in layouts.items():
        frames, seconds = sum(r["frames"] for r in results), max(r["seconds"] for r in results)
        table.add_row(name, f"{frames / seconds:.1f}")
    return table


def memory_table(memory: dict[str, dict[str, Any]]) -> Table:
    """Peak memory of one process."""
    table = Table(f"peak memory (goal {GOALS['peak GB']} GB)", "frames of video", "frames in clips", "GB")
    for name, result in memory.items():
        table.add_row(
            name, str(result["frames"]), str(result["frames in clips"]), f"{result['bytes'] / 1e9:.2f}"
        )
    return table


if __name__ == "__main__":
    tyro.cli(main)
