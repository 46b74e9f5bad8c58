"""The demo video extracted once, by file and by stream, for all tests that need real weights."""

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import pytest

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import extract
from gaitheat.video.follow import follow
from gaitheat.video.reader import open_source

DEMO = ClipKey("demo", "unknown", "walking", "side", "1", 0)

Shared = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def detector(assets: dict[str, Path]) -> SsdLite:
    return SsdLite(threads=os.cpu_count() or 1)


@pytest.fixture(scope="session")
def estimator(assets: dict[str, Path]) -> BlazePose:
    return BlazePose(streams=os.cpu_count() or 1)


@pytest.fixture(scope="session")
def small_demo(assets: dict[str, Path], shared: Shared) -> Path:
    """The demo video at half its size and half its rate: 884 x 496, 115 frames, a quarter of the work."""
    return shared("small-demo.mp4", lambda path: _halve(assets["demo-video"], path))


@pytest.fixture(scope="session")
def demo_clips(small_demo: Path, detector: SsdLite, estimator: BlazePose, shared: Shared) -> list[Clip]:
    """By file, two passes: the man who stands, the woman who walks."""
    return _clips(
        "by-file.pickle", shared, lambda: extract(open_source(small_demo), DEMO, detector, estimator).items
    )


@pytest.fixture(scope="session")
def streamed_demo_clips(
    small_demo: Path, detector: SsdLite, estimator: BlazePose, shared: Shared
) -> list[Clip]:
    """By stream, one pass: the same two."""
    return _clips(
        "by-stream.pickle", shared, lambda: follow(open_source(small_demo), DEMO, detector, estimator)
    )


def _clips(name: str, shared: Shared, items: Callable[[], Iterator[Clip | Refusal]]) -> list[Clip]:
    path = shared(name, lambda path: path.write_bytes(pickle.dumps(list(items()))))
    clips = [item for item in pickle.loads(path.read_bytes()) if isinstance(item, Clip)]  # noqa: S301
    return sorted(clips, key=lambda clip: clip.times[0])


def _halve(video: Path, path: Path) -> None:
    with av.open(str(path), "w") as target:
        stream = target.add_stream("h264", rate=15, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height = 884, 496
        stream.pix_fmt = "yuv420p"
        for frame in open_source(video):
            if frame.number % 2 == 0:
                small = cv2.resize(frame.rgb, (884, 496), interpolation=cv2.INTER_AREA)
                target.mux(stream.encode(av.VideoFrame.from_ndarray(small, "rgb24")))
        target.mux(stream.encode(None))
