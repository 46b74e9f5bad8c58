"""Which parts extract, what the clips say of them, and the whole way where OpenVINO and Lance are missing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from factories import make_key
from gaitheat.assets import ASSETS
from gaitheat.clips import Clip
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips
from gaitheat.video.detector import BlazePoseDetector, SsdLite
from gaitheat.video.estimator import BlazePose, BlazePoseSize
from gaitheat.video.extract import extract
from gaitheat.video.extractor import Extractor
from gaitheat.video.reader import open_source

START, STOP = 30, 60
"""Frames of the small demo in which the woman walks, whole: two seconds."""

WITHOUT = """
import sys
for name in ("openvino", "lance"):
    sys.modules[name] = None
from pathlib import Path
from factories import make_key
from gaitheat.packed_sink import PackedSink
from gaitheat.video.extractor import Extractor
from gaitheat.video.pool import extract_all
from gaitheat.video.recordings import VideoRecording

if __name__ == "__main__":
    video, packed, start, stop = sys.argv[1:]
    recording = VideoRecording(Path(video), make_key(), int(start), int(stop))
    extract_all([recording], PackedSink(packed), Extractor(), 1, lambda done, total: None)
    print(Extractor().detector_sha256())
"""


def python(*arguments: str | Path) -> str:
    """What a program of its own prints."""
    paths = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, *map(str, arguments)]
    finished = subprocess.run(command, env=paths, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.mark.parametrize("size", get_args(BlazePoseSize))
def test_clips_name_their_estimator(size: BlazePoseSize) -> None:
    identity = Extractor("heatmap", size).identity()
    assert (identity.name, identity.weights, identity.preprocessing) == (
        size, ASSETS[size].sha256, "heatmap-1"
    )  # fmt: skip


def test_the_parts_are_those_it_names(assets: dict[str, Path]) -> None:
    detector, estimator = Extractor().parts(1)
    assert isinstance(detector, SsdLite)
    assert isinstance(estimator, BlazePose)
    assert estimator.identity.name == "blazepose-full"
    assert Extractor().detector_sha256() == ""


def test_one_estimator_at_a_time() -> None:
    for several in (
        {"onnx": Path("hrnet.onnx"), "vitpose": "vitpose"},
        {"estimator": "blazepose-lite", "onnx": Path("hrnet.onnx")},
        {"estimator": "blazepose-heavy", "vitpose": "vitpose"},
    ):
        with pytest.raises(GaitheatError, match="expected one estimator, got several"):
            Extractor(**several)


def test_importing_extraction_imports_no_runtime_and_no_store() -> None:
    modules = ("pool", "extractor", "estimator", "detector", "extract")
    lines = [f"import gaitheat.video.{module}" for module in modules]
    heavy = {"openvino", "ai_edge_litert", "lance"}
    program = "\n".join([*lines, "import sys", f"print(sorted({heavy} & set(sys.modules)))"])
    assert python("-c", program) == "[]"


@pytest.mark.slow
def test_the_whole_way_without_openvino_and_lance(
    assets: dict[str, Path], small_demo: Path, tmp_path: Path
) -> None:
    """Other detector, other runtime, the same woman: her joints are a hundredth of her height apart."""
    program, packed = tmp_path / "program.py", tmp_path / "clips.arrow"
    program.write_text(WITHOUT)
    said = python(program, small_demo, packed, str(START), str(STOP))
    assert said == ASSETS["blazepose-detector"].sha256
    clips = PackedClips(packed)
    ours = walker(clips.read([(info.key, None) for info in clips.infos()]))
    detector, estimator = Extractor().parts(1)
    assert not isinstance(detector, BlazePoseDetector)
    source = open_source(small_demo, START, STOP)
    theirs = walker(
        [item for item in extract(source, make_key(), detector, estimator).items if isinstance(item, Clip)]
    )
    assert ours.estimator == theirs.estimator
    assert len(ours) >= 25
    np.testing.assert_array_equal(ours.times, theirs.times)
    height = np.ptp(theirs.keypoints[..., 1], axis=1).mean()
    apart = np.linalg.norm(ours.keypoints[..., :2] - theirs.keypoints[..., :2], axis=2) / height
    assert apart.mean() < 0.01
    assert np.quantile(apart, 0.95) < 0.03
    np.testing.assert_allclose(ours.present, theirs.present, atol=0.01)


def walker(clips: list[Clip]) -> Clip:
    """The person who comes farthest."""
    return max(clips, key=lambda clip: np.ptp(clip.keypoints[:, [11, 12], 0].mean(axis=1)))
