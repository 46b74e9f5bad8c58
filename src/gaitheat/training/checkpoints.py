"""What a training leaves on the disk: checkpoints to use, and the state that a stopped run goes on from.

One file of tensors (safetensors) each, with its JSON inside, moved into place whole: killed at any moment,
what is there is a whole state. Nothing is ever pickled.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.optim import Optimizer

from gaitheat.errors import GaitheatError
from gaitheat.knobs import differences
from gaitheat.networks import network_called
from gaitheat.recipes import Network, Recipe, from_json
from gaitheat.training.optimisation import optimiser_tensors, restore_optimiser

FORMAT = 1
"""Version of both kinds of files."""
NAME = "gaitheat.safetensors"
"""The checkpoint in a training's folder; ``gaitheat.json`` beside it says to people what it holds."""
RESUME = "resume.safetensors"
"""The state in a training's folder that it goes on from."""

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trained network, whole: nothing else is needed to use it.

    Attributes:
        recipe: how it was trained.
        subjects: on whom; their places are the classes of the cross entropy.
        weights: by name; the average over the last steps if the recipe asks for one.
        results: what was measured while training, such as step, rank1 and seconds.
        estimator: what made the clips that it was trained on; empty if that was not written down.
    """

    recipe: Recipe
    subjects: tuple[str, ...]
    weights: Tensors
    results: Mapping[str, Any]
    estimator: str = ""

    def network(self) -> nn.Module:
        """The network for inference: in evaluation mode, without classifiers."""
        network = built(self.recipe.network, subjects=0)
        wanted = network.state_dict()
        for name, tensor in wanted.items():
            if name not in self.weights or self.weights[name].shape != tensor.shape:
                raise GaitheatError(
                    f"expected the weights of {self.recipe.network.name}, but {name} is missing or of "
                    "another shape: the checkpoint was written by another version"
                )
        network.load_state_dict({name: self.weights[name] for name in wanted})
        return network.eval()


@dataclass(slots=True, eq=False)
class State:
    """A training in the middle: all that the next step depends on, beside the recipe and the data.

    Attributes:
        network: as it learns.
        average: of its weights over the last steps.
        optimiser: of the network.
        step: steps that were made.
        seconds: that they took.
    """

    network: nn.Module
    average: nn.Module
    optimiser: Optimizer
    step: int = 0
    seconds: float = 0.0


def built(knobs: Network, subjects: int) -> nn.Module:
    """The network with its settings; GaitheatError if it has no such setting."""
    return network_called(knobs.name).build(subjects, **settled(knobs))


def settled(knobs: Network) -> dict[str, Any]:
    """All settings of the network, those given and its own; GaitheatError if it has no such setting."""
    known = dict(signature(network_called(knobs.name).build).parameters)
    del known["subjects"]
    given = knobs.settings()
    for name in given:
        if name not in known:
            raise GaitheatError(
                f"network.{name}: {knobs.name} has no such setting, only {', '.join(sorted(known))}"
            )
    return {name: parameter.default for name, parameter in known.items()} | given


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write ``gaitheat.safetensors`` and ``gaitheat.json``; the path of the former."""
    about = {
        "recipe": asdict(checkpoint.recipe),
        "settings": settled(checkpoint.recipe.network),
        "subjects": list(checkpoint.subjects),
        "results": dict(checkpoint.results),
        "estimator": checkpoint.estimator,
    }
    path = folder / NAME
    write_tensors(path, checkpoint.weights, about)
    _replace(path.with_suffix(".json"), json.dumps({"format": FORMAT, **about}, indent=2).encode())
    return path


def load(path: Path) -> Checkpoint:
    """The checkpoint in a training's folder, or in that file.

    Raises:
        GaitheatError: there is none, or it is damaged or of another version.
    """
    file = path / NAME if path.is_dir() else path
    weights, about = read_tensors(file)
    if "results" not in about:
        raise GaitheatError(
            f"expected a checkpoint, but {file} is what a stopped training goes on from: use {NAME} beside it"
        )
    recipe = from_json(json.dumps(about["recipe"]))
    # Some settings, such as how far maps are reduced, leave no trace in the shapes of the weights.
    settings = json.loads(json.dumps(settled(recipe.network)))
    if about.get("settings", settings) != settings:
        raise GaitheatError(
            f"expected {recipe.network.name} as it was trained, but its own settings have changed since "
            f"{file} was written: train it anew or use the gaitheat that wrote it"
        )
    estimator = about.get("estimator", "")
    return Checkpoint(recipe, tuple(about["subjects"]), weights, about["results"], estimator)


def save_state(folder: Path, state: State, recipe: Recipe, subjects: tuple[str, ...]) -> None:
    """Write what `restore` puts back."""
    parts = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": optimiser_tensors(state.optimiser),
    }
    tensors = {f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
    about = {"recipe": asdict(recipe), "subjects": subjects, "step": state.step, "seconds": state.seconds}
    write_tensors(folder / RESUME, tensors, about)


def restore(folder: Path, state: State, recipe: Recipe, subjects: tuple[str, ...]) -> None:
    """Put back the state in that folder, if there is one.

    Raises:
        GaitheatError: it is of another recipe, or of other subjects.
    """
    if not (folder / RESUME).exists():
        return
    tensors, about = read_tensors(folder / RESUME)
    changed = differences(recipe, from_json(json.dumps(about["recipe"])))
    if changed or tuple(about["subjects"]) != subjects:
        what = f"another {', '.join(changed)}" if changed else "other subjects in the store"
        raise GaitheatError(
            f"expected the recipe that {folder} was begun with, but got {what}: take another folder, "
            f"or delete {RESUME} in it to start anew"
        )
    parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "optimiser": {}}
    for path, tensor in tensors.items():
        part, name = path.split(".", 1)
        parts[part][name] = tensor
    state.network.load_state_dict(parts["network"])
    state.average.load_state_dict(parts["average"])
    restore_optimiser(state.optimiser, parts["optimiser"])
    state.step, state.seconds = about["step"], about["seconds"]


def write_tensors(path: Path, tensors: Tensors, about: Mapping[str, Any]) -> None:
    """One file with tensors and JSON, moved into place when it is whole."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    _replace(path, to_bytes(whole, {"gaitheat": json.dumps({"format": FORMAT, **about})}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote; GaitheatError if it is not there, damaged, or of another version."""
    if not path.is_file():
        raise GaitheatError(f"expected a checkpoint, but there is no file {path}: train one first")
    try:
        with safe_open(path, framework="pt") as file:
            # Copies, because a file that is mapped into memory cannot be replaced on Windows.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            about = json.loads((file.metadata() or {}).get("gaitheat", "{}"))
    except SafetensorError as error:
        raise GaitheatError(f"expected a checkpoint, but {path} is damaged: {error}") from error
    if about.get("format") != FORMAT:
        raise GaitheatError(
            f"expected a checkpoint of format {FORMAT}, but {path} has {about.get('format')}: "
            "train it anew or use the gaitheat that wrote it"
        )
    return tensors, about


def _replace(path: Path, content: bytes) -> None:
    """The file with that content: before, or after, but never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
