"""How a network is trained, as data: every knob with a sentence, checked when made.

Those that have a name are in `gaitheat.recipe_table`. A recipe holds what decides the result. How fast it is
reached (devices, loader processes) is no part of it.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import ALIGNMENTS, Alignment
from gaitheat.heatmaps.augment import DEFAULT, Augmentation
from gaitheat.heatmaps.variants import variant_called
from gaitheat.knobs import expect, made


@dataclass(frozen=True, slots=True)
class Data:
    """Whose clips, and what their maps hold."""

    dataset: str = "walkers-train-indoor"
    """The data set in the store to train on."""
    subjects: tuple[str, ...] = ()
    """Who may be trained on, such as a benchmark's training subjects; everybody in the data set if empty."""
    validation_subjects: int = 6
    """How many of them are held out, to look at recognition while training; 0 holds nobody out."""
    variant: str = "estimated"
    """What the maps hold: the estimator's heatmaps, or what is drawn at its keypoints (ablation)."""
    alignment: Alignment = ALIGNMENTS["default"]
    """What the alignment takes out of every frame."""
    mirror: Literal["facing", "mean", "none"] = "facing"
    """When a clip is mirrored: so that all face right; as often as not; never."""

    def __post_init__(self) -> None:
        held_out = self.validation_subjects
        expect(held_out == 0 or held_out >= 2, "data.validation_subjects", "0, or at least 2", held_out)
        variant_called(self.variant)


@dataclass(frozen=True, slots=True)
class Network:
    """Which network; a setting that is not given is the network's own."""

    name: str = "gaitheat-s"
    """One of gaitheat-s, gaitheat-b, gaitheat-l, gaitheat_fusion, gaitheat_release; on keypoints coordinates,
    gaitgraph2, gaittr, gpgait, skeletongait; on silhouettes gaitset, gaitpart, gaitbase."""
    attention: bool | None = None
    """Whether a mask, conditioned on the keypoints, damps each channel (second step of the alignment)."""
    residual: bool | None = None
    """Whether the mask leaves a learned share of each channel (third step)."""
    parts: bool | None = None
    """Whether head, torso, upper and lower limbs have a branch of their own."""
    fusion: Literal["attention", "add", "none"] | None = None
    """How the branches become one: weighed by channel attention, added, or the global one alone."""
    temporal: Literal["ordered", "unordered"] | None = None
    """Whether frames are a motion or a set."""
    pooling: Literal["max", "moments"] | None = None
    """What is kept of the features over time: the maximum, or mean and deviation."""
    columns: int | None = None
    """Columns of every strip that are kept; 0: each strip's mean plus maximum."""
    shallow: bool | None = None
    """Whether mean and deviation of the maps themselves join the strips of the features."""
    strips: int | None = None
    """Horizontal strips of the embedding."""
    dims: int | None = None
    """Numbers in a strip."""
    width: int | None = None
    """Channels of the first stage, where those of the others are multiples of it; in coordinates, of all."""
    widths: tuple[int, ...] | None = None
    """Channels of the gaitheats at full resolution and after each halving."""
    blocks: tuple[int, ...] | None = None
    """Residual blocks after each halving, one number fewer than widths; of each stage in skeletongait."""
    reduce: int | None = None
    """Cells along each side of the squares over which maps are averaged before anything else."""

    def __post_init__(self) -> None:
        for knob, least in (("strips", 1), ("dims", 1), ("width", 1), ("reduce", 1), ("columns", 0)):
            value = getattr(self, knob)
            expect(value is None or value >= least, f"network.{knob}", f"at least {least}", value)

    def settings(self) -> dict[str, Any]:
        """The settings that were given: what `NETWORKS[name]` is called with, beside the subjects."""
        given = {knob.name: getattr(self, knob.name) for knob in fields(self) if knob.name != "name"}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Sampling:
    """What a batch is made of: subjects x clips x frames."""

    subjects: int = 8
    """Subjects in a batch (P)."""
    clips: int = 4
    """Clips of each of them (K), spread over conditions and views."""
    frames: int = 16
    """Frames of each clip."""
    mode: Literal["ordered", "unordered"] = "ordered"
    """A run of frames at an even pace, or any frames of the clip."""
    stride_jitter: float = 0.0
    """How much faster or slower than real time a run may be: 0.2 is up to a fifth."""

    def __post_init__(self) -> None:
        for knob, least in (("subjects", 2), ("clips", 2), ("frames", 1)):
            value = getattr(self, knob)
            expect(value >= least, f"sampling.{knob}", f"at least {least}", value)
        expect(0 <= self.stride_jitter < 1, "sampling.stride_jitter", "0 to below 1", self.stride_jitter)


