"""The front door: video in, names out.

::

    recognizer = Recognizer("gallery")
    recognizer.enroll("anna.mp4", "Anna")
    people = list(recognizer.identify("door.mp4"))
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gaitheat.clips import Clip, Refusal
from gaitheat.embeddings import EMBEDDERS, Embedder, embedder_called
from gaitheat.errors import GaitheatError
from gaitheat.gallery import Enrolled, Gallery, Match, Take, clean_name
from gaitheat.gallery_table import is_vacant
from gaitheat.motion import Motion
from gaitheat.video.people import Viewer, motion_of, standing

DEFAULT_EMBEDDING = "mean-heatmap"
THRESHOLDS = {"mean-heatmap": 0.385, "mean-silhouette": 0.224, "mean-skeleton": 0.095}
"""Distances, 0 to 2, up to which the nearest person is named; by embedding.

At these, 5 % of the pairs of different people of the KTH development subjects are accepted: ``gaitheat
evaluate --store STORE`` prints them. They speak of one comparison; a search of many people raises more
false alarms.
"""
FARTHEST = 2.0
"""Distance of opposite embeddings: all are of length 1."""
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


class Comparison(NamedTuple):
    """Whether two videos show the same person: whether their distance is at most the threshold."""

    same: bool
    distance: float
    threshold: float


class Recognizer:
    """Enrols people from video into a gallery, and recognises them in other videos.

    Args:
        gallery: a folder; it is made at the first enrolment.
        embedding: one of EMBEDDERS; None: the gallery's own, or the default for a new one.
        threshold: the distance up to which the nearest person is named; None: THRESHOLDS.
        embedder: what makes the embeddings, such as a trained network, in the place of ``embedding``; it has
            no threshold of its own.

    Raises:
        GaitheatError: no such embedding, the folder holds no gallery but something else, or a gallery of
            other embeddings.
    """

    def __init__(
        self,
        gallery: str | Path,
        embedding: str | None = None,
        threshold: float | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.path = Path(gallery)
        if embedder is None:
            name = self._embedding(embedding)
            self.embedder: Embedder = embedder_called(name)
        else:
            name = embedder.identity
            self.embedder = self._accepted(embedder, embedding)
        self.threshold = _limit(name, threshold)
        self.viewer = Viewer()

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
        clean_name(name)  # a bad one is said before the video is read
        return self.enroll_clip(self.viewer.walker(Path(video), track, start, stop), name)

    def enroll_clip(self, clip: Clip, name: str) -> Enrolled:
        """Remember the person of a clip."""
        clean_name(name)  # neither a bad name nor a clip that cannot be embedded makes a gallery
        part = f"{clip.key.take}, track {clip.key.track}"
        take = Take(self.embedder.embed(clip), len(clip), clip.source, clip.sha256, str(clip.estimator), part)
        gallery = Gallery.create(self.path, _identity(self.embedder, clip), self.embedder.dimension)
        return gallery.enroll(name, [take], gallery.embedder)

    def identify(
        self, video: str | Path, start: int = 0, stop: int | None = None, stream: bool = False
    ) -> Iterator[Person]:
        """Who walks in a video: everybody who was seen in it, as their tracks end.

        Args:
            video: a file or a folder of pictures.
            start: first frame to look at, counted from 0; ``stop`` the first that is not looked at any more.
            stream: read it once, as if it came from a camera.

        Raises:
            GaitheatError: there is no gallery, or the video cannot be read.
        """
        gallery = Gallery.open(self.path)
        for item in self.viewer.people(Path(video), start, stop, stream):
            if isinstance(item, Refusal):
                yield Person(item.key.track, None, f"not usable: {item.reason} ({item.frames} frames)")
            else:
                yield self._recognise(item, gallery)

    def nearest(self, clip: Clip, gallery: Gallery, count: int) -> tuple[Match, ...]:
        """The ``count`` people of a gallery who are nearest to the person of a clip, nearest first."""
        identity = _identity(self.embedder, clip)
        return tuple(gallery.search(self.embedder.embed(clip), identity, count))

    def _embedding(self, embedding: str | None) -> str:
        """The embedding that was asked for, the gallery's own, or the default."""
        if is_vacant(self.path):
            return embedding or DEFAULT_EMBEDDING
        made_of = _embedding_of(Gallery.open(self.path))
        if embedding not in (None, made_of):
            raise GaitheatError(
                f"the gallery {self.path} is made of {made_of}, not of {embedding}: use another folder"
            )
        return made_of

    def _accepted(self, embedder: Embedder, embedding: str | None) -> Embedder:
        """The embedder, if it is the only one asked for and the gallery is not made of other embeddings."""
        if embedding is not None:
            raise GaitheatError(f"expected an embedder or the name of one, but got both ({embedding})")
        if not is_vacant(self.path):
            made_of = Gallery.open(self.path).embedder
            if not made_of.startswith(f"{embedder.identity}/"):
                raise GaitheatError(
                    f"the gallery {self.path} is made of {made_of}, not of {embedder.identity}: "
                    "use another folder"
                )
        return embedder

    def _recognise(self, clip: Clip, gallery: Gallery) -> Person:
        motion = motion_of(clip)
        reason = standing(motion)
        if reason:
            return Person(clip.key.track, None, reason, (), motion, clip)
        matches = self.nearest(clip, gallery, LISTED)
        name, reason = decide(matches, self.threshold)
        return Person(clip.key.track, name, reason, matches, motion, clip)


