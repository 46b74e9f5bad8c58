"""Some steps of training without batch statistics, as a program: ``two_processes.py OUT DEVICES``."""

import sys
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from gaitheat.recipes import Sampling
from gaitheat.training.cast import cast
from gaitheat.training.checkpoints import built
from gaitheat.training.loop import advance, groups, launched, prepared
from gaitheat.training.run import Run
from training.walks import RECIPE, walks

STEPS = 2


def weights_after(path: Path, devices: int) -> None:
    """Write the weights after two steps of plain SGD, which differ from those before by the gradients alone.

    Batch norms are frozen: PyTorch cannot synchronise them over processes on a CPU.
    """
    sgd = replace(RECIPE.optimisation, optimiser="sgd", learning_rate=0.01, accumulate=2, steps=STEPS)
    recipe = replace(RECIPE, optimisation=sgd, sampling=Sampling(subjects=2, clips=2, frames=4))
    people = cast(recipe, walks())
    fabric = launched(recipe.optimisation, Run(devices, accelerator="cpu", workers=0))
    fabric.seed_everything(0, verbose=False)
    state, learner, stepper = prepared(fabric, built(recipe.network, len(people.sampler.roster)), sgd)
    for module in state.network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    for group in groups(fabric, state, recipe, people, 0):
        advance(fabric, state, learner, stepper, group, recipe)
    if fabric.is_global_zero:
        save_file({name: tensor.contiguous() for name, tensor in state.network.state_dict().items()}, path)


if __name__ == "__main__":
    weights_after(Path(sys.argv[1]), int(sys.argv[2]))
