"""What a video is to the rest of the house: a source of timed RGB frames that can be read more than once.

A ``Recording`` says which one, and what its clips are called; it opens as a ``FrameSource``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from gaitheat.clips import Clip, ClipKey, Refusal


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


@runtime_checkable
class TrueSource(FrameSource, Protocol):
    """A source that knows what it shows, because it was drawn."""

    def with_truth(self, item: Clip | Refusal) -> tuple[Clip | Refusal, Clip | Refusal]:
        """What was extracted from this source, and what a perfect estimator would have said there.

        A clip of somebody else becomes a refusal, as if people had labelled the recordings. The truth has
        another dataset in its key, and names another estimator. It may be asked for at any time, even in the
        middle of an iteration.
        """
        ...


@runtime_checkable
class Recording(Protocol):
    """What to extract, wherever it comes from. It is small and pickles: other processes open it."""

    @property
    def key(self) -> ClipKey:
        """What its clips are called, but for the track."""
        ...

    @property
    def name(self) -> str:
        """What to call it in a message."""
        ...

    @property
    def span(self) -> str:
        """Which part of the content is meant, such as a range of frames; empty for all of it."""
        ...

    @property
    def alone(self) -> bool:
        """Whether one person is meant, the one seen most: nobody else may get a clip with their name."""
        ...

    def open(self) -> FrameSource:
        """The frames; none of them is read yet.

        Raises:
            GaitheatError: there are none.
        """
        ...
