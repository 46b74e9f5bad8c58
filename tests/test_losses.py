"""The losses against slow loops in plain Python, their gradients, and what several processes make of them."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.losses import (
    MINERS,
    Mining,
    batch_all,
    batch_hard,
    contrastive,
    cross_entropy,
    gathered,
    objective,
)
from gaitheat.networks.types import Head

SETTINGS = {
    "margin": 0.2,
    "triplet_weight": 1.0,
    "cross_entropy_weight": 0.5,
    "smoothing": 0.1,
    "scale": 16.0,
}
LABELS = {
    "balanced": [0, 0, 1, 1, 2, 2],
    "uneven": [3, 0, 3, 3, 1, 0, 7],
    "one alone": [0, 0, 0, 5],
    "two": [0, 0, 1],
}


def random(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def distance(one: list[float], other: list[float]) -> float:
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))


def slow_hard(features: Tensor, labels: list[int], margin: float) -> tuple[float, float]:
    hinges = []
    for strip in features.transpose(0, 1).tolist():
        for i, anchor in enumerate(labels):
            others = [j for j in range(len(labels)) if j != i]
            positives = [distance(strip[i], strip[j]) for j in others if labels[j] == anchor]
            negatives = [distance(strip[i], strip[j]) for j in others if labels[j] != anchor]
            if positives and negatives:
                hinges.append(max(0.0, max(positives) - min(negatives) + margin))
    return sum(hinges) / len(hinges), sum(hinge > 0 for hinge in hinges) / len(hinges)


def slow_all(features: Tensor, labels: list[int], margin: float) -> tuple[float, float]:
    means, active, every = [], 0, 0
    places = range(len(labels))
    for strip in features.transpose(0, 1).tolist():
        hinges = [
            max(0.0, distance(strip[a], strip[p]) - distance(strip[a], strip[n]) + margin)
            for a in places
            for p in places
            for n in places
            if a != p and labels[a] == labels[p] and labels[a] != labels[n]
        ]
        positive = [hinge for hinge in hinges if hinge > 0]
        means.append(sum(positive) / len(positive) if positive else 0.0)
        active, every = active + len(positive), every + len(hinges)
    return sum(means) / len(means), active / every


def slow_contrastive(features: Tensor, labels: list[int], temperature: float) -> float:
    losses = []
    places = range(len(labels))
    for strip in functional.normalize(features, dim=2).transpose(0, 1).tolist():
        cosines = [[sum(a * b for a, b in zip(one, two, strict=True)) for two in strip] for one in strip]
        for i in places:
            positives = [p for p in places if p != i and labels[p] == labels[i]]
            everybody = sum(math.exp(cosines[i][a] / temperature) for a in places if a != i)
            terms = [math.log(math.exp(cosines[i][p] / temperature) / everybody) for p in positives]
            if positives:
                losses.append(-sum(terms) / len(positives))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize(("strips", "dims"), [(1, 2), (3, 5)])
@pytest.mark.parametrize("temperature", [0.02, 1.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
def test_contrasts_equal_slow_loops(
    labels: list[int], strips: int, dims: int, temperature: float, dtype: torch.dtype, tolerance: float
) -> None:
    features = random(len(labels), strips, dims, dtype=dtype)
    expected = slow_contrastive(features.double(), labels, temperature)
    found = contrastive(features, torch.tensor(labels), temperature)
    assert found.dtype == dtype
    assert found.item() == pytest.approx(expected, abs=tolerance)
    # Cosines know no lengths.
    assert contrastive(7 * features, torch.tensor(labels), temperature).item() == pytest.approx(
        expected, abs=tolerance
    )


def test_gradients_of_contrasts_are_right() -> None:
    labels = torch.tensor([0, 0, 1, 1, 2])
    features = random(5, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: contrastive(given, labels, 0.5), features)


@pytest.mark.parametrize("labels", [[0, 1, 2], [0]], ids=["no positive", "one clip"])
def test_a_batch_without_positives_contrasts_nothing(labels: list[int]) -> None:
    features = random(len(labels), 2, 3).requires_grad_()
    loss = contrastive(features, torch.tensor(labels), 0.1)
    loss.backward()
    assert loss == 0
    assert (features.grad == 0).all()


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize(("strips", "dims"), [(1, 1), (3, 5)])
@pytest.mark.parametrize("margin", [0.0, 0.2, 3.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("mining", ["hard", "all"])
def test_triplets_equal_slow_loops(
    labels: list[int],
    strips: int,
    dims: int,
    margin: float,
    dtype: torch.dtype,
    tolerance: float,
    mining: Mining,
) -> None:
    features = random(len(labels), strips, dims, dtype=dtype)
    slow = {"hard": slow_hard, "all": slow_all}[mining]
    expected, share = slow(features.double(), labels, margin)
    loss, active = MINERS[mining](features, torch.tensor(labels), margin)
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(expected, abs=tolerance)
    assert active.item() == pytest.approx(share)


def test_batch_hard_takes_the_farthest_positive_and_the_nearest_negative() -> None:
    # On a line: subject 0 at 0, 1 and 3, subject 1 at 5 and 5.
    features = torch.tensor([0.0, 1.0, 3.0, 5.0, 5.0]).reshape(5, 1, 1)
    terms = batch_hard(features, torch.tensor([0, 0, 0, 1, 1]), margin=1.0)
    # Hinges: 3-5+1, 2-4+1, 3-2+1, 0-2+1, 0-2+1.
    assert terms.loss.item() == pytest.approx(2 / 5)
    assert terms.active.item() == pytest.approx(1 / 5)


@pytest.mark.parametrize("loss", [batch_hard, batch_all])
def test_gradients_are_right_and_none_is_nan_where_features_are_equal(loss) -> None:
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    features = random(6, 2, 3)
    features[1] = features[0]  # equal positives
    features.requires_grad_()
    assert torch.autograd.gradcheck(lambda given: loss(given, labels, 0.4).loss, features)
    collapsed = torch.ones(6, 2, 3, requires_grad=True)  # equal negatives too
    terms = loss(collapsed, labels, 0.2)
    terms.loss.backward()
    assert terms.loss.item() == pytest.approx(0.2)
    assert terms.active == 1
    assert (collapsed.grad == 0).all()


@pytest.mark.parametrize("loss", [batch_hard, batch_all])
@pytest.mark.parametrize(
    "labels", [[4, 4, 4], [0, 1, 2], [0]], ids=["no negative", "no positive", "one clip"]
)
def test_a_batch_without_triplets_teaches_nothing(loss, labels: list[int]) -> None:
    features = random(len(labels), 2, 3).requires_grad_()
    terms = loss(features, torch.tensor(labels), 0.2)
    assert terms == (0, 0)
    terms.loss.backward()
    assert (features.grad == 0).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("scale", [1.0, 16.0])
def test_cross_entropy_equals_a_loop_over_strips(smoothing: float, scale: float) -> None:
    logits, labels = random(7, 3, 5), torch.tensor([0, 4, 2, 2, 1, 0, 3])
    found = cross_entropy(logits, labels, smoothing, scale)
    strips = [
        functional.cross_entropy(scale * logits[:, strip], labels, label_smoothing=smoothing)
        for strip in range(3)
    ]
    right = [logits[clip, strip].argmax() == labels[clip] for clip in range(7) for strip in range(3)]
    assert found.loss.item() == pytest.approx(sum(strips).item() / 3, abs=1e-12)
    assert found.accuracy.item() == pytest.approx(sum(right).item() / 21)
    assert torch.autograd.gradcheck(
        lambda given: cross_entropy(given, labels, smoothing, scale).loss, logits.requires_grad_()
    )


def heads_of(clips: int, strips: tuple[int, ...] = (4, 2, 1)) -> list[Head]:
    return [
        Head(random(clips, count, 6, seed=count), random(clips, count, 3, seed=9 + count)) for count in strips
    ]


@pytest.mark.parametrize("mining", ["hard", "all"])
def test_objective_is_the_mean_of_the_branches(mining: Mining) -> None:
    labels, heads = torch.tensor([0, 0, 1, 1, 2, 2]), heads_of(6)
    found = objective(heads, labels, mining=mining, **SETTINGS, contrastive_weight=2.0, temperature=0.3)
    sums = [0.0] * 6
    for head in heads:
        triplets = MINERS[mining](head.features, labels, 0.2)
        classified = cross_entropy(head.logits, labels, 0.1, 16.0)
        contrast = contrastive(head.features, labels, 0.3)
        total = triplets.loss + 0.5 * classified.loss + 2 * contrast
        parts = (total, triplets.loss, classified.loss, contrast, triplets.active, classified.accuracy)
        sums = [value + part.item() for value, part in zip(sums, parts, strict=True)]
    assert [term.item() for term in found] == pytest.approx([value / len(heads) for value in sums])


def test_one_branch_and_three_equal_ones_have_the_same_loss() -> None:
    labels, (head,) = torch.tensor([0, 0, 1, 1, 2, 2]), heads_of(6, (4,))
    one, three = (objective([head] * count, labels, mining="hard", **SETTINGS) for count in (1, 3))
    assert one.total.item() == pytest.approx(three.total.item())


def test_a_method_without_a_classifier_learns_from_its_features_alone() -> None:
    labels, (head,) = torch.tensor([0, 0, 1, 1, 2, 2]), heads_of(6, (4,))
    bare = head._replace(logits=head.logits[..., :0])
    silent = {**SETTINGS, "cross_entropy_weight": 0.0}
    found = objective([bare], labels, mining="hard", **silent)
    assert found.total == batch_hard(head.features, labels, 0.2).loss
    assert (found.cross_entropy, found.contrastive, found.accuracy) == (0, 0, 0)
    alone = objective(
        [bare], labels, mining="hard", **{**silent, "triplet_weight": 0.0}, contrastive_weight=1.0
    )
    assert alone.total == contrastive(head.features, labels, 0.1)
    with pytest.raises(GaitheatError, match=r"cross-entropy-weight: expected 0, .* but got 0\.5"):
        objective([bare], labels, mining="hard", **SETTINGS)


def test_only_the_total_carries_a_gradient() -> None:
    heads = [Head(*(tensor.requires_grad_() for tensor in head)) for head in heads_of(6)]
    terms = objective(heads, torch.tensor([0, 0, 1, 1, 2, 2]), mining="hard", **SETTINGS)
    assert [term.requires_grad for term in terms] == [True, *[False] * 5]
    terms.total.backward()
    assert all(tensor.grad.any() for head in heads for tensor in head)


def test_half_precision_and_autocast_change_nothing_but_the_rounding_of_the_inputs() -> None:
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    halves = [Head(*(tensor.bfloat16() for tensor in head)) for head in heads_of(6)]
    singles = [Head(*(tensor.float() for tensor in head)) for head in halves]
    expected = objective(singles, labels, mining="hard", **SETTINGS)
    with torch.autocast("cpu", torch.bfloat16):
        found = objective(halves, labels, mining="hard", **SETTINGS)
    assert found.total.dtype == torch.float32
    assert found == expected


@pytest.mark.parametrize("mining", ["hard", "all"])
@pytest.mark.parametrize("world", [2, 3])
def test_gathered_processes_and_a_single_one_have_equal_gradients(mining: Mining, world: int) -> None:
    clips, labels = random(6, 2, 5), torch.tensor([0, 1, 1, 2, 2, 0])  # positives lie in other processes
    weights = [random(5, 4, seed=1), random(4, 3, seed=2)]

    def gradients(rank: int, world: int) -> list[Tensor]:
        own = [weight.clone().requires_grad_() for weight in weights]

        def head(clips: Tensor) -> Head:
            return Head(features := clips @ own[0], features @ own[1])

        def all_gather(place: int) -> Tensor:
            return torch.stack([head(part)[place].detach() for part in clips.chunk(world)])

        local = head(clips.chunk(world)[rank])
        whole = Head(
            *(gathered(tensor, rank, lambda _, i=i: all_gather(i)) for i, tensor in enumerate(local))
        )
        terms = objective([whole], labels, mining=mining, **SETTINGS, contrastive_weight=1.0)
        (world * terms.total).backward()
        return [weight.grad for weight in own]

    ranks = [gradients(rank, world) for rank in range(world)]
    for several, one in zip(zip(*ranks, strict=True), gradients(0, 1), strict=True):
        torch.testing.assert_close(sum(several) / world, one, rtol=1e-10, atol=1e-12)


def test_labels_are_gathered_as_they_are() -> None:
    parts = torch.tensor([[0, 1], [2, 3]])
    assert gathered(parts[1], 1, lambda _: parts).tolist() == [0, 1, 2, 3]
