"""One name goes to one of those who are in view at the same time."""

from dataclasses import replace

import numpy as np

from factories import make_clip
from gaitheat.gallery.search import Match
from gaitheat.recognition.person import Person, one_place_each


def seen(track: int, name: str | None, score: float, start: float) -> Person:
    """In view for three seconds."""
    clip = replace(make_clip(4), times=start + np.arange(4.0))
    return Person(track, name, "why", (Match("Anna", score, score),), clip=clip)


def names(*people: Person) -> list[str | None]:
    return [person.name for person in one_place_each(people)]


def test_the_nearest_keeps_the_name() -> None:
    people = [seen(0, "Anna", 0.5, 0), seen(1, "Anna", 0.2, 2), seen(2, "Anna", 0.3, 1)]
    assert names(*people) == [None, "Anna", None]
    assert names(*people[::-1]) == [None, "Anna", None]
    loser = one_place_each(people)[0]
    assert loser == replace(
        people[0],
        name=None,
        reason="nobody known: Anna is nearer in track 1, in view at the same time",
    )


def test_who_lost_the_name_takes_it_from_nobody() -> None:
    people = [seen(0, "Anna", 0.1, 0), seen(1, "Anna", 0.2, 2), seen(2, "Anna", 0.3, 4)]
    assert names(*people) == ["Anna", None, "Anna"]


def test_others_keep_theirs() -> None:
    refused = Person(4, None, "not usable: too short")
    people = [seen(0, "Anna", 0.1, 0), seen(1, "Bo", 0.2, 0), seen(2, None, 0.0, 0), seen(3, "Anna", 0.3, 9)]
    assert names(*people, refused) == ["Anna", "Bo", None, "Anna", None]
