"""Clips that are held in memory, to be packed: what the tools make that write data of the package."""

from collections.abc import Sequence
from dataclasses import dataclass

from gaitheat.clips import Clip, Refusal
from gaitheat.sources import ClipInfo, Request


@dataclass(frozen=True)
class HeldClips:
    """A ``ClipSource`` of whole clips."""

    clips: Sequence[Clip]

    def infos(self) -> list[ClipInfo]:
        """All of them."""
        return [ClipInfo(c.key, c.source, c.sha256, c.estimator, c.times, {}) for c in self.clips]

    def refusals(self) -> list[Refusal]:
        """None."""
        return []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """Whole clips."""
        by_key = {clip.key: clip for clip in self.clips}
        return [by_key[key] for key, _ in requests]
