"""The front door: video in, names out.

::

    recognizer = Recognizer("gallery")
    recognizer.enroll("anna.mp4", "Anna")
    people = list(recognizer.identify("door.mp4"))
"""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey
from gaitheat.embeddings import Embedder
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Enrolled, Gallery, Match, Take, clean_name
from gaitheat.gallery.strangers import Strangers
from gaitheat.pretrained import PRETRAINED
from gaitheat.recognition import teaching
from gaitheat.recognition.bench import Bench
from gaitheat.recognition.embedding import DEFAULT_EMBEDDING, embedding_of
from gaitheat.recognition.person import Person, one_place_each
from gaitheat.recognition.quality import quality_of
from gaitheat.recognition.verdicts import (
    DEFAULT_FAR,
    LISTED,
    THRESHOLDS,
    Judge,
    Verdict,
    decide,
    expect_limits,
)
from gaitheat.recognition.verify import Comparison, verify
from gaitheat.video.people import Viewer, motion_of

__all__ = [
    "DEFAULT_EMBEDDING",
    "DEFAULT_FAR",
    "THRESHOLDS",
    "Comparison",
    "Person",
    "Recognizer",
    "decide",
    "verify",
]

logger = logging.getLogger(__name__)


class Recognizer:
    """Enrols people from video into a gallery, and recognises them in other videos.

    Args:
        gallery: a folder; it is made at the first enrolment.
        embedding: what `embedder_called` takes; None: the gallery's own, or the default for a new one.
        far: false alarms by search of this gallery that are allowed, 0..1: how often a stranger may be taken
            for somebody. None: DEFAULT_FAR if the gallery was calibrated or cameras have learnt, else a
            distance decides.
        threshold: in the place of that, the distance up to which the nearest person is named.
        embedder: what makes the embeddings, in the place of ``embedding``; it knows no strangers.
        camera: what saw the videos; takes remember it. "" if nobody knows.

    Raises:
        GaitheatError: no such embedding, the folder holds no gallery but something else, a gallery of other
            embeddings, or both a rate and a threshold.
    """

    def __init__(
        self,
        gallery: str | Path,
        embedding: str | None = None,
        far: float | None = None,
        threshold: float | None = None,
        embedder: Embedder | None = None,
        camera: str = "",
    ) -> None:
        self.path = Path(gallery)
        self.embedding, self.embedder = embedding_of(self.path, embedding, embedder)
        expect_limits(far, threshold)
        self.far, self.threshold = far, threshold
        self.camera = camera
        self.viewer = Viewer()
        self._bench = Bench(self.path, self.embedding)

    @classmethod
    def from_pretrained(
        cls, gallery: str | Path, name: str = PRETRAINED[0], far: float | None = None, camera: str = ""
    ) -> "Recognizer":
        """With a network that comes with the package, one of PRETRAINED."""
        return cls(gallery, name, far, camera=camera)

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
        take = Take(
            self.embedder.embed(clip),
            len(clip),
            clip.source,
            clip.sha256,
            str(clip.estimator),
            part,
            self.camera,
        )
        return self._created(clip).enroll(name, [take], self._identity(clip))

    def identify(
        self, video: str | Path, start: int = 0, stop: int | None = None, stream: bool = False
    ) -> Iterator[Person]:
        """Who walks in a video: everybody who was seen in it, once all of it was looked at.

        A name is given to one track at a time, the nearest.

        Args:
            video: a file or a folder of pictures.
            start: first frame to look at, counted from 0; ``stop`` the first that is not looked at any more.
            stream: read it once, as if it came from a camera.

        Raises:
            GaitheatError: there is no gallery, the video cannot be read, or nothing says who is near enough.
        """
        self.judge()
        seen = self.viewer.people(Path(video), start, stop, stream)
        yield from one_place_each(
            [
                self.identify_clip(item)
                if isinstance(item, Clip)
                else Person(item.key.track, None, f"not usable: {item.reason} ({item.frames} frames)")
                for item in seen
            ]
        )

    def identify_clip(self, clip: Clip) -> Person:
        """Who the person of a clip is."""
        motion, quality, track = motion_of(clip), quality_of(clip), clip.key.track
        if not quality.usable:
            return Person(track, None, "; ".join(quality.reasons), (), motion, clip, quality)
        verdict = self._verdict(clip, LISTED)
        answer = verdict.name, verdict.reason, verdict.matches
        return Person(track, *answer, motion, clip, quality, verdict.false_alarm)

    def nearest(self, clip: Clip, count: int = LISTED) -> tuple[Match, ...]:
        """The ``count`` people of the gallery who are nearest to the person of a clip, nearest first."""
        return self._verdict(clip, count).matches

    def judge(self) -> Judge:
        """Who is known now, and what it takes to be named.

        Raises:
            GaitheatError: there is no gallery, or nothing says who is near enough.
        """
        return self._bench.judge(self.far, self.threshold)

    def calibrate(self, clips: Iterable[Clip]) -> int:
        """Count false alarms with these strangers from now on; their number. The gallery keeps no names.

        Args:
            clips: of people who are not enrolled, of which those with a gait that can be used count.

        Raises:
            GaitheatError: too few strangers, or clips of another estimator than the gallery's.
        """
        embeddings, keys, gallery = self._embedded(clips)
        return teaching.calibrate(gallery, Strangers.named(embeddings, keys, self.camera))

    def adapt(self, clips: Iterable[Clip]) -> int:
        """The recogniser's camera learns its bias from passers-by; returns by how many clips.

        Args:
            clips: a few dozen of that camera, of anybody, of which those with a gait that can be used count.

        Raises:
            GaitheatError: the recogniser knows no camera, too few clips, or clips of another estimator.
        """
        if not self.camera:
            raise GaitheatError("expected to know which camera learns: give the recogniser a camera's name")
        embeddings, keys, gallery = self._embedded(clips)
        teaching.adapt(gallery, self.camera, embeddings)
        return len(keys)

    def _embedded(
        self, clips: Iterable[Clip]
    ) -> tuple[Float32[np.ndarray, "clips dim"], list[ClipKey], Gallery]:
        """Of the usable ones among these clips, and the gallery, which is made if there is none."""
        embeddings, keys, gallery, left_out = [], [], None, 0
        for clip in clips:
            if not quality_of(clip).usable:
                left_out += 1
                continue
            gallery = gallery or self._created(clip)
            gallery.check_embedder(self._identity(clip))
            embeddings.append(self.embedder.embed(clip))
            keys.append(clip.key)
        if left_out:
            logger.warning(
                "left out %d of %d clips: no gait that can be used", left_out, left_out + len(keys)
            )
        if gallery is None:
            raise GaitheatError("expected clips of people who walk, but got none that can be used")
        return np.stack(embeddings), keys, gallery

    def _created(self, clip: Clip) -> Gallery:
        return Gallery.create(self.path, self._identity(clip), self.embedder.dimension)

    def _identity(self, clip: Clip) -> str:
        """What a gallery is bound to: the embedding, and the estimator whose maps it saw."""
        return f"{self.embedder.identity}/{clip.estimator}"

    def _verdict(self, clip: Clip, count: int) -> Verdict:
        self._bench.gallery().check_embedder(self._identity(clip))
        probe = self._bench.adapted(self.embedder.embed(clip), self.camera)
        return self.judge().verdict(probe, count)
