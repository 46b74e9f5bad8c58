"""The command that trains networks."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import CascadeSubcommandArgs, arg
from tyro.extras import subcommand_type_from_defaults

from gaitheat.cli.arguments import Store, clip_source, expect_packages


def _recipes() -> Any:
    """One subcommand a recipe, whose knobs are options; asked for when `train` is, not by --help."""
    from gaitheat.recipe_table import PURPOSES, RECIPES

    return subcommand_type_from_defaults(RECIPES, PURPOSES, prefix_names=False)


def _run() -> Any:
    from gaitheat.training.run import Run

    return Run


def train(
    recipe: Annotated[Any, arg(name="", constructor_factory=_recipes)],
    store: CascadeSubcommandArgs[Store],
    out: CascadeSubcommandArgs[Path],
    run: CascadeSubcommandArgs[Annotated[Any, arg(name="", constructor_factory=_run)]],
) -> None:
    """Train a network by a recipe, whose knobs `train RECIPE --help` lists; what was stopped goes on.

    Args:
        recipe: What to train, on whom, and how.
        store: The clip store, or packed file, with the clips to train on.
        out: The folder for the checkpoint, the metrics and the state that a stopped training goes on from.
    """
    expect_packages("training", "torch", "lightning_fabric", "safetensors")
    from gaitheat.printing import say
    from gaitheat.training.loop import train as run_recipe

    checkpoint = run_recipe(recipe, clip_source(store), out, run, say)
    if checkpoint is not None:
        say(f"{checkpoint}: trained; now: gaitheat evaluate {out} --store STORE --protocol NAME")
