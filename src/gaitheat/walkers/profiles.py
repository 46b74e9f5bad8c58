"""How much to generate: subjects, takes, views and frames by the name of a profile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gaitheat.datasets.walkers import TEST, TRAIN
from gaitheat.errors import GaitheatError
from gaitheat.walkers.clothes.wardrobe import Condition
from gaitheat.walkers.footage import Footage
from gaitheat.walkers.seeds import generator
from gaitheat.walkers.walk import Walk
from gaitheat.walkers.worlds import KINDS, WORLDS

Takes = tuple[tuple[Condition, str], ...]

ALL_TAKES: Takes = (
    *(("nm", f"{number:02d}") for number in range(1, 7)),
    *(("bg", f"{number:02d}") for number in (1, 2)),
    *(("cl", f"{number:02d}") for number in (1, 2)),
)
"""Ten, as in CASIA-B."""
TEST_TAKES: Takes = (("nm", "01"), ("nm", "02"), ("nm", "05"), ("nm", "06"), ("bg", "01"), ("cl", "01"))
"""Two to enrol, four to ask for."""
TRAIN_TAKES: Takes = (("nm", "01"), ("nm", "05"), ("bg", "01"), ("bg", "02"), ("cl", "01"), ("cl", "02"))
"""As many of each condition."""

POOR_TAKES: Takes = (("nm", "01"), ("nm", "05"), ("bg", "01"), ("cl", "01"))
"""Enough of each condition, where the same people are in clean pictures as well."""

FRAMES_PER_SECOND = 25.0
"""Of one process on one core, from the first brush stroke to the clip in the store."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some subjects of one world."""

    subjects: int
    takes: Takes
    views: int | None
    """How many; None: all that the world has."""
    frames: int
    """Of each recording, at 25 a second."""
    same_views: bool
    """Whether all subjects are seen from the same views, as a protocol needs it; else each draws its own."""
    footage: Footage = "clean"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is generated of a world to train in and of the frozen world to test in; None: nothing."""

    train: Part | None
    test: Part | None


PROFILES: dict[str, Profile] = {
    "tiny": Profile(Part(6, TRAIN_TAKES, 2, 30, False), Part(6, TEST_TAKES, 2, 30, True)),
    "small": Profile(Part(60, TRAIN_TAKES, 4, 30, False), Part(40, TEST_TAKES, 4, 30, True)),
    "poor": Profile(Part(60, POOR_TAKES, 3, 30, False, "poor"), None),
    "standard": Profile(Part(100, TRAIN_TAKES, 4, 30, False), Part(100, ALL_TAKES, None, 40, True)),
    "large": Profile(Part(1000, (("nm", "01"), ("bg", "01"), ("cl", "01")), 2, 30, False), None),
}
"""``tiny`` proves the path, no accuracy is claimed on it; the others are for training and testing. ``poor``
films those who are trained on in ``small`` once more, with poor cameras, and belongs into the same store."""


def walks(profile: Profile, kind: str) -> list[Walk]:
    """Every recording of a profile in the worlds of a kind.

    Raises:
        GaitheatError: no kind of world has that name.
    """
    if kind not in KINDS:
        raise GaitheatError(f"no world is called {kind!r}: expected one of {', '.join(KINDS)}")
    parts = ((f"{TRAIN}{kind}", profile.train), (f"{TEST}{kind}", profile.test))
    return [walk for world, part in parts if part is not None for walk in _walks(world, part)]


def planned_seconds(recordings: Sequence[Walk], workers: int) -> float:
    """About how long it takes to generate them on a laptop."""
    return sum(walk.frames for walk in recordings) / (FRAMES_PER_SECOND * workers)


def _walks(world: str, part: Part) -> Iterator[Walk]:
    for number in range(1, part.subjects + 1):
        subject = f"{number:04d}"
        views = _views(world, part, subject)
        for condition, take in part.takes:
            for view in views:
                yield Walk(world, subject, condition, take, view, part.frames, part.footage)


def _views(world: str, part: Part, subject: str) -> list[int]:
    """The subject's views: all, some spread evenly, or some drawn for this subject."""
    there = WORLDS[world].cameras.views
    wanted = part.views or len(there)
    if part.same_views:
        return [there[(2 * index + 1) * len(there) // (2 * wanted)] for index in range(wanted)]
    return sorted(generator(world, subject, "views").choice(there, wanted, replace=False).tolist())
