"""A row's trainings: one at each learning rate, then one for each further seed at the best of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gaitheat.comparison.plan import Plan, folder_of, recipe_at, steps_made
from gaitheat.errors import GaitheatError
from gaitheat.recipes import Recipe
from gaitheat.training.journal import rows_of
from gaitheat.training.loop import train

Tell = Callable[[str], None]
"""What to do with a line for the user."""


def best_rate(row: str, recipe: Recipe, plan: Plan, tell: Tell) -> float:
    """The learning rate by the held-out training subjects, with the first seed."""
    if len(plan.rates) == 1:
        return plan.rates[0]
    return max(plan.rates, key=lambda rate: looked(trained(row, recipe, plan, rate, 0, tell)))


def looked(folder: Path) -> float:
    """Rank-1 of the held-out training subjects, mean over the second half of the looks.

    Raises:
        GaitheatError: nothing could be seen of them.
    """
    looks = [row["rank1"] for row in rows_of(folder) if "rank1" in row]
    if not looks:
        raise GaitheatError(
            f"expected rank-1 of people held out in {folder}, but none could be measured: hold out people "
            "with several clips, or give a single learning rate"
        )
    return float(np.mean(looks[len(looks) // 2 :]))


def trained(row: str, recipe: Recipe, plan: Plan, rate: float, seed: int, tell: Tell) -> Path:
    """The folder of a training, which is made, or gone on with, if it is not finished."""
    wanted, folder = recipe_at(recipe, plan, rate, seed), folder_of(plan, row, rate, seed)
    if steps_made(wanted, folder) < wanted.optimisation.steps:
        tell(f"{row}, learning rate {rate:g}, seed {seed}:")
        train(wanted, plan.store, folder, plan.run, tell)
    return folder
