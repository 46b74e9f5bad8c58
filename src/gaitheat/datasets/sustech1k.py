"""SUSTech1K, outdoors: 1,050 subjects, 12 views, many attributes (C. Shen et al., CVPR 2023).

Of its camera and its LiDAR, only the camera counts here.
"""

import re
from pathlib import Path

from gaitheat.clips import ClipKey
from gaitheat.datasets.folders import picture_recordings, understood
from gaitheat.datasets.partition import Partition, split
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.video.recordings import VideoRecording

DATASET = "sustech1k"
VIEWS = frozenset(f"{angle:03d}" for angle in range(0, 316, 45)) | {
    "000-far",
    "090-near",
    "180-far",
    "270-far",
}
ATTRIBUTES = {
    "normal": "01-nm",
    "bag": "bg",
    "clothing": "cl",
    "carrying": "cr",
    "umbrella": "ub",
    "uniform": "uf",
    "occlusion": "oc",
    "night": "nt",
}
"""By their names, what the kinds of clips contain that have them; a clip may have several."""
PICTURES = "RGB_raw"
"""The folder with the camera's pictures, each cut out around the person, beside those of other sensors."""
RATE = 30.0
"""Of the camera, in pictures a second."""
_FOLDER = re.compile(rf"[^/]+/\d\d(-(nm|bg|cl|cr|ub|uf|oc|nt))+/({'|'.join(sorted(VIEWS))})")


def recordings(root: Path, partition: Partition | None) -> list[VideoRecording]:
    """One recording for each folder ``0000/00-nm/000/RGB_raw`` below the root."""
    return picture_recordings(root, key_of, partition, inside=PICTURES, rate=RATE)


def key_of(subject: str, kind: str, view: str, partition: Partition | None) -> ClipKey:
    """The key of ``0000/01-bg-nt/000-far``: the whole kind is the condition, its number also the take."""
    understood(DATASET, _FOLDER, "0000/01-bg-nt/000-far", subject, kind, view)
    return ClipKey(split(DATASET, subject, partition), subject, kind, view, kind[:2], 0)


def _having(*parts: str) -> Selection:
    return Selection(views=VIEWS, condition_has=frozenset(parts))


_PROBES = {name: _having(part) for name, part in ATTRIBUTES.items()} | {
    "overall": _having("01", "02", "03", "04")
}
PROTOCOL = Protocol(
    name=DATASET,
    dataset=DATASET,
    cells=tuple(
        Cell(name, _having("00-nm"), probe, view_pairs="different") for name, probe in _PROBES.items()
    ),
    headline=("overall",),
    measures=("rank-1", "rank-5"),
)
"""The first plain walk is enrolled; walks with each attribute, and all walks, asked for from other views."""
