"""Neural networks on the CPU: the one place that imports OpenVINO, and keeps it silent and exact.

OpenVINO's converter reports every import to its maker and writes an identifier into the home folder. A
package of its own makes that report; an entry of None in ``sys.modules`` makes its import fail, and OpenVINO
uses the silent stand-in that it brings along. Spawned workers import this file, so they are silent as well.

Compiling takes up to 3 s, loading a compiled network 0.2 s, so compiled networks are cached here. OpenVINO's
own cache takes a damaged file for a good one and computes nonsense; this one carries a checksum.
"""

import contextlib
import hashlib
import sys
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gaitheat.assets import cache_dir, put
from gaitheat.batches import BatchNetwork
from gaitheat.errors import GaitheatError

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # before the first import of openvino

try:
    import openvino as ov
    from openvino import properties
except ImportError as error:
    raise GaitheatError("this needs OpenVINO, which is missing: pip install openvino") from error

Precision = Literal["f32", "bf16"]
"""Of the numbers that are computed with."""

_KINDS = "an .onnx, .tflite, TensorFlow .pb or OpenVINO .xml file"


class Network(BatchNetwork[ov.InferRequest]):
    """A network of one input, compiled for a fixed shape, computing in float32 whatever the CPU offers.

    Fastest are batches of one (the pose estimator on one core: 17 ms an item, 20 in batches of four), and
    where many items wait ``streams`` rather than ``threads`` (two cores: 9 ms against 10-12); ``threads``
    shorten the wait for a single item, as in a live video. The outputs are the same bit for bit.

    Args:
        path: an ``.onnx``, ``.tflite``, TensorFlow ``.pb`` or OpenVINO ``.xml`` file.
        shape: the input's shape, batch first; None keeps a dimension that the file itself fixes.
        threads: CPU threads that work on one batch.
        streams: batches that are worked on at the same time.

    Raises:
        GaitheatError: the file is no network of one input, or does not take this shape.
    """

    def __init__(self, path: Path, shape: tuple[int | None, ...], threads: int = 1, streams: int = 1) -> None:
        compiled = _compiled(path, shape, threads, streams)
        names = [sorted(output.get_names()) for output in compiled.outputs]
        requests = [compiled.create_infer_request() for _ in range(streams)]
        given = compiled.input(0)
        super().__init__(path, tuple(given.shape), np.dtype(given.element_type.to_dtype()), names, requests)

    def _infer(self, request: ov.InferRequest, batch: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        return tuple(request.infer([batch], share_inputs=True).values())


class OpenNetwork:
    """A network of several inputs whose sizes it leaves open, such as batch and time.

    Args:
        path: an ``.onnx`` or OpenVINO ``.xml`` file.
        threads: CPU threads that work on one call.
        precision: bfloat16 is faster where the CPU computes with it, and gives other numbers.

    Attributes:
        metadata: what the file says about itself.

    Raises:
        GaitheatError: the file is no network, or this CPU does not compute in that precision.
    """

    def __init__(self, path: Path, threads: int = 1, precision: Precision = "f32") -> None:
        if precision not in precisions():
            raise GaitheatError(
                f"this CPU computes in {' and '.join(precisions())}, but not in {precision}: use f32"
            )
        self.path = path
        model = _read(ov.Core(), path)
        said = model.get_rt_info("framework").astype(dict) if model.has_rt_info("framework") else {}
        self.metadata = {key: str(value.value) for key, value in said.items()}
        self._compiled = _compiled(path, None, threads, 1, precision)

    def __call__(self, *inputs: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        """The outputs in the file's order; may be called from several threads.

        Raises:
            GaitheatError: other inputs than the file's (OpenVINO itself would convert types unasked).
        """
        ports = self._compiled.inputs
        if len(ports) != len(inputs) or not all(map(_takes, ports, inputs)):
            taken = ", ".join(f"{port.element_type.to_dtype()} {port.partial_shape}" for port in ports)
            got = ", ".join(f"{array.dtype} {list(array.shape)}" for array in inputs)
            raise GaitheatError(f"{self.path.name} takes {taken}, but got {got}")
        return tuple(self._compiled.create_infer_request().infer(list(inputs)).values())


def _takes(port: ov.ConstOutput, array: NDArray[np.generic]) -> bool:
    same_type = np.dtype(port.element_type.to_dtype()) == array.dtype
    return same_type and bool(port.partial_shape.compatible(ov.PartialShape(list(array.shape))))


def precisions() -> tuple[Precision, ...]:
    """What this CPU computes in without emulation, the exact one first."""
    able: list[str] = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("f32", "bf16") if "BF16" in able else ("f32",)


def write_openvino(network: Path, out: Path) -> None:
    """Write a network as OpenVINO's ``.xml`` with a ``.bin`` beside it, its weights in float32 as they are.

    Raises:
        GaitheatError: the file is no network.
    """
    ov.save_model(_read(ov.Core(), network), out, compress_to_fp16=False)


def network_files(path: Path) -> list[Path]:
    """The file of a network, and those beside it that hold its weights, if it does not hold them itself."""
    beside = {".xml": (f"{path.stem}.bin",), ".onnx": (f"{path.name}.data", f"{path.name}_data")}
    named = [path.with_name(name) for name in beside.get(path.suffix.lower(), ())]
    return [path, *(file for file in named if file.is_file())]


def _compiled(
    path: Path,
    shape: tuple[int | None, ...] | None,
    threads: int,
    streams: int,
    wanted: Precision = "f32",
) -> ov.CompiledModel:
    """The compiled network from the cache, or compiled now and put there; without a shape as the file is."""
    if not path.is_file():
        raise GaitheatError(f"no network at {path}: expected {_KINDS}")
    core = ov.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": wanted,
        "INFERENCE_NUM_THREADS": threads * streams,
        "NUM_STREAMS": streams,
        "ENABLE_CPU_PINNING": False,  # pinned threads of several worker processes would share one core
    }
    decides = (shape, settings, ov.get_version(), core.get_property("CPU", "FULL_DEVICE_NAME"))
    content = b"".join(file.read_bytes() for file in network_files(path))
    key = hashlib.sha256(content + repr(decides).encode()).hexdigest()
    cached = cache_dir() / "compiled" / f"{path.stem}-{key[:16]}"
    blob = _get_checked(cached)
    if blob is None:
        model = _read(core, path) if shape is None else _model(core, path, shape)
        blob = core.compile_model(model, "CPU", settings).export_model().getvalue()
        with contextlib.suppress(OSError):  # an unwritable cache makes the next start slower, no more
            put(cached, hashlib.sha256(blob).digest() + blob)
    compiled = core.import_model(blob, "CPU", settings)
    precision = compiled.get_property(properties.hint.inference_precision)
    assert precision == getattr(ov.Type, wanted), f"{path} would compute in {precision}, not in {wanted}"
    return compiled


def _get_checked(cached: Path) -> bytes | None:
    """What was put behind its checksum, or None if it is not there or damaged."""
    try:
        content = cached.read_bytes()
    except OSError:
        return None
    digest, blob = content[:32], content[32:]
    return blob if hashlib.sha256(blob).digest() == digest else None


def _read(core: ov.Core, path: Path) -> ov.Model:
    if not path.is_file():
        raise GaitheatError(f"no network at {path}: expected {_KINDS}")
    try:
        return core.read_model(path)
    except RuntimeError as error:
        raise GaitheatError(f"cannot read {path} as a network: expected {_KINDS}") from error


def _model(core: ov.Core, path: Path, shape: tuple[int | None, ...]) -> ov.Model:
    """The network of a file with its input fixed to ``shape``."""
    model = _read(core, path)
    if len(model.inputs) != 1:
        raise GaitheatError(f"{path.name} has {len(model.inputs)} inputs, expected a network of one input")
    own = model.input(0).partial_shape
    if len(own) != len(shape):
        raise GaitheatError(f"{path.name} takes the shape {own}, but got {list(shape)}")
    wanted = [own[axis] if size is None else ov.Dimension(size) for axis, size in enumerate(shape)]
    if any(size.is_dynamic for size in wanted):
        raise GaitheatError(
            f"{path.name} takes the shape {own}, but got {list(shape)}: say what it leaves open"
        )
    try:
        model.reshape(ov.PartialShape(wanted))
    except RuntimeError as error:
        raise GaitheatError(f"{path.name} takes the shape {own}, it cannot take {list(shape)}") from error
    return model
