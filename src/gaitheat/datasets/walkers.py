"""Walkers, the open benchmark: virtual people, generated and not read from folders.

The test worlds are called ``walkers-1-...``; the worlds to train in, of other people, ``walkers-train-...``.
Each has a twin with the ground truth of the same recordings, as clips of an estimator that makes no errors.
"""

from pathlib import Path

from gaitheat.datasets.casia_b import GALLERY, PROBES
from gaitheat.datasets.protocol import Cell, Protocol
from gaitheat.errors import GaitheatError
from gaitheat.frames import Recording

KINDS = ("indoor", "street", "motion-only", "shape-only")
"""Kinds of worlds: two to walk in, one in which only the gait differs, one in which only the body does."""
TEST, TRAIN = "walkers-1-", "walkers-train-"
"""Before the kind: worlds to test in, which are frozen, and worlds to train in."""
TRUTH_SUFFIX = "-truth"
"""Behind a data set's name: the ground truth of its clips."""
HONEST_LIMITS = (
    "Walkers are synthetic people, whose clothes and hair do not move by themselves: "
    "figures on them rank methods, they are no accuracy on people."
)
"""What every report about walkers says."""


def recordings(root: Path) -> list[Recording]:
    """There are none: walkers are generated. GaitheatError says how."""
    raise GaitheatError(
        f"expected a data set that is read from a folder such as {root}, but walkers are generated: "
        "run `gaitheat walkers PROFILE --store PATH`"
    )


_ACROSS = tuple(Cell(label, GALLERY, probe, view_pairs="different") for label, probe in PROBES.items())
_SAME = tuple(
    Cell(f"{label}, same view", GALLERY, probe, view_pairs="equal") for label, probe in PROBES.items()
)


def _protocol(name: str) -> Protocol:
    return Protocol(
        name, name, (*_ACROSS, *_SAME), headline=tuple(PROBES), note=HONEST_LIMITS, camera=("view",)
    )


PROTOCOLS = {
    name: _protocol(name)
    for world in (TEST, TRAIN)
    for kind in KINDS
    for name in (f"{world}{kind}", f"{world}{kind}{TRUTH_SUFFIX}")
}
"""Plain walks are enrolled; other plain walks (NM), walks with a bag (BG) and in a coat (CL) are asked for.

By name of the data set. The headline is the mean over probes seen from another view than the gallery.
"""
