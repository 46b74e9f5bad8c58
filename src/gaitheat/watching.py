"""Who is that, while the video goes on: an answer for everybody in it, which improves as they walk.

A track is looked at in the windows that embeddings rest on by definition, each as soon as it is complete and
never again: the answer meanwhile is that of the mean of all its windows which show a walk. A track that has
ended is embedded as a whole: then the answer is the one that the recogniser gives for its clip.
"""

import copy
import logging
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray

from gaitheat.clips import (
    SAME_TIME,
    WINDOW_FRAMES,
    WINDOW_HOP,
    WINDOW_RATE,
    Clip,
    ClipKey,
    Estimator,
    Refusal,
)
from gaitheat.embeddings import Embedder
from gaitheat.errors import GaitheatError
from gaitheat.frames import FrameSource
from gaitheat.recognizer import Person, Recognizer
from gaitheat.video.collect import collect
from gaitheat.video.follow import Moment, Piece, moments
from gaitheat.video.packing import PackedFrame, unpack

WINDOW_SECONDS, HOP_SECONDS = (WINDOW_FRAMES - 1) / WINDOW_RATE, WINDOW_HOP / WINDOW_RATE
"""From the first tick of a window to its last, and to the first of the next."""

ENOUGH = 3
"""Windows of a walk (4.8 s) that make somebody a walker, however long he stands besides."""
MOST_WAITING = 16
"""Answers that wait to be given; where more would, the video waits."""

logger = logging.getLogger(__name__)


class Sighting(NamedTuple):
    """Who somebody is, as far as is known at that ``time``, in seconds since the first picture."""

    track: int
    time: float
    person: Person
    ended: bool
    """The track has ended: this is its last answer."""


