"""What a gallery learns from people who are not in it: false alarms from some, its cameras' bias from others.

Nobody may do both. A camera's adaptation fits the very people it was learnt from: after it they are farther
from everybody than new strangers are, and would hide false alarms (6 people of KTH who did both let 36 % of
strangers pass where 10 % were allowed; separate ones 6 %).
"""

import logging

import numpy as np
from jaxtyping import Bool, Float32

from gaitheat.adaptation import Adapted
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS, sole_writer
from gaitheat.gallery.traces import strangers_apart
from gaitheat.recognition import cameras
from gaitheat.recognition.scoring import FEWEST, smallest_rate
from gaitheat.recognition.verdicts import DEFAULT_FAR

IN_SPAN = 1e-3
"""Share of a vector's length by which rounding may move it out of a span."""
MEND = "give each passer-by either to adapt or to calibrate, for who did both would hide false alarms"

logger = logging.getLogger(__name__)


def calibrate(gallery: Gallery, given: Strangers) -> int:
    """Count false alarms with these strangers from now on; their number.

    Raises:
        GaitheatError: too few who are not enrolled, or people from whom a camera has learnt.
    """
    learnt = cameras.adapted(gallery.path)
    if learnt is not None and (both := int(taught(learnt, given.embeddings).sum())):
        raise GaitheatError(f"cameras have learnt from {both} of these {len(given.people)} clips: {MEND}")
    with sole_writer(gallery.path):
        strangers = strangers_apart(given, gallery.everybody().embeddings)
        count = strangers.count if strangers else 0
        if strangers is None or count < FEWEST:
            raise GaitheatError(
                f"expected at least {FEWEST} strangers who walk and are not enrolled, better 20 or more, "
                f"but got {count}: film more people"
            )
        strangers.save(gallery.path / STRANGERS)
    if count < given.count:
        logger.warning("left out %d people who are enrolled", given.count - count)
    if smallest_rate(count) > DEFAULT_FAR:
        logger.warning(
            "%d strangers tell no rate of false alarms below %g: ask for that (--far), or show more of them",
            count,
            smallest_rate(count),
        )
    return count


def adapt(gallery: Gallery, camera: str, embeddings: Float32[np.ndarray, "clips dimension"]) -> int:
    """A camera learns its bias from passers-by; the number of the version.

    Raises:
        GaitheatError: too few, or strangers with whom the gallery counts false alarms.
    """
    file = gallery.path / STRANGERS
    if file.is_file():
        strangers = Strangers.load(file)
        apart = strangers_apart(strangers, embeddings)
        if apart is None or apart.count < strangers.count:
            raise GaitheatError(f"the gallery is calibrated with some of these passers-by: {MEND}")
    return cameras.learn(gallery.path, camera, embeddings)


def taught(learnt: Adapted, embeddings: Float32[np.ndarray, "clips dimension"]) -> Bool[np.ndarray, " clips"]:
    """Which of these clips cameras have learnt from, as far as that can be told.

    Less its camera's mean, such a clip lies in the span of the axes that were learnt. Any other one sticks
    out of it, unless the axes span all there is.
    """
    found = np.zeros(len(embeddings), bool)
    if learnt.axes.shape[1] < learnt.axes.shape[0]:
        for mean in learnt.means.values():
            moved = embeddings - mean
            outside = moved - moved @ learnt.axes @ learnt.axes.T
            found |= np.linalg.norm(outside, axis=1) < IN_SPAN * np.linalg.norm(moved, axis=1)
    return found
