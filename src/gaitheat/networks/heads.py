"""From the strips of a clip to its embedding: heads with a neck and classes, or for triplets alone."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaitheat.networks.types import Head, Output


class StripHead(nn.Module):
    """From the strips of a clip to its embedding, and to what the losses want.

    Every strip has its own projection and its own class weights. Between the two stands a batch
    normalisation, the neck (H. Luo et al., CVPR workshops 2019): triplets want the features
    before it, cosines what is after.

    Args:
        inputs: features of a strip.
        strips: horizontal strips of the body.
        dims: numbers a strip.
        subjects: classes of the cross entropy; 0 builds no classifier.
    """

    def __init__(self, inputs: int, strips: int, dims: int, subjects: int) -> None:
        super().__init__()
        self.projection = nn.Parameter(nn.init.xavier_uniform_(torch.empty(strips, inputs, dims)))
        self.neck = nn.BatchNorm1d(strips * dims)
        self.classes = (
            nn.Parameter(nn.init.xavier_uniform_(torch.empty(strips, dims, subjects))) if subjects else None
        )

    def forward(
        self, strips: Float[Tensor, "clips inputs strips"]
    ) -> tuple[Float[Tensor, "clips strips dims"], Head | None]:
        """Embedding of unit length a strip; features and cosines to the classes, if there are any."""
        features = torch.einsum("ncs,scd->nsd", strips, self.projection).float()
        embedding = functional.normalize(self.neck(features.flatten(1)).view_as(features), dim=2)
        if self.classes is None:
            return embedding, None
        # Cosines in half precision are too coarse for a scaled softmax.
        with torch.autocast(embedding.device.type, enabled=False):
            logits = torch.einsum("nsd,sdk->nsk", embedding, functional.normalize(self.classes, dim=1))
        return embedding, Head(features, logits)


class TripletHead(nn.Module):
    """From the strips of a clip to its embedding, for methods that learn from triplets alone.

    Every strip has its own projection; there is neither a neck nor a classifier.

    Args:
        inputs: features of a strip.
        strips: horizontal strips of the body.
        dims: numbers a strip.
        subjects: 0: nobody to learn from.
    """

    def __init__(self, inputs: int, strips: int, dims: int, subjects: int) -> None:
        super().__init__()
        self.projection = nn.Parameter(nn.init.xavier_uniform_(torch.empty(strips, inputs, dims)))
        self.learns = subjects > 0

    def forward(self, strips: Float[Tensor, "clips inputs strips"]) -> Output:
        """Embedding of unit length a strip; one head, of features and logits of 0 subjects."""
        features = torch.einsum("ncs,scd->nsd", strips, self.projection).float()
        heads = (Head(features, features[..., :0]),) if self.learns else ()
        return Output(functional.normalize(features, dim=2), heads)
