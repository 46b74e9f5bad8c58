"""What each part of GaitHeat is worth: rows that differ in one thing, trained on the same batches.

    python benchmarks/ablation.py --store small.store --out ablation [--rows ...] [--rates ...] [--seeds N]

Every training is a folder OUT/row/rate/seed and goes on where it was stopped; what was embedded stays
embedded. A row's learning rate is the one with the best rank-1 on training subjects that are held out, mean
over the second half of the looks (seed 0); test subjects decide nothing. The hours that are planned are
printed first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float32

from gaitheat.cli.arguments import clip_source
from gaitheat.clips import Clip
from gaitheat.datasets import dataset_called
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.evaluate import Report, difference, evaluate
from gaitheat.heatmaps.align import ALIGNMENTS, Alignment
from gaitheat.recipes import RECIPES, Network, Recipe
from gaitheat.training.checkpoints import NAME, load
from gaitheat.training.embedder import from_checkpoint
from gaitheat.training.journal import rows_of
from gaitheat.training.loop import train
from gaitheat.training.run import Run

AS_CROPPED = Alignment(rotation="none", scale="none", centre="none")
GLOBAL = Network(attention=False, parts=False, shallow=False)
BASE = RECIPES["walkers-small"]


def _row(network: Network, alignment: Alignment = AS_CROPPED, variant: str = "estimated") -> Recipe:
    return replace(BASE, network=network, data=replace(BASE.data, alignment=alignment, variant=variant))


ALIGNED = ALIGNMENTS["default"]
ROWS: dict[str, Recipe] = {
    "0 coordinates": _row(Network("coordinates")),
    "1a drawn at keypoints": _row(GLOBAL, variant="drawn"),
    "1b drawn at soft-argmax": _row(GLOBAL, variant="drawn-soft-argmax"),
    "2 heatmaps": _row(GLOBAL),
    "2b heatmaps, peaks of 1": _row(GLOBAL, variant="unit-peak"),
    "3 + alignment": _row(GLOBAL, ALIGNED),
    "3' + alignment as described": _row(GLOBAL, ALIGNMENTS["described"]),
    "4 + attention": _row(replace(GLOBAL, attention=True, residual=False), ALIGNED),
    "5 + residual": _row(replace(GLOBAL, attention=True), ALIGNED),
    "6 + local parts, added": _row(Network(fusion="add", shallow=False), ALIGNED),
    "7 + fused by attention": _row(Network(shallow=False), ALIGNED),
    "8 + moments: gaitheat-s": _row(Network(), ALIGNED),
    "8' strips without columns": _row(Network(columns=0), ALIGNED),
    "8' frames unordered": _row(Network(temporal="unordered"), ALIGNED),
    "release, width / 4": _row(Network("gaitheat_release", width=16), ALIGNED),
}
"""The rows, each on top of those before it; what is primed stands beside them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared, and at what cost."""

    store: Path
    """The clip store to train on, and to test on."""
    out: Path
    """The folder for trainings and tables."""
    protocols: tuple[str, ...] = ("walkers-1-indoor",)
    """Whose tests; they are looked for in the stores."""
    tests: tuple[Path, ...] = ()
    """Further stores to test on."""
    rows: tuple[str, ...] = tuple(ROWS)
    """Which rows, by the beginning of their names."""
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    """Learning rates that every row may choose from."""
    seeds: int = 3
    """Trainings of each row at its learning rate."""
    steps: int = BASE.optimisation.steps
    """Steps of every training: the budget."""
    minutes: float = 15.0
    """What one training is expected to take, for the plan."""


def main(plan: Plan) -> None:
    """Train what is missing, measure what is missing, print the table."""
    chosen = [name for name in ROWS if name.startswith(plan.rows)]
    trainings = len(chosen) * (len(plan.rates) + plan.seeds - 1 if len(plan.rates) > 1 else plan.seeds)
    print(f"{trainings} trainings, about {trainings * plan.minutes / 60:.1f} hours, without those there are")
    table: dict[str, list[list[Report]]] = {}
    for name in chosen:
        rate = best_rate(plan, name)
        folders = [trained(plan, name, rate, seed) for seed in range(plan.seeds)]
        table[name] = [
            [measured(plan, folder, protocol) for folder in folders] for protocol in plan.protocols
        ]
        print(line(name, rate, table[name], table[chosen[0]]), flush=True)


def best_rate(plan: Plan, name: str) -> float:
    """The learning rate by the held-out training subjects."""
    if len(plan.rates) == 1:
        return plan.rates[0]
    return max(plan.rates, key=lambda rate: looked(trained(plan, name, rate, 0)))


def looked(folder: Path) -> float:
    """Rank-1 of the held-out training subjects, mean over the second half of the looks."""
    looks = [row["rank1"] for row in rows_of(folder) if "rank1" in row]
    return float(np.mean(looks[len(looks) // 2 :]))


def trained(plan: Plan, name: str, rate: float, seed: int) -> Path:
    """The folder of a training, which is made, or gone on with, if it is not finished."""
    folder = plan.out / name.replace(" ", "_").replace("/", "").replace("'", "x") / f"{rate:g}" / str(seed)
    knobs = replace(ROWS[name].optimisation, learning_rate=rate, steps=plan.steps)
    recipe = replace(ROWS[name], optimisation=knobs, seed=seed)
    done = load(folder) if (folder / NAME).exists() else None
    if done is not None and done.recipe != recipe:
        raise GaitheatError(f"expected the row {name!r} as it is now in {folder}, but got another: delete it")
    if done is None or done.results["step"] < plan.steps:
        train(recipe, clip_source(plan.store), folder, Run(), print)
    return folder


def measured(plan: Plan, folder: Path, protocol: str) -> Report:
    """A training's report. Its embeddings are kept: clips are embedded once."""
    rule = dataset_called(protocol).protocol
    source = next(
        found
        for found in map(clip_source, (plan.store, *plan.tests))
        if any(info.key.dataset == rule.dataset for info in found.infos())
    )
    embedder = from_checkpoint(folder)
    kept = folder / f"{protocol}-{sha256(embedder.identity.encode()).hexdigest()[:8]}.npz"
    there = dict(np.load(kept)) if kept.exists() else {}

    def embed(clips: Sequence[Clip]) -> Float32[np.ndarray, "clips dimension"]:
        missing = [clip for clip in clips if str(clip.key) not in there]
        if missing:
            found = embedder.embed_all(missing)
            there.update({str(clip.key): vector for clip, vector in zip(missing, found, strict=True)})
        return np.stack([there[str(clip.key)] for clip in clips])

    report = evaluate(source, rule, embed, folder.parts[-3], strips=embedder.strips)
    np.savez(kept, **there)
    (folder / f"{protocol}.json").write_text(report.to_json())
    return report


def line(name: str, rate: float, reports: list[list[Report]], first: list[list[Report]]) -> str:
    """A row of the table: for each protocol the mean over seeds, and the difference from the first row."""
    cells = []
    for seeds, others in zip(reports, first, strict=True):
        values = [100 * report.headline.value for report in seeds if report.headline]
        better, low, high = (100 * bound for bound in difference(seeds, others))
        each = ", ".join(f"{value:.1f}" for value in values)
        cells.append(f"{np.mean(values):.1f} ({each}) | {better:+.1f} ({low:+.1f} to {high:+.1f})")
    return f"| {name} | {rate:g} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main(tyro.cli(Plan))
