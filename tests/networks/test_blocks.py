"""The blocks against slow obvious versions."""

import pytest
import torch
from torch import nn

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.networks.attention import PoseGuidedAttention, keypoint_fields
from gaitheat.networks.blocks import (
    ChannelFusion,
    SpaceTimeBlock,
    TemporalConvolution,
    averaged,
    by_clip,
    pooled_over_time,
    strips_of,
)
from gaitheat.networks.heads import StripHead

MASK = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=torch.bool)


@pytest.fixture
def frames() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(10, 4, 6, 3).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_temporal_convolution_is_a_three_dimensional_one(frames: torch.Tensor, groups: int) -> None:
    block = TemporalConvolution(4, 8, 3, groups)
    mixed = by_clip(block(frames, MASK), MASK)
    for clip, length, answer in zip(by_clip(frames, MASK), (3, 5), mixed, strict=True):
        volume = clip[:length].permute(1, 0, 2, 3)
        weights = block.convolution.weight[..., None]
        expected = nn.functional.conv3d(volume, weights, padding=(1, 0, 0), groups=groups)
        assert torch.allclose(answer[:length], expected.permute(1, 0, 2, 3), atol=1e-5)


def test_blocks_keep_channels_last_in_memory(frames: torch.Tensor) -> None:
    changed = SpaceTimeBlock(4, 8, 2, 3, groups=2)(frames, MASK)
    assert changed.shape == (10, 8, 3, 2)
    assert changed.is_contiguous(memory_format=torch.channels_last)


def test_pooling_over_time_sees_no_masked_frame(frames: torch.Tensor) -> None:
    largest = pooled_over_time(frames, MASK, "max")
    moments = pooled_over_time(frames, MASK, "moments")
    for row, length in enumerate((3, 5)):
        clip = by_clip(frames, MASK)[row, :length]
        assert torch.equal(largest[row], clip.amax(0))
        assert torch.allclose(moments[row, :4], clip.mean(0), atol=1e-6)
        assert torch.allclose(moments[row, 4:], clip.std(0, correction=0), atol=1e-3)


def test_moments_of_one_frame_have_a_gradient(frames: torch.Tensor) -> None:
    frames.requires_grad_()
    pooled_over_time(frames, torch.ones(10, 1, dtype=torch.bool), "moments").sum().backward()
    assert frames.grad is not None
    assert frames.grad.isfinite().all()


def test_strips(frames: torch.Tensor) -> None:
    strips = strips_of(frames, 3)
    for strip in range(3):
        rows = frames[:, :, 2 * strip : 2 * strip + 2].flatten(2)
        assert torch.allclose(strips[:, :, strip], rows.mean(2) + rows.amax(2), atol=1e-6)


def test_strips_with_columns_say_where_something_is(frames: torch.Tensor) -> None:
    strips = strips_of(frames, 3, columns=3)
    for strip in range(3):
        beside = frames[:, :, 2 * strip : 2 * strip + 2].mean(2)
        assert torch.allclose(strips[:, :, strip], beside.flatten(1), atol=1e-6)


def test_a_head_projects_each_strip_by_itself(frames: torch.Tensor) -> None:
    head = StripHead(4, 3, 5, 7).eval()
    strips = strips_of(frames, 3)
    embedding, answer = head(strips)
    assert answer is not None
    for strip, vectors in enumerate(strips.unbind(2)):
        features = vectors @ head.projection[strip]
        assert torch.allclose(answer.features[:, strip], features, atol=1e-5)
        # A new neck in evaluation only divides by the root of 1 + epsilon.
        unit = nn.functional.normalize(features, dim=1)
        assert torch.allclose(embedding[:, strip], unit, atol=1e-5)
        assert head.classes is not None
        classes = nn.functional.normalize(head.classes[strip], dim=0)
        assert torch.allclose(answer.logits[:, strip], unit @ classes, atol=1e-5)


def test_fusion_weighs_the_branches_between_them(frames: torch.Tensor) -> None:
    fusion, other = ChannelFusion(4), torch.randn_like(frames)
    weights = fusion.weights([frames, other], MASK)
    assert torch.allclose(weights.sum(0), torch.ones(2, 4))
    fused = by_clip(fusion([frames, other], MASK), MASK)
    expected = (
        by_clip(frames, MASK)[1, 2] * weights[0, 1, :, None, None]
        + by_clip(other, MASK)[1, 2] * weights[1, 1, :, None, None]
    )
    assert torch.allclose(fused[1, 2], expected, atol=1e-6)


def test_averages_are_those_of_average_pooling(frames: torch.Tensor) -> None:
    assert torch.allclose(averaged(frames, 3), nn.functional.avg_pool2d(frames, 3), atol=1e-6)
    assert averaged(frames, 1) is frames


def test_the_field_of_a_keypoint_peaks_in_its_cell() -> None:
    keypoints = torch.zeros(1, 17, 3)
    keypoints[0, 3] = torch.tensor([4 * 5 + 1.5, 4 * 9 + 1.5, 0.7])
    field = keypoint_fields(keypoints)[0, 3]
    assert field.argmax() == 9 * 12 + 5
    assert field.max() == pytest.approx(0.7)


def test_keypoints_far_outside_leave_an_empty_field() -> None:
    keypoints = torch.full((1, 17, 3), 1000.0)
    assert not keypoint_fields(keypoints).any()


def test_without_a_residual_the_mask_alone_counts() -> None:
    attention = PoseGuidedAttention(residual=False)
    maps, keypoints = torch.rand(2, 17, MAP_HEIGHT, MAP_WIDTH), torch.rand(2, 17, 3)
    attention.mask[2].bias.data.fill_(-50)
    assert attention(maps, keypoints).max() < 1e-6
