"""What is compared, where it lies, and how many hours it takes; what cannot work is said before they pass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gaitheat.comparison.rows import protocol_for
from gaitheat.datasets import protocol_called
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.embedding import entrants
from gaitheat.knobs import differences, expect
from gaitheat.recipes import Recipe
from gaitheat.sources import ClipSource
from gaitheat.training.cast import cast, expect_content
from gaitheat.training.checkpoints import NAME, load
from gaitheat.training.run import Run

BACKWARD = 3
"""A step of training by the time of its forward pass: the backward pass computes twice as much."""
OVERLAP = 2
"""How often a test looks at a frame: windows overlap by half."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How every row is trained and tested."""

    store: ClipSource
    """The clips to train on, and to test on."""
    out: Path
    """The folder for trainings and tables: OUT/row/rate/seed."""
    protocols: tuple[str, ...] = ("walkers-1-indoor",)
    """Whose tests; the first one's cells are told one by one."""
    tests: tuple[ClipSource, ...] = ()
    """Further clips to test on."""
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    """Learning rates that every row may choose from; a single one is taken without a choice."""
    seeds: int = 3
    """Trainings of each row at its learning rate."""
    steps: int | None = None
    """Steps of every training; None: each recipe's own."""
    minutes: float | None = None
    """What one training takes, for who knows; None: by the measured speeds of the networks."""
    run: Run = field(default_factory=Run)
    """Where to compute."""

    def __post_init__(self) -> None:
        expect(self.seeds >= 1, "seeds", "at least 1", self.seeds)
        expect(bool(self.rates) and min(self.rates) > 0, "rates", "one or more above 0", self.rates)
        expect(len(set(self.rates)) == len(self.rates), "rates", "different ones", self.rates)
        expect(bool(self.protocols), "protocols", "one or more", self.protocols)
        for protocol in self.protocols:
            protocol_called(protocol)


def recipe_at(recipe: Recipe, plan: Plan, rate: float, seed: int) -> Recipe:
    """The recipe of one training."""
    steps = plan.steps or recipe.optimisation.steps
    return replace(
        recipe, optimisation=replace(recipe.optimisation, learning_rate=rate, steps=steps), seed=seed
    )


def folder_of(plan: Plan, row: str, rate: float, seed: int) -> Path:
    """Where one training lies."""
    return plan.out / row.replace(" ", "_").replace("/", "").replace("'", "x") / f"{rate:g}" / str(seed)


def steps_made(recipe: Recipe, folder: Path) -> int:
    """Steps of a training that its checkpoint has behind it; GaitheatError if that is of another recipe."""
    if not (folder / NAME).exists():
        return 0
    checkpoint = load(folder)
    changed = differences(recipe, checkpoint.recipe)
    if changed:
        raise GaitheatError(
            f"expected the training in {folder} to be of this row, but its recipe has another "
            f"{', '.join(changed)}: take another folder, or delete that one"
        )
    return int(checkpoint.results["step"])


def source_of(plan: Plan, dataset: str) -> ClipSource:
    """The first of the plan's sources with clips of that data set; GaitheatError if none has any."""
    for source in (plan.store, *plan.tests):
        if any(info.key.dataset == dataset for info in source.infos()):
            return source
    raise GaitheatError(
        f"expected clips of {dataset!r} in one of the stores, but got none: extract or generate them, "
        "or give the store that has them with --tests"
    )


def expect_possible(rows: Mapping[str, Recipe], plan: Plan) -> None:
    """GaitheatError if the plan would fail after hours: no clips, or not what a network reads in them; too
    few people, or nobody held out to choose by.
    """
    expect(bool(rows), "recipes", "one or more", tuple(rows))
    there = {info.key.dataset for info in plan.store.infos()}
    for row, recipe in rows.items():
        data = recipe.data
        if data.dataset not in there:
            found = ", ".join(sorted(there)) or "nothing"
            raise GaitheatError(f"{row} is trained on {data.dataset!r}, but the store has {found}")
        if len(plan.rates) > 1 and not data.validation_subjects:
            raise GaitheatError(
                f"{row} holds no subjects out to choose its learning rate by: expected "
                "data.validation_subjects of 2 or more, or a single rate"
            )
        cast(recipe, plan.store)
        for protocol in (protocol_for(recipe, column) for column in plan.protocols):
            source = source_of(plan, protocol.dataset)
            expect_content(source, entrants(source, protocol).keys, recipe.network.name)


def planned(rows: Mapping[str, Recipe], plan: Plan, speeds: Mapping[str, float]) -> str:
    """How much is left to do, in words.

    Args:
        rows: by name.
        plan: for all of them.
        speeds: frames a second of each row's network, forward.

    Raises:
        GaitheatError: a training that is there is of another recipe.
    """
    trainings, seconds = 0, 0.0
    for row, recipe in rows.items():
        for left in filter(None, _steps_left(row, recipe, plan)):
            trainings += 1
            one = BACKWARD * frames_of(recipe, left) / speeds[row]
            steps = plan.steps or recipe.optimisation.steps
            seconds += one if plan.minutes is None else 60 * plan.minutes * left / steps
        seconds += OVERLAP * _frames_to_test(row, recipe, plan) / speeds[row]
    return (
        f"{len(rows)} rows, {trainings} trainings to make: about {seconds / 3600:.1f} hours, tests included"
    )


def frames_of(recipe: Recipe, steps: int) -> int:
    """Frames that a training sees in so many steps."""
    sampling = recipe.sampling
    return steps * recipe.optimisation.accumulate * sampling.subjects * sampling.clips * sampling.frames


def _steps_left(row: str, recipe: Recipe, plan: Plan) -> Iterator[int]:
    """Of each training: of all rates with the first seed, and of the others at the rate that got farthest."""
    for seed in range(plan.seeds):
        left = [
            wanted.optimisation.steps - steps_made(wanted, folder_of(plan, row, rate, seed))
            for rate in plan.rates
            for wanted in [recipe_at(recipe, plan, rate, seed)]
        ]
        yield from left if seed == 0 else [min(left)]


def _frames_to_test(row: str, recipe: Recipe, plan: Plan) -> int:
    """Of all seeds and protocols, less those whose embeddings are kept."""
    frames = 0
    for protocol in (protocol_for(recipe, column) for column in plan.protocols):
        infos = source_of(plan, protocol.dataset).infos()
        once = sum(len(info.times) for info in infos if info.key.dataset == protocol.dataset)
        trainings = folder_of(plan, row, plan.rates[0], 0).parents[1]
        kept = {path.parent.name for path in trainings.glob(f"*/*/{protocol.name}-*.npz")}
        frames += once * max(0, plan.seeds - len(kept))
    return frames
