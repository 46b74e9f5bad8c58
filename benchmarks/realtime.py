"""How many frames a second can be watched, people recognised in them, and where the time goes.

The demo video shows one person who walks and one who stretches; a crowd is any video with many people. Wall
time: the machine should be idle, and have the cores that are meant (``taskset -c 0,1`` for two). What other
programs disturb little is the processor's time for a frame, in all threads.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import numpy as np
import tyro
from numpy.typing import NDArray

from gaitheat import watching
from gaitheat.assets import fetch
from gaitheat.demo import stranger_clips
from gaitheat.frames import Frame, FrameSource
from gaitheat.inference import Network
from gaitheat.printing import print_rows, say
from gaitheat.recognizer import DEFAULT_EMBEDDING, Recognizer
from gaitheat.video import follow, look
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.live import ReadAhead
from gaitheat.video.reader import VideoFile, open_source
from stages import DETECTOR, ESTIMATOR, Stopwatch, timed_network

WALKER_BELOW = 490
"""Row of the demo video under which only the woman is seen, who walks through these frames."""
WALKS = (40, 190)
GOAL = 25
"""Frames/s with one person in view, on two cores."""
WAITING = "wait for pictures"
STAGES: dict[str, list[tuple[Any, str]]] = {
    "crop": [(look, "cut")],
    ESTIMATOR + ", before and after": [(BlazePose, "__call__")],
    DETECTOR + ", before and after": [(SsdLite, "__call__")],
    "pack": [(follow, "pack")],
}
"""Of the thread that watches."""
ANSWERS: dict[str, list[tuple[Any, str]]] = {
    "beside it: collect": [(watching, "unpack"), (watching, "collect")],
    "beside it: embed and judge": [(Recognizer, "identify_clip")],
}
"""Of the thread that answers."""


def main(
    crowd: Annotated[Path | None, tyro.conf.Positional] = None,
    embedding: str = DEFAULT_EMBEDDING,
    crowd_frames: int = 100,
    every: float = 1.0,
) -> None:
    """Watch the demo video, and a crowd if there is one.

    Args:
        crowd: A video with many people at once.
        embedding: What embeds them.
        crowd_frames: How much of it is watched.
        every: Seconds from one answer about a person to the next.
    """
    demo = fetch("demo-video")
    sources: dict[str, FrameSource] = {
        "demo, 1 walks": LowerPart(demo, *WALKS),
        "demo, 1 walks, 1 stretches": open_source(demo),
    }
    if crowd is not None:
        sources[f"{crowd.name}, a crowd"] = open_source(crowd, 0, crowd_frames)
    with tempfile.TemporaryDirectory() as folder:
        recognizer = Recognizer(Path(folder, "gallery"), embedding, threshold=0.5)
        for clip in stranger_clips():
            recognizer.enroll_clip(clip, clip.key.subject)
        list(watching.watch(recognizer, open_source(demo, 0, 2)))  # everything is loaded now
        rows = [_measure(recognizer, name, source, every) for name, source in sources.items()]
    say(f"{embedding}, an answer every {every:g} s; the goal is {GOAL} frames/s with one person in view")
    names = list(dict.fromkeys(name for row in rows for name in row))
    print_rows([{"": name, **{row["video"]: row.get(name) for row in rows}} for name in names[1:]])


class LowerPart(VideoFile):
    """The video without what is seen above."""

    def __iter__(self) -> Iterator[Frame]:
        for frame in super().__iter__():
            yield replace(frame, convert=partial(_below, frame))


def _below(frame: Frame) -> NDArray[np.uint8]:
    pixels = frame.convert()
    pixels[:WALKER_BELOW] = 0
    return pixels


def _measure(recognizer: Recognizer, name: str, source: FrameSource, every: float) -> dict[str, Any]:
    """Frames/s, and what share of the wall time is spent on what."""
    watch, answer, calls = Stopwatch(time.perf_counter), Stopwatch(time.perf_counter), Counter[str]()
    with ExitStack() as patches:
        patches.enter_context(patch.object(Network, "__call__", timed_network(watch, calls)))
        patches.enter_context(patch.object(ReadAhead, "__iter__", _timed_reading(watch)))
        for clock, stages in ((watch, STAGES), (answer, ANSWERS)):
            for stage, functions in stages.items():
                for owner, function in functions:
                    timed = clock.timed(getattr(owner, function), stage)
                    patches.enter_context(patch.object(owner, function, timed))
        begin, processor = time.perf_counter(), time.process_time()
        with watch.running("other"):
            answers = list(watching.watch(recognizer, ReadAhead(source), every))
        seconds, processor = time.perf_counter() - begin, time.process_time() - processor
    frames, people = source.length() or 0, calls[ESTIMATOR]
    return {
        "video": name,
        "frames": frames,
        "answers": len(answers),
        "frames/s": f"{frames / seconds:.1f}",
        "people x frames/s": f"{people / seconds:.1f}",
        "people in a frame": f"{people / frames:.1f}",
        "processor ms a frame": f"{1000 * processor / frames:.0f}",
        **{
            stage: f"{clock.seconds[stage] / seconds:.0%}"
            for clock, stages in ((watch, (ESTIMATOR, DETECTOR, *STAGES, WAITING)), (answer, ANSWERS))
            for stage in stages
        },
    }


def _timed_reading(watch: Stopwatch) -> Callable[[ReadAhead], Iterator[Frame]]:
    read = ReadAhead.__iter__

    def iterate(self: ReadAhead) -> Iterator[Frame]:
        frames = read(self)
        while frame := watch.timed(next, WAITING)(frames, None):
            yield frame

    return iterate


if __name__ == "__main__":
    tyro.cli(main)
