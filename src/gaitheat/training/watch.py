"""What one process does for all after every step: look, write down, save, tell."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gaitheat.networks.attention import PoseGuidedAttention
from gaitheat.recipes import Recipe
from gaitheat.training.cast import Cast, cutting_of
from gaitheat.training.checkpoints import Checkpoint, State, save, save_state
from gaitheat.training.journal import Journal, Row
from gaitheat.training.look import Look
from gaitheat.training.run import Run

if TYPE_CHECKING:  # it takes seconds to import
    from lightning_fabric import Fabric

PLANNED_AFTER = 6
"""Steps after which the time left is told; the first one, in which all gets going, does not count."""


class Watch:
    """Looks after a training, which says after each step what was measured."""

    def __init__(
        self,
        fabric: "Fabric",
        state: State,
        recipe: Recipe,
        people: Cast,
        folder: Path,
        run: Run,
        tell: Callable[[str], None],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._fabric, self._state, self._recipe, self._folder, self._run = fabric, state, recipe, folder, run
        self._subjects, self._tell = tuple(people.sampler.roster), tell
        learned = people.sampler.keys[0]  # all clips of a training are of one estimator
        infos = people.source.infos()
        self._estimator = next(str(info.estimator) for info in infos if info.key == learned)
        self._begun, self._steps, self._first = state.step, recipe.optimisation.steps, 0.0
        held_out = people.held_out
        self._look = Look(people.source, held_out, cutting_of(recipe)) if held_out else None
        self.journal = Journal(folder, state.step, self._steps, run.tensorboard)
        tell(people.about)
        if self._begun:
            tell(f"going on after step {self._begun} of {self._steps}")

    def after(self, row: Row) -> None:
        """A step was made; ``row`` is what was measured."""
        step, last = self._state.step, self._state.step == self._steps
        if self._look is not None and (last or step % self._run.look_every == 0):
            with self._fabric.autocast():
                rank1 = self._look.rank1(self._state.average, self._fabric.device)
            row |= {} if rank1 is None else {"rank1": rank1}
        save_now = last or step % self._run.save_every == 0
        if save_now:
            row |= self._shares()
        self.journal.write(row)
        if save_now:
            average = self._state.average.state_dict()
            save(self._folder, Checkpoint(self._recipe, self._subjects, average, row, self._estimator))
            # Last, because a training goes on from here: what comes before it is then done again.
            save_state(self._folder, self._state, self._recipe, self._subjects)
        self._plan(row["seconds"])

    def _shares(self) -> Row:
        network = self._state.network
        attention = getattr(network, "attention", None)
        if not isinstance(attention, PoseGuidedAttention) or attention.share is None:
            return {}
        return {"residual": [round(a, 4) for a in attention.kept().tolist()]}

    def _plan(self, seconds: float) -> None:
        made, left = self._state.step - self._begun, self._steps - self._state.step
        if made == 1:
            self._first = seconds
        elif made == PLANNED_AFTER and left:
            seconds_left = (seconds - self._first) / (made - 1) * left
            self._tell(f"{left} steps are left: about {seconds_left / 60:.1f} min")
