"""Gait3D, in a supermarket: 4,000 subjects of 39 cameras (J. Zheng et al., CVPR 2022)."""

import re

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import only_imported, understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError

DATASET = "gait3d"
_FOLDER = re.compile(r"[^/]+/(camid\d+)_(videoid\d+)/(seq\d+)")

recordings = only_imported(DATASET)


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``0000/camid0_videoid2/seq0``: the view is the camera, the take what the clip is for.

    The take is ``probe`` where the partition says so, else ``gallery``. GaitheatError if it names no probes.
    """
    camera, video, sequence = understood(
        DATASET, _FOLDER, "0000/camid0_videoid2/seq0", subject, kind, view
    ).groups()
    named = split(DATASET, subject, partition)
    if partition is None or not partition.probe:
        raise GaitheatError(
            f"data set {DATASET}: expected a partition file with a PROBE_SET, got one without; take that of "
            "the data set"
        )
    role = "probe" if f"{subject}-{kind}-{view}" in partition.probe else "gallery"
    return ClipKey(named, subject, f"{video}_{sequence}", camera, role, 0)


def _role(name: str) -> Selection:
    return Selection(takes=frozenset({name}))


PROTOCOL = Protocol(
    name=DATASET,
    dataset=DATASET,
    cells=(Cell("probes", _role("gallery"), _role("probe")),),
    headline=("probes",),
    measures=("rank-1", "rank-5", "mAP", "mINP"),
)
"""The listed clips of test subjects are looked for among all their others."""