def decide(matches: tuple[Match, ...], threshold: float) -> tuple[str | None, str]:
    """The name of the nearest person if that is near enough, else None; and the reason.

    Args:
        matches: known people, nearest first.
        threshold: the distance up to which the nearest is named.
    """
    if not matches:
        return None, "nobody is enrolled"
    best = matches[0]
    if best.distance > threshold:
        return None, f"nobody known: the nearest, {best.name}, is at {best.distance:.3f} > {threshold:g}"
    return best.name, f"distance {best.distance:.3f} <= {threshold:g}"


def verify(
    first: str | Path, second: str | Path, embedding: str = DEFAULT_EMBEDDING, threshold: float | None = None
) -> Comparison:
    """Whether the one person who walks in each of two videos is the same; needs no gallery.

    Raises:
        GaitheatError: nobody or several people walk in a video.
    """
    embedder, limit, viewer = embedder_called(embedding), _limit(embedding, threshold), Viewer()
    ours, theirs = (embedder.embed(viewer.walker(Path(video))) for video in (first, second))
    distance = float(np.linalg.norm(ours - theirs))
    return Comparison(distance <= limit, distance, limit)


def _limit(embedding: str, threshold: float | None) -> float:
    """The chosen threshold, or the embedding's own."""
    limit = THRESHOLDS.get(embedding) if threshold is None else threshold
    if limit is None:
        raise GaitheatError(f"{embedding} has no threshold of its own: give one, 0 to {FARTHEST:g}")
    if not 0 <= limit <= FARTHEST:
        raise GaitheatError(f"a threshold is a distance from 0 to {FARTHEST:g}, but got {limit:g}")
    return limit


def _embedding_of(gallery: Gallery) -> str:
    """The embedding that an existing gallery is made of."""
    for name, embedder in EMBEDDERS.items():
        if gallery.embedder.startswith(f"{embedder.identity}/"):
            return name
    raise GaitheatError(
        f"the gallery {gallery.path} is made of {gallery.embedder!r}, which this version does not know "
        f"(it knows {', '.join(EMBEDDERS)}): enrol into another folder"
    )


def _identity(embedder: Embedder, clip: Clip) -> str:
    """What a gallery is bound to: the embedding, and the estimator whose maps it saw."""
    return f"{embedder.identity}/{clip.estimator}"
