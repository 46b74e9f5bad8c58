"""The command that measures how well embeddings recognise people."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import FlagCreatePairsOff, Positional, arg

from gaitheat.cli.arguments import Json, Store, clip_source, expect_packages
from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.datasets.protocol import Protocol
    from gaitheat.evaluation.cross import Candidate
    from gaitheat.metrics import Distance
    from gaitheat.sources import ClipSource


def evaluate(
    checkpoint: Annotated[Path | None, Positional, arg(metavar="[CHECKPOINT]")] = None,
    *,
    store: Store,
    protocol: str | None = None,
    embedding: str | None = None,
    distance: Literal["euc", "cos"] = "euc",
    adapt: Annotated[bool, FlagCreatePairsOff] = False,
    control: str | None = None,
    submission: Path | None = None,
    report: Path | None = None,
    as_json: Json = False,
) -> None:
    """How well people are recognised by an official protocol, with intervals over subjects.

    Args:
        checkpoint: A trained network: its training's folder, its checkpoint, or an exported .onnx file; the
            training-free embeddings if left out.
        store: A clip store or a packed file with the clips of the data set.
        protocol: By its name, such as kth or ccpg-reid; that of the only data set in the store, if left out.
        embedding: A training-free embedding, to be compared with the network; without a network, all of them
            if left out.
        distance: How strips are compared: by Euclidean distance, or by cosine.
        adapt: Measure as well what it gains to be adapted to each camera by unlabelled clips of other people.
        control: Take something out of every clip first: one-frame, shuffled or no-proportions.
        submission: Measure nothing, but write the list that GREW's organisers take, such as grew.csv.
        report: Write a page with tables, curves and the nearest mistakes, such as page.html.
    """
    from gaitheat.adaptation import CohortAdaptation
    from gaitheat.evaluation.embedding import entrants
    from gaitheat.evaluation.evaluate import evaluate as measure
    from gaitheat.printing import print_reports, warn

    source = clip_source(store)
    chosen = _protocol(source, protocol)
    candidates = _candidates(checkpoint, embedding)
    if submission is not None:
        if adapt or control or report or as_json or len(candidates) > 1 or chosen.name != "grew":
            raise GaitheatError(
                "--submission goes with --protocol grew, one network or --embedding, and --distance alone"
            )
        _submit(submission, source, candidates[0], distance)
        return
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
        for each in candidates
    ]
    print_reports(reports, as_json)
    for remark in candidates[0].remarks(entrants(source, chosen)):
        warn(remark)
    if report is not None:
        from gaitheat.pages.page import evaluation_page, write_page

        command = shlex.join(["gaitheat", *sys.argv[1:]])
        about = [("store", str(store)), *(("embedding", each.identity) for each in candidates)]
        write_page(evaluation_page(reports, source, command, about), report)
        warn(f"page: {report}")


def _submit(path: Path, source: "ClipSource", candidate: "Candidate", distance: "Distance") -> None:
    from gaitheat.evaluation.submission import write_submission
    from gaitheat.printing import say, warn

    written = write_submission(path, source, candidate.embed_all, distance, candidate.strips)
    say(f"{path}: {written.probes} probes, each with 20 of {written.subjects} subjects")
    if written.guessed:
        warn(f"{written.guessed} probes gave no clip: their rows name the first 20 subjects")


def _protocol(source: "ClipSource", name: str | None) -> "Protocol":
    """The protocol of that name, or of the only data set in the source that has one."""
    from gaitheat.datasets import DATASETS, protocol_called

    if name is not None:
        return protocol_called(name)
    there = sorted({info.key.dataset for info in source.infos()} & set(DATASETS))
    if len(there) != 1:
        raise GaitheatError(
            f"expected --protocol with a data set's name: the store holds {', '.join(there) or 'none'}"
        )
    return protocol_called(there[0])


def _candidates(checkpoint: Path | None, embedding: str | None) -> list["Candidate"]:
    """The network, then the training-free embeddings."""
    from gaitheat.embeddings import EMBEDDERS, embedder_called
    from gaitheat.evaluation.cross import Candidate

    plain = [embedder_called(embedding)] if embedding else [] if checkpoint else EMBEDDERS.values()
    networks = [network_candidate(checkpoint)] if checkpoint else []
    return [*networks, *(Candidate(each.name, each.identity, each.embed_all) for each in plain)]


def network_candidate(checkpoint: Path) -> "Candidate":
    """A trained network by its folder, its checkpoint or its export, which does not say on what."""
    from gaitheat.evaluation.cross import Candidate

    if checkpoint.suffix == ".onnx":
        from gaitheat.network_embeddings import from_export

        embedder = from_export(checkpoint)
        return Candidate(embedder.weights, embedder.identity, embedder.embed_all, embedder.strips)
    expect_packages("a checkpoint that is not exported", "torch", "safetensors")
    from gaitheat.training.checkpoints import load
    from gaitheat.training.embedder import embedder_of
    from gaitheat.training.sampling import subject_of

    trained = load(checkpoint)
    embedder, people = embedder_of(trained.network(), trained.recipe), frozenset(trained.subjects)
    return Candidate(
        embedder.weights,
        embedder.identity,
        embedder.embed_all,
        embedder.strips,
        trained.recipe.data.dataset,
        trained.estimator,
        knows=lambda key: subject_of(key) in people,
    )
