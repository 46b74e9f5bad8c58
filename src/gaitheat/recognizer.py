"""The front door: video in, names out.

::

    recognizer = Recognizer("gallery")
    recognizer.enroll("anna.mp4", "Anna")
    people = list(recognizer.identify("door.mp4"))
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from gaitheat.clips import Clip, Refusal
from gaitheat.embeddings import EMBEDDERS, Moments
from gaitheat.errors import GaitheatError
from gaitheat.gallery import Enrolled, Gallery, Match, Take
from gaitheat.motion import WALKING_SPEED, Motion, leg_motion
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import extract
from gaitheat.video.protocols import Detector, PoseEstimator
from gaitheat.video.reader import open_source
from gaitheat.video.recordings import recording

DEFAULT_EMBEDDING = "mean-heatmap"
THRESHOLDS = {"mean-heatmap": 0.5, "mean-silhouette": 0.2, "mean-skeleton": 0.2}
"""Distances, 0..2, up to which the nearest person is named; by embedding."""
LISTED = 5
"""How many of the nearest people an answer lists."""


@dataclass(frozen=True, slots=True)
class Person:
    """One track of a video and who that is; ``name`` None means nobody who is known, and ``reason`` why."""

    track: int
    name: str | None
    reason: str
    matches: tuple[Match, ...] = ()
    """The nearest people of the gallery, nearest first."""
    motion: Motion | None = None
    clip: Clip | None = None
    """None if extraction refused the track."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two videos show the same person."""

    same: bool
    distance: float
    threshold: float


