"""Whether two videos show the same person."""

from pathlib import Path
from typing import NamedTuple

from gaitheat.gallery.search import KnownPeople
from gaitheat.pretrained import PRETRAINED, embedder_called, strangers_of
from gaitheat.recognition.scoring import calibrated
from gaitheat.recognition.verdicts import WALKERS, ByDistance, ByFalseAlarms, Judge, limit_of
from gaitheat.video.people import Viewer


class Comparison(NamedTuple):
    """The answer, and what it was told by."""

    same: bool
    distance: float
    """0..2, between the two walks."""
    reason: str
    false_alarm: float | None
    """Share of strangers who come as near to the first person; None if a distance decides."""


def verify(
    first: str | Path,
    second: str | Path,
    embedding: str = PRETRAINED[0],
    threshold: float | None = None,
    far: float | None = None,
) -> Comparison:
    """Whether the one person who walks in each of two videos is the same: a gallery of the one is searched.

    Raises:
        GaitheatError: nobody or several people walk in a video, or nothing says what is near enough.
    """
    embedder, viewer, strangers = embedder_called(embedding), Viewer(), strangers_of(embedding)
    count = strangers.count if strangers else 0
    limit = limit_of(embedding, far, threshold, count, own=False, adapted=False)
    ours, theirs = (embedder.embed(viewer.walker(Path(video))) for video in (first, second))
    known = KnownPeople([str(first)], ours[None])
    judge: Judge = ByDistance(known, limit.value)
    if strangers is not None and limit.by == "false alarms":
        found = calibrated(known.embeddings, strangers.embeddings, strangers.people, normalised=False)
        judge = ByFalseAlarms(known, found, limit.value, WALKERS)
    verdict = judge.verdict(theirs)
    return Comparison(
        verdict.name is not None, verdict.matches[0].distance, verdict.reason, verdict.false_alarm
    )
