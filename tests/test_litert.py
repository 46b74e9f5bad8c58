"""LiteRT: the numbers of OpenVINO to rounding, the same contract, and just as quiet."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError
from gaitheat.inference import Network
from gaitheat.litert import PRECISION_KEY, LiteNetwork

SHAPE = (1, None, None, None)

PROGRAM = """
import sys
WATCHED = ("socket", "urllib", "subprocess", "os.system", "os.posix_spawn", "os.exec", "os.fork")
sys.addaudithook(lambda event, arguments: event.startswith(WATCHED) and print(event, arguments))
for name in sys.argv[2:]:
    sys.modules[name] = None
from pathlib import Path
import numpy
from gaitheat.litert import LiteNetwork
LiteNetwork(Path(sys.argv[1]), (1, None, None, None))(numpy.ones((2, 224, 224, 3), numpy.float32))
"""


@pytest.fixture(scope="session")
def file(assets: dict[str, Path]) -> Path:
    return assets["blazepose-detector"]


@pytest.fixture(scope="session")
def pictures() -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(-1, 1, (4, 224, 224, 3)).astype(np.float32)


def program(file: Path, home: Path, *missing: str) -> "subprocess.CompletedProcess[str]":
    """A program that infers in an environment where some packages are missing, and says what it tries."""
    telling = ("CI", "TF_BUILD", "JENKINS_URL", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in telling}
    environment |= dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "GAITHEAT_CACHE"), str(home))
    command = [sys.executable, "-c", PROGRAM, str(file), *missing]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_outputs_are_those_of_openvino(file: Path, pictures: NDArray[np.float32]) -> None:
    ours, theirs = LiteNetwork(file, SHAPE), Network(file, SHAPE)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    outputs, expected = ours(pictures), theirs(pictures)
    assert list(outputs) == list(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(outputs[name], array, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize(("batch", "threads", "streams"), [(2, 1, 1), (1, 2, 1), (1, 1, 2)])
def test_no_layout_changes_a_bit(assets: dict[str, Path], batch: int, threads: int, streams: int) -> None:
    crops = np.random.default_rng(0).random((4, 256, 256, 3), dtype=np.float32)
    plain = LiteNetwork(assets["blazepose-full"], SHAPE)(crops)
    other = LiteNetwork(assets["blazepose-full"], (batch, None, None, None), threads, streams)(crops)
    for name, expected in plain.items():
        np.testing.assert_array_equal(other[name], expected)


def test_results_are_the_callers_own(file: Path, pictures: NDArray[np.float32]) -> None:
    network = LiteNetwork(file, SHAPE)
    first = network(pictures[:1])["Identity"]
    kept = first.copy()
    network(pictures[1:2])
    np.testing.assert_array_equal(first, kept)


def test_a_view_is_as_good_as_a_copy(file: Path, pictures: NDArray[np.float32]) -> None:
    network = LiteNetwork(file, SHAPE)
    turned = pictures[:, ::-1, ::-1]
    np.testing.assert_array_equal(network(turned)["Identity"], network(turned.copy())["Identity"])


@pytest.mark.parametrize(
    "items", [np.zeros((2, 256, 256, 3), np.uint8), np.zeros((3, 256, 256, 3), np.float32)]
)
def test_wrong_input_is_refused(assets: dict[str, Path], items: NDArray[np.generic]) -> None:
    network = LiteNetwork(assets["blazepose-full"], (2, None, None, None))
    with pytest.raises(GaitheatError, match=r"takes float32 \[2, 256, 256, 3\] or whole multiples"):
        network(items)


def test_files_that_are_no_network_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.tflite"
    text.write_text("no network")
    for path, message in [(tmp_path / "none.tflite", "no network at"), (text, "cannot read .*tflite file")]:
        with pytest.raises(GaitheatError, match=message) as caught:
            LiteNetwork(path, SHAPE)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 3), (1, 100, 224, 3), (1, 224, 224, 4), (2, 224, 224, 3)])
def test_shapes_that_do_not_fit_are_refused(file: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(GaitheatError, match=r"takes the shape \[1, 224, 224, 3\]") as caught:
        LiteNetwork(file, shape)
    assert "\n" not in str(caught.value)


def test_the_permission_of_half_precision_is_not_passed_on(
    assets: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = assets["blazepose-full"]
    assert PRECISION_KEY in file.read_bytes(), "this file permits nothing: the test shows nothing"
    seen: list[bytes] = []

    class Spy:
        def __init__(self, model_content: bytes, num_threads: int) -> None:
            seen.append(model_content)
            raise ValueError("seen enough")

    monkeypatch.setattr("gaitheat.litert.Interpreter", Spy)
    with pytest.raises(GaitheatError):
        LiteNetwork(file, SHAPE)
    assert PRECISION_KEY not in seen[0]
    assert len(seen[0]) == file.stat().st_size


def test_it_is_silent_and_tries_no_connection(file: Path, tmp_path: Path) -> None:
    finished = program(file, tmp_path)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []


def test_it_says_what_is_missing(file: Path, tmp_path: Path) -> None:
    finished = program(file, tmp_path, "ai_edge_litert")
    assert (
        "GaitheatError: this needs LiteRT, which is missing: pip install 'gaitheat[litert]'"
        in finished.stderr
    )
