"""A checkpoint as one ONNX file that embeds clips without PyTorch, written if it computes the same.

The file takes any number of windows of any length. It carries the recipe and all that its embedder needs.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import torch
from torch import Tensor, nn
from torch.export import Dim

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians
from gaitheat.inference import OpenNetwork
from gaitheat.modalities import SHAPES, Modality, Passes, frame_shape
from gaitheat.network_embeddings import EXPORT, METADATA, NetworkEmbedder
from gaitheat.networks.types import Inputs
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
    """By how much the answers differ from those of PyTorch in float32, at most."""

    onnxruntime: float
    """Of any number of the embedding."""
    openvino: float
    """Of any number of the embedding."""
    bf16: float
    """Distance of a strip, of length 1, under PyTorch's automatic bfloat16: told, not demanded."""


def export(checkpoint: Path, path: Path) -> Parity:
    """Write the network of a checkpoint as an ONNX file, if it computes the same there.

    Args:
        checkpoint: a checkpoint, or a training's folder.
        path: the file to write; it appears whole or not at all.

    Raises:
        GaitheatError: there is no checkpoint, or the exported network's answers are others than its own.
    """
    if path.suffix != ".onnx":
        raise GaitheatError(f"expected the name of an .onnx file to write, but got {path}")
    loaded = load(checkpoint)
    return export_network(loaded.network(), loaded.recipe, path)


def export_network(network: nn.Module, recipe: Recipe, path: Path) -> Parity:
    """The same for a network in evaluation mode."""
    embedder = embedder_of(network, recipe)
    model = _converted(network, embedder.reads)
    carried = {"format": EXPORT, "embedder": embedder.settings(), "recipe": asdict(recipe)}
    onnx.helper.set_model_props(model, {METADATA: json.dumps(carried)})
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part.onnx")
    try:
        onnx.save(model, part)
        parity = compared(network, embedder, part)
        _expect(parity, path)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return parity


def compared(network: nn.Module, embedder: NetworkEmbedder, path: Path) -> Parity:
    """Differences over windows of several lengths, alone and in a batch with gaps of masked ticks."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    openvino = OpenNetwork(path)
    names = [given.name for given in session.get_inputs()]
    worst = np.zeros(3)
    for windows in _windows(embedder.reads):
        right = embedder.forward(windows)
        taken = windows.taken(embedder.reads)
        (by_runtime,) = session.run(None, dict(zip(names, taken, strict=True)))
        (by_openvino,) = openvino(*taken)
        with torch.autocast(next(network.parameters()).device.type, torch.bfloat16):
            by_bf16 = embedder.forward(windows)
        moved = np.linalg.norm(by_bf16 - right, axis=2).max()
        differences = [np.abs(by_runtime - right).max(), np.abs(by_openvino - right).max(), moved]
        worst = np.maximum(worst, differences)  # NaN stays NaN
    return Parity(*map(float, worst))


def _expect(parity: Parity, path: Path) -> None:
    """A NaN is no agreement either."""
    for name in ("onnxruntime", "openvino"):
        difference = getattr(parity, name)
        if not difference <= TOLERANCE:
            raise GaitheatError(
                f"{path.name} was not written: {name} differs from PyTorch by {difference:.2g}, "
                f"expected at most {TOLERANCE:g}; check that the training did not diverge"
            )


def _windows(reads: frozenset[Modality]) -> Iterator[Passes]:
    """Joints that wander about, drawn as maps and as silhouettes; all but the first have masked ticks."""
    random = np.random.default_rng(0)
    for ticks in LENGTHS:
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
    example = next(windows for windows in _windows(reads) if min(windows.mask.shape) > 1)
    taken = tuple(map(torch.from_numpy, example.taken(reads)))
    sizes = {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}
    with _quiet():
        program = torch.onnx.export(
            _Embedding(network, reads).eval(),
            taken,
            input_names=[*(name for name in SHAPES if name in reads), "mask"],
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
