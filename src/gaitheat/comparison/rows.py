"""Which recipes stand in the table, and on what each of them is tested."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gaitheat.datasets import PROTOCOLS, protocol_called
from gaitheat.datasets.protocol import Protocol
from gaitheat.datasets.walkers import TRUTH_SUFFIX
from gaitheat.errors import GaitheatError
from gaitheat.recipe_table import RECIPES
from gaitheat.recipes import Recipe, from_json

ON_TRUTH = "@truth"
"""Behind a recipe's name: trained, and where possible tested, on the ground truth of the same walks."""


def rows_called(names: Sequence[str]) -> dict[str, Recipe]:
    """Recipes by what stands in the table.

    Args:
        names: of recipes, or JSON files with one each; with ``@truth`` behind it a recipe is trained on the
            twin of its data set, with true masks and joints.

    Raises:
        GaitheatError: there is no such recipe, or two rows would have one name.
    """
    rows: dict[str, Recipe] = {}
    for name in names:
        on_truth = name.endswith(ON_TRUTH)
        path = Path(name.removesuffix(ON_TRUTH))
        recipe = from_json(path.read_text(encoding="utf-8")) if path.suffix == ".json" else _recipe(str(path))
        row = (path.stem if path.suffix == ".json" else str(path)) + ON_TRUTH * on_truth
        if row in rows:
            raise GaitheatError(f"expected rows of different names, but got {row} twice: leave one out")
        rows[row] = trained_on_truth(recipe) if on_truth else recipe
    return rows


def trained_on_truth(recipe: Recipe) -> Recipe:
    """The same recipe for the twin of its data set."""
    return replace(recipe, data=replace(recipe.data, dataset=recipe.data.dataset + TRUTH_SUFFIX))


def protocol_for(recipe: Recipe, protocol: str) -> Protocol:
    """The protocol that a row is tested by in the column of a protocol.

    A network that was trained on the truth is tested on the truth, wherever the protocol has such a twin.
    Real videos have none: there the network sees what the estimator sees. GaitheatError if there is no such
    protocol at all.
    """
    twin = protocol + TRUTH_SUFFIX
    on_truth = recipe.data.dataset.endswith(TRUTH_SUFFIX) and twin in PROTOCOLS
    return protocol_called(twin if on_truth else protocol)


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        known = ", ".join(RECIPES)
        raise GaitheatError(f"no recipe is called {name!r}: expected one of {known}, or a .json file")
    return RECIPES[name]
