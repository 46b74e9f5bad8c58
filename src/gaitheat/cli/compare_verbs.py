"""The command that compares methods."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import Store, clip_source, expect_packages


def compare(
    recipes: Annotated[tuple[str, ...], Positional, arg(metavar="RECIPE [RECIPE ...]")],
    store: Store,
    out: Path,
    tests: tuple[Store, ...] = (),
    protocols: tuple[str, ...] = ("walkers-1-indoor",),
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3),
    seeds: int = 3,
    steps: int | None = None,
) -> None:
    """Train and test recipes by the same rules, in one table; what was stopped goes on.

    Each recipe is trained at every rate, and then with further seeds at the one that is best on training
    subjects held out: test subjects decide nothing. OUT gets the table: comparison.md, .json and .png.

    Args:
        recipes: Names of recipes, or .json files with knobs; the others are compared with the first. With
            @truth behind it, a recipe is trained and tested on the ground truth of the same walks.
        store: The clip store, or packed file, to train on and to test on.
        out: The folder for the trainings, OUT/recipe/rate/seed, and for the table.
        tests: Further stores or packed files to test on.
        protocols: Whose tests; they are looked for in all stores, and the first is told cell by cell.
        rates: Learning rates to choose from.
        seeds: Trainings of each recipe at its rate.
        steps: Steps of every training; each recipe's own, if left out.
    """
    expect_packages("comparing networks", "torch", "lightning_fabric", "safetensors")
    from gaitheat.comparison.compare import NAME
    from gaitheat.comparison.compare import compare as run
    from gaitheat.comparison.plan import Plan
    from gaitheat.comparison.rows import rows_called
    from gaitheat.printing import say

    rows = rows_called(recipes)
    plan = Plan(clip_source(store), out, protocols, tuple(map(clip_source, tests)), rates, seeds, steps)
    run(rows, plan, say)
    say(f"\n{(out / NAME).with_suffix('.md').read_text(encoding='utf-8')}")
    say(f"{out}: {NAME}.md, {NAME}.json, {NAME}.png")
