"""Neural networks on the CPU under LiteRT, where OpenVINO is not installed: the one place that imports it.

LiteRT is a tenth of OpenVINO's size and as fast, but reads .tflite files only. Both agree to rounding.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitheat.batches import BatchNetwork
from gaitheat.errors import GaitheatError

# On Windows LiteRT imports OpenVINO where it finds one; see `gaitheat.inference` for what that would tell.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError as error:
    raise GaitheatError("this needs LiteRT, which is missing: pip install 'gaitheat[litert]'") from error

PRECISION_KEY, UNKNOWN_KEY = b"reduced_precision_support", b"reduced_precision_ignored"
"""Under this key a file permits half precision, which LiteRT may then use on a CPU that has it."""


class LiteNetwork(BatchNetwork[Interpreter]):
    """A ``.tflite`` network of one input, for a fixed shape, computing in float32 whatever the CPU offers.

    Args:
        path: the ``.tflite`` file.
        shape: the input's shape, batch first; None keeps a dimension that the file itself fixes.
        threads: CPU threads that work on one batch.
        streams: batches that are worked on at the same time.

    Raises:
        GaitheatError: the file is no network of one input, or does not take this shape.
    """

    def __init__(self, path: Path, shape: tuple[int | None, ...], threads: int = 1, streams: int = 1) -> None:
        if not path.is_file():
            raise GaitheatError(f"no network at {path}: expected a .tflite file")
        content = path.read_bytes().replace(PRECISION_KEY, UNKNOWN_KEY)
        interpreters = [_interpreter(path, content, shape, threads) for _ in range(streams)]
        taken, given = interpreters[0].get_input_details()[0], interpreters[0].get_output_details()
        self._input, self._outputs = taken["index"], [output["index"] for output in given]
        size = tuple(int(size) for size in taken["shape"])
        names = [[output["name"]] for output in given]
        super().__init__(path, size, np.dtype(taken["dtype"]), names, interpreters)

    def _infer(self, request: Interpreter, batch: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        request.set_tensor(self._input, batch)
        request.invoke()
        return tuple(request.get_tensor(index) for index in self._outputs)


def _interpreter(path: Path, content: bytes, shape: tuple[int | None, ...], threads: int) -> Interpreter:
    """The network of a file's content, ready for inputs of one shape."""
    try:
        interpreter = Interpreter(model_content=content, num_threads=threads)
    except ValueError as error:
        raise GaitheatError(f"cannot read {path} as a network: expected a .tflite file") from error
    inputs = interpreter.get_input_details()
    if len(inputs) != 1:
        raise GaitheatError(f"{path.name} has {len(inputs)} inputs, expected a network of one input")
    own = inputs[0]["shape_signature"].tolist()
    wanted = [kept if size is None else size for kept, size in zip(own, shape, strict=False)]
    if len(own) != len(shape) or -1 in wanted:
        raise GaitheatError(
            f"{path.name} takes the shape {own}, but got {list(shape)}: say what it leaves open (-1)"
        )
    try:
        with _silent():
            interpreter.resize_tensor_input(inputs[0]["index"], wanted)
            interpreter.allocate_tensors()
        # A network made for one batch may fold a larger one into its other dimensions.
        fits = all(output["shape"][0] == wanted[0] for output in interpreter.get_output_details())
    except (ValueError, RuntimeError):
        fits = False
    if not fits:
        raise GaitheatError(f"{path.name} takes the shape {own}, it cannot take {list(shape)}")
    return interpreter


@contextmanager
def _silent() -> Iterator[None]:
    """LiteRT tells the error stream of every process how it computes, and has no switch for that."""
    try:
        kept = os.dup(2)
    except OSError:  # a program without an error stream
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