class RunningMean:
    """An embedder that remembers: the mean over all clips of a track that it was ever given.

    Args:
        embedder: embeds each of them, once; a clip weighs as many frames as it has.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._sums: dict[int, Float64[np.ndarray, " dimension"]] = {}

    @property
    def identity(self) -> str:
        """As the embedder says: the mean is compared with what it makes."""
        return self._embedder.identity

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._embedder.dimension

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """A vector of length 1, for all clips of this track so far."""
        new = len(clip) * self._embedder.embed(clip).astype(np.float64)
        total = self._sums[clip.key.track] = self._sums.get(clip.key.track, 0) + new
        unit: NDArray[np.float32] = (total / np.linalg.norm(total)).astype(np.float32)
        return unit

    def forget(self, track: int) -> None:
        """The track has ended."""
        self._sums.pop(track, None)


def watch(recognizer: Recognizer, source: FrameSource, every: float = 1.0) -> Iterator[Sighting]:
    """Everybody in a video as it goes on, from a file or a camera.

    Args:
        recognizer: knows people.
        source: it is read once, picture by picture, and nothing is known of what comes next.
        every: seconds from one answer about a person to the next; the last one comes when the track ends.

    Every answer is a search of its own: a false-alarm rate holds for the last answers, one a track. Who acts
    on earlier ones as well gets more false ones.

    Memory does not grow with the length of the video, nor with that of a track.

    Raises:
        GaitheatError: ``every`` is no time, there is no gallery, or the video cannot be read.
    """
    if not every > 0:
        raise GaitheatError(f"expected answers every so many seconds, more than 0, but got {every:g}")
    follower = recognizer.viewer.follower()
    watcher = _Watcher(recognizer, source, follower.identity)
    # Another thread embeds: while somebody is looked up, the video goes on.
    worker, waiting = ThreadPoolExecutor(1, "answers"), deque[Future[Sighting]]()
    try:
        for moment in moments(source, follower):
            waiting.extend(worker.submit(look) for look in watcher.looks(moment, every))
            while waiting and (waiting[0].done() or len(waiting) > MOST_WAITING):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        worker.shutdown(cancel_futures=True)
    if source.problem:
        logger.warning("%s: %s", source.name, source.problem)


@dataclass(slots=True)
class _Track:
    """What is known of somebody."""

    windows: int = 0
    """How many windows of the present piece were looked at."""
    pieces: int = 0
    """How many pieces have been finished."""
    usable: int = 0
    """How many windows show a walk."""
    answer: Person | None = None
    """By the mean of these."""
    others: int = 0
    """How many windows do not."""
    refusal: Person | None = None
    """Why the last of these did not."""

    def add(self, person: Person) -> None:
        """What one more window says."""
        if _usable(person):
            self.usable, self.answer = self.usable + 1, person
        else:
            self.others, self.refusal = self.others + 1, person

    def walks(self) -> bool:
        """Who stands now may have walked before; who stretches may look like a walker for a moment."""
        return self.usable >= ENOUGH or self.usable > self.others

    def person(self) -> Person | None:
        """Who it is by the windows so far, if there are any."""
        return self.answer if self.walks() else self.refusal


class _Watcher:
    """Answers for tracks whose frames come bit by bit."""

    def __init__(self, recognizer: Recognizer, source: FrameSource, estimator: Estimator) -> None:
        self._source, self._sha256, self._estimator = source.name, source.sha256(), estimator
        take = f"{Path(source.name).name}#{self._sha256[:8]}"
        self._key = ClipKey("video", "unknown", "unknown", "unknown", take, 0)
        self._recognizer = recognizer
        self._mean = RunningMean(recognizer.embedder)
        self._by_mean = copy.copy(recognizer)
        self._by_mean.embedder = self._mean
        self._tracks: dict[int, _Track] = {}
        self._due: dict[int, float] = {}

    def looks(self, moment: Moment, every: float) -> Iterator[Callable[[], Sighting]]:
        """Who is to be looked up now: to be done in this order, at any time."""
        for piece in moment.done:
            if piece.ended:
                self._due.pop(piece.track, None)
            yield partial(self._finish, moment.time, piece)
        for track, frames in moment.growing.items():
            if moment.time >= self._due.setdefault(track, moment.time + every):
                self._due[track] = moment.time + every
                yield partial(self._answer, moment.time, track, tuple(frames))

    def _answer(self, time: float, track: int, frames: Sequence[PackedFrame]) -> Sighting:
        """By the windows that are complete; before the first of them by all there is."""
        known = self._tracks.setdefault(track, _Track())
        for begin in _complete(frames, known.windows):
            known.windows += 1
            known.add(self._identify(self._by_mean, track, _between(frames, begin)))
        person = known.person() or self._identify(self._recognizer, track, frames)
        return Sighting(track, time, person, False)

    def _finish(self, time: float, piece: Piece) -> Sighting:
        """By what is left of a piece; one that is a whole track is looked at as a whole."""
        track = piece.track
        known = self._tracks.setdefault(track, _Track())
        whole = None
        if piece.ended and not known.pieces:
            whole = self._identify(self._recognizer, track, piece.frames)
        if whole and _usable(whole):
            person = whole
        else:
            person = self._answer(time, track, piece.frames).person
            person = person if known.walks() else whole or person
        known.pieces, known.windows = known.pieces + 1, 0
        if piece.ended:
            self._mean.forget(track)
            del self._tracks[track]
        return Sighting(track, time, person, piece.ended)

    def _identify(self, recognizer: Recognizer, track: int, frames: Sequence[PackedFrame]) -> Person:
        key = replace(self._key, track=track)
        item = collect(list(map(unpack, frames)), key, self._source, self._sha256, self._estimator)
        if isinstance(item, Refusal):
            return Person(track, None, f"not usable: {item.reason} ({item.frames} frames)")
        return recognizer.identify_clip(item)


def _complete(frames: Sequence[PackedFrame], looked_at: int) -> list[float]:
    """When the windows begin that are complete by now and were not looked at yet."""
    if not frames:
        return []
    start, last = frames[0].time, frames[-1].time + SAME_TIME - WINDOW_SECONDS
    count = 1 + int((last - start) // HOP_SECONDS)
    return [start + window * HOP_SECONDS for window in range(looked_at, count)]


def _between(frames: Sequence[PackedFrame], begin: float) -> Sequence[PackedFrame]:
    """The frames of the window that begins then."""
    end = begin + WINDOW_SECONDS
    edges = (
        bisect_left(frames, time, key=attrgetter("time")) for time in (begin - SAME_TIME, end + SAME_TIME)
    )
    return frames[slice(*edges)]


def _usable(person: Person) -> bool:
    return person.quality is not None and person.quality.usable
