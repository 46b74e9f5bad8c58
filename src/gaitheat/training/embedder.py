"""A network in PyTorch as an embedder of clips: while it is trained, and from its checkpoint."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gaitheat.modalities import SHAPES, Passes
from gaitheat.network_embeddings import Forward, NetworkEmbedder
from gaitheat.networks import network_called
from gaitheat.networks.types import Inputs
from gaitheat.recipes import Recipe
from gaitheat.training.checkpoints import load


def from_checkpoint(path: Path, device: torch.device | str = "cpu") -> NetworkEmbedder:
    """The embedder of a checkpoint, or of the one in a training's folder.

    Raises:
        GaitheatError: there is none, or it is damaged or of another version.
    """
    checkpoint = load(path)
    return embedder_of(checkpoint.network().to(device), checkpoint.recipe)


def embedder_of(network: nn.Module, recipe: Recipe) -> NetworkEmbedder:
    """The embedder of a network in evaluation mode; it sees clips as the recipe's training showed them."""
    forward, reads = forward_of(network), network_called(recipe.network.name).reads
    blank = {name: np.zeros((1, 1, *shape), np.float32) for name, shape in SHAPES.items()}
    _, strips, dims = forward(Passes(**blank, mask=np.ones((1, 1), np.bool_)).only(reads)).shape
    data = recipe.data
    weights = f"{recipe.network.name}/{_digest(network, recipe)}"
    return NetworkEmbedder(forward, weights, strips, dims, reads, data.alignment, data.variant, data.mirror)


def forward_of(network: nn.Module) -> Forward:
    """Arrays in, the embedding as an array out, computed where the network is.

    A network in training mode is refused: what it answers would depend on batch mates.
    """

    def forward(passes: Passes) -> NDArray[np.float32]:
        assert not network.training, "expected a network in evaluation mode"
        device = next(network.parameters()).device
        arrays = map(np.ascontiguousarray, passes)
        with torch.inference_mode():
            embedding: Tensor = network(Inputs(*(torch.from_numpy(a).to(device) for a in arrays))).embedding
        answer: NDArray[np.float32] = embedding.float().cpu().numpy()
        return answer

    return forward


def _digest(network: nn.Module, recipe: Recipe) -> str:
    """Of what decides what the network answers: its settings, and its weights by name."""
    digest = hashlib.sha256(json.dumps(recipe.network.settings(), sort_keys=True).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
