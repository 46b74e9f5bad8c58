"""What the page does, without the page: look at a video, remember a person, say who that is, forget."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from gaitheat.app.strip import STRIP_FRAMES, strip
from gaitheat.clips import Clip, Refusal
from gaitheat.embeddings import Embedder
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.table import STRANGERS, is_vacant
from gaitheat.overlay import film_strips
from gaitheat.pages.markup import picture
from gaitheat.painting import Picture
from gaitheat.recognition.person import one_place_each
from gaitheat.recognition.quality import quality_of
from gaitheat.recognizer import Person, Recognizer
from gaitheat.video.reader import open_source

SHOWN_TRACKS = 12
"""Tracks of a video that are shown, those seen longest; the rest is counted."""


class Seen(NamedTuple):
    """One track, and its film strip as a picture of a page."""

    clip: Clip
    film: str


class Look(NamedTuple):
    """What a video, or a clip that came with this package, showed."""

    name: str
    seen: tuple[Seen, ...]
    refusals: tuple[Refusal, ...] = ()
    rest: int = 0
    """Tracks that are not shown because there are too many."""

    def track(self, number: int) -> Seen:
        """The one of that number; GaitheatError if there is none."""
        for seen in self.seen:
            if seen.clip.key.track == number:
                return seen
        raise GaitheatError(f"{self.name} has no track {number}: choose one that is shown")


class Desk:
    """A gallery and what is done with it. One at a time: the caller sees to that.

    Args:
        gallery: a folder; it is made at the first enrolment.
    """

    def __init__(self, gallery: Path) -> None:
        self.recognizer = Recognizer(gallery)
        # What is shown is looked up again and again, whenever the slider moves: it is embedded once.
        self.recognizer.embedder = _Remembering(self.recognizer.embedder)

    def look(self, video: Path, start: int = 0, stop: int | None = None, name: str | None = None) -> Look:
        """Everybody in a video, with film strips.

        Args:
            video: a file.
            start: first frame to look at, counted from 0; ``stop`` the first that is not looked at any more.
            name: what to call it; the file's name if left out. A gallery remembers it by that.

        Raises:
            GaitheatError: it cannot be read, or shows nobody.
        """
        name = name or video.name
        try:
            items = list(self.recognizer.viewer.people(video, start, stop))
        except GaitheatError as error:  # an upload's folder means nothing to who sent it
            raise GaitheatError(str(error).replace(str(video), name)) from error
        clips = sorted((item for item in items if isinstance(item, Clip)), key=len, reverse=True)
        shown = sorted(clips[:SHOWN_TRACKS], key=lambda clip: clip.key.track)
        if not items:
            raise GaitheatError(f"{name}: nobody is seen in it; show a video in which somebody walks")
        crops = film_strips(open_source(video, start, stop), shown, STRIP_FRAMES) if shown else []
        seen = tuple(
            Seen(replace(clip, source=name), _film(clip, pictures))
            for clip, pictures in zip(shown, crops, strict=True)
        )
        refusals = tuple(item for item in items if isinstance(item, Refusal))
        return Look(name, seen, refusals, len(clips) - len(shown))

    def look_at_clip(self, clip: Clip, name: str) -> Look:
        """A clip without its video: silhouettes take the place of pictures."""
        return Look(name, (Seen(replace(clip, source=name), _film(clip, [])),))

    def enroll(self, seen: Seen, name: str) -> str:
        """Remember a person; says what that did.

        Raises:
            GaitheatError: a name that is none, or a walk that is someone else's.
        """
        done = self.recognizer.enroll_clip(seen.clip, name)
        known = "is remembered" if done.added else "was remembered by this walk already"
        return f"{name.strip()} {known}: now show another walk of theirs, or a stranger's"

    def identify(self, look: Look, far: float) -> list[Person]:
        """Who that is, for every track that is shown, at a false-alarm rate; nothing is extracted again.

        Where there is no answer, such as at a rate that is too small to be told, the reason says so.
        """
        clips = [seen.clip for seen in look.seen]
        if is_vacant(self.recognizer.path):
            return [_nameless(clip, "nobody is known yet") for clip in clips]
        self.recognizer.far = far
        try:
            return one_place_each([self.recognizer.identify_clip(clip) for clip in clips])
        except GaitheatError as error:
            return [_nameless(clip, str(error)) for clip in clips]

    @property
    def calibrated(self) -> bool:
        """Whether strangers of one's own, and not those that come along, tell the rate of false alarms."""
        return (self.recognizer.path / STRANGERS).is_file()

    def people(self) -> dict[str, int]:
        """How many walks of each person are known, by name."""
        path = self.recognizer.path
        return {} if is_vacant(path) else Gallery.open(path).people()

    def forget(self, name: str) -> str:
        """Remove a person from every byte of the gallery; says what that did."""
        walks = Gallery.open(self.recognizer.path).forget(name)
        return f"{name} is forgotten, {walks} walk{'s' * (walks > 1)}: nothing of it is left"


class _Remembering:
    """An embedder that remembers the embeddings of the clips it saw last."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity, self.dimension = embedder.identity, embedder.dimension
        self.embed = lru_cache(SHOWN_TRACKS)(embedder.embed)


def _nameless(clip: Clip, reason: str) -> Person:
    """What can be said of somebody who was not looked up."""
    quality = quality_of(clip)
    reason = reason if quality.usable else "; ".join(quality.reasons)
    return Person(clip.key.track, None, reason, clip=clip, quality=quality)


def _film(clip: Clip, pictures: Sequence[Picture]) -> str:
    return picture(strip(clip, pictures), f"film strip of track {clip.key.track}")
