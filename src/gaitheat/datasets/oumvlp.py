"""OU-MVLP, indoors: 10,307 subjects, 14 views, two walks (N. Takemura et al., IPSJ T-CVA 2018).

OUMVLP-Pose (W. An et al., T-BIOM 2020) holds the poses of the same walks.
"""

import re

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import only_imported, understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection

DATASET = "oumvlp"
VIEWS = frozenset(f"{angle:03d}" for angle in (*range(0, 91, 15), *range(180, 271, 15)))
_FOLDER = re.compile(rf"[^/]+/0[01]/({'|'.join(sorted(VIEWS))})")

recordings = only_imported(DATASET)


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``00001/00/000``: everybody walks in plain clothes, the kind is the take."""
    understood(DATASET, _FOLDER, "00001/00/000", subject, kind, view)
    return ClipKey(split(DATASET, subject, partition), subject, "nm", view, kind, 0)


def _take(name: str) -> Selection:
    return Selection(views=VIEWS, takes=frozenset({name}))


PROTOCOL = Protocol(
    name=DATASET,
    dataset=DATASET,
    cells=(Cell("NM", _take("01"), _take("00"), view_pairs="different"),),
    headline=("NM",),
)
"""The second walk is enrolled, the first asked for from other views."""
