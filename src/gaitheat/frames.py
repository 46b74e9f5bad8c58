"""What a video is to the rest of the house: a source of timed RGB frames that can be read more than once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True)
class Frame:
    """One picture: its number in the source, from 0, and its time in seconds; pixels on demand."""

    number: int
    time: float
    convert: Callable[[], UInt8[np.ndarray, "height width 3"]]
    """Makes the pixels: half the cost of reading a frame, which is saved where nobody looks."""

    @cached_property
    def rgb(self) -> UInt8[np.ndarray, "height width 3"]:
        """The pixels."""
        return self.convert()


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

    @property
    def problem(self) -> str | None:
        """What the last complete iteration missed, with the number of frames; None if nothing."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Frames in time order; memory does not grow with the length of the recording."""
        ...
