"""The command that makes a trained network independent of PyTorch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import clip_source
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.clips import Clip

CALIBRATING = 40
"""Clips to calibrate with, spread over the store."""


def export(
    checkpoint: Annotated[Path, Positional, arg(metavar="CHECKPOINT")],
    out: Annotated[Path, Positional, arg(metavar="OUT")],
    *,
    int8: Annotated[str | None, arg(metavar="STORE")] = None,
) -> None:
    """Write a trained network as a file that embeds clips without PyTorch, after checking it.

    Args:
        checkpoint: A checkpoint, or a training's folder.
        out: The file to write: .onnx, or OpenVINO's .xml with a .bin beside it.
        int8: Compute in integers of eight bits where that does little harm, calibrated on clips of the
            training's data set in this store.
    """
    from gaitheat.export import export as write
    from gaitheat.printing import say

    rows = [
        f"{each.ticks:>5}  {each.onnxruntime:>12.1e}  {each.openvino:>8.1e}  "
        f"{_number(each.bf16):>8}  {_number(each.int8):>8}"
        for each in write(checkpoint, out, _calibration(checkpoint, int8) if int8 else ())
    ]
    say(f"{out}: differs from PyTorch by at most (bf16, int8: by how much a strip of length 1 moves)")
    say("\n".join(["ticks  ONNX Runtime  OpenVINO      bf16      int8", *rows]))


def _number(moved: float | None) -> str:
    return "-" if moved is None else f"{moved:.1e}"


def _calibration(checkpoint: Path, store: str) -> "list[Clip]":
    """Clips of the data set that the network was trained on."""
    from gaitheat.training.checkpoints import load

    dataset, source = load(checkpoint).recipe.data.dataset, clip_source(store)
    keys = [info.key for info in source.infos() if info.key.dataset == dataset]
    if not keys:
        raise GaitheatError(f"expected clips of {dataset} to calibrate with, but {store} holds none")
    return source.read([(key, None) for key in keys[:: -(-len(keys) // CALIBRATING)]])
