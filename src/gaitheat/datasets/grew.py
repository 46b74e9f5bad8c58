"""GREW, in the wild: 26,345 subjects of 882 cameras (Z. Zhu et al., ICCV 2021).

Nobody but the organisers knows who is to be seen on the official probes: for these, one hands in whom one
found. To count by oneself, one clip of each test subject is looked for among the others.
"""

import re

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import only_imported, understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection

DATASET = "grew"
_FOLDER = re.compile(r"(\d+train/00|\d+/0[12]|probe/03)/[^/]+")

recordings = only_imported(DATASET)


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``00001train/00/4XPn5Z28``, ``00001/01/79XJefi8`` or ``probe/03/etaGVnWf``.

    The kind, which says what a clip is for, becomes the condition; the name of the video, by which results
    are handed in, the take. Which camera it was is not published.
    """
    understood(DATASET, _FOLDER, "00001train/00/VIDEO, 00001/01/VIDEO or probe/03/VIDEO", subject, kind, view)
    return ClipKey(split(DATASET, subject, partition), subject, kind, "unknown", view, 0)


def _kinds(*names: str) -> Selection:
    return Selection(conditions=frozenset(names))


PROTOCOL = Protocol(
    name=DATASET,
    dataset=DATASET,
    cells=(Cell("02 in 01", _kinds("01"), _kinds("02")),),
    headline=("02 in 01",),
    note="Counted on the test subjects' enrolled clips, one in the other: not the official result, for which "
    "a list has to be handed in.",
    measures=("rank-1", "rank-5", "rank-10", "rank-20"),
)
"""What can be counted without the organisers."""
SUBMISSION = Cell("submission", _kinds("01", "02"), _kinds("03"))
"""Who is enrolled, and who asked for, in the list to hand in."""
