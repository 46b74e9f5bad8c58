"""Networks that read pictures of a whole body: their published sizes, their parts, and that they learn.

What every network of NETWORKS promises is tested with the others.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.losses import batch_all, batch_hard, cross_entropy
from gaitheat.networks.counting import flops_per_frame, parameters
from gaitheat.networks.focal import FocalPair
from gaitheat.networks.gaitbase import GaitBase
from gaitheat.networks.gaitpart import GaitPart, templates
from gaitheat.networks.gaitset import PYRAMID, GaitSet
from gaitheat.networks.heads import TripletHead
from gaitheat.networks.skeletongait import (
    BODY_ROWS,
    COLUMNS,
    ROWS,
    SEEN,
    SIGMA,
    SkeletonGait,
    normalised,
    skeleton_maps,
)
from gaitheat.networks.types import Inputs
from gaitheat.skeleton import BONES, HIPS, JOINTS

MASK = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 0, 1, 1]], dtype=torch.bool)
STANDING = np.array(
    [
        *[(24, 4), (25, 3), (23, 3), (26, 4), (22, 4)],
        *[(29, 14), (19, 14), (31, 24), (17, 24), (32, 32), (16, 32)],
        *[(27, 33), (21, 33), (28, 46), (20, 46), (28, 60), (20, 60)],
    ],
    np.float32,
)
"""A person who faces the camera, in heatmap pixels."""
SUBJECTS = 4


def windows(silhouettes: Tensor, keypoints: Tensor) -> Inputs:
    shape = silhouettes.shape[:2]
    return Inputs(torch.empty(*shape, 0, 64, 48), keypoints, silhouettes, torch.ones(shape, dtype=torch.bool))


def people(labels: Tensor, frames: int, rng: np.random.Generator) -> Inputs:
    """Walkers who differ in how broad they are, from head to feet, and in how far their limbs swing."""
    traits = np.random.default_rng(7).uniform(-1, 1, (SUBJECTS, 2, 17, 2))[labels.numpy()]
    shape = (len(labels), frames)
    swing = np.sin(np.arange(frames) + rng.uniform(0, 7, (len(labels), 1)))[..., None]
    points = STANDING + 3 * traits[:, None, 0] + 3 * (swing[..., None] * traits[:, None, 1])
    points = points + rng.normal(0, 0.3, (*shape, 17, 2))
    keypoints = np.concatenate([points, np.ones((*shape, 17, 1))], 3)
    breadths = 7 + traits[:, None, 0, :16, 0] * 4 + swing * traits[:, None, 1, :16, 0] * 2
    breadths = np.repeat(breadths, 4, axis=2) + rng.normal(0, 0.5, (*shape, 64))
    silhouettes = np.abs(np.arange(44) - 21.5) < breadths[..., None]
    return windows(*(torch.from_numpy(part.astype(np.float32)) for part in (silhouettes, keypoints)))


@pytest.mark.parametrize(
    ("build", "published_parameters", "published_flops"),
    [(GaitSet, 2.59e6, 0.22e9), (GaitPart, 1.20e6, 0.21e9), (GaitBase, 7.31e6, 2.36e9)],
)
def test_published_sizes(
    build: Callable[[int], nn.Module], published_parameters: float, published_flops: float
) -> None:
    """GaitBase's parameters were published with the classifiers of the 74 people of CASIA-B."""
    assert parameters(build(74)) == pytest.approx(published_parameters, rel=0.005)
    assert flops_per_frame(build(0)) == pytest.approx(published_flops, rel=0.02)


def test_skeletongait_has_the_size_of_the_network_it_takes_over() -> None:
    """DeepGaitV2 in pseudo-3D, 11.1 million in the paper; heads are not counted there."""
    network = SkeletonGait(0, blocks=(1, 4, 4, 1))
    assert parameters(network) - parameters(network.head) == pytest.approx(11.1e6, rel=0.005)
    with pytest.raises(GaitheatError, match="four numbers of blocks"):
        SkeletonGait(0, blocks=(1, 4))


