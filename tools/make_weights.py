"""Make what comes with the package of a trained network, ``src/gaitheat/data/gaitheat-s``.

    gaitheat train ... --out RUN
    gaitheat evaluate RUN --store STORE --json > report.json
    python tools/make_weights.py RUN --strangers STRANGERS.store --reports report.json

``--strangers``: a store for walkers with numbers that no profile generates and nobody trains or tests on.
Who is not there yet is filmed first: about five minutes of a core for all; a run that was stopped goes on.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.export import export
from gaitheat.gallery.strangers import Strangers
from gaitheat.network_embeddings import NetworkEmbedder, from_export
from gaitheat.printing import extraction_progress, print_summary, say
from gaitheat.store import ClipStore
from gaitheat.training.checkpoints import Checkpoint, load, save
from gaitheat.training.sampling import subject_of
from gaitheat.video.extractor import Extractor
from gaitheat.video.pool import extract_all
from gaitheat.walkers.seeds import generator
from gaitheat.walkers.walk import Walk
from gaitheat.walkers.worlds import WORLDS

ROOT = Path(__file__).parents[1]
OUT = ROOT / "src" / "gaitheat" / "data" / "gaitheat-s"
CARD = ROOT / "docs" / "model-card.md"
LARGEST = 10_000_000
"""Bytes of a file."""
WORLD, FIRST, PEOPLE, FRAMES = "walkers-train-indoor", 9001, 60, 30
TAKES = (("nm", "01"), ("nm", "05"), ("bg", "01"), ("cl", "01"))
"""Of each stranger, each from another view."""
MEASURED = ("protocol", "distance", "clips", "subjects", "measures", "note")
"""What is kept of a report."""


def main() -> None:
    """Everything that the folder holds; what is wrong is said before anything is written."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("checkpoint", type=Path, help="a checkpoint, or a training's folder")
    asked.add_argument("--strangers", type=Path, required=True, help="a clip store")
    asked.add_argument("--people", type=int, default=PEOPLE, help="how many strangers")
    asked.add_argument("--reports", type=Path, nargs="*", default=[], help="of gaitheat evaluate --json")
    asked.add_argument("--out", type=Path, default=OUT)
    given = asked.parse_args()
    checkpoint = load(given.checkpoint)
    walks = list(strangers(given.people))
    known = {subject_of(walk.key) for walk in walks} & set(checkpoint.subjects)
    if known:
        raise GaitheatError(f"trained on {', '.join(sorted(known))}: they are strangers no more")
    with TemporaryDirectory() as folder:
        made = Path(folder)
        parity = export(given.checkpoint, made / "network.onnx")
        embedder = from_export(made / "network.onnx")
        write_weights(checkpoint, made)
        results = {
            "network": embedder.identity,
            "parity": [each._asdict() for each in parity],
            "training": dict(checkpoint.results),
            "evaluations": evaluations(given.reports, embedder),
        }
        (made / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        film(walks, given.strangers)
        embedded({walk.key for walk in walks}, given.strangers, embedder).save(made / "strangers.npz")
        shutil.copy(CARD, made / "card.md")
        given.out.mkdir(parents=True, exist_ok=True)
        for file in sorted(made.iterdir()):
            if file.stat().st_size > LARGEST:
                raise GaitheatError(f"expected at most {LARGEST} bytes a file, but {file.name} has more")
            shutil.copy(file, given.out / file.name)
            say(f"{given.out / file.name}: {file.stat().st_size} bytes")


def strangers(people: int) -> Iterator[Walk]:
    """Their walks."""
    for number in range(FIRST, FIRST + people):
        subject = f"{number:04d}"
        there = WORLDS[WORLD].cameras.views
        views = generator(WORLD, subject, "views").choice(there, len(TAKES), replace=False).tolist()
        for (condition, take), view in zip(TAKES, views, strict=True):
            yield Walk(WORLD, subject, condition, take, view, FRAMES)


def film(walks: list[Walk], store: Path) -> None:
    """Those that are not in the store yet."""
    with extraction_progress() as report:
        summary = extract_all(walks, ClipStore.open_or_create(store), Extractor(), 1, report)
    print_summary(summary, str(store))


def embedded(keys: set[ClipKey], store: Path, embedder: NetworkEmbedder) -> Strangers:
    """As the shipped network embeds them; their cameras are none of a gallery's, so they have no name."""
    source = ClipStore(store)
    there = [info.key for info in source.infos() if info.key in keys]
    vectors = [embedder.embed(clip) for key in there for clip in source.read([(key, None)])]
    return Strangers.named(np.stack(vectors), there)


def write_weights(checkpoint: Checkpoint, folder: Path) -> None:
    """The checkpoint without the heads of the classes: all that the embedding takes."""
    with TemporaryDirectory() as own:
        weights = checkpoint.network().state_dict()
        shutil.move(save(Path(own), replace(checkpoint, weights=weights)), folder / "network.safetensors")


def evaluations(reports: list[Path], embedder: NetworkEmbedder) -> list[dict[str, Any]]:
    """What is kept of each report, if it is of this network."""
    found = [one for path in reports for one in json.loads(path.read_text())]
    ours = [one for one in found if one["embedding"] == embedder.weights]
    if reports and not ours:
        others = ", ".join(sorted({one["embedding"] for one in found}))
        raise GaitheatError(f"expected reports about {embedder.weights}, but they are about {others}")
    return [kept(one) for one in ours]


def kept(report: dict[str, Any]) -> dict[str, Any]:
    """The figures, and those adapted to each camera."""
    adapted = report.get("adapted")
    return {name: report[name] for name in MEASURED} | {"adapted": adapted and adapted["measures"]}


if __name__ == "__main__":
    main()
