"""Top-down estimators: sub-pixel peaks, and an ONNX file whose maps can be computed by hand."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gaitheat.clips import quantise
from gaitheat.errors import GaitheatError
from gaitheat.video.protocols import PoseEstimator
from gaitheat.video.topdown import IMAGENET_MEAN, IMAGENET_STD, OnnxTopDown, decode, poses_from_maps

GAINS = np.linspace(1.0, 0.2, 17, dtype=np.float32)
"""Joint j of the ONNX files below shows colour channel j % 3, times its gain."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path / "cache"))


def gaussian(x, y, sigma_x, sigma_y=None, turn=0.0, shape=(64, 48)):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    along = (columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)
    across = (rows - y) * np.cos(turn) - (columns - x) * np.sin(turn)
    return np.exp(-0.5 * ((along / sigma_x) ** 2 + (across / (sigma_y or sigma_x)) ** 2)).astype(np.float32)


def write_model(path: Path, grid: str = "corners", size=(256, 192), joints: int = 17) -> Path:
    """Maps = colour at the places that the grid's cells mean, times a gain: a network to check by hand."""
    weight = np.zeros((joints, 3, 1, 1), np.float32)
    for joint in range(joints):
        weight[joint, joint % 3] = GAINS[joint] * IMAGENET_STD[joint % 3]
    bias = np.array([GAINS[joint] * IMAGENET_MEAN[joint % 3] for joint in range(joints)], np.float32)
    height, width = size[0] // 4, size[1] // 4
    constants = {"weight": weight, "bias": bias, "sizes": np.array([1, 3, height, width], np.int64)}
    if grid == "corners":
        sample = helper.make_node(
            "Resize", ["image", "", "", "sizes"], ["small"], mode="linear",
            coordinate_transformation_mode="align_corners",
        )  # fmt: skip
    else:
        sample = helper.make_node("MaxPool", ["image"], ["small"], kernel_shape=[1, 1], strides=[4, 4])
        del constants["sizes"]
    graph = helper.make_graph(
        [
            sample,
            helper.make_node("Conv", ["small", "weight", "bias"], ["maps"]),
            helper.make_node("GlobalAveragePool", ["maps"], ["feature"]),
        ],
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, *size])],
        [
            helper.make_tensor_value_info("feature", TensorProto.FLOAT, [1, joints, 1, 1]),
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, joints, height, width]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def spots(places) -> np.ndarray:
    """A 256 x 192 crop with a red, a green and a blue spot at these places of the heatmap frame (cells)."""
    crop_places = (np.array(places) + 0.5) * 4 - 0.5
    channels = [gaussian(x, y, 8, shape=(256, 192)) for x, y in crop_places]
    return np.rint(255 * np.stack(channels, axis=2)).astype(np.uint8)


@pytest.mark.parametrize("sigma", [0.85, 1.2, 2.0, 3.0])
def test_drawn_peaks_are_found_to_a_tenth_of_a_cell(sigma):
    random = np.random.default_rng(0)
    places = random.uniform((2, 2), (45, 61), (40, 17, 2))
    heights = random.uniform(0.4, 1.0, (40, 17))
    maps = np.array([[gaussian(x, y, sigma) for x, y in row] for row in places]) * heights[..., None, None]
    found = decode(maps.astype(np.float32))
    assert np.abs(found[..., :2] - places).max() < 0.01
    assert (found[..., 2] <= heights + 1e-6).all()
    stored = decode(quantise(maps.astype(np.float32)).astype(np.float32) / 255)
    assert np.abs(stored[..., :2] - places).max() < 0.1, "and in maps of 8 bits too"


def test_slanted_peaks_are_found_to_a_tenth_of_a_cell_near_their_centre():
    places = [(20.0, 30.0), (20.2, 30.1), (19.8, 30.2)]
    maps = np.array([[gaussian(x, y, 1.5, 2.0, turn=0.6) for x, y in places]])
    assert np.abs(decode(maps)[0, :, :2] - places).max() < 0.1


