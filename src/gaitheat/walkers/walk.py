"""One recording of a walker: planned by its name alone, rendered when somebody looks, with the truth at hand.

To the rest of the house it is a recording like any other: `video.extract` sees its pictures and nothing else.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
from jaxtyping import UInt8

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame
from gaitheat.walkers.clothes.wardrobe import Condition
from gaitheat.walkers.filming import RATE, Film, film
from gaitheat.walkers.footage import Footage, poor
from gaitheat.walkers.people import take_of
from gaitheat.walkers.pictures.rendering import Picture
from gaitheat.walkers.seeds import generator
from gaitheat.walkers.truth import with_truth
from gaitheat.walkers.worlds import world_called

GENERATOR = 1
"""Version of everything that makes the pictures: clips of two versions are different recordings."""


POOR = "p"
"""Behind the name of a take that a poor camera filmed."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A recording by its name; the same name gives the same pictures, whoever renders them."""

    world: str
    subject: str
    condition: Condition
    take: str
    view: int
    """Degrees."""
    frames: int
    footage: Footage = field(default="clean", repr=False)
    """What filmed it; poor footage is another take."""

    @property
    def key(self) -> ClipKey:
        """What its clip is called."""
        take = self.take + POOR * (self.footage == "poor")
        return ClipKey(self.world, self.subject, self.condition, f"{self.view:03d}", take, 0)

    @property
    def alone(self) -> bool:
        """The truth tells who is meant, and refuses clips of passers-by."""
        return False

    @property
    def name(self) -> str:
        """All of it in one word; ``walk_called`` reads it."""
        take = self.take + POOR * (self.footage == "poor")
        return f"{self.world}/{self.subject}-{self.condition}-{take}-{self.view:03d}-{self.frames}"

    @property
    def span(self) -> str:
        """All of it: another number of frames is another recording."""
        return ""

    def open(self) -> "RenderedWalk":
        """The pictures; nothing is rendered yet."""
        return RenderedWalk(self)


_CONDITIONS: dict[str, Condition] = {"nm": "nm", "bg": "bg", "cl": "cl"}


def walk_called(name: str) -> Walk:
    """The walk of that name, which is what its clips name as their source.

    Raises:
        GaitheatError: no walk has such a name.
    """
    world, _, rest = name.partition("/")
    try:
        subject, condition, take, view, frames = rest.split("-")
        footage: Footage = "poor" if take.endswith(POOR) else "clean"
        walk = Walk(
            world_called(world).name,
            subject,
            _CONDITIONS[condition],
            take.removesuffix(POOR),
            int(view),
            int(frames),
            footage,
        )
    except (ValueError, KeyError):
        raise GaitheatError(
            f"expected the name of a walk such as walkers-1-indoor/0001-nm-01-090-30, got {name!r}"
        ) from None
    return walk


class RenderedWalk:
    """The pictures of a walk, rendered at first sight and kept: a ``TrueSource``."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self._pictures: list[Picture] = []

    @property
    def name(self) -> str:
        """The walk's name."""
        return self.walk.name

    def sha256(self) -> str:
        """Digest of all that the pictures follow from; no picture is rendered for it."""
        origin = f"{GENERATOR}\n{world_called(self.walk.world)!r}\n{self.walk!r}"
        if self.walk.footage != "clean":
            origin += f"\n{self.walk.footage}"
        return hashlib.sha256(origin.encode()).hexdigest()

    def length(self) -> int:
        """Frames."""
        return self.walk.frames

    @property
    def problem(self) -> None:
        """Never misses anything."""

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self.walk.frames):
            yield Frame(number, number / RATE, partial(self._rgb, number))

    def _rgb(self, number: int) -> UInt8[np.ndarray, "height width 3"]:
        rgb = self.picture(number).rgb
        return rgb if self.walk.footage == "clean" else poor(rgb, replace(self.walk, footage="clean").name)

    def picture(self, number: int) -> Picture:
        """What the camera sees in a frame, and the walker's share of each pixel."""
        while len(self._pictures) <= number:  # in order: a frame's noise depends on those before it
            self._pictures.append(self.film.render(len(self._pictures)))
        return self._pictures[number]

    @cached_property
    def film(self) -> Film:
        """Everything that the pictures show."""
        walk = self.walk
        rng = generator(walk.world, walk.subject, walk.condition, walk.take, walk.view)
        worn = take_of(walk.world, walk.subject, walk.condition, walk.take)
        return film(rng, world_called(walk.world), worn, walk.view, walk.frames)

    def with_truth(self, item: Clip | Refusal) -> tuple[Clip | Refusal, Clip | Refusal]:
        """What was extracted, unless it is somebody else's, and the truth about it."""
        return with_truth(item, self.film, lambda number: self.picture(number).mask)
