"""Who is in a video, without a store: the clips of everybody, or of the one person who walks."""

import logging
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from gaitheat.clips import Clip, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.motion import WALKING_SPEED, Motion, leg_motion
from gaitheat.video.extract import extract
from gaitheat.video.extractor import Extractor
from gaitheat.video.follow import Follower, follow
from gaitheat.video.protocols import Detector, PoseEstimator
from gaitheat.video.reader import open_source
from gaitheat.video.recordings import recording

logger = logging.getLogger(__name__)


class Viewer:
    """Looks at videos with the embedded detector and estimator, on all cores; they are loaded once."""

    @cached_property
    def _parts(self) -> tuple[Detector, PoseEstimator]:
        return Extractor().parts(os.cpu_count() or 1)

    def people(
        self, video: Path, start: int = 0, stop: int | None = None, stream: bool = False
    ) -> Iterator[Clip | Refusal]:
        """Everybody in the frames ``start`` to ``stop`` (not included) of a video, as their tracks end.

        As a ``stream`` it is read once and nothing is known of what comes next, otherwise twice. What is
        missing of a damaged video is logged as a warning.
        """
        source, key = open_source(video, start, stop), recording(video, start, stop).key
        yield from follow(source, key, *self._parts) if stream else extract(source, key, *self._parts).items
        if source.problem:
            logger.warning("%s: %s", source.name, source.problem)

    def follower(self) -> Follower:
        """What follows everybody through a stream, picture by picture."""
        return Follower(*self._parts)

    def walker(self, video: Path, track: int | None = None, start: int = 0, stop: int | None = None) -> Clip:
        """The one person who walks in a video, or the one of the chosen track.

        Raises:
            GaitheatError: nobody walks in it, or several do and ``track`` does not say which.
        """
        walkers: dict[int, Clip] = {}
        others: list[str] = []
        for item in self.people(video, start, stop):
            reason = item.reason if isinstance(item, Refusal) else standing(motion_of(item))
            if isinstance(item, Refusal) or reason:
                others.append(f"track {item.key.track}: {reason}")
            else:
                walkers[item.key.track] = item
        if track is None and len(walkers) == 1:
            return next(iter(walkers.values()))
        if track is not None and track in walkers:
            return walkers[track]
        raise GaitheatError(_not_one(video, walkers, others, track))


def motion_of(clip: Clip) -> Motion:
    """Whether the person of a clip walks, by the joints in space if the estimator gives them."""
    points = clip.keypoints_on_maps()[..., :2] if clip.world is None else clip.world
    return leg_motion(points, clip.keypoints[..., 2], clip.times)


def standing(motion: Motion) -> str | None:
    """Why this is not walking; None if it is."""
    if motion.walking:
        return None
    return f"not walking: feet move {motion.value:.2f} leg lengths/s, walking is {WALKING_SPEED:g} or more"


def _not_one(video: Path, walkers: dict[int, Clip], others: list[str], track: int | None) -> str:
    if not walkers:
        return f"{video}: expected a person who walks, but found none ({'; '.join(others)})"
    spans = [f"{number} ({clip.times[0]:.1f}-{clip.times[-1]:.1f} s)" for number, clip in walkers.items()]
    mend = (
        "say which with a track, or give a video of one"
        if track is None
        else f"track {track} is none of them"
    )
    return f"{video}: expected one person who walks, but found tracks {', '.join(spans)}: {mend}"
