"""The loop: a recipe and clips in, a checkpoint out. Stopped at any moment, it goes on as if it had not been.

All that a step depends on is a function of the recipe and of the step's number, or in the state on the disk:
on a CPU, a training that was killed and one that was not end with the same weights. Several processes share a
batch; each sees the loss of the whole batch, so that their number makes no difference. (But for batch norms
on CPUs, which PyTorch cannot synchronise: there each process normalises its share.)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from copy import deepcopy
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gaitheat.errors import DivergedError, GaitheatError
from gaitheat.losses import LossTerms, gathered, objective
from gaitheat.networks.types import Head
from gaitheat.recipes import Loss, Optimisation, Recipe
from gaitheat.sources import ClipSource
from gaitheat.training.cast import Cast, cast, cutting_of
from gaitheat.training.checkpoints import NAME, State, built, restore
from gaitheat.training.journal import Row
from gaitheat.training.loading import Batch, batches, to_inputs
from gaitheat.training.optimisation import (
    channels_last,
    decay,
    follow,
    gradient_norm,
    learning_rate,
    optimiser_of,
    set_learning_rate,
)
from gaitheat.training.run import Run
from gaitheat.training.watch import Watch

if TYPE_CHECKING:  # it takes seconds to import
    from lightning_fabric import Fabric


def train(
    recipe: Recipe, source: ClipSource, folder: Path, run: Run, tell: Callable[[str], None]
) -> Path | None:
    """Train, or go on with a training that was stopped, and leave a checkpoint in the folder.

    Args:
        recipe: what to train, on whom, and how.
        source: where the clips are.
        folder: for checkpoint, metrics and state; all hosts must see it.
        run: where to compute, and how often to save and to look.
        tell: what to do with a line for the user.

    Returns:
        The checkpoint; None in a process that only helps another one.

    Raises:
        GaitheatError: recipe, clips and folder do not go together.
        DivergedError: the loss is no finite number any more.
    """
    people = cast(recipe, source)
    fabric = launched(recipe.optimisation, run)
    torch.manual_seed(recipe.seed)
    network = built(recipe.network, len(people.sampler.roster))
    state, learner, stepper = prepared(fabric, network, recipe.optimisation)
    restore(folder, state, recipe, tuple(people.sampler.roster))
    watch = Watch(fabric, state, recipe, people, folder, run, tell) if fabric.is_global_zero else None
    with watch.journal if watch is not None else nullcontext():
        clock = perf_counter()
        for group in groups(fabric, state, recipe, people, run.workers):
            row = advance(fabric, state, learner, stepper, group, recipe)
            state.seconds += perf_counter() - clock
            if watch is not None:
                watch.after({**row, "seconds": round(state.seconds, 3)})
            clock = perf_counter()
    return folder / NAME if fabric.is_global_zero else None


def launched(knobs: Optimisation, run: Run) -> "Fabric":
    """The processes that train together; this is one of them."""
    from lightning_fabric import Fabric

    cuda = torch.cuda.device_count()
    accelerator = ("cuda" if cuda else "cpu") if run.accelerator == "auto" else run.accelerator
    if accelerator == "cuda" and run.devices > cuda:
        raise GaitheatError(f"devices: expected at most the {cuda} GPUs that are here, but got {run.devices}")
    fabric = Fabric(
        accelerator=accelerator,
        devices=run.devices,
        num_nodes=run.nodes,
        strategy="ddp" if run.devices * run.nodes > 1 else "auto",
        precision="bf16-mixed" if knobs.precision == "bf16" else "32-true",
    )
    fabric.launch()
    return fabric


def prepared(fabric: "Fabric", network: nn.Module, knobs: Optimisation) -> tuple[State, Any, Any]:
    """The state on its device, and network and optimiser as Fabric wraps them."""
    channels_last(network)
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    average = deepcopy(network).to(fabric.device).eval()
    optimiser = optimiser_of(network, knobs)
    learner, stepper = fabric.setup(network, optimiser)
    return State(network.train(), average, optimiser), learner, stepper


def groups(
    fabric: "Fabric", state: State, recipe: Recipe, people: Cast, workers: int
) -> Iterator[tuple[Batch, ...]]:
    """The batches of each step that is left, this process's share of them."""
    size = recipe.optimisation.accumulate
    steps = range(state.step * size, recipe.optimisation.steps * size)
    ours = fabric.global_rank, fabric.world_size
    stream = batches(people.source, people.sampler, cutting_of(recipe), steps, workers, *ours)
    return zip(*[stream] * size, strict=True)


def advance(
    fabric: "Fabric", state: State, learner: Any, stepper: Any, group: Sequence[Batch], recipe: Recipe
) -> Row:
    """One step of the optimiser on the mean gradient of some batches; what to write down of it."""
    knobs = recipe.optimisation
    rate = learning_rate(state.step, knobs)
    set_learning_rate(state.optimiser, rate)
    # Whatever a network draws at random is a function of the step as well.
    drawn = np.random.SeedSequence([recipe.seed, state.step, fabric.global_rank])
    torch.manual_seed(int(drawn.generate_state(1)[0]))
    measured = []
    for place, batch in enumerate(group, start=1):
        with fabric.no_backward_sync(learner, enabled=place < len(group)):
            inputs, labels = to_inputs(batch, fabric.device)
            terms = whole_loss(fabric, learner(inputs).heads, labels, recipe.loss)
            fabric.backward(terms.total * (fabric.world_size / len(group)))
            measured.append(torch.stack([term.detach() for term in terms]))
    norm = gradient_norm(state.network, knobs.clip_norm)
    means = torch.cat([torch.stack(measured).mean(0), norm[None]]).tolist()
    if not all(map(isfinite, means)):
        raise DivergedError(
            f"step {state.step + 1}: expected a finite loss and gradient, but got {means[0]} and "
            f"{means[-1]}: try a lower optimisation.learning-rate, or optimisation.clip-norm"
        )
    stepper.step()
    stepper.zero_grad(set_to_none=True)
    follow(state.average, state.network, decay(state.step, knobs.ema_decay))
    state.step += 1
    names = ("loss", *LossTerms._fields[1:], "gradient_norm")
    return {"step": state.step, **dict(zip(names, means, strict=True)), "learning_rate": rate}


def whole_loss(fabric: "Fabric", heads: Sequence[Head], labels: Tensor, knobs: Loss) -> LossTerms:
    """The loss of the batch of all processes; the share of this one keeps its gradient."""

    def whole(tensor: Tensor) -> Tensor:
        return gathered(tensor, fabric.global_rank, _all_gather) if fabric.world_size > 1 else tensor

    everybody = [Head(whole(head.features), whole(head.logits)) for head in heads]
    return objective(
        everybody,
        whole(labels),
        mining=knobs.mining,
        margin=knobs.margin,
        triplet_weight=knobs.triplet_weight,
        cross_entropy_weight=knobs.cross_entropy_weight,
        smoothing=knobs.smoothing,
        scale=knobs.scale,
        contrastive_weight=knobs.contrastive_weight,
        temperature=knobs.temperature,
    )


def _all_gather(tensor: Tensor) -> Tensor:
    parts = [torch.empty_like(tensor) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(parts, tensor.contiguous())
    return torch.stack(parts)
