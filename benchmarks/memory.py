"""How much memory an extraction needs: for recordings of any length, and for many people at once."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from gaitheat.assets import fetch
from gaitheat.frames import Frame, FrameSource
from gaitheat.inference import Network
from gaitheat.rows import encode
from gaitheat.video.boxes import places
from gaitheat.video.crop import cut, heatmap_affines
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import MAX_CLIP_FRAMES, extract
from gaitheat.video.reader import open_source
from stages import KEY

STILL_RATE = 100.0
"""Frames a second where nobody moves: memory counts frames, and searches for people take time."""


@dataclass
class Looped:
    """A recording played several times without a break, not encoded again."""

    source: FrameSource
    times: int
    problem: str | None = None

    @property
    def name(self) -> str:
        """As the source says."""
        return self.source.name

    def sha256(self) -> str:
        """As the source says."""
        return self.source.sha256()

    def length(self) -> int:
        """Number of frames."""
        return self.times * (self.source.length() or 0)

    def __iter__(self) -> Iterator[Frame]:
        number, start, last = 0, 0.0, 0.0
        for _ in range(self.times):
            for frame in self.source:
                step = start + frame.time - last
                last = start + frame.time
                yield Frame(number, last, frame.convert)
                number += 1
            start = last + step


@dataclass
class Still:
    """One picture, shown for as many frames as a clip can have."""

    picture: np.ndarray
    name: str = "still"
    problem: str | None = None

    def sha256(self) -> str:
        """It has no file."""
        return "0" * 64

    def length(self) -> int:
        """Number of frames."""
        return MAX_CLIP_FRAMES

    def __iter__(self) -> Iterator[Frame]:
        for number in range(MAX_CLIP_FRAMES):
            yield Frame(number, number / STILL_RATE, lambda: self.picture)


def measure_loops(times: int) -> dict[str, Any]:
    """Peak memory of the demo video, played several times."""
    return _measure(lambda _: Looped(open_source(fetch("demo-video")), times))


def measure_people(people: int) -> dict[str, Any]:
    """Peak memory of so many people who all stay for as long as a clip can be."""
    return _measure(lambda detector: Still(_side_by_side(people, detector)))


def _measure(make: Callable[[SsdLite], FrameSource]) -> dict[str, Any]:
    parts = SsdLite(), BlazePose()
    source = make(parts[0])
    _, items = extract(source, KEY, *parts)
    with patch.object(Network, "__call__", _first_for_all(Network.__call__)):
        clips = [len(rows.frames) for rows in map(encode, items) if rows.frames is not None]
    return {"frames": source.length(), "frames in clips": sum(clips), "bytes": peak_memory()}


def _first_for_all(network: Callable[..., Any]) -> Callable[..., Any]:
    """Of a batch of crops only the first is estimated: no less memory, but a tenth of the time."""

    def call(self: Network, items: Any) -> dict[str, Any]:
        outputs = network(self, items[:1])
        return {name: np.repeat(array, len(items), axis=0) for name, array in outputs.items()}

    return call


def _side_by_side(people: int, detector: SsdLite) -> np.ndarray:
    """A picture of one person of the demo video, repeated in two rows."""
    first = next(iter(open_source(fetch("demo-video")))).rgb
    found = places(detector(first).boxes[:1])
    one = cut(first, heatmap_affines(found)[0], (256, 192))
    return np.tile(one, (2, -(-people // 2), 1))


def peak_memory() -> int:
    """Bytes that this process held at most."""
    if sys.platform != "win32":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of the Windows API."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            ("peak", ctypes.c_size_t),
            ("others", ctypes.c_size_t * 7),
        )

    counters = Counters(size=ctypes.sizeof(Counters))
    process = ctypes.windll.kernel32.GetCurrentProcess
    process.restype = wintypes.HANDLE
    ask = ctypes.windll.psapi.GetProcessMemoryInfo
    ask.argtypes = (wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD)
    assert ask(process(), ctypes.byref(counters), counters.size), "Windows does not say"
    return counters.peak
