"""Who is in the two halves of the demo video, as several tests take it."""

from typing import NamedTuple

from gaitheat.clips import Clip, Refusal
from gaitheat.motion import Motion
from gaitheat.video.people import motion_of


class Halves(NamedTuple):
    """Everybody in the first and in the second half of the demo video."""

    first: list[Clip | Refusal]
    second: list[Clip | Refusal]

    def _clips(self) -> list[tuple[Clip, Motion]]:
        return [(item, motion_of(item)) for half in self for item in half if isinstance(item, Clip)]

    @property
    def walker(self) -> Clip:
        """The walking woman, first half."""
        return next(clip for clip, motion in self._clips() if motion.walking)

    @property
    def walker_again(self) -> Clip:
        """The walking woman, second half."""
        return [clip for clip, motion in self._clips() if motion.walking][-1]

    @property
    def stander(self) -> Clip:
        """The man who stands in the first half."""
        return next(clip for clip, motion in self._clips() if not motion.walking)
