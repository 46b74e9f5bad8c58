"""What a network attends to, as arrays."""

import numpy as np
import pytest
import torch

from gaitheat.errors import GaitheatError
from gaitheat.networks import network_called
from gaitheat.networks.looking import attention_of
from gaitheat.networks.types import Inputs

THIN = {"widths": (8, 8), "blocks": (1,), "strips": 2, "dims": 4}


def frames(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    keypoints = (rng.random((count, 17, 3)) * (48, 64, 1)).astype(np.float32)
    return rng.random((count, 17, 64, 48), np.float32), keypoints


def test_masks_are_those_of_the_network_frame_by_frame() -> None:
    torch.manual_seed(0)
    network = network_called("gaitheat-s").build(0, **THIN).eval()
    maps, keypoints = frames(3)
    masks, kept = attention_of(network, maps, keypoints)
    assert masks.shape == maps.shape
    assert kept == pytest.approx(np.full(17, 0.5))
    first = (torch.from_numpy(array[None, 1:2]) for array in (maps, keypoints))
    single = Inputs(*first, torch.empty(1, 1, 0, 44), torch.ones(1, 1).bool())
    with torch.no_grad():
        assert masks[1] == pytest.approx(network.masks(single)[0, 0].numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "settings"), [("gaitheat-s", {**THIN, "attention": False}), ("coordinates", {})]
)
def test_a_network_without_attention_has_none(name: str, settings: dict[str, object]) -> None:
    with pytest.raises(GaitheatError, match="a network with attention"):
        attention_of(network_called(name).build(0, **settings), *frames(1))