@dataclass(frozen=True, slots=True)
class Loss:
    """What is minimised on each branch: a triplet loss, a cross entropy, a contrastive loss."""

    mining: Literal["hard", "all"] = "hard"
    """Each anchor's hardest triplet, or all triplets that are not fulfilled yet."""
    margin: float = 0.2
    """By how much a stranger must be farther away than the same person."""
    triplet_weight: float = 1.0
    """What the triplet loss counts."""
    cross_entropy_weight: float = 1.0
    """What the cross entropy counts; 0 for a network without classifier."""
    smoothing: float = 0.1
    """Label smoothing: what the other subjects share of the target."""
    scale: float = 16.0
    """What logits are multiplied by before the softmax."""
    contrastive_weight: float = 0.0
    """What the supervised contrastive loss counts."""
    temperature: float = 0.1
    """What the contrastive loss divides cosines by before its softmax."""

    def __post_init__(self) -> None:
        weights = ("triplet_weight", "cross_entropy_weight", "contrastive_weight")
        for knob in ("margin", *weights):
            expect(getattr(self, knob) >= 0, f"loss.{knob}", "at least 0", getattr(self, knob))
        expect(any(getattr(self, knob) for knob in weights), "loss", "a weight above 0", 0.0)
        expect(0 <= self.smoothing < 1, "loss.smoothing", "0 to below 1", self.smoothing)
        for knob in ("scale", "temperature"):
            expect(getattr(self, knob) > 0, f"loss.{knob}", "above 0", getattr(self, knob))


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How, and for how long, it is minimised."""

    steps: int = 800
    """Steps of the optimiser."""
    learning_rate: float = 1e-3
    """The highest learning rate."""
    optimiser: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or SGD with Nesterov momentum 0.9."""
    weight_decay: float = 0.05
    """Decay of weights; biases, norms and mixing shares are left alone."""
    warm_up: int = 50
    """Steps in which the learning rate rises from near 0."""
    schedule: Literal["cosine", "steps"] = "cosine"
    """Then it falls to near 0 along a cosine, or to a tenth at each of the milestones."""
    milestones: tuple[float, ...] = (0.5, 0.8)
    """Where it falls if the schedule is "steps", as shares of all steps."""
    precision: Literal["32", "bf16"] = "32"
    """Single precision, or bfloat16 where that is safe."""
    accumulate: int = 1
    """Batches whose gradients are averaged before a step."""
    clip_norm: float | None = None
    """The gradient's longest length; longer ones are shortened to it."""
    ema_decay: float = 0.99
    """How much of the average of the weights is kept at each step; that average is the result. 0: none."""

    def __post_init__(self) -> None:
        for knob, least in (("steps", 1), ("accumulate", 1), ("warm_up", 0), ("weight_decay", 0)):
            value = getattr(self, knob)
            expect(value >= least, f"optimisation.{knob}", f"at least {least}", value)
        expect(self.learning_rate > 0, "optimisation.learning_rate", "above 0", self.learning_rate)
        expect(0 <= self.ema_decay < 1, "optimisation.ema_decay", "0 to below 1", self.ema_decay)
        shares = all(0 < milestone < 1 for milestone in self.milestones)
        expect(shares, "optimisation.milestones", "shares of all steps, above 0, below 1", self.milestones)
        expect(
            self.clip_norm is None or self.clip_norm > 0, "optimisation.clip_norm", "above 0", self.clip_norm
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a network is trained."""

    data: Data = Data()
    network: Network = Network()
    sampling: Sampling = Sampling()
    augmentation: Augmentation = DEFAULT
    loss: Loss = Loss()
    optimisation: Optimisation = Optimisation()
    seed: int = 0
    """What all random numbers come from."""

    def __post_init__(self) -> None:
        expect(self.seed >= 0, "seed", "at least 0", self.seed)

    def to_json(self) -> str:
        """Every knob; `from_json` reads it."""
        return json.dumps(asdict(self), indent=2)


def from_json(text: str) -> Recipe:
    """The recipe of that JSON text; a knob that is not there keeps its default.

    Raises:
        GaitheatError: it is no JSON, or has an unknown knob, or one of another type or out of its range.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise GaitheatError(f"expected a recipe as JSON, but got something else: {error}") from error
    return made(Recipe, values, "")
