"""Networks, from windows of aligned heatmaps to embeddings. One file each, one line each in NETWORKS."""

from collections.abc import Callable
from functools import partial

from torch import nn

from gaitheat.errors import GaitheatError
from gaitheat.networks.coordinates import Coordinates
from gaitheat.networks.gaitheat import GaitHeat
from gaitheat.networks.gaitheat_release import GaitHeatRelease

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "gaitheat-s": partial(GaitHeat, widths=(32, 64, 128), blocks=(2, 1), reduce=2),
    "gaitheat-b": partial(GaitHeat, widths=(32, 64, 128, 256), blocks=(2, 2, 2), reduce=1),
    "gaitheat-l": partial(GaitHeat, widths=(64, 128, 256, 512), blocks=(2, 2, 2), reduce=1),
    "gaitheat_release": GaitHeatRelease,
    "coordinates": Coordinates,
}
"""By name: built by ``factory(subjects, **settings)``; 0 subjects build no classifiers."""


def network_called(name: str) -> Callable[..., nn.Module]:
    """The network of that name; GaitheatError with the names there are if there is none."""
    if name not in NETWORKS:
        raise GaitheatError(f"no network is called {name!r}: expected one of {', '.join(NETWORKS)}")
    return NETWORKS[name]
