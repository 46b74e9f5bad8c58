"""The networks that come with the package: trained on walkers only, and run without PyTorch.

Each is a folder of the package's data: ``network.onnx`` (what runs), ``network.safetensors`` (the same
weights, to train on from), ``results.json`` (what was measured), ``card.md`` (what it is fit for), and
``strangers.npz`` (embeddings of walkers who are in no training and no test, to count false alarms with).
"""

from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path

from gaitheat.embeddings import EMBEDDERS, Embedder
from gaitheat.errors import GaitheatError
from gaitheat.gallery.strangers import Strangers
from gaitheat.network_embeddings import SUFFIXES, NetworkEmbedder, from_export

PRETRAINED: tuple[str, ...] = ("gaitheat-s", "gaitheat_fusion")
"""Names, the default first: it is faster, and needs no silhouettes; the other knows people better."""


def from_pretrained(name: str = PRETRAINED[0], threads: int = 1) -> NetworkEmbedder:
    """The embedder of a network that comes with the package.

    Args:
        name: one of PRETRAINED.
        threads: CPU threads that work on one batch.

    Raises:
        GaitheatError: no network of that name comes with the package.
    """
    if name not in PRETRAINED:
        raise GaitheatError(f"no network is called {name!r}: expected one of {', '.join(PRETRAINED)}")
    with _file(name, "network.onnx") as path:
        return from_export(path, threads)


def strangers_of(name: str) -> Strangers | None:
    """Walkers who are strangers to everybody, as that network embeds them; None where none come along.

    Args:
        name: of any embedding.
    """
    if name not in PRETRAINED:
        return None
    with _file(name, "strangers.npz") as path:
        return Strangers.load(path) if path.is_file() else None


def embedder_called(name: str, threads: int = 1) -> Embedder:
    """The embedder that a user names.

    Args:
        name: one of PRETRAINED, a training-free one of EMBEDDERS, or the path of an exported network.
        threads: CPU threads that a network has for one batch.

    Raises:
        GaitheatError: there is no such embedding, or no exported network at that path.
    """
    if name in PRETRAINED:
        return from_pretrained(name, threads)
    if name in EMBEDDERS:
        return EMBEDDERS[name]
    if Path(name).suffix in SUFFIXES:
        return from_export(Path(name), threads)
    names = ", ".join((*PRETRAINED, *EMBEDDERS))
    raise GaitheatError(
        f"no embedding is called {name!r}: expected one of {names}, or a file that gaitheat export wrote"
    )


def _file(name: str, file: str) -> AbstractContextManager[Path]:
    """That file of a network, on the disk."""
    return resources.as_file(resources.files("gaitheat") / "data" / name / file)
