"""CCPG, in- and outdoors: 200 subjects in changing clothes, ten cameras (W. Li et al., CVPR 2023).

Clothes are called by upper (U) and lower (D) garments: U0_D3 shares the upper one with U0_D0, the lower one
with U3_D3. It is evaluated in two ways, whose figures lie far apart: their names are always said.
"""

import re
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import picture_recordings, understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.video.recordings import VideoRecording

DATASET = "ccpg"
CLOTHES = ("U0_D0", "U0_D0_BG", "U0_D3", "U1_D0", "U1_D1", "U2_D2", "U3_D3")
_FOLDER = re.compile(rf"[^/]+/({'|'.join(CLOTHES)})/(\d\d)_(\d+)")


def recordings(root: Path, partition: Partition | None) -> list[VideoRecording]:
    """One recording for each folder ``000/U0_D0/01_0`` of pictures below the root.

    Each picture is cut out around the person. How many were taken a second is not published.
    """
    return picture_recordings(root, key_of, partition)


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``000/U0_D0/01_0``: clothes are the condition; of 01_0, 01 is the view and 0 the take."""
    found = understood(DATASET, _FOLDER, "000/U0_D0/01_0", subject, kind, view)
    return ClipKey(split(DATASET, subject, partition), subject, kind, found[2], found[3], 0)


def _in(*clothes: str) -> Selection:
    return Selection(conditions=frozenset(clothes))


_CHANGES = {
    "CL": (_in("U1_D1", "U2_D2", "U3_D3"), _in("U0_D0", "U0_D0_BG")),
    "UP": (_in("U0_D3"), _in("U3_D3")),
    "DN": (_in("U1_D1"), _in("U1_D0")),
    "BG": (_in("U0_D0"), _in("U0_D0_BG")),
}
"""All clothes change, the upper ones, the lower ones, or a bag is added: gallery and probes."""
GAIT = Protocol(
    name="ccpg-gait",
    dataset=DATASET,
    cells=tuple(Cell(label, *pair, view_pairs="different") for label, pair in _CHANGES.items()),
    headline=tuple(_CHANGES),
    note="ccpg-gait: each pair of different views by itself. ccpg-reid is another protocol.",
)
"""As gait benchmarks do indoors."""
REID = Protocol(
    name="ccpg-reid",
    dataset=DATASET,
    cells=tuple(
        Cell(label, *pair, excluded=(frozenset({"subject", "view"}),)) for label, pair in _CHANGES.items()
    ),
    headline=tuple(_CHANGES),
    note="ccpg-reid: one gallery of all views, without the clips of the same person from the probe's view. "
    "ccpg-gait is another protocol.",
    measures=("rank-1", "mAP", "mINP"),
)
"""As person re-identification does."""
