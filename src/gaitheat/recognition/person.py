"""Who somebody in a video is; and of those who are in view at the same time, whose a name is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gaitheat.clips import Clip
from gaitheat.gallery.search import Match
from gaitheat.motion import Motion
from gaitheat.recognition.quality import Quality


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
    quality: Quality | None = None
    """What the track is worth; None if extraction refused it."""
    false_alarm: float | None = None
    """Share of strangers' searches that come as near to anybody; None if that was not measured."""


def one_place_each(people: Sequence[Person]) -> list[Person]:
    """The same people in the same order; nobody is in two places at once.

    Of several tracks with one name that are in view at the same time, the nearest keeps it.
    """
    answers = list(people)
    kept: list[Person] = []
    for place, person in sorted(enumerate(people), key=lambda item: _score(item[1])):
        rival = next((other for other in kept if _excludes(other, person)), None)
        if rival is None:
            kept.append(person)
        else:
            reason = f"nobody known: {person.name} is nearer in track {rival.track}, in view at the same time"
            answers[place] = replace(person, name=None, reason=reason)
    return answers


def _score(person: Person) -> float:
    return person.matches[0].score if person.matches else 0.0


def _excludes(one: Person, other: Person) -> bool:
    """Whether at most one of them can be who both are said to be."""
    if one.name is None or one.name != other.name or one.clip is None or other.clip is None:
        return False
    ours, theirs = one.clip.times, other.clip.times
    return bool(ours[0] <= theirs[-1] and theirs[0] <= ours[-1])
