"""The demo video extracted once, by file and by stream, for all tests that need real weights."""

import os
from pathlib import Path

import pytest

from gaitheat import assets
from gaitheat.clips import Clip, ClipKey
from gaitheat.frames import FrameSource
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import extract
from gaitheat.video.follow import follow
from gaitheat.video.reader import open_source

DEMO = ClipKey("demo", "unknown", "walking", "side", "1", 0)


def asset(name: str) -> Path:
    path = assets.find(name)
    if path is None:
        pytest.skip(f"the asset {name} is not in the cache: `gaitheat assets` fetches it")
    return path


@pytest.fixture(scope="session")
def detector() -> SsdLite:
    asset("ssdlite")
    return SsdLite(threads=os.cpu_count() or 1)


@pytest.fixture(scope="session")
def estimator() -> BlazePose:
    asset("blazepose-full")
    return BlazePose(streams=os.cpu_count() or 1)


@pytest.fixture(scope="session")
def demo() -> FrameSource:
    return open_source(asset("demo-video"))


@pytest.fixture(scope="session")
def demo_clips(demo: FrameSource, detector: SsdLite, estimator: BlazePose) -> list[Clip]:
    """By file: the one who stands and the one who walks."""
    items = extract(demo, DEMO, detector, estimator).items
    return sorted((item for item in items if isinstance(item, Clip)), key=lambda clip: clip.times[0])


@pytest.fixture(scope="session")
def streamed_demo_clips(demo: FrameSource, detector: SsdLite, estimator: BlazePose) -> list[Clip]:
    """The same by stream."""
    items = follow(demo, DEMO, detector, estimator)
    return sorted((item for item in items if isinstance(item, Clip)), key=lambda clip: clip.times[0])
