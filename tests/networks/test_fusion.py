"""Heatmaps, silhouettes and keypoints in one network: each of them counts, and none has to be there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from gaitheat.heatmaps.draw import gaussians
from gaitheat.inference import OpenNetwork
from gaitheat.modalities import SHAPES, Modality
from gaitheat.networks.counting import flops_per_frame
from gaitheat.networks.gaitheat import GaitHeat
from gaitheat.networks.gaitheat_fusion import GaitHeatFusion
from gaitheat.networks.types import Inputs

SUBJECTS = 3


def windows(clips: int, frames: int, seed: int = 0) -> Inputs:
    """Joints that wander, drawn as maps, beside blocks that stand for bodies."""
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(0.05, 0.95, (clips * frames, 17, 3)).astype(np.float32)
    keypoints[..., :2] *= (48, 64)
    maps = torch.from_numpy(gaussians(keypoints, 3.0)).float() / 255
    blocks = torch.from_numpy(rng.random((clips * frames, 1, 16, 11), np.float32))
    silhouettes = nn.functional.interpolate(blocks, scale_factor=4)[:, 0]
    shape = (clips, frames)
    return Inputs(
        heatmaps=maps.unflatten(0, shape),
        keypoints=torch.from_numpy(keypoints).unflatten(0, shape),
        silhouettes=silhouettes.unflatten(0, shape),
        mask=torch.ones(shape, dtype=torch.bool),
    )


def thin(subjects: int = 0) -> GaitHeatFusion:
    """In evaluation mode, with the batch statistics of some windows."""
    torch.manual_seed(0)
    network = GaitHeatFusion(subjects, widths=(8, 16, 24), dims=8)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(windows(4, 3, seed=1))
    return network.eval()


@torch.inference_mode()
def embedded(network: nn.Module, inputs: Inputs) -> Tensor:
    embedding: Tensor = network(inputs).embedding
    return embedding


@pytest.mark.parametrize("modality", SHAPES)
def test_it_reads_each_modality_and_lives_without_it(modality: Modality) -> None:
    network, inputs = thin(), windows(2, 4)
    without = inputs._replace(**{modality: torch.zeros_like(getattr(inputs, modality))})
    before, after = embedded(network, inputs), embedded(network, without)
    assert after.isfinite().all()
    assert (before - after).abs().max() > 1e-3


def test_its_gradients_are_finite_without_silhouettes() -> None:
    network, inputs = thin(SUBJECTS).train(), windows(4, 3)
    silhouettes = torch.zeros_like(inputs.silhouettes)
    heads = network(inputs._replace(silhouettes=silhouettes)).heads
    sum(head.features.square().sum() + head.logits.square().sum() for head in heads).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_every_branch_has_a_head_and_every_parameter_a_gradient() -> None:
    network = thin(SUBJECTS).train()
    heads = network(windows(2, 3)).heads
    assert len(heads) == 4
    assert {head.logits.shape for head in heads} == {(2, 8, SUBJECTS)}
    target = torch.randn_like(heads[0].logits)
    sum(head.features.square().sum() + (head.logits * target).sum() for head in heads).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, f"no gradient for {name}"
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any(), f"gradient of {name} is 0"


def test_neither_padding_nor_what_is_in_it_changes_an_embedding() -> None:
    network, whole = thin(), windows(2, 9)
    short = Inputs(*(part[:1, :6] for part in whole))
    padded = Inputs(*(part.clone() for part in whole))
    padded.mask[0, 6:] = False
    for part in padded[:3]:
        part[0, 6:] = torch.nan
    assert torch.allclose(embedded(network, padded)[0], embedded(network, short)[0], atol=2e-5)


def test_the_silhouette_counts_along_the_whole_body() -> None:
    network, inputs = thin(), windows(1, 3)
    before = embedded(network, inputs)
    for strip in range(8):
        silhouettes = inputs.silhouettes.clone()
        silhouettes[:, :, 8 * strip : 8 * strip + 8] = 0
        changed = (embedded(network, inputs._replace(silhouettes=silhouettes)) - before).abs().amax(2)
        assert changed[0, strip] > 1e-3


def test_it_costs_at_most_twice_what_gaitheat_does() -> None:
    assert flops_per_frame(GaitHeatFusion(0)) <= 2 * flops_per_frame(GaitHeat(0))


class Plain(nn.Module):
    """Tensors in and out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *tensors: Tensor) -> Tensor:
        embedding: Tensor = self.network(Inputs(*tensors)).embedding
        return embedding


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_exported_it_answers_the_same(tmp_path: Path) -> None:
    network, sizes = Plain(thin()).eval(), {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}
    torch.onnx.export(
        network,
        tuple(windows(3, 5)),
        tmp_path / "fusion.onnx",
        dynamic_shapes=((sizes,) * 4,),
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    exported = OpenNetwork(tmp_path / "fusion.onnx")
    for clips, frames in ((1, 1), (2, 7), (1, 30)):
        inputs = windows(clips, frames, seed=frames)
        inputs.mask[:, frames // 2 + 1 :] = False
        (answer,) = exported(*(part.numpy() for part in inputs))
        with torch.inference_mode():
            expected = network(*inputs)
        np.testing.assert_allclose(answer, expected.numpy(), atol=2e-5)
