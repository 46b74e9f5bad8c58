"""The command that measures networks on all data sets, those that they were not trained on as well."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import Json, Store, clip_source
from gaitheat.cli.evaluation_verbs import network_candidate
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.datasets.protocol import Protocol
    from gaitheat.sources import ClipSource


def cross(
    checkpoints: Annotated[tuple[Path, ...], Positional, arg(metavar="CHECKPOINT [CHECKPOINT ...]")],
    stores: tuple[Store, ...],
    protocols: tuple[str, ...] = (),
    distance: Literal["euc", "cos"] = "euc",
    as_json: Json = False,
) -> None:
    """Rank-1 of networks on all data sets, whichever they were trained on: a row a network.

    Beside each figure stands what else differs between training and test: other pose estimators, the same
    people, and what a network cannot embed.

    Args:
        checkpoints: Trained networks: their trainings' folders, their checkpoints, or exported .onnx files.
        stores: Clip stores or packed files with the clips of the data sets.
        protocols: By their names, such as kth and ccpg-reid; all of the data sets in the stores, if left out.
        distance: How strips are compared: by Euclidean distance, or by cosine.
    """
    from gaitheat.evaluation.cross import crossed, matrix
    from gaitheat.printing import print_rows, say

    tests = _tests(dict(zip(stores, map(clip_source, stores), strict=True)), protocols)
    candidates = [
        candidate._replace(name=f"{path}: {candidate.name}")
        for path, candidate in ((path, network_candidate(path)) for path in checkpoints)
    ]
    crossings = list(crossed(candidates, tests, distance))
    if as_json:
        print_rows([each.to_row() for each in crossings], as_json=True)
    else:
        say(matrix(crossings))


def _tests(sources: dict[str, "ClipSource"], names: tuple[str, ...]) -> list[tuple["Protocol", "ClipSource"]]:
    """The protocols, each with the only source that has its data set."""
    from gaitheat.datasets import PROTOCOLS, protocol_called

    holders: dict[str, list[str]] = {}
    for store, source in sources.items():
        for dataset in sorted({info.key.dataset for info in source.infos()}):
            holders.setdefault(dataset, []).append(store)
    wanted = [protocol_called(name) for name in names] or [
        protocol for protocol in PROTOCOLS.values() if protocol.dataset in holders
    ]
    if not wanted:
        raise GaitheatError(
            f"expected a data set with a protocol, got {', '.join(sorted(holders)) or 'none'}"
        )
    for protocol in wanted:
        there = holders.get(protocol.dataset, [])
        if len(there) != 1:
            raise GaitheatError(
                f"expected data set {protocol.dataset!r} in one of the stores, but it is in "
                f"{' and '.join(there) or 'none'}: name its store once, or other --protocols"
            )
    return [(protocol, sources[holders[protocol.dataset][0]]) for protocol in wanted]
