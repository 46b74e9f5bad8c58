"""What a video is to the rest of the house: a source of timed RGB frames that can be read more than once."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8


class Frame(NamedTuple):
    """One picture: its number in the source, from 0, its time in seconds, and RGB pixels."""

    number: int
    time: float
    rgb: UInt8[np.ndarray, "height width 3"]


@runtime_checkable
class FrameSource(Protocol):
    """A recording that yields the same frames, in time order, every time it is iterated."""

    @property
    def name(self) -> str:
        """What to call it in a message and in the store: a path, as a rule."""
        ...

    def sha256(self) -> str:
        """Hex digest of the content: the same recording has the same digest wherever it lies."""
        ...

    def length(self) -> int | None:
        """Number of frames that the container promises, or None when it does not say."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Frames in time order; memory does not grow with the length of the recording."""
        ...
