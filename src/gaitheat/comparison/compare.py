"""The comparison itself: plan, train what is missing, measure what is missing, write the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gaitheat.comparison.figure import draw
from gaitheat.comparison.measuring import frames_per_second, measured
from gaitheat.comparison.plan import Plan, expect_possible, frames_of, planned, recipe_at, source_of
from gaitheat.comparison.rows import protocol_for
from gaitheat.comparison.table import Cost, Line, Reports, cells_of, scores, to_json, to_markdown
from gaitheat.comparison.training import Tell, best_rate, trained
from gaitheat.networks.counting import flops_per_frame, parameters
from gaitheat.recipes import Recipe
from gaitheat.training.checkpoints import built
from gaitheat.training.journal import rows_of

NAME = "comparison"
"""Of the table as Markdown, as JSON and as a picture, in the plan's folder."""


def compare(rows: Mapping[str, Recipe], plan: Plan, tell: Tell) -> tuple[Line, ...]:
    """Train and test every row; stopped at any moment, it goes on where it was.

    A row's learning rate is the one with the best rank-1 on training subjects that are held out, mean over
    the second half of the looks, with the first seed; test subjects decide nothing.

    Args:
        rows: recipes by what they are called in the table; the others are compared with the first.
        plan: how.
        tell: what to do with a line for the user.

    Returns:
        The table, which is left in the plan's folder as well, beside a picture.

    Raises:
        GaitheatError: rows and clips do not go together, or a folder holds the training of another recipe.
    """
    expect_possible(rows, plan)
    networks = {row: built(recipe.network, subjects=0) for row, recipe in rows.items()}
    speeds = frames_per_second(networks)
    tell(planned(rows, plan, speeds))
    lines: list[Line] = []
    first: Reports | None = None
    for row, recipe in rows.items():
        rate = best_rate(row, recipe, plan, tell)
        folders = [trained(row, recipe, plan, rate, seed, tell) for seed in range(plan.seeds)]
        reports = _tested(row, recipe, plan, folders)
        seconds = float(np.mean([rows_of(folder)[-1]["seconds"] for folder in folders]))
        cost = Cost(parameters(networks[row]), flops_per_frame(networks[row]), speeds[row], seconds)
        at_rate = recipe_at(recipe, plan, rate, seed=0)
        lines.append(_line(row, at_rate, plan.rates, cost, reports, first))
        tell(f"| {' | '.join(cells_of(lines[-1]))} |")
        write(lines, plan.out)  # after every row: what there is can be read while the rest is trained
        first = first or reports
    return tuple(lines)


def _tested(row: str, recipe: Recipe, plan: Plan, folders: Sequence[Path]) -> Reports:
    reports = {}
    for column in plan.protocols:
        protocol = protocol_for(recipe, column)
        source = source_of(plan, protocol.dataset)
        reports[column] = [measured(source, protocol, folder, row) for folder in folders]
    return reports


def _line(
    row: str,
    recipe: Recipe,
    rates: tuple[float, ...],
    cost: Cost,
    reports: Reports,
    first: Reports | None,
) -> Line:
    return Line(
        row=row,
        network=recipe.network.name,
        dataset=recipe.data.dataset,
        learning_rate=recipe.optimisation.learning_rate,
        rates=rates,
        frames_seen=frames_of(recipe, recipe.optimisation.steps),
        cost=cost,
        scores=scores(reports, first),
    )


def write(lines: Sequence[Line], folder: Path) -> None:
    """The table as Markdown and JSON, and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.md").write_text(to_markdown(lines), encoding="utf-8")
    (folder / f"{NAME}.json").write_text(to_json(lines), encoding="utf-8")
    draw(lines, folder / f"{NAME}.png")
