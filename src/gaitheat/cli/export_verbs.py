"""The command that makes a trained network independent of PyTorch."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def export(
    checkpoint: Annotated[Path, Positional, arg(metavar="CHECKPOINT")],
    out: Annotated[Path, Positional, arg(metavar="OUT.onnx")],
) -> None:
    """Write a trained network as one ONNX file that embeds clips without PyTorch, after checking it.

    Args:
        checkpoint: A checkpoint, or a training's folder.
        out: The file to write.
    """
    from gaitheat.export import export as write
    from gaitheat.printing import say

    parity = write(checkpoint, out)
    say(
        f"{out}: differs from PyTorch by at most {parity.onnxruntime:.1e} in ONNX Runtime and "
        f"{parity.openvino:.1e} in OpenVINO; bfloat16 would move a strip by {parity.bf16:.1e}"
    )
