"""Exported networks: the same answers as in PyTorch, and none of it needed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import gaitheat.export
from factories import make_clip
from gaitheat import inference, quantisation
from gaitheat.errors import GaitheatError
from gaitheat.export import TOLERANCE, Parity, export, export_network
from gaitheat.inference import OpenNetwork, precisions
from gaitheat.network_embeddings import METADATA, from_export
from gaitheat.networks import network_called
from gaitheat.recipes import Network, Recipe
from gaitheat.training.checkpoints import Checkpoint, save
from gaitheat.training.embedder import from_checkpoint

TINY = {
    "gaitheat-s": Network("gaitheat-s", widths=(8, 12), blocks=(1,), strips=4, dims=8),
    "unordered": Network(
        "gaitheat-b", widths=(8, 12), blocks=(1,), strips=4, dims=8,
        temporal="unordered", pooling="moments", fusion="add", residual=False,
    ),
    "gaitheat_release": Network("gaitheat_release", width=4),
    "coordinates": Network("coordinates", width=8, dims=8),
    "gaitheat_fusion": Network("gaitheat_fusion", widths=(8, 8), blocks=(1,), strips=4, dims=8),
    "gaitgraph2": Network("gaitgraph2", width=16, dims=8),
    "gaittr": Network("gaittr", width=32, dims=8),
    "gpgait": Network("gpgait", width=8),
    "skeletongait": Network("skeletongait", width=4),
    "gaitset": Network("gaitset", width=4),
    "gaitpart": Network("gaitpart", width=8),
    "gaitbase": Network("gaitbase", width=4),
}  # fmt: skip


def write_checkpoint(folder: Path, network: Network) -> Path:
    torch.manual_seed(0)
    made = network_called(network.name).build(subjects=3, **network.settings())
    subjects = ("anna", "ben", "carl")
    return save(folder, Checkpoint(Recipe(network=network), subjects, made.state_dict(), {}))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, tuple[Parity, ...]]:
    """A checkpoint, its export, and by how much they differ."""
    folder = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAITHEAT_CACHE", str(folder / "cache"))
        checkpoint = write_checkpoint(folder, TINY["gaitheat-s"])
        path = folder / "out" / "tiny.onnx"
        return checkpoint, path, export(checkpoint, path)


@pytest.fixture
def converted(exported: tuple[Path, Path, tuple[Parity, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Converting takes seconds, and was done."""
    monkeypatch.setattr(gaitheat.export, "_converted", lambda *_: onnx.load(exported[1]))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path / "cache"))


def test_the_export_embeds_as_the_checkpoint_does(exported: tuple[Path, Path, tuple[Parity, ...]]) -> None:
    checkpoint, path, parity = exported
    ours, theirs = from_checkpoint(checkpoint), from_export(path)
    assert theirs.identity == ours.identity
    assert (theirs.strips, theirs.dims) == (ours.strips, ours.dims)
    clips = [make_clip(70, 1).take(np.r_[0:30, 40:70]), make_clip(1, 2)]
    assert theirs.embed_all(clips) == pytest.approx(ours.embed_all(clips), abs=TOLERANCE)
    assert [each.ticks for each in parity] == [1, 7, 30, 60]
    for each in parity:
        assert max(each.onnxruntime, each.openvino) < TOLERANCE
        assert each.int8 is None
        assert 0 < each.bf16 < 0.5 if "bf16" in precisions() else each.bf16 is None


def test_one_file_holds_everything_and_no_names(exported: tuple[Path, Path, tuple[Parity, ...]]) -> None:
    _, path, _ = exported
    assert [file.name for file in path.parent.iterdir()] == ["tiny.onnx"]
    model = onnx.load(path)
    assert [opset.version for opset in model.opset_import if not opset.domain] == [18]
    (carried,) = [json.loads(entry.value) for entry in model.metadata_props if entry.key == METADATA]
    assert carried["recipe"]["network"]["name"] == "gaitheat-s"
    assert b"anna" not in path.read_bytes()


def test_it_needs_no_pytorch(exported: tuple[Path, Path, tuple[Parity, ...]]) -> None:
    code = (
        "import sys; from pathlib import Path; sys.modules['torch'] = None\n"
        "from gaitheat.network_embeddings import from_export\n"
        "import gaitheat.recognizer, numpy as np\n"
        "from gaitheat.modalities import Passes\n"
        "embedder = from_export(Path(sys.argv[1]))\n"
        "maps, points = np.ones((2, 9, 17, 64, 48), 'f4'), np.ones((2, 9, 17, 3), 'f4')\n"
        "nothing = np.ones((2, 9, 0, 44), 'f4')\n"
        "print(embedder.forward(Passes(maps, points, nothing, np.ones((2, 9), bool))).shape)\n"
        "assert sys.modules['torch'] is None and 'onnx' not in sys.modules\n"
    )
    result = subprocess.run([sys.executable, "-c", code, exported[1]], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("(2, 4, 8)", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TINY if name != "gaitheat-s"])
