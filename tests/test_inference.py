"""Inference: float32 whatever the CPU likes better, exact input, outputs that depend on no layout."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gaitheat.assets import find
from gaitheat.errors import GaitheatError
from gaitheat.inference import Network, ov  # imported first, OpenVINO would call home

HEIGHT, WIDTH, CHANNELS, FEATURES = 24, 16, 8, 5


def make_network(path: Path, batch: str | int = "batch", inputs: int = 1) -> dict[str, NDArray[np.float32]]:
    """Writes pictures [batch, 3, 24, 16] -> convolution, ReLU: maps -> mean, matrix: features."""
    random = np.random.default_rng(7)
    weights = {
        "kernel": random.normal(size=(CHANNELS, 3, 3, 3)).astype(np.float32),
        "matrix": random.normal(size=(CHANNELS, FEATURES)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["pictures", "kernel"], ["convolved"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["convolved"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "matrix"], ["features"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, 3, HEIGHT, WIDTH])
            for name in ["pictures", "unused"][:inputs]
        ],
        [
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, [batch, CHANNELS, HEIGHT, WIDTH]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, FEATURES]),
        ],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return weights


def slow_maps(pictures: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float64]:
    padded = np.pad(pictures.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    maps = np.zeros((len(pictures), CHANNELS, HEIGHT, WIDTH))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            maps[:, :, y, x] = np.einsum("bcij,kcij->bk", padded[:, :, y : y + 3, x : x + 3], kernel)
    return np.maximum(maps, 0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


@pytest.fixture
def small(cache: Path, tmp_path: Path) -> Path:
    path = tmp_path / "small.onnx"
    make_network(path)
    return path


@pytest.fixture
def pictures() -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(8, 3, HEIGHT, WIDTH)).astype(np.float32)


def test_outputs_are_those_of_the_network_in_float32(
    cache: Path, tmp_path: Path, pictures: NDArray[np.float32]
) -> None:
    path = tmp_path / "small.onnx"
    weights = make_network(path)
    outputs = Network(path, (8, 3, HEIGHT, WIDTH))(pictures)
    maps = slow_maps(pictures, weights["kernel"])
    assert list(outputs) == ["maps", "features"]
    # bfloat16 has 8 bits of mantissa: it would be off by some 0.01
    np.testing.assert_allclose(outputs["maps"], maps, atol=2e-5)
    np.testing.assert_allclose(outputs["features"], maps.mean((2, 3)) @ weights["matrix"], atol=2e-5)


def test_the_compiled_network_says_that_it_computes_in_float32(small: Path) -> None:
    network = Network(small, (1, None, None, None), threads=1)
    compiled = network._idle.get().get_compiled_model()
    assert compiled.get_property("INFERENCE_PRECISION_HINT") == ov.Type.f32
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
    assert compiled.get_property("ENABLE_CPU_PINNING") is False


@pytest.mark.parametrize(
    ("batch", "threads", "streams"), [(4, 1, 1), (8, 1, 1), (1, 2, 1), (1, 1, 2), (2, 1, 2)]
)
def test_no_layout_changes_a_bit(
    small: Path, pictures: NDArray[np.float32], batch: int, threads: int, streams: int
) -> None:
    plain = Network(small, (1, None, None, None))(pictures)
    other = Network(small, (batch, None, None, None), threads, streams)(pictures)
    for name, expected in plain.items():
        np.testing.assert_array_equal(other[name], expected)


def test_results_are_the_callers_own(small: Path, pictures: NDArray[np.float32]) -> None:
    network = Network(small, (1, None, None, None))
    first = network(pictures[:1])["features"]
    kept = first.copy()
    network(pictures[1:2])
    np.testing.assert_array_equal(first, kept)


def test_a_view_is_as_good_as_a_copy(small: Path, pictures: NDArray[np.float32]) -> None:
    network = Network(small, (1, None, None, None))
    turned = pictures[:, ::-1, :, ::-1]
    np.testing.assert_array_equal(network(turned)["maps"], network(turned.copy())["maps"])


@pytest.mark.parametrize(
    ("items", "got"),
    [
        (np.zeros((2, 3, HEIGHT, WIDTH), np.uint8), r"uint8 \[2, 3, 24, 16\]"),
        (np.zeros((2, 3, HEIGHT, WIDTH), np.float64), r"float64 \[2, 3, 24, 16\]"),
        (np.zeros((3, 3, HEIGHT, WIDTH), np.float32), r"float32 \[3, 3, 24, 16\]"),
        (np.zeros((0, 3, HEIGHT, WIDTH), np.float32), r"float32 \[0, 3, 24, 16\]"),
        (np.zeros((2, HEIGHT, WIDTH, 3), np.float32), r"float32 \[2, 24, 16, 3\]"),
        (np.zeros((3, HEIGHT, WIDTH), np.float32), r"float32 \[3, 24, 16\]"),
    ],
)
def test_wrong_input_is_refused(small: Path, items: NDArray[np.generic], got: str) -> None:
    network = Network(small, (2, None, None, None))
    with pytest.raises(GaitheatError, match=rf"small.onnx takes float32 \[2, 3, 24, 16\] .*got {got}"):
        network(items)


def test_files_that_are_no_network_are_refused(cache: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no network")
    two = tmp_path / "two.onnx"
    make_network(two, inputs=2)
    for path, message in [
        (tmp_path / "none.onnx", "no network at"),
        (text, "cannot read"),
        (two, "two.onnx has 2 inputs"),
    ]:
        with pytest.raises(GaitheatError, match=message) as caught:
            Network(path, (1, None, None, None))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 3), (None, None, None, None), (1, 4, HEIGHT, WIDTH)])
def test_shapes_that_do_not_fit_are_refused(small: Path, shape: tuple[int | None, ...]) -> None:
    with pytest.raises(GaitheatError, match=r"small.onnx takes the shape \[\?,3,24,16\]") as caught:
        Network(small, shape)
    assert "\n" not in str(caught.value)


def test_a_fixed_batch_can_be_changed(cache: Path, tmp_path: Path, pictures: NDArray[np.float32]) -> None:
    path = tmp_path / "fixed.onnx"
    make_network(path, batch=1)
    network = Network(path, (4, None, None, None))
    assert network.shape == (4, 3, HEIGHT, WIDTH)
    assert network(pictures)["features"].shape == (8, FEATURES)


def test_the_compiled_network_is_kept_and_read_again(
    small: Path, cache: Path, pictures: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Network(small, (1, None, None, None))(pictures)
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(ov.Core, "compile_model", lambda *_: pytest.fail("compiled again"))
    again = Network(small, (1, None, None, None))(pictures)
    for name, expected in first.items():
        np.testing.assert_array_equal(again[name], expected)


def test_a_damaged_compiled_network_is_made_anew(
    small: Path, cache: Path, pictures: NDArray[np.float32]
) -> None:
    expected = Network(small, (1, None, None, None))(pictures)["features"]
    (cached,) = cache.iterdir()
    whole = cached.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x40
    for damaged in (bytes(flipped), whole[:-5], whole[:10], b""):
        cached.write_bytes(damaged)
        np.testing.assert_array_equal(Network(small, (1, None, None, None))(pictures)["features"], expected)
        assert len(cached.read_bytes()) == len(whole)


def test_a_changed_file_is_compiled_anew(small: Path, pictures: NDArray[np.float32]) -> None:
    before = Network(small, (1, None, None, None))(pictures)["features"]
    model = onnx.load(small)
    for weight in model.graph.initializer:
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * 2, weight.name))
    onnx.save(model, small)
    after = Network(small, (1, None, None, None))(pictures)["features"]
    np.testing.assert_allclose(after, 4 * before, rtol=1e-5)


@pytest.mark.parametrize("ending", [".data", "_data"])
def test_changed_weights_beside_the_file_are_compiled_anew(
    small: Path, pictures: NDArray[np.float32], ending: str
) -> None:
    model = onnx.load(small)
    onnx.save(model, small, save_as_external_data=True, location=small.name + ending, size_threshold=0)
    before = Network(small, (1, None, None, None))(pictures)["features"]
    beside = small.with_name(small.name + ending)
    beside.write_bytes((np.frombuffer(beside.read_bytes(), np.float32) * 2).tobytes())
    after = Network(small, (1, None, None, None))(pictures)["features"]
    np.testing.assert_allclose(after, 4 * before, rtol=1e-5)


def test_an_unwritable_cache_costs_no_result(small: Path, cache: Path, pictures: NDArray[np.float32]) -> None:
    cache.parent.write_text("a file where a folder should be")
    assert Network(small, (1, None, None, None))(pictures)["features"].shape == (8, FEATURES)


def test_the_pose_estimator_gives_the_same_bits_in_every_layout() -> None:
    path = find("blazepose-full")
    if path is None:
        pytest.skip("the weights are not in the cache: `gaitheat assets fetch` brings them")
    crops = np.random.default_rng(0).random((4, 256, 256, 3), dtype=np.float32)
    plain = Network(path, (1, None, None, None))(crops)
    assert {array.shape for array in plain.values()} == {
        (4, 195),
        (4, 1),
        (4, 256, 256, 1),
        (4, 64, 64, 39),
        (4, 117),
    }
    for network in (Network(path, (4, None, None, None)), Network(path, (1, None, None, None), streams=2)):
        for name, array in network(crops).items():
            np.testing.assert_array_equal(array, plain[name])


def test_the_detector_takes_bytes() -> None:
    path = find("ssdlite")
    if path is None:
        pytest.skip("the weights are not in the cache: `gaitheat assets fetch` brings them")
    network = Network(path, (1, 300, 300, 3))
    outputs = network(np.full((1, 300, 300, 3), 127, np.uint8))
    assert outputs["detection_boxes:0"].shape == (1, 100, 4)
    assert outputs["detection_scores:0"].shape == (1, 100)
    with pytest.raises(GaitheatError, match="takes uint8"):
        network(np.zeros((1, 300, 300, 3), np.float32))