@pytest.mark.parametrize(
    ("build", "strips", "dims"), [(GaitSet, 62, 32), (GaitPart, 16, 16), (GaitBase, 16, 16)]
)
def test_strips_and_dims_follow_the_width(build: Callable[..., nn.Module], strips: int, dims: int) -> None:
    inputs = people(torch.arange(2), 3, np.random.default_rng(0))
    assert build(0, width=4)(inputs).embedding.shape == (2, strips, dims)
    assert build(0, width=4, dims=5)(inputs).embedding.shape == (2, strips, 5)


@pytest.mark.parametrize(
    ("build", "ordered"), [(GaitSet, False), (GaitPart, True), (GaitBase, False), (SkeletonGait, True)]
)
def test_frames_are_a_set_or_a_motion(build: Callable[..., nn.Module], ordered: bool) -> None:
    torch.manual_seed(0)
    network = build(0, width=4).eval()
    forth = people(torch.arange(1), 6, np.random.default_rng(0))
    shuffled = Inputs(*(part[:, [3, 0, 5, 2, 4, 1]] for part in forth))
    with torch.inference_mode():
        change = (network(forth).embedding - network(shuffled).embedding).abs().max()
    assert (change > 1e-3) == ordered


@pytest.mark.parametrize(
    "build",
    [GaitSet, GaitPart, *(pytest.param(slow, marks=pytest.mark.slow) for slow in (GaitBase, SkeletonGait))],
)
def test_learning(build: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    network, rng = build(SUBJECTS, width=4, dims=8).train(), np.random.default_rng(0)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    labels = torch.arange(SUBJECTS).repeat(2)
    losses = []
    for _ in range(40):
        (head,) = network(people(labels, 3, rng)).heads
        if head.logits.shape[2]:
            named = cross_entropy(head.logits, labels, smoothing=0.0, scale=16.0).loss
            loss = batch_hard(head.features, labels, 0.2).loss + named
        else:
            loss = batch_all(head.features, labels, 0.2).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_focal_convolutions_see_one_part_at_a_time() -> None:
    torch.manual_seed(0)
    pair, maps = FocalPair(3, 5, parts=4), torch.randn(2, 3, 8, 6)
    plain = FocalPair(3, 5)
    plain.load_state_dict(pair.state_dict())
    apart = torch.cat([plain(part) for part in maps.chunk(4, dim=2)], 2)
    assert torch.allclose(pair(maps), apart, atol=1e-6)
    convolved = maps
    for convolution in (plain.first, plain.second):
        convolved = functional.leaky_relu(functional.conv2d(convolved, convolution.weight, padding=1))
    assert torch.allclose(plain(maps), convolved, atol=1e-6)


def test_a_head_without_classes() -> None:
    torch.manual_seed(0)
    head, strips = TripletHead(3, 2, 4, 9), torch.randn(5, 3, 2)
    embedding, (answer,) = head(strips)
    for strip in range(2):
        features = strips[:, :, strip] @ head.projection[strip]
        assert torch.allclose(answer.features[:, strip], features, atol=1e-6)
        assert torch.allclose(embedding[:, strip], functional.normalize(features), atol=1e-6)
    assert answer.logits.shape == (5, 2, 0)
    head.learns = False
    assert head(strips).heads == ()


def test_the_pyramid_begins_with_the_whole_body_and_ends_with_its_rows() -> None:
    """An arm raised above the shoulders changes the strips it is in, and those above and below them."""
    torch.manual_seed(0)
    network = GaitSet(0, width=4).eval()
    before = people(torch.arange(1), 1, np.random.default_rng(0))
    after = before._replace(silhouettes=before.silhouettes.clone())
    after.silhouettes[:, :, 8:12, 38:] = 1
    with torch.inference_mode():
        change = (network(after).embedding - network(before).embedding).abs().amax((0, 2)) > 1e-6
    of_frames, of_set = (part.split(PYRAMID) for part in change.split(sum(PYRAMID)))
    for level in (of_frames, of_set):
        assert level[0].all()
        assert level[1].tolist()[0]
        assert not level[4][8:].any()


@pytest.mark.parametrize("window", [3, 5])
def test_templates_are_means_and_maxima_of_the_frames_around(window: int) -> None:
    torch.manual_seed(0)
    parts = torch.randn(10, 4, 1, 1)
    got = templates(parts, MASK, window)[:, :, 0, 0].unflatten(0, (2, 5))
    for clip, mask, answers in zip(parts[:, :, 0, 0].unflatten(0, (2, 5)), MASK, got, strict=True):
        for frame, answer in enumerate(answers):
            around = range(max(frame - window // 2, 0), min(frame + window // 2 + 1, 5))
            seen = clip[[other for other in around if mask[other]]]
            expected = seen.sum(0) / window + seen.amax(0) if mask[frame] else torch.zeros(4)
            assert torch.allclose(answer, expected, atol=1e-6)


def standing(scores: float = 1.0) -> Tensor:
    """One frame."""
    return torch.from_numpy(np.c_[STANDING, np.full(17, scores, np.float32)])[None]


def test_a_drawn_body_is_centred_and_of_one_height() -> None:
    (places,) = normalised(standing())
    assert places[list(HIPS), 0].mean() == pytest.approx((COLUMNS - 1) / 2)
    top, bottom = places[:, 1].amin(), places[:, 1].amax()
    assert bottom - top == pytest.approx(BODY_ROWS)
    assert (bottom + top) / 2 == pytest.approx((ROWS - 1) / 2)
    far = standing()
    far[..., :2] = far[..., :2] * 0.6 + torch.tensor([7.0, -3.0])
    assert torch.allclose(normalised(far)[0], places, atol=1e-4)


def test_a_joint_that_is_not_seen_does_not_measure_the_body() -> None:
    stray = standing()
    stray[0, 10] = torch.tensor([40.0, 90.0, SEEN - 0.01])
    others = [joint for joint in range(len(JOINTS)) if joint != 10]
    assert torch.equal(normalised(stray)[0, others], normalised(standing())[0, others])
    assert skeleton_maps(torch.zeros(2, 17, 3)).eq(0).all()
    assert skeleton_maps(torch.tensor([3.0, 5.0, 0.1]).expand(1, 17, 3)).isfinite().all()


def test_maps_are_ridges_along_joints_and_bones() -> None:
    keypoints = standing()
    keypoints[0, :, 2] = torch.linspace(0.3, 1, 17)
    joints, limbs = skeleton_maps(keypoints)[0].numpy()
    places, scores = normalised(keypoints)[0].numpy(), keypoints[0, :, 2].numpy()
    down, across = np.mgrid[:ROWS, :COLUMNS]

    def bell(points: np.ndarray) -> np.ndarray:
        squares = (across - points[:, 0, None, None]) ** 2 + (down - points[:, 1, None, None]) ** 2
        return np.exp(-squares.min(0) / (2 * SIGMA**2))

    right_joints = np.max([score * bell(place[None]) for place, score in zip(places, scores, strict=True)], 0)
    assert joints == pytest.approx(right_joints, abs=1e-5)
    along = np.linspace(0, 1, 400)[:, None]
    drawn = [min(scores[a], scores[b]) * bell((1 - along) * places[a] + along * places[b]) for a, b in BONES]
    assert limbs == pytest.approx(np.max(drawn, 0), abs=1e-3)


def test_every_joint_is_drawn() -> None:
    whole = skeleton_maps(standing())
    for joint in range(len(JOINTS)):
        faint = standing()
        faint[0, joint, 2] = SEEN + 0.01
        change = (skeleton_maps(faint) - whole).abs().amax((0, 2, 3))
        assert (change > 1e-2).all(), JOINTS[joint]
