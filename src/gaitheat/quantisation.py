"""Convolutions in integers of eight bits, as far as each by itself does little harm to what is computed."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process  # type: ignore[import-untyped]

from gaitheat.clips import Clip
from gaitheat.errors import GaitheatError
from gaitheat.modalities import Passes
from gaitheat.network_embeddings import NetworkEmbedder, input_names

Window = dict[str, NDArray[np.generic]]
"""What a network is given, by the names of its inputs."""

CALIBRATING, JUDGING = 24, 6
"""Windows that tell how large the numbers get, and other windows that judge each convolution."""
HARM = 0.05
"""By what share of its length a convolution in integers may move a strip, on average over the judges."""
PERCENTILE = 99.99
"""Numbers beyond are cut off: a single large one would leave few steps for all others."""


def quantised(network: Path, windows: Sequence[Window]) -> onnx.ModelProto:
    """The network with those convolutions in integers that can bear it, one scale a channel of the weights.

    Args:
        network: an ``.onnx`` file.
        windows: CALIBRATING and JUDGING of them or more, such as the network will see.

    Raises:
        GaitheatError: too few windows, or no convolution can bear it.
    """
    if len(windows) < CALIBRATING + JUDGING:
        raise GaitheatError(
            f"expected at least {CALIBRATING + JUDGING} windows to calibrate with, but got {len(windows)}: "
            "use a store with more clips"
        )
    with TemporaryDirectory(prefix="gaitheat-") as folder:
        plain, made = Path(folder) / "plain.onnx", Path(folder) / "integers.onnx"
        quant_pre_process(network, plain, skip_symbolic_shape=True)
        judges = windows[CALIBRATING : CALIBRATING + JUDGING]
        right = _answers(plain, judges)
        convolutions = [node.name for node in onnx.load(plain).graph.node if node.op_type == "Conv"]

        def harm(nodes: Sequence[str]) -> float:
            _quantise(plain, made, nodes, windows[:CALIBRATING])
            moved = np.linalg.norm(_answers(made, judges) - right, axis=-1)
            return float((moved / np.linalg.norm(right, axis=-1)).mean())

        robust = [name for name in convolutions if harm([name]) <= HARM]
        if not robust:
            raise GaitheatError(f"no convolution of the network moves a strip by less than {HARM:g} in int8")
        _quantise(plain, made, robust, windows[:CALIBRATING])
        return onnx.load(made)


def windows_of(embedder: NetworkEmbedder, clips: Sequence[Clip]) -> list[Window]:
    """What the network sees of each clip, one window after the other, by the names of its inputs."""
    seen: list[Window] = []

    def looking(passes: Passes) -> NDArray[np.float32]:
        named = dict(zip(input_names(embedder.reads), passes.taken(embedder.reads), strict=True))
        seen.extend({name: array[[row]] for name, array in named.items()} for row in range(len(passes.mask)))
        return np.ones((len(passes.mask), embedder.strips, embedder.dims), np.float32)

    for clip in clips:  # alone, so without padding
        replace(embedder, forward=looking).embed(clip)
    return seen


def _answers(network: Path, windows: Sequence[Window]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, window)[0] for window in windows])


def _quantise(network: Path, out: Path, nodes: Sequence[str], windows: Sequence[Window]) -> None:
    """Written to ``out``; the ranges that the windows tell are kept beside the network, for the next time."""
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its steps
        quantization.quantize_static(
            network,
            out,
            _Reader(windows),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_quantize=list(nodes),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
            calibration_cache_path=network.with_suffix(".ranges.json"),
        )


class _Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Windows, one after the other."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = iter(windows)

    def get_next(self) -> Window | None:
        """The next, None behind the last."""
        return next(self._windows, None)
