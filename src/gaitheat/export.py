"""A checkpoint as a file that embeds clips without PyTorch, written if it computes the same.

The file takes any number of windows of any length. It carries the recipe and all that its embedder needs.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import torch
from torch import Tensor, nn
from torch.export import Dim

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians
from gaitheat.inference import OpenNetwork, network_files, precisions, write_openvino
from gaitheat.modalities import SHAPES, Modality, Passes, frame_shape
from gaitheat.network_embeddings import EXPORT, METADATA, SUFFIXES, NetworkEmbedder, input_names
from gaitheat.networks.types import Inputs
from gaitheat.quantisation import quantised, windows_of
from gaitheat.recipes import Recipe
from gaitheat.silhouettes import TIGHT_HEIGHT, TIGHT_WIDTH
from gaitheat.skeleton import JOINTS
from gaitheat.training.checkpoints import load
from gaitheat.training.embedder import embedder_of

OPSET = 18
TOLERANCE = 2e-5
"""By how much any number of a strip of length 1 may differ between PyTorch, ONNX Runtime and OpenVINO."""
LENGTHS, BATCHES = (1, 7, 30, 60), (1, 3)
"""Ticks and windows of the inputs that the parts are compared on."""


class Parity(NamedTuple):
    """By how much the answers for windows of one length differ from those of PyTorch in float32, at most."""

    ticks: int
    onnxruntime: float
    """Of any number of the embedding; demanded, as the next."""
    openvino: float
    bf16: float | None
    """Distance of a strip, of length 1, from OpenVINO in bfloat16: told, not demanded. None: not this CPU."""
    int8: float | None = None
    """The same from the file in integers; None: it is in float32."""


def export(checkpoint: Path, path: Path, calibration: Sequence[Clip] = ()) -> tuple[Parity, ...]:
    """Write the network of a checkpoint, if it computes the same there.

    Args:
        checkpoint: a checkpoint, or a training's folder.
        path: the file to write: ``.onnx``, or OpenVINO's ``.xml`` with a ``.bin`` beside it.
        calibration: clips such as the network will see; with them, convolutions that can bear it are written
            in integers of eight bits. Without: all in float32.

    Raises:
        GaitheatError: there is no checkpoint, the exported network's answers are others than its own, or
            there are too few clips to calibrate with.
    """
    if path.suffix not in SUFFIXES:
        raise GaitheatError(f"expected the name of an {' or '.join(SUFFIXES)} file to write, but got {path}")
    loaded = load(checkpoint)
    return export_network(loaded.network(), loaded.recipe, path, calibration)


def export_network(
    network: nn.Module, recipe: Recipe, path: Path, calibration: Sequence[Clip] = ()
) -> tuple[Parity, ...]:
    """The same for a network in evaluation mode."""
    embedder = embedder_of(network, recipe)
    model = _converted(network, embedder.reads)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        exact, done = Path(folder) / "exact.onnx", Path(folder) / path.name
        _save(model, embedder, recipe, exact)
        _written(exact, done)
        parity = compared(embedder, exact, done)
        _expect(parity, path)
        if calibration:
            model = quantised(exact, windows_of(embedder, calibration))
            integers = replace(embedder, weights=f"{embedder.weights}/int8")
            in_integers = Path(folder) / "integers.onnx"
            _save(model, integers, recipe, in_integers)
            _written(in_integers, done)
            parity = tuple(
                each._replace(int8=moved)
                for each, moved in zip(parity, _moved(embedder, OpenNetwork(done)), strict=True)
            )
        for file in reversed(network_files(done)):  # the .xml last: with it, an export is whole
            file.replace(path.with_name(file.name))
    return parity


def compared(embedder: NetworkEmbedder, exact: Path, written: Path) -> tuple[Parity, ...]:
    """Differences for each length, over windows alone and in a batch with gaps of masked ticks.

    Args:
        embedder: what is right.
        exact: an ``.onnx`` file, for ONNX Runtime.
        written: the file that OpenVINO will read.
    """
    session = onnxruntime.InferenceSession(exact, providers=["CPUExecutionProvider"])
    openvino = OpenNetwork(written)
    able = "bf16" in precisions()
    moved = _moved(embedder, OpenNetwork(written, precision="bf16")) if able else [None] * len(LENGTHS)
    found = []
    for ticks, bf16 in zip(LENGTHS, moved, strict=True):
        runtime = theirs = 0.0
        for windows in _windows(ticks, embedder.reads):
            right, taken = embedder.forward(windows), windows.taken(embedder.reads)
            (by_runtime,) = session.run(None, dict(zip(input_names(embedder.reads), taken, strict=True)))
            (by_openvino,) = openvino(*taken)
            runtime = np.maximum(runtime, np.abs(by_runtime - right).max())  # NaN stays NaN
            theirs = np.maximum(theirs, np.abs(by_openvino - right).max())
        found.append(Parity(ticks, float(runtime), float(theirs), bf16))
    return tuple(found)


def _moved(embedder: NetworkEmbedder, network: OpenNetwork) -> list[float]:
    """By how much at most a strip moves, for each length."""
    return [
        max(
            float(np.linalg.norm(network(*windows.taken(embedder.reads))[0] - right, axis=2).max())
            for windows in _windows(ticks, embedder.reads)
            for right in [embedder.forward(windows)]
        )
        for ticks in LENGTHS
    ]


def _expect(parity: Sequence[Parity], path: Path) -> None:
    """A NaN is no agreement either."""
    for each in parity:
        for name in ("onnxruntime", "openvino"):
            difference = getattr(each, name)
            if not difference <= TOLERANCE:
                raise GaitheatError(
                    f"{path.name} was not written: {name} differs from PyTorch by {difference:.2g} at "
                    f"{each.ticks} ticks, expected at most {TOLERANCE:g}; check that the training did not "
                    "diverge"
                )


def _save(model: onnx.ModelProto, embedder: NetworkEmbedder, recipe: Recipe, path: Path) -> None:
    """With what makes an embedder of the network again."""
    carried = {"format": EXPORT, "embedder": embedder.settings(), "recipe": asdict(recipe)}
    onnx.helper.set_model_props(model, {METADATA: json.dumps(carried)})
    onnx.save(model, path)


def _written(network: Path, out: Path) -> None:
    """The ``.onnx`` file as it is, or as OpenVINO keeps it."""
    if out.suffix == ".xml":
        write_openvino(network, out)
    else:
        out.write_bytes(network.read_bytes())


def _windows(ticks: int, reads: frozenset[Modality]) -> Iterator[Passes]:
    """Joints that wander about, drawn as maps and as silhouettes; all but the first have masked ticks."""
    random = np.random.default_rng(ticks)
    for batch in BATCHES:
        shape = (batch, ticks, len(JOINTS))
        points = random.uniform((0, 0, 0), (MAP_WIDTH, MAP_HEIGHT, 1), (*shape, 3)).astype(np.float32)
        maps = gaussians(points.reshape(-1, len(JOINTS), 3)).reshape(*shape, MAP_HEIGHT, MAP_WIDTH)
        heatmaps = np.divide(maps, 255, dtype=np.float32)
        # The exporter asks for the strides of a view, which ONNX does not know.
        silhouettes = np.ascontiguousarray(heatmaps.max(2)[:, :, :TIGHT_HEIGHT, :TIGHT_WIDTH])
        mask = random.random((batch, ticks)) < 0.7
        mask[0], mask[:, 0] = True, True
        yield Passes(heatmaps, points, silhouettes, mask).only(reads)


class _Embedding(nn.Module):
    """The network with plain tensors in and out, and no place for what it does not read."""

    def __init__(self, network: nn.Module, reads: frozenset[Modality]) -> None:
        super().__init__()
        self.network, self.reads = network, reads

    def forward(self, *taken: Tensor) -> Tensor:
        *read, mask = taken
        nothing = {name: torch.zeros(*mask.shape, *frame_shape(name, self.reads)) for name in SHAPES}
        given = dict(zip((name for name in SHAPES if name in self.reads), read, strict=True))
        embedding: Tensor = self.network(Inputs(**nothing | given, mask=mask)).embedding
        return embedding


def _converted(network: nn.Module, reads: frozenset[Modality]) -> onnx.ModelProto:
    *_, example = _windows(LENGTHS[1], reads)
    taken = tuple(map(torch.from_numpy, example.taken(reads)))
    sizes = {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}
    with _quiet():
        program = torch.onnx.export(
            _Embedding(network, reads).eval(),
            taken,
            input_names=input_names(reads),
            output_names=["embedding"],
            dynamic_shapes=((sizes,) * len(taken),),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter speaks of packages that are not needed, and warns of its own use of PyTorch."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
