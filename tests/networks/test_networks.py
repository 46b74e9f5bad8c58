"""Every network of NETWORKS keeps the same promises; then what only some of them promise."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians
from gaitheat.modalities import SHAPES
from gaitheat.networks import NETWORKS, network_called
from gaitheat.networks.counting import flops_per_frame, parameters
from gaitheat.networks.gaitheat import GaitHeat
from gaitheat.networks.types import Inputs
from gaitheat.skeleton import JOINTS


class Case(NamedTuple):
    """What is asked of a network."""

    small: dict[str, Any]
    """Settings that make it thin: nothing asked here depends on the widths."""
    most_gflop: float
    """A frame may cost, as it is."""
    ordered: bool = True
    """Whether the order of frames counts."""


CASES = {
    "gaitheat-s": Case({"widths": (8, 16, 24), "dims": 8}, 0.09),
    "gaitheat-b": Case({"widths": (4, 8, 12, 16), "dims": 8}, 0.6),
    "gaitheat-l": Case({"widths": (4, 8, 12, 16), "blocks": (1, 1, 1), "dims": 8}, 2.5),
    "gaitheat_release": Case({"width": 4}, 10, ordered=False),
    "gaitheat_fusion": Case({"widths": (8, 16, 24), "dims": 8}, 0.2),
    "coordinates": Case({"width": 16, "dims": 32}, 0.01),
    "gaitgraph2": Case({"width": 16, "dims": 16}, 0.03),
    "gaittr": Case({"width": 32, "dims": 16}, 0.03),
    "gpgait": Case({"width": 8}, 0.1),
    "skeletongait": Case({"width": 4}, 6),
    "gaitset": Case({"width": 4}, 0.3, ordered=False),
    "gaitpart": Case({"width": 8}, 0.3),
    "gaitbase": Case({"width": 4}, 2.5, ordered=False),
}
TEMPORAL = ("gaitheat-s", "gaitheat-b", "gaitheat-l", "coordinates")
"""Networks that can be told to take frames as a set."""
HEATMAP_NETWORKS = [name for name, entry in NETWORKS.items() if "heatmaps" in entry.reads]
SUBJECTS = 5


def thin(name: str, subjects: int = 0, **changed: Any) -> nn.Module:
    """In evaluation mode, with the batch statistics of some windows."""
    torch.manual_seed(0)
    network = network_called(name).build(subjects, **{**CASES[name].small, **changed})
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(windows(4, 3, seed=1, name=name))
    return network.eval()


def windows(
    clips: int, frames: int, seed: int = 0, size: tuple[int, int] = (64, 48), name: str = ""
) -> Inputs:
    """People whose joints wander: Gaussians at random places, of random heights, and blocks for bodies.

    What the network of that name does not read is empty.
    """
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(0.05, 0.95, (clips * frames, len(JOINTS), 3)).astype(np.float32)
    keypoints[..., :2] *= (48, 64)
    maps = torch.from_numpy(gaussians(keypoints, 3.0)).float() / 255
    if size != (64, 48):
        maps = nn.functional.interpolate(maps, size, mode="bilinear")
    blocks = torch.from_numpy(rng.random((clips * frames, 1, 16, 11), np.float32))
    shape = (clips, frames)
    inputs = Inputs(
        maps.unflatten(0, shape),
        torch.from_numpy(keypoints).unflatten(0, shape),
        nn.functional.interpolate(blocks, scale_factor=4)[:, 0].unflatten(0, shape),
        torch.ones(shape, dtype=torch.bool),
    )
    reads = NETWORKS[name].reads if name else SHAPES
    return inputs._replace(**{part: getattr(inputs, part)[:, :, :0] for part in SHAPES if part not in reads})


@torch.inference_mode()
def embedded(network: nn.Module, inputs: Inputs) -> Tensor:
    return network(inputs).embedding


def close(one: Tensor, other: Tensor, tolerance: float = 2e-5) -> bool:
    return bool((one - other).abs().max() < tolerance)


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_lengths_and_gradients(name: str) -> None:
    network = thin(name, SUBJECTS).train()
    output = network(windows(4, 3, name=name))
    clips, strips, dims = output.embedding.shape
    assert clips == 4
    assert torch.allclose(output.embedding.norm(dim=2), torch.ones(4, strips), atol=1e-5)
    assert {head.features.shape for head in output.heads} == {(4, strips, dims)}
    (shape,) = {head.logits.shape for head in output.heads}
    assert shape in ((4, strips, SUBJECTS), (4, strips, 0))
    assert all((head.logits.abs() <= 1 + 1e-5).all() for head in output.heads)
    for head in output.heads:
        wanted = ((part * torch.randn_like(part)).sum() for part in head)
        sum(wanted).backward(retain_graph=True)
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, f"no gradient for {parameter_name}"
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any(), f"gradient of {parameter_name} is 0"


@pytest.mark.parametrize("name", NETWORKS)
def test_it_looks_at_all_that_it_says_it_reads_and_at_nothing_else(name: str) -> None:
    network, whole = thin(name), windows(2, 4)
    before = embedded(network, windows(2, 4, name=name))
    assert torch.equal(embedded(network, whole), before)
    for part in NETWORKS[name].reads:
        other = whole._replace(**{part: getattr(windows(2, 4, seed=2), part)})
        assert not close(embedded(network, other), before, 1e-3), part


@pytest.mark.parametrize("name", NETWORKS)
def test_without_subjects_there_are_no_heads_but_the_same_embedding(name: str) -> None:
    trained, bare = thin(name, SUBJECTS), thin(name)
    weights = trained.state_dict()
    bare.load_state_dict({key: weights[key] for key in bare.state_dict()})
    assert bare(windows(1, 2, name=name)).heads == ()
    assert torch.equal(*(embedded(network, windows(1, 2, name=name)) for network in (bare, trained)))


@pytest.mark.parametrize("name", NETWORKS)
def test_cost(name: str) -> None:
    assert flops_per_frame(network_called(name).build(0)) < CASES[name].most_gflop * 1e9


@pytest.mark.parametrize("name", NETWORKS)
def test_neither_batch_mates_nor_padding_change_an_embedding(name: str) -> None:
    network = thin(name)
    people = windows(4, 60, name=name)
    alone: dict[tuple[int, int], Tensor] = {}

    @settings(max_examples=5, deadline=None, derandomize=True)
    @given(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from((1, 2, 7, 16))), min_size=1, max_size=3),
        st.integers(0, 4),
        st.floats(-9, 9),
    )
    def check(clips: list[tuple[int, int]], padding: int, garbage: float) -> None:
        longest = max(length for _, length in clips) + padding
        batch = Inputs(*(part[[person for person, _ in clips], :longest].clone() for part in people))
        for row, (person, length) in enumerate(clips):
            batch.mask[row, length:] = False
            batch.heatmaps[row, length:] *= garbage
            batch.keypoints[row, length:] -= 50 * garbage
            batch.silhouettes[row, length:] *= garbage
            if (person, length) not in alone:
                cut = Inputs(*(part[person : person + 1, :length] for part in people))
                alone[person, length] = embedded(network, cut)[0]
        for row, clip in enumerate(clips):
            assert close(embedded(network, batch)[row], alone[clip])

    check()
    assert embedded(network, Inputs(*(part[:1] for part in people))).isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_not_even_nan_leaves_a_masked_frame(name: str) -> None:
    network, inputs = thin(name), windows(2, 4, name=name)
    inputs.mask[0, 1] = inputs.mask[1, 3] = False
    before = embedded(network, inputs)
    for part in (inputs.heatmaps, inputs.keypoints, inputs.silhouettes):
        part[~inputs.mask] = torch.nan
    assert torch.equal(embedded(network, inputs), before)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"widths": (8, 16), "blocks": (1, 1)}, "one of blocks fewer"),
        ({"widths": (8, 16), "blocks": (0,)}, "of 1 or more"),
        ({"widths": (8, 18), "blocks": (1,)}, "in multiples of 4"),
    ],
)
def test_sizes_that_fit_no_network_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(GaitheatError, match=complaint):
        network_called("gaitheat-s").build(0, **settings)
    assert network_called("gaitheat-s").build(0, widths=(8, 18), blocks=(1,), parts=False)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, {}) for name in HEATMAP_NETWORKS),
        *(
            (f"gaitheat-{size}", {"attention": False, "pooling": pooling})
            for size in "sbl"
            for pooling in ("max", "moments")
        ),
    ],
)
def test_every_joint_counts(name: str, changed: dict[str, Any]) -> None:
    network = thin(name, **changed)
    whole = windows(1, 3)
    before = embedded(network, whole)
    for joint in range(len(JOINTS)):
        heatmaps = whole.heatmaps.clone()
        heatmaps[:, :, joint] = 0
        assert not close(before, embedded(network, whole._replace(heatmaps=heatmaps)), 1e-4), JOINTS[joint]


def test_every_joint_counts_in_the_local_branch_and_for_its_own_part_alone() -> None:
    network = thin("gaitheat-s", attention=False)
    seen: dict[int, Tensor] = {}
    network.parts.register_forward_hook(lambda _, __, output: seen.update({len(seen): output}))
    whole = windows(1, 3)
    embedded(network, whole)
    for joint in (0, 4, 5, 12, 7, 10, 13, 16):
        heatmaps = whole.heatmaps.clone()
        heatmaps[:, :, joint] = 0
        seen.pop(1, None)
        embedded(network, whole._replace(heatmaps=heatmaps))
        changed = (seen[1] - seen[0]).abs().amax((0, 2, 3)).reshape(4, -1).amax(1) > 1e-4
        part = (0,) * 5 + (1, 1) + (2,) * 4 + (1, 1) + (3,) * 4
        assert changed.tolist() == [part[joint] == other for other in range(4)]


@pytest.mark.parametrize("name", NETWORKS)
def test_bfloat16_agrees(name: str) -> None:
    network, inputs = thin(name), windows(2, 4, name=name)
    with torch.autocast("cpu", torch.bfloat16):
        half = embedded(network, inputs)
    cosines = (half.float() * embedded(network, inputs)).sum(2)
    # The median: random weights make noise of strips that show nothing.
    assert cosines.median() > 0.995


@pytest.mark.parametrize("name", HEATMAP_NETWORKS)
def test_other_sizes_of_maps(name: str) -> None:
    network = thin(name)
    assert embedded(network, windows(1, 2, size=(128, 96))).isfinite().all()


@pytest.mark.parametrize(("name", "changed"), [("gaitheat-s", {"columns": 0}), ("gaitheat_release", {})])
def test_maps_too_low_for_the_strips(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(GaitheatError, match="strips cannot be cut"):
        thin(name, **changed)(windows(1, 2, size=(24, 16)))


def test_maps_that_cannot_be_averaged() -> None:
    with pytest.raises(GaitheatError, match="63 x 48 cells cannot be averaged"):
        thin("gaitheat-s")(windows(1, 1, size=(63, 48)))


@pytest.mark.parametrize("name", NETWORKS)
def test_order_counts_only_where_it_should(name: str) -> None:
    walk = windows(1, 6, name=name)
    other = Inputs(*(part[:, [3, 0, 4, 1, 5, 2]] for part in walk))
    network = thin(name)
    assert close(embedded(network, walk), embedded(network, other), 1e-3) != CASES[name].ordered
    if name in TEMPORAL:
        unordered = thin(name, temporal="unordered")
        assert close(embedded(unordered, walk), embedded(unordered, other))


def test_the_release_has_its_published_size() -> None:
    trained, bare = (network_called("gaitheat_release").build(subjects) for subjects in (74, 0))
    assert parameters(trained) == pytest.approx(16.9e6, rel=0.02)
    assert parameters(bare) == pytest.approx(11.8e6, rel=0.02)
    assert flops_per_frame(bare) == pytest.approx(9.83e9, rel=0.02)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_1x1_convolution_has_a_stride(name: str) -> None:
    """With few channels, oneDNN 3 on AVX-512 would write past its memory in the backward pass."""
    for module in thin(name).modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1):
            assert module.stride == (1, 1)


def test_masks() -> None:
    inputs = windows(2, 3)
    masks = thin("gaitheat-s").masks(inputs)
    assert masks.shape == inputs.heatmaps.shape
    assert masks.min() >= 0
    assert masks.max() <= 1
    assert masks.std() > 0
    assert (thin("gaitheat-s", attention=False).masks(inputs) == 1).all()


def test_a_residual_that_keeps_everything_is_no_attention() -> None:
    inputs = windows(1, 2)
    attentive = thin("gaitheat-s")
    assert torch.allclose(attentive.attention.kept(), torch.full((17,), 0.5))
    attentive.attention.share.data.fill_(50)
    plain = thin("gaitheat-s", attention=False)
    weights = attentive.state_dict()
    plain.load_state_dict({key: weights[key] for key in plain.state_dict()})
    assert close(embedded(attentive, inputs), embedded(plain, inputs))


def test_switches() -> None:
    inputs = windows(2, 2)
    choices = itertools.product(
        (True, False), (True, False), ("attention", "add", "none"), ("max", "moments")
    )
    for residual, parts, fusion, pooling in choices:
        network = GaitHeat(
            SUBJECTS, widths=(4, 8, 8), dims=4, residual=residual, parts=parts, fusion=fusion, pooling=pooling
        )
        output = network(inputs)
        assert len(output.heads) == (3 if parts and fusion != "none" else 1)
        assert (network.attention.kept() > 0).all() == residual


def test_an_unknown_network() -> None:
    with pytest.raises(GaitheatError, match="no network is called 'gaitheat-x': expected one of gaitheat-s"):
        network_called("gaitheat-x")
