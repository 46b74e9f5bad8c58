"""The losses: triplets, contrasts and cross entropy on every strip; their weighted sum over the branches.

Pure functions. They compute in float32 at least, whatever precision the network ran in. With several
processes each calls them on the whole batch, which `gathered` puts together.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor
from torch.nn import functional

from gaitheat.errors import GaitheatError
from gaitheat.networks.types import Head

Mining = Literal["hard", "all"]
"""Which triplets count: each anchor's hardest one, or all that are not yet far enough apart."""


class Triplets(NamedTuple):
    """A triplet loss and the share of its triplets, 0..1, that still teach something (hinge above 0)."""

    loss: Float[Tensor, ""]
    active: Float[Tensor, ""]


class Classified(NamedTuple):
    """A cross entropy and the share of strips, 0..1, whose highest logit is that of the right subject."""

    loss: Float[Tensor, ""]
    accuracy: Float[Tensor, ""]


class LossTerms(NamedTuple):
    """What to descend on, `total`, and what it is made of: means over the branches, for the journal only.

    Cross entropy and accuracy are 0 without a classifier, and so is a contrastive loss without weight.
    """

    total: Float[Tensor, ""]
    triplet: Float[Tensor, ""]
    cross_entropy: Float[Tensor, ""]
    contrastive: Float[Tensor, ""]
    active: Float[Tensor, ""]
    accuracy: Float[Tensor, ""]


def batch_hard(
    features: Float[Tensor, "clips strips dims"], labels: Int64[Tensor, " clips"], margin: float
) -> Triplets:
    """Every anchor against the farthest clip of its subject and the nearest of another (Hermans et al. 2017).

    Strips are mined one by one, by Euclidean distance. The loss is the mean of
    ``max(0, farthest - nearest + margin)`` over strips and anchors. Anchors to which the batch holds no
    positive, or no negative, do not count; where none counts, loss and gradient are 0.
    """
    positive, negative = _relations(labels)
    anchors = (positive.any(1) & negative.any(1)).nonzero()[:, 0]
    distances = _distances(features)[:, anchors]
    farthest = distances.masked_fill(~positive[anchors], -torch.inf).amax(-1)
    nearest = distances.masked_fill(~negative[anchors], torch.inf).amin(-1)
    hinge = functional.relu(farthest - nearest + margin)
    count = max(hinge.numel(), 1)
    return Triplets(hinge.sum() / count, (hinge.detach() > 0).sum() / count)


def batch_all(
    features: Float[Tensor, "clips strips dims"], labels: Int64[Tensor, " clips"], margin: float
) -> Triplets:
    """Every triplet of the batch; per strip the mean over those with a hinge above 0, then over strips.

    A strip without such a triplet counts as 0. Memory: strips x clips x clips x positives of an anchor.
    """
    positive, negative = _relations(labels)
    anchors, positives = positive.nonzero(as_tuple=True)
    distances = _distances(features)
    differences = distances[:, anchors, positives, None] - distances[:, anchors]
    hinge = functional.relu(differences + margin) * negative[anchors]
    active = (hinge.detach() > 0).sum((1, 2))
    per_strip = hinge.sum((1, 2)) / active.clamp(min=1)
    triplets = negative[anchors].sum().clamp(min=1) * len(active)
    return Triplets(per_strip.mean(), active.sum() / triplets)


def contrastive(
    features: Float[Tensor, "clips strips dims"], labels: Int64[Tensor, " clips"], temperature: float
) -> Float[Tensor, ""]:
    """The supervised contrastive loss (P. Khosla et al., NeurIPS 2020, equation 2), the mean over strips.

    Of each anchor, the mean over its positives of their cross entropy: how likely the positive is, by a
    softmax of cosines over all other clips. Anchors without a positive do not count; where there are only
    such, loss and gradient are 0.

    Args:
        features: of any length; cosines are taken.
        labels: of the clips.
        temperature: what cosines are divided by before the softmax, above 0.
    """
    positive, _ = _relations(labels)
    strips = functional.normalize(_precise(features), dim=2).transpose(0, 1)
    with torch.autocast(features.device.type, enabled=False):
        cosines = strips @ strips.transpose(1, 2) / temperature
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    surprises = cosines.masked_fill(itself, -torch.inf).logsumexp(2, keepdim=True) - cosines
    positives = positive.sum(1)
    of_anchors = surprises.masked_fill(~positive, 0).sum(2) / positives.clamp(min=1)
    return of_anchors.sum() / max(len(strips) * int(positives.count_nonzero()), 1)


