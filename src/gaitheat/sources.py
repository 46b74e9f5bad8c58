"""Where clips are read from: the one Protocol between the stores and everything that looks at clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from gaitheat.clips import Clip, ClipKey, Estimator, Refusal


@dataclass(frozen=True, slots=True, eq=False)
class ClipInfo:
    """All of a clip but its frames: enough to choose clips and to cut windows without reading any."""

    key: ClipKey
    source: str
    sha256: str
    estimator: Estimator
    times: Float64[np.ndarray, " frames"]
    refused: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.times)


Request = tuple[ClipKey, NDArray[np.int64] | None]
"""A clip and the frames wanted of it (indices in increasing order, none twice); None wants them all."""


@runtime_checkable
class ClipSource(Protocol):
    """Where training and evaluation read clips from, wherever they lie."""

    def infos(self) -> list[ClipInfo]:
        """Every whole clip, sorted by key."""
        ...

    def refusals(self) -> list[Refusal]:
        """What gave no clip, and why, sorted by key."""
        ...

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """The clips asked for, in that order, read together; only the frames asked for are read.

        Raises:
            GaitheatError: a key that is not there, or a frame that is damaged.
        """
        ...
