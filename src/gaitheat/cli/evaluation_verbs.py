"""The command that measures how well embeddings recognise people."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from tyro.conf import FlagCreatePairsOff, Positional, arg

from gaitheat.cli.arguments import Json, clip_source, expect_packages
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.datasets.protocol import Protocol
    from gaitheat.evaluation.evaluate import Embed
    from gaitheat.sources import ClipSource


class Measured(NamedTuple):
    """An embedding to measure."""

    name: str
    identity: str
    embed_all: "Embed"
    strips: int
    people: frozenset[str] = frozenset()
    """On whom it was trained, as far as it says."""


def evaluate(
    checkpoint: Annotated[Path | None, Positional, arg(metavar="[CHECKPOINT]")] = None,
    *,
    store: Path,
    protocol: str | None = None,
    embedding: str | None = None,
    distance: Literal["euc", "cos"] = "euc",
    adapt: Annotated[bool, FlagCreatePairsOff] = False,
    control: str | None = None,
    report: Path | None = None,
    as_json: Json = False,
) -> None:
    """How well people are recognised by an official protocol, with intervals over subjects.

    Args:
        checkpoint: A trained network: its training's folder, its checkpoint, or an exported .onnx file; the
            training-free embeddings if left out.
        store: A clip store or a packed file with the clips of the data set.
        protocol: Whose protocol, such as kth; that of the only data set in the store, if left out.
        embedding: A training-free embedding, to be compared with the network; without a network, all of them
            if left out.
        distance: How strips are compared: by Euclidean distance, or by cosine.
        adapt: Measure as well what it gains to be adapted to each camera by unlabelled clips of other people.
        control: Take something out of every clip first: one-frame, shuffled or no-proportions.
        report: Write a page with tables, curves and the nearest mistakes, such as page.html.
    """
    from gaitheat.evaluation.adaptation import CohortAdaptation
    from gaitheat.evaluation.evaluate import evaluate as measure
    from gaitheat.printing import print_reports, warn

    source = clip_source(store)
    chosen = _protocol(source, protocol)
    embedders = _embedders(checkpoint, embedding)
    reports = [
        measure(
            source,
            chosen,
            each.embed_all,
            each.name,
            distance=distance,
            strips=each.strips,
            control=control,
            adaptation=CohortAdaptation() if adapt else None,
        )
        for each in embedders
    ]
    print_reports(reports, as_json)
    familiar = _familiar(embedders[0].people, source, chosen)
    if familiar:
        warn(f"{familiar} of the people tested were trained on: these figures do not hold for strangers")
    if report is not None:
        from gaitheat.pages.page import evaluation_page, write_page

        command = shlex.join(["gaitheat", *sys.argv[1:]])
        about = [("store", str(store)), *(("embedding", each.identity) for each in embedders)]
        write_page(evaluation_page(reports, source, command, about), report)
        warn(f"page: {report}")


def _protocol(source: "ClipSource", name: str | None) -> "Protocol":
    """The protocol of that name, or of the only data set in the source that has one."""
    from gaitheat.datasets import DATASETS, dataset_called

    if name is not None:
        return dataset_called(name).protocol
    there = sorted({info.key.dataset for info in source.infos()} & set(DATASETS))
    if len(there) != 1:
        raise GaitheatError(
            f"expected --protocol with a data set's name: the store holds {', '.join(there) or 'none'}"
        )
    return dataset_called(there[0]).protocol


def _embedders(checkpoint: Path | None, embedding: str | None) -> list[Measured]:
    """The network, then the training-free embeddings."""
    from gaitheat.embeddings import EMBEDDERS, embedder_called

    plain = [embedder_called(embedding)] if embedding else [] if checkpoint else EMBEDDERS.values()
    networks = [_network(checkpoint)] if checkpoint else []
    return [*networks, *(Measured(each.name, each.identity, each.embed_all, strips=1) for each in plain)]


def _familiar(people: frozenset[str], source: "ClipSource", protocol: "Protocol") -> int:
    """How many of the data set's people a network was trained on."""
    if not people:
        return 0
    from gaitheat.training.sampling import subject_of

    keys = [info.key for info in source.infos() if info.key.dataset == protocol.dataset]
    return len({subject_of(key) for key in keys} & people)


def _network(checkpoint: Path) -> Measured:
    if checkpoint.suffix == ".onnx":
        from gaitheat.network_embeddings import from_export

        embedder, people = from_export(checkpoint), frozenset[str]()
    else:
        expect_packages("a checkpoint that is not exported", "torch", "safetensors")
        from gaitheat.training.checkpoints import load
        from gaitheat.training.embedder import embedder_of

        trained = load(checkpoint)
        embedder, people = embedder_of(trained.network(), trained.recipe), frozenset(trained.subjects)
    return Measured(embedder.weights, embedder.identity, embedder.embed_all, embedder.strips, people)