def cross_entropy(
    logits: Float[Tensor, "clips strips subjects"],
    labels: Int64[Tensor, " clips"],
    smoothing: float,
    scale: float,
) -> Classified:
    """Cross entropy of ``scale * logits``, the mean over clips and strips.

    Args:
        logits: [clips, strips, subjects].
        labels: [clips], each subject's place among the logits.
        smoothing: the share, 0..1, of every target that is spread over all subjects evenly.
        scale: what logits are multiplied by; for cosines, the inverse of a temperature.
    """
    targets = labels[:, None].expand(logits.shape[:2]).flatten()
    scaled = scale * _precise(logits).flatten(0, 1)
    loss = functional.cross_entropy(scaled, targets, label_smoothing=smoothing)
    return Classified(loss, (scaled.detach().argmax(-1) == targets).to(scaled.dtype).mean())


MINERS: dict[Mining, Callable[[Tensor, Tensor, float], Triplets]] = {"hard": batch_hard, "all": batch_all}
"""The triplet losses by name."""


def objective(
    heads: Sequence[Head],
    labels: Int64[Tensor, " clips"],
    *,
    mining: Mining,
    margin: float,
    triplet_weight: float,
    cross_entropy_weight: float,
    smoothing: float,
    scale: float,
    contrastive_weight: float = 0.0,
    temperature: float = 0.1,
) -> LossTerms:
    """Each branch's weighted sum of the losses, averaged over the branches.

    Averaged, not added up: a network of one branch and one of three then learn at the same rate, and their
    losses can be compared.

    Raises:
        GaitheatError: the cross entropy has a weight, but the network has no classifier (0 subjects).
    """
    assert heads, "a network that was not built to learn has no loss"
    rows = []
    for head in heads:
        pulled = MINERS[mining](head.features, labels, margin)
        named = _classified(head, labels, cross_entropy_weight, smoothing, scale)
        nothing = torch.zeros_like(pulled.loss)
        contrast = contrastive(head.features, labels, temperature) if contrastive_weight else nothing
        rows.append(torch.stack([pulled.loss, named.loss, contrast, pulled.active, named.accuracy]))
    mean = torch.stack(rows).mean(0)
    total = triplet_weight * mean[0] + cross_entropy_weight * mean[1] + contrastive_weight * mean[2]
    return LossTerms(total, *mean.detach())


def _classified(head: Head, labels: Tensor, weight: float, smoothing: float, scale: float) -> Classified:
    """The cross entropy if there is a classifier, even without weight: its gradient must not be missing."""
    if head.logits.shape[2]:
        return cross_entropy(head.logits, labels, smoothing, scale)
    if weight:
        raise GaitheatError(
            f"loss.cross-entropy-weight: expected 0, for this network has no classifier, but got {weight}"
        )
    nothing = _precise(head.logits).sum()
    return Classified(nothing, nothing)


def gathered(
    local: Shaped[Tensor, "clips ..."], rank: int, all_gather: Callable[[Tensor], Tensor]
) -> Shaped[Tensor, "all_clips ..."]:
    """The whole batch of all processes, in which the own part keeps its gradient.

    Distributed data parallel *averages* the gradients of the processes, and each process only knows its own
    part of the gradient: it must descend on ``world * objective(gathered heads, gathered labels).total``.
    Then N processes and one get equal gradients, if batch norms are synchronised too.

    Args:
        local: [clips, ...] features, logits or labels of this process, equally many in each.
        rank: the number of this process.
        all_gather: makes [world, clips, ...] of the tensors of all processes; needs no gradient.
    """
    parts = list(all_gather(local.detach()))
    parts[rank] = local
    return torch.cat(parts)


def _relations(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which pairs of clips [clips, clips] are two of one subject, and which of two subjects."""
    same = labels[:, None] == labels
    return same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device), ~same


def _distances(features: Tensor) -> Tensor:
    """Euclidean distances [strips, clips, clips]; where two features are equal, 0 with gradient 0."""
    strips = _precise(features).transpose(0, 1).contiguous()
    # By differences: through a matrix product, equal features would be 0.0003 of their length apart.
    return torch.cdist(strips, strips, compute_mode="donot_use_mm_for_euclid_dist")


def _precise(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