def test_every_network_can_be_exported(name: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    export(write_checkpoint(tmp_path, TINY[name]), path)
    embedder = from_export(path)
    assert embedder.embed(make_clip(9)).shape == (embedder.dimension,)
    inputs = {given.name for given in onnx.load(path).graph.input}
    assert inputs == {*network_called(TINY[name].name).reads, "mask"}


@pytest.mark.usefixtures("converted")
def test_openvinos_own_format_is_the_same_embedder(
    tmp_path: Path, exported: tuple[Path, Path, tuple[Parity, ...]]
) -> None:
    checkpoint, path, _ = exported
    parity = export(checkpoint, tmp_path / "tiny.xml")
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {"tiny.xml", "tiny.bin"}
    assert max(each.openvino for each in parity) < TOLERANCE
    ours, theirs = from_export(path), from_export(tmp_path / "tiny.xml")
    assert theirs.identity == ours.identity
    clip = make_clip(20, 1)
    assert theirs.embed(clip) == pytest.approx(ours.embed(clip), abs=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny.onnx", pytest.param("tiny.xml", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("converted")
def test_integers_move_little_and_are_another_embedder(
    name: str,
    tmp_path: Path,
    exported: tuple[Path, Path, tuple[Parity, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantisation, "CALIBRATING", 3)
    monkeypatch.setattr(quantisation, "JUDGING", 2)
    checkpoint, path, _ = exported
    parity = export(checkpoint, tmp_path / name, [make_clip(9, seed) for seed in range(5)])
    assert all(each.int8 is not None and each.int8 > 0 for each in parity)
    exact, integers = from_export(path), from_export(tmp_path / name)
    assert integers.weights == f"{exact.weights}/int8"
    clip = make_clip(9, 7)
    moved = np.linalg.norm(integers.embed(clip) - exact.embed(clip))
    assert 0 < moved < 0.3
    if name.endswith(".onnx"):
        assert "QuantizeLinear" in {node.op_type for node in onnx.load(tmp_path / name).graph.node}


@pytest.mark.slow
@pytest.mark.usefixtures("converted")
def test_too_few_clips_to_calibrate_with_are_said(
    tmp_path: Path, exported: tuple[Path, Path, tuple[Parity, ...]]
) -> None:
    with pytest.raises(GaitheatError, match="expected at least 30 windows to calibrate with, but got 2"):
        export(exported[0], tmp_path / "out" / "tiny.onnx", [make_clip(9)])
    assert not list((tmp_path / "out").iterdir())


def test_bfloat16_is_another_embedder(
    exported: tuple[Path, Path, tuple[Parity, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clip = exported[1], make_clip(9)
    exact = from_export(path)
    if "bf16" in precisions():
        fast = from_export(path, precision="bf16")
        assert fast.weights == f"{exact.weights}/bf16"
        assert 0 < np.linalg.norm(fast.embed(clip) - exact.embed(clip)) < 0.3
    monkeypatch.setattr(inference, "precisions", lambda: ("f32",))
    with pytest.raises(GaitheatError, match="computes in f32, but not in bf16: use f32"):
        from_export(path, precision="bf16")


@pytest.mark.usefixtures("converted")
def test_what_computes_something_else_is_not_written(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = network_called("gaitheat-s").build(subjects=0, **TINY["gaitheat-s"].settings()).eval()
    with pytest.raises(GaitheatError, match=r"other.onnx was not written: onnxruntime differs"):
        export_network(network, Recipe(network=TINY["gaitheat-s"]), tmp_path / "new" / "other.onnx")
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("parity", [Parity(7, 0, 1e-3, 0), Parity(7, np.nan, 0, None)])
def test_no_part_may_differ(
    parity: Parity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exported: tuple[Path, Path, tuple[Parity, ...]],
) -> None:
    monkeypatch.setattr(gaitheat.export, "compared", lambda *_: (parity,))
    with pytest.raises(GaitheatError, match="was not written"):
        export(exported[0], tmp_path / "other.onnx")


def test_mistakes_are_said(tmp_path: Path, exported: tuple[Path, Path, tuple[Parity, ...]]) -> None:
    checkpoint, path, _ = exported
    with pytest.raises(GaitheatError, match=r"name of an \.onnx or \.xml file"):
        export(checkpoint, tmp_path / "tiny.bin")
    with pytest.raises(GaitheatError, match="no network at"):
        from_export(tmp_path / "nothing.onnx")
    newer = onnx.load(path)
    onnx.helper.set_model_props(newer, {METADATA: json.dumps({"format": 99})})
    onnx.save(newer, tmp_path / "newer.onnx")
    with pytest.raises(GaitheatError, match=r"format 2, but newer\.onnx has 99"):
        from_export(tmp_path / "newer.onnx")
    bare = onnx.load(path)
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    with pytest.raises(GaitheatError, match="expected a file that gaitheat export wrote"):
        from_export(tmp_path / "bare.onnx")


def test_an_open_network_takes_what_its_file_says(exported: tuple[Path, Path, tuple[Parity, ...]]) -> None:
    network = OpenNetwork(exported[1])
    maps, points = np.zeros((1, 2, 17, 64, 48), np.float32), np.zeros((1, 2, 17, 3), np.float32)
    mask = np.ones((1, 2), np.bool_)
    assert network(maps, points, mask)[0].shape == (1, 4, 8)
    for wrong in ((maps.astype(np.uint8), points, mask), (maps[..., :40], points, mask), (maps, points)):
        with pytest.raises(GaitheatError, match=r"tiny.onnx takes float32 \[\?,\?,17,64,48\]"):
            network(*wrong)
