"""Who decides about searches of a gallery, kept at hand until it, the strangers or the cameras change."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from gaitheat.adaptation import Adapted
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.search import KnownPeople
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS
from gaitheat.pretrained import strangers_of
from gaitheat.recognition import cameras
from gaitheat.recognition.scoring import Calibration, calibrated
from gaitheat.recognition.verdicts import WALKERS, ByDistance, ByFalseAlarms, Judge, limit_of


class Bench:
    """Judges of one gallery.

    Args:
        path: its folder, which need not be there yet.
        embedding: its name.
    """

    def __init__(self, path: Path, embedding: str) -> None:
        self._path, self._embedding = path, embedding
        self._gallery: Gallery | None = None
        self._strangers: tuple[int | None, Strangers | None] | None = None
        self._sources: tuple[KnownPeople, Strangers | None, Adapted | None] | None = None
        self._known: KnownPeople
        self._calibration: Calibration | None = None

    def gallery(self) -> Gallery:
        """The gallery, which keeps what it has read; GaitheatError if there is none."""
        if self._gallery is None:
            self._gallery = Gallery.open(self._path)
        return self._gallery

    def adapted(
        self, probe: Float32[np.ndarray, " dimension"], camera: str
    ) -> Float32[np.ndarray, " dimension"]:
        """A probe as judges take it: adapted to its camera if any of the gallery has learnt its bias."""
        learnt = cameras.adapted(self._path)
        return probe if learnt is None else learnt.apply(probe[None], [camera])[0]

    def judge(self, far: float | None, threshold: float | None) -> Judge:
        """Who is known now, and what it takes to be named.

        Args:
            far: the rate of false alarms by search that is allowed, None for the default.
            threshold: in the place of that, the distance up to which people are named.

        Raises:
            GaitheatError: there is no gallery, or nothing says who is near enough.
        """
        known, (own, strangers) = self.gallery().everybody(), self._newest_strangers()
        sources = known, strangers, cameras.adapted(self._path)
        if self._sources is None or any(a is not b for a, b in zip(self._sources, sources, strict=True)):
            self._sources, self._known, self._calibration = sources, _moved(known, sources[2]), None
        count = strangers.count if strangers else 0
        limit = limit_of(self._embedding, far, threshold, count, own, adapted=sources[2] is not None)
        if strangers is None or limit.by == "distance":
            return ByDistance(self._known, limit.value)
        if self._calibration is None:
            theirs, learnt = strangers.embeddings, sources[2]
            if learnt is not None:
                theirs = learnt.apply(theirs, strangers.cameras)
            self._calibration = calibrated(self._known.embeddings, theirs, strangers.people, own)
        return ByFalseAlarms(self._known, self._calibration, limit.value, "strangers" if own else WALKERS)

    def _newest_strangers(self) -> tuple[bool, Strangers | None]:
        """Those that this gallery was calibrated with, and True; or those that come with its embedding."""
        file = self._path / STRANGERS
        stamp = file.stat().st_mtime_ns if file.is_file() else None
        if self._strangers is None or self._strangers[0] != stamp:
            self._strangers = stamp, Strangers.load(file) if stamp else strangers_of(self._embedding)
        return stamp is not None, self._strangers[1]


def _moved(known: KnownPeople, learnt: Adapted | None) -> KnownPeople:
    """The same people, adapted to their cameras."""
    if learnt is None:
        return known
    names = [known.names[owner] for owner in known.owners]
    return KnownPeople(names, learnt.apply(known.embeddings, known.cameras), known.cameras)
