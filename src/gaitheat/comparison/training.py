"""A row's trainings: one at each learning rate, then one for each further seed at the best of them."""

from collections.abc import Callable
from math import inf, isinf
from pathlib import Path

import numpy as np

from gaitheat.comparison.plan import Plan, folder_of, recipe_at, steps_made
from gaitheat.errors import DivergedError, GaitheatError
from gaitheat.recipes import Recipe
from gaitheat.training.journal import rows_of
from gaitheat.training.loop import train

Tell = Callable[[str], None]
"""What to do with a line for the user."""


def best_rate(row: str, recipe: Recipe, plan: Plan, tell: Tell) -> float:
    """The learning rate by the held-out training subjects, with the first seed.

    Raises:
        GaitheatError: training diverges at every rate, or nothing could be seen of these subjects.
    """
    if len(plan.rates) == 1:
        return plan.rates[0]
    ranks = {rate: _rank1_at(row, recipe, plan, rate, tell) for rate in plan.rates}
    best = max(ranks, key=lambda rate: ranks[rate])
    if isinf(ranks[best]):
        raise GaitheatError(f"{row} diverges at every learning rate: give one below {min(plan.rates):g}")
    return best


def _rank1_at(row: str, recipe: Recipe, plan: Plan, rate: float, tell: Tell) -> float:
    """A rate that is too high is not chosen, but does not end the comparison."""
    try:
        return looked(trained(row, recipe, plan, rate, 0, tell))
    except DivergedError as error:
        tell(f"{row} diverges at learning rate {rate:g}, which is not chosen: {error}")
        return -inf


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
