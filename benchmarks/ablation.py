"""What each part of GaitHeat is worth: rows that differ in one thing, trained on the same batches.

    python benchmarks/ablation.py --store small.store --out ablation [--rows ...] [--rates ...] [--seeds N]

Every training is a folder OUT/row/rate/seed and goes on where it was stopped; what was embedded stays
embedded. How learning rates are chosen: `gaitheat.comparison.compare`. The hours that are planned are printed
first; the table is left in OUT.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import tyro

from gaitheat.cli.arguments import clip_source
from gaitheat.comparison.compare import NAME, compare
from gaitheat.comparison.plan import Plan
from gaitheat.heatmaps.align import ALIGNMENTS, Alignment
from gaitheat.heatmaps.augment import DEFAULT, NONE, Augmentation
from gaitheat.recipe_table import AS_CROPPED, RECIPES
from gaitheat.recipes import Network, Recipe

GLOBAL = Network(attention=False, parts=False, shallow=False)
BASE = RECIPES["walkers-small"]


def _row(
    network: Network,
    alignment: Alignment = AS_CROPPED,
    variant: str = "estimated",
    augmentation: Augmentation = BASE.augmentation,
) -> Recipe:
    data = replace(BASE.data, alignment=alignment, variant=variant)
    return replace(BASE, network=network, data=data, augmentation=augmentation)


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
    "8' maximum over time": _row(Network(pooling="max"), ALIGNED),
    "8' 2048 numbers": _row(Network(dims=256), ALIGNED),
    "8' drawn at soft-argmax": _row(Network(), ALIGNED, "drawn-soft-argmax"),
    "8' not augmented": _row(Network(), ALIGNED, augmentation=NONE),
    "8' augmented more": _row(Network(), ALIGNED, augmentation=DEFAULT),
    "release, width / 4": _row(Network("gaitheat_release", width=16), ALIGNED),
}
"""The rows, each on top of those before it; what is primed stands beside them."""


@dataclass(frozen=True, slots=True)
class Ablation:
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
    minutes: float | None = None
    """What one training takes, for the plan; by the networks' speeds, if left out."""


def main(asked: Ablation) -> None:
    """Train what is missing, measure what is missing, print the table."""
    compare(
        {name: row for name, row in ROWS.items() if name.startswith(asked.rows)},
        Plan(
            store=clip_source(asked.store),
            out=asked.out,
            protocols=asked.protocols,
            tests=tuple(map(clip_source, asked.tests)),
            rates=asked.rates,
            seeds=asked.seeds,
            steps=asked.steps,
            minutes=asked.minutes,
        ),
        tell=lambda text: print(text, flush=True),
    )
    print((asked.out / f"{NAME}.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(tyro.cli(Ablation))
