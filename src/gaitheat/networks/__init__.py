"""Networks, from windows of a clip to embeddings. One file each, one line each in NETWORKS."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import nn

from gaitheat.errors import GaitheatError
from gaitheat.modalities import Modality
from gaitheat.networks.coordinates import Coordinates
from gaitheat.networks.gaitbase import GaitBase
from gaitheat.networks.gaitgraph2 import GaitGraph2
from gaitheat.networks.gaitheat import GaitHeat
from gaitheat.networks.gaitheat_fusion import GaitHeatFusion
from gaitheat.networks.gaitheat_release import GaitHeatRelease
from gaitheat.networks.gaitpart import GaitPart
from gaitheat.networks.gaitset import GaitSet
from gaitheat.networks.gaittr import GaitTR
from gaitheat.networks.gpgait import GPGait
from gaitheat.networks.skeletongait import SkeletonGait


class Entry(NamedTuple):
    """A network by its name."""

    build: Callable[..., nn.Module]
    """Called with the number of subjects, and settings; 0 subjects build no classifiers."""
    reads: frozenset[Modality]
    """What it looks at; the rest of its `Inputs` is empty."""


_HEATMAPS = frozenset[Modality]({"heatmaps"})
_HEATMAPS_AND_KEYPOINTS = frozenset[Modality]({"heatmaps", "keypoints"})
_KEYPOINTS = frozenset[Modality]({"keypoints"})
_SILHOUETTES = frozenset[Modality]({"silhouettes"})
_EVERYTHING = _HEATMAPS_AND_KEYPOINTS | _SILHOUETTES

NETWORKS: dict[str, Entry] = {
    "gaitheat-s": Entry(
        partial(GaitHeat, widths=(32, 64, 128), blocks=(2, 1), reduce=2), _HEATMAPS_AND_KEYPOINTS
    ),
    "gaitheat-b": Entry(
        partial(GaitHeat, widths=(32, 64, 128, 256), blocks=(2, 2, 2), reduce=1), _HEATMAPS_AND_KEYPOINTS
    ),
    "gaitheat-l": Entry(
        partial(GaitHeat, widths=(64, 128, 256, 512), blocks=(2, 2, 2), reduce=1), _HEATMAPS_AND_KEYPOINTS
    ),
    "gaitheat_release": Entry(GaitHeatRelease, _HEATMAPS),
    "gaitheat_fusion": Entry(GaitHeatFusion, _EVERYTHING),
    "coordinates": Entry(Coordinates, _KEYPOINTS),
    "gaitgraph2": Entry(GaitGraph2, _KEYPOINTS),
    "gaittr": Entry(GaitTR, _KEYPOINTS),
    "gpgait": Entry(GPGait, _KEYPOINTS),
    "skeletongait": Entry(SkeletonGait, _KEYPOINTS),
    "gaitset": Entry(GaitSet, _SILHOUETTES),
    "gaitpart": Entry(GaitPart, _SILHOUETTES),
    "gaitbase": Entry(GaitBase, _SILHOUETTES),
}
"""By name: ours, then those it is compared with."""


def network_called(name: str) -> Entry:
    """The network of that name; GaitheatError with the names there are if there is none."""
    if name not in NETWORKS:
        raise GaitheatError(f"no network is called {name!r}: expected one of {', '.join(NETWORKS)}")
    return NETWORKS[name]