def test_peaks_on_the_border_and_empty_maps_stay_inside():
    maps = np.zeros((1, 3, 64, 48), np.float32)
    maps[0, 0, 0, 0] = 0.7
    maps[0, 1] = gaussian(47, 63, 2)
    found = decode(maps)
    np.testing.assert_allclose(found[0], [(0, 0, 0.7), (47, 63, 1), (0, 0, 0)], atol=1e-6)


def test_maps_that_are_not_finite_give_scores_by_which_they_are_refused():
    maps = np.full((3, 17, 64, 48), 0.5, np.float32)
    maps[1, 4, 10, 10] = np.nan
    maps[2, 5, 10, 10] = np.inf
    poses = poses_from_maps(maps)
    assert np.isfinite(poses.keypoints[0]).all()
    assert np.isnan(poses.keypoints[1, 4, 2])
    assert np.isnan(poses.keypoints[2, 5, 2])
    np.testing.assert_array_equal(np.isfinite(poses.present), [True, False, False])


@pytest.mark.parametrize("grid", ["corners", "stride"])
def test_maps_keypoints_and_scores_are_those_of_the_network(tmp_path, grid):
    estimator = OnnxTopDown(write_model(tmp_path / "colours.onnx", grid), grid)
    places = np.array([(10.3, 12.6), (40.2, 57.1), (23.5, 31.5)])
    poses = estimator(spots(places)[None])
    assert np.abs(poses.keypoints[0, :, :2] - places[np.arange(17) % 3]).max() < 0.1
    drawn = np.array([GAINS[joint] * gaussian(*places[joint % 3], 2) for joint in range(17)])
    peaks = drawn.max(axis=(1, 2))
    np.testing.assert_allclose(poses.keypoints[0, :, 2], peaks, atol=0.02)
    assert poses.present[0] == pytest.approx(peaks.mean(), abs=0.02)
    np.testing.assert_allclose(poses.heatmaps[0].astype(int), 255 * drawn, atol=3)
    assert poses.heatmaps.dtype == np.uint8
    assert poses.silhouettes is None
    assert poses.world is None


def test_a_crop_alone_and_in_a_batch_give_the_same(tmp_path):
    estimator = OnnxTopDown(write_model(tmp_path / "colours.onnx"), streams=2)
    crops = np.random.default_rng(0).integers(0, 256, (5, 256, 192, 3), np.uint8)
    together = estimator(crops)
    for number in range(5):
        alone = estimator(crops[number : number + 1])
        np.testing.assert_array_equal(alone.heatmaps[0], together.heatmaps[number])
        np.testing.assert_array_equal(alone.keypoints[0], together.keypoints[number])


def test_the_estimator_is_known_by_its_weights_and_grid(tmp_path):
    estimator = OnnxTopDown(write_model(tmp_path / "colours.onnx"))
    assert isinstance(estimator, PoseEstimator)
    assert estimator.crop_size == (256, 192)
    other = OnnxTopDown(write_model(tmp_path / "colours.onnx", "stride"), "stride")
    assert estimator.identity.name == "colours-corners"
    assert other.identity.name == "colours-stride"
    assert len({estimator.identity.weights, other.identity.weights}) == 2


def test_weights_beside_the_file_are_part_of_what_it_is_known_by(tmp_path):
    path = write_model(tmp_path / "colours.onnx", "stride")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="colours.onnx.data", size_threshold=0
    )
    before = OnnxTopDown(path, "stride").identity
    beside = tmp_path / "colours.onnx.data"
    beside.write_bytes((np.frombuffer(beside.read_bytes(), np.float32) / 2).tobytes())
    assert OnnxTopDown(path, "stride").identity.weights != before.weights


def test_a_file_that_will_not_do_is_told_in_one_line(tmp_path):
    write_model(tmp_path / "large.onnx", size=(384, 288))
    write_model(tmp_path / "eleven.onnx", joints=11)
    (tmp_path / "text.onnx").write_text("no network")
    for name, words in {
        "missing.onnx": "no network at",
        "text.onnx": "as a network",
        "large.onnx": r"large\.onnx",
        "eleven.onnx": "expected an output of N x 17 x 64 x 48 maps .*, got .*N x 11 x 64 x 48",
    }.items():
        with pytest.raises(GaitheatError, match=words) as raised:
            OnnxTopDown(tmp_path / name)
        assert "\n" not in str(raised.value)