class Recognizer:
    """Enrols people from video into a gallery, and recognises them in other videos.

    Args:
        gallery: a folder; it is made at the first enrolment.
        embedding: one of EMBEDDERS; None: the gallery's own, or the default for a new one.
        threshold: the distance up to which the nearest person is named; None: THRESHOLDS.

    Raises:
        GaitheatError: no such embedding, or the folder holds no gallery but something else.
    """

    def __init__(
        self, gallery: str | Path, embedding: str | None = None, threshold: float | None = None
    ) -> None:
        self.path = Path(gallery)
        self.embedder = _embedder(self.path, embedding)
        self.threshold = THRESHOLDS[self.embedder.name] if threshold is None else threshold

    @cached_property
    def _parts(self) -> tuple[Detector, PoseEstimator]:
        cores = os.cpu_count() or 1
        return SsdLite(threads=cores), BlazePose(streams=cores)

    def enroll(
        self, video: str | Path, name: str, track: int | None = None, start: int = 0, stop: int | None = None
    ) -> Enrolled:
        """Remember the person who walks in a video.

        Args:
            video: a file or a folder of pictures.
            name: what to call them.
            track: which person, where several walk.
            start: first frame to look at, counted from 0; ``stop`` the first that is not looked at any more.

        Raises:
            GaitheatError: nobody walks in it, or several people do and ``track`` does not say which.
        """
        clip = self._walker(Path(video), track, start, stop)
        gallery = Gallery.create(self.path, _identity(self.embedder, clip), self.embedder.dimension)
        part = f"{clip.key.take}, track {clip.key.track}"
        take = Take(self.embedder.embed(clip), len(clip), clip.source, clip.sha256, str(clip.estimator), part)
        return gallery.enroll(name, [take], gallery.embedder)

    def identify(self, video: str | Path, start: int = 0, stop: int | None = None) -> Iterator[Person]:
        """Who walks in a video: everybody who was seen in it, as their tracks end.

        Raises:
            GaitheatError: there is no gallery, or the video cannot be read.
        """
        gallery = Gallery.open(self.path)
        for item in self.people(Path(video), start, stop):
            if isinstance(item, Refusal):
                yield Person(item.key.track, None, f"not usable: {item.reason}")
            else:
                yield self._recognise(item, gallery)

    def verify(self, first: str | Path, second: str | Path) -> Comparison:
        """Whether the one person who walks in each of two videos is the same; needs no gallery.

        Raises:
            GaitheatError: nobody or several people walk in a video.
        """
        ours, theirs = (self.embedder.embed(self._walker(Path(video))) for video in (first, second))
        distance = float(np.linalg.norm(ours - theirs))
        return Comparison(distance <= self.threshold, distance, self.threshold)

    def people(self, video: Path, start: int = 0, stop: int | None = None) -> Iterator[Clip | Refusal]:
        """Everybody in a video, as their tracks end."""
        source = open_source(video, start, stop)
        yield from extract(source, recording(video, start, stop).key, *self._parts).items

    def _recognise(self, clip: Clip, gallery: Gallery) -> Person:
        motion = leg_motion(clip.keypoints_on_maps(), clip.times)
        if not motion.walking:
            return Person(clip.key.track, None, _not_walking(motion), (), motion, clip)
        embedder = _identity(self.embedder, clip)
        matches = tuple(gallery.search(self.embedder.embed(clip), embedder, LISTED))
        if not matches:
            return Person(clip.key.track, None, "the gallery is empty", matches, motion, clip)
        best = matches[0]
        if best.distance > self.threshold:
            reason = f"nobody known: the nearest, {best.name}, is at {best.distance:.3f} > {self.threshold:g}"
            return Person(clip.key.track, None, reason, matches, motion, clip)
        reason = f"distance {best.distance:.3f} <= {self.threshold:g}"
        return Person(clip.key.track, best.name, reason, matches, motion, clip)

    def _walker(self, video: Path, track: int | None = None, start: int = 0, stop: int | None = None) -> Clip:
        """The one person who walks in a video, or the one that is chosen."""
        walkers: dict[int, Clip] = {}
        others: list[str] = []
        for item in self.people(video, start, stop):
            if isinstance(item, Refusal):
                others.append(f"track {item.key.track}: {item.reason}")
                continue
            motion = leg_motion(item.keypoints_on_maps(), item.times)
            if motion.walking:
                walkers[item.key.track] = item
            else:
                others.append(f"track {item.key.track}: {_not_walking(motion)}")
        if track is not None and track in walkers:
            return walkers[track]
        if len(walkers) == 1 and track is None:
            return next(iter(walkers.values()))
        if not walkers:
            raise GaitheatError(f"{video}: expected a person who walks, but found none ({'; '.join(others)})")
        spans = [f"{number} ({clip.times[0]:.1f}-{clip.times[-1]:.1f} s)" for number, clip in walkers.items()]
        asked = "say which with a track" if track is None else f"track {track} is none of them"
        raise GaitheatError(f"{video}: {len(walkers)} tracks of people who walk, {', '.join(spans)}: {asked}")


def _embedder(gallery: Path, embedding: str | None) -> Moments:
    """The embedding that was asked for, or the one that an existing gallery is made of."""
    if embedding is None and gallery.exists():
        bound = Gallery.open(gallery).embedder
        embedding = next((name for name in EMBEDDERS if bound.startswith(EMBEDDERS[name].identity)), None)
        if embedding is None:
            raise GaitheatError(
                f"the gallery {gallery} is made of {bound!r}, which this version does not know: "
                f"expected one of {', '.join(EMBEDDERS)}; enrol into another folder"
            )
    embedding = embedding or DEFAULT_EMBEDDING
    if embedding not in EMBEDDERS:
        raise GaitheatError(f"no embedding is called {embedding!r}: expected one of {', '.join(EMBEDDERS)}")
    return EMBEDDERS[embedding]


def _identity(embedder: Moments, clip: Clip) -> str:
    """What a gallery is bound to: the embedding, and the estimator whose maps it saw."""
    return f"{embedder.identity}/{clip.estimator}"


def _not_walking(motion: Motion) -> str:
    return f"not walking: feet move {motion.value:.2f} leg lengths/s, walking is {WALKING_SPEED:g} or more"
