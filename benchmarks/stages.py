"""Where the processor time of an extraction goes, stage by stage, with one thread for everything."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2

from gaitheat.clips import ClipKey
from gaitheat.frames import Frame, FrameSource
from gaitheat.inference import Network
from gaitheat.rows import encode
from gaitheat.store import ClipStore
from gaitheat.video import extract as extraction
from gaitheat.video import look, reader
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.reader import open_source

KEY = ClipKey("benchmark", "unknown", "unknown", "unknown", "1", 0)
ESTIMATOR, DETECTOR = "estimator network", "detector network"
OTHER = "other"
STAGES: dict[str, list[tuple[Any, str]]] = {
    "crop": [(look, "cut")],
    "estimator, before and after its network": [(BlazePose, "__call__")],
    "detector, before and after its network": [(SsdLite, "__call__")],
    "tracking": [(extraction, "find_paths"), (extraction, "hidden_people")],
    "collect": [(extraction, name) for name in ("posed_frames", "pack", "unpack", "collect")],
}
"""The functions of each stage; time in a function of another stage that they call is that one's."""


class Stopwatch:
    """Processor seconds by stage: of stages inside one another only the innermost one runs.

    Args:
        clock: another kind of seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = [OTHER]
        self._clock = clock
        self._since = clock()

    def _switch(self) -> None:
        now = self._clock()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now

    @contextmanager
    def running(self, stage: str) -> Iterator[None]:
        """What is done meanwhile belongs to the stage."""
        self._switch()
        self._running.append(stage)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The function, as part of the stage."""

        def call(*args: Any, **options: Any) -> Any:
            with self.running(stage):
                return function(*args, **options)

        return call


@dataclass
class TimedSource:
    """A source whose reading is timed."""

    source: FrameSource
    watch: Stopwatch

    @property
    def name(self) -> str:
        """As the source says."""
        return self.source.name

    @property
    def problem(self) -> str | None:
        """As the source says."""
        return self.source.problem

    def sha256(self) -> str:
        """As the source says."""
        return self.source.sha256()

    def length(self) -> int | None:
        """As the source says."""
        return self.source.length()

    def __iter__(self) -> Iterator[Frame]:
        frames = iter(self.source)
        while frame := self.watch.timed(next, "decode")(frames, None):
            yield replace(frame, convert=self.watch.timed(frame.convert, "convert to RGB"))


def measure_stages(path: Path, stop: int | None) -> dict[str, Any]:
    """Extract the frames before ``stop`` into a store: seconds of each stage, and how large a frame is."""
    cv2.setNumThreads(1)
    parts = SsdLite(), BlazePose()
    watch, networks = Stopwatch(), Counter[str]()
    with ExitStack() as patches:
        patches.enter_context(patch.object(reader, "DECODING_THREADS", 1))
        patches.enter_context(patch.object(Network, "__call__", timed_network(watch, networks)))
        for stage, functions in STAGES.items():
            for owner, name in functions:
                patches.enter_context(patch.object(owner, name, watch.timed(getattr(owner, name), stage)))
        folder = Path(patches.enter_context(tempfile.TemporaryDirectory()), "store")
        source = TimedSource(open_source(path, stop=stop), watch)
        store = ClipStore.open_or_create(folder)
        watch.seconds.clear()
        planned, items = extraction.extract(source, KEY, *parts)
        rows = [watch.timed(encode, "encode")(item) for item in items]
        with watch.running("store"), store.writer() as writer:
            for row in rows:
                writer.add(row, "measured", planned)
        total = sum(watch.seconds.values())
        on_disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    frames = [row.frames for row in rows if row.frames is not None]
    kept = sum(map(len, frames))
    columns = ("heatmaps", "silhouette", "keypoints")
    small = sum(table.column(name).nbytes for table in frames for name in columns)
    return {
        "video": path.name,
        "frames": source.length(),
        "clips": len(frames),
        "frames in clips": kept,
        "crops estimated": networks[ESTIMATOR],
        "pictures searched": networks[DETECTOR],
        "seconds": dict(watch.seconds),
        "frames/s per core": (source.length() or 0) / total,
        "frames in clips/s per core": kept / total,
        "share of the estimator": watch.seconds[ESTIMATOR] / total,
        "share of both networks": (watch.seconds[ESTIMATOR] + watch.seconds[DETECTOR]) / total,
        "bytes/frame": small / kept,
        "bytes/frame on disk": on_disk / kept,
    }


def timed_network(watch: Stopwatch, calls: Counter[str]) -> Callable[..., Any]:
    """The call of a network, timed, and its items counted."""
    network = Network.__call__

    def call(self: Network, items: Any) -> Any:
        # The detector's weights are TensorFlow's, the estimator's are not.
        stage = DETECTOR if self.path.suffix == ".pb" else ESTIMATOR
        calls[stage] += len(items)
        with watch.running(stage):
            return network(self, items)

    return call
