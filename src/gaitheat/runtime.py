"""Which library computes the embedded networks: OpenVINO where it is installed, LiteRT otherwise.

Neither is imported before a network is loaded.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from gaitheat.batches import BatchNetwork
from gaitheat.errors import GaitheatError

Runtime = Literal["openvino", "litert"]

_PACKAGES: dict[Runtime, str] = {"openvino": "openvino", "litert": "ai_edge_litert"}
"""What each is called when it is imported, best first."""


def installed_runtime() -> Runtime:
    """The best runtime of this environment; which one it is does not change a clip beyond rounding.

    Raises:
        GaitheatError: there is none.
    """
    for runtime, package in _PACKAGES.items():
        if find_spec(package):
            return runtime
    raise GaitheatError(
        "expected OpenVINO or LiteRT, got neither: pip install openvino (or 'gaitheat[litert]')"
    )


def load(
    path: Path,
    shape: tuple[int | None, ...],
    threads: int = 1,
    streams: int = 1,
    runtime: Runtime | None = None,
) -> BatchNetwork[Any]:
    """A network of one input, compiled for a fixed shape.

    Args:
        path: the file; LiteRT reads ``.tflite`` only.
        shape: the input's shape, batch first; None keeps a dimension that the file itself fixes.
        threads: CPU threads that work on one batch.
        streams: batches that are worked on at the same time.
        runtime: who computes; None: the best that is installed.

    Raises:
        GaitheatError: the runtime is missing, the file is no network of one input, or it does not take this
            shape.
    """
    if (runtime or installed_runtime()) == "openvino":
        from gaitheat.inference import Network

        return Network(path, shape, threads, streams)
    from gaitheat.litert import LiteNetwork

    return LiteNetwork(path, shape, threads, streams)
