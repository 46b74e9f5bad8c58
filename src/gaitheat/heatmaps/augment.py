"""What another camera, another estimator or a bad moment would have made of a window: drawn at random.

All chance is in a `Plan`, drawn first from one generator; what follows from it is pure: see `augmented`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH
from gaitheat.errors import GaitheatError
from gaitheat.skeleton import JOINTS, MIRROR, PARTS

LEGS = PARTS["lower limbs"]
"""Left and right in turn."""
LONGEST_RUN = 0.5
"""Share of a window for which a joint, or a part of the picture, is lost at most."""
CENTRE = ((MAP_WIDTH - 1) / 2, (MAP_HEIGHT - 1) / 2)
"""What an affine jitter turns and scales around, heatmap pixels."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strong each is; 0 switches it off, and leaves the others' random numbers as they were.

    Those of the first half are drawn once a window, as of another camera or estimator, and stay as they are
    throughout; those of the second half come and go with the frames.
    """

    scale: float = 0.0
    """Standard deviation of the logarithm of the size."""
    stretch: float = 0.0
    """Standard deviation of the logarithm of width against height."""
    rotation: float = 0.0
    """Standard deviation in degrees."""
    shear: float = 0.0
    """Standard deviation, cells across per cell down."""
    shift: float = 0.0
    """Standard deviation in cells, across and down."""
    displacement: float = 0.0
    """Standard deviation in cells of a joint from its place, across and down, as of another estimator."""
    width: float = 0.0
    """Standard deviation of the logarithm of a peak's width, half of the variance common to all joints."""
    height: float = 0.0
    """Standard deviation of the logarithm of a peak's height, half of the variance common to all joints."""

    jitter: float = 0.0
    """Standard deviation in cells of a joint from its place in each frame, across and down."""
    jitter_memory: float = 0.7
    """How much of a joint's jitter is still there a frame later: 0 nothing, below 1."""
    lost_joints: float = 0.0
    """Probability that a joint is lost for a run of frames: its map is empty."""
    occluder: float = 0.0
    """Probability that something hides a rectangle of all maps for a run of frames."""
    swapped_legs: float = 0.0
    """Probability that left and right leg are exchanged for a run of frames, as estimators do."""
    repeated_frames: float = 0.0
    """Probability that a frame is lost, and the one before it is shown again."""

    def __post_init__(self) -> None:
        for name in ("lost_joints", "occluder", "swapped_legs", "repeated_frames", "jitter_memory"):
            if not 0 <= getattr(self, name) <= 1:
                raise GaitheatError(f"augmentation: {name} must be in 0..1, but got {getattr(self, name)}")
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise GaitheatError(
                    f"augmentation: {name} must not be below 0, but got {getattr(self, name)}"
                )


NONE = Augmentation()
MILD = Augmentation(
    scale=0.03,
    stretch=0.03,
    rotation=2.0,
    shear=0.03,
    shift=0.5,
    displacement=0.3,
    width=0.1,
    height=0.1,
    jitter=0.15,
)
"""Another camera and another estimator; nothing is lost. For short trainings."""
DEFAULT = Augmentation(
    scale=0.05,
    stretch=0.05,
    rotation=3.0,
    shear=0.04,
    shift=0.7,
    displacement=0.4,
    width=0.15,
    height=0.15,
    jitter=0.3,
    lost_joints=0.05,
    occluder=0.2,
    swapped_legs=0.15,
    repeated_frames=0.05,
)
"""What the training of a recipe uses unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one window of F frames."""

    affine: Float64[np.ndarray, "2 3"]
    """Of all joints, in aligned heatmap pixels."""
    offsets: Float64[np.ndarray, "frames 17 2"]
    """Cells by which each joint is moved after that."""
    widths: Float64[np.ndarray, " 17"]
    """Factor of each peak's width."""
    heights: Float64[np.ndarray, " 17"]
    """Factor of each map's values."""
    lost: Bool[np.ndarray, "frames 17"]
    """The frames in which a joint's map is empty."""
    hidden: Bool[np.ndarray, " frames"]
    """The frames in which an occluder is seen."""
    occluder: Int64[np.ndarray, "2 2"]
    """Its cells: first x and y, and those behind the last."""
    frames: Int64[np.ndarray, " frames"]
    """The frame that is shown in the place of each."""
    joints: Int64[np.ndarray, "frames 17"]
    """The joint that is shown in the place of each."""


def draw_plan(augmentation: Augmentation, frames: int, rng: np.random.Generator) -> Plan:
    """Everything that chance decides about a window of so many frames.

    Every number is drawn whatever the strengths: two plans from one seed differ in what was switched only.
    """
    joints = np.tile(np.arange(len(JOINTS)), (frames, 1))
    swapped = _runs(rng, frames, augmentation.swapped_legs, 1)[:, 0]
    joints[np.ix_(swapped, np.array(LEGS))] = [MIRROR[joint] for joint in LEGS]
    displacement = augmentation.displacement * rng.standard_normal((len(JOINTS), 2))
    jitter = augmentation.jitter * _wandering(rng, frames, augmentation.jitter_memory)
    return Plan(
        affine=_draw_affine(augmentation, rng),
        offsets=displacement + jitter,
        widths=np.exp(augmentation.width * _partly_common(rng)),
        heights=np.exp(augmentation.height * _partly_common(rng)),
        lost=_runs(rng, frames, augmentation.lost_joints, len(JOINTS)),
        hidden=_runs(rng, frames, augmentation.occluder, 1)[:, 0],
        occluder=_draw_rectangle(rng),
        frames=_draw_repeats(rng, frames, augmentation.repeated_frames),
        joints=joints,
    )


def _draw_affine(augmentation: Augmentation, rng: np.random.Generator) -> Float64[np.ndarray, "2 3"]:
    size, stretch, angle, shear, *shift = rng.standard_normal(6)
    x = np.exp(augmentation.scale * size + augmentation.stretch * stretch / 2)
    y = np.exp(augmentation.scale * size - augmentation.stretch * stretch / 2)
    turn = np.deg2rad(augmentation.rotation * angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = rotation @ np.array([[x, augmentation.shear * shear * y], [0, y]])
    centre = np.array(CENTRE)
    moved = centre - linear @ centre + augmentation.shift * np.array(shift)
    return np.concatenate([linear, moved[:, None]], axis=1)


def _partly_common(rng: np.random.Generator) -> Float64[np.ndarray, " 17"]:
    """Of variance 1, half of it shared by all joints."""
    gains: NDArray[np.float64] = (rng.standard_normal() + rng.standard_normal(len(JOINTS))) / np.sqrt(2)
    return gains


def _wandering(rng: np.random.Generator, frames: int, memory: float) -> Float64[np.ndarray, "frames 17 2"]:
    """Noise of variance 1 that remembers: an autoregressive process of first order."""
    noise = rng.standard_normal((frames, len(JOINTS), 2))
    noise[1:] *= np.sqrt(1 - memory**2)
    age = np.subtract.outer(np.arange(frames), np.arange(frames))
    walk: NDArray[np.float64] = np.einsum("ts,sjc->tjc", np.tril(float(memory) ** np.abs(age)), noise)
    return walk


def _runs(
    rng: np.random.Generator, frames: int, probability: float, count: int
) -> Bool[np.ndarray, "frames count"]:
    """For each of ``count`` things, whether it happens, and if so in which frames: one run of them."""
    happens = rng.random(count) < probability
    length = np.ceil(rng.random(count) * LONGEST_RUN * frames)
    start = np.floor(rng.random(count) * (frames - length + 1))
    time = np.arange(frames)[:, None]
    runs: NDArray[np.bool_] = happens & (time >= start) & (time < start + length)
    return runs


def _draw_rectangle(rng: np.random.Generator) -> Int64[np.ndarray, "2 2"]:
    """A quarter to a half of the frame, across and down, anywhere in it."""
    frame = np.array([MAP_WIDTH, MAP_HEIGHT])
    size = np.rint(frame * rng.uniform(0.25, 0.5, 2))
    first = np.floor(rng.random(2) * (frame - size + 1))
    return np.stack([first, first + size]).astype(np.int64)


def _draw_repeats(rng: np.random.Generator, frames: int, probability: float) -> Int64[np.ndarray, " frames"]:
    """The first frame is always there."""
    there = rng.random(frames) >= probability
    there[0] = True
    return np.maximum.accumulate(np.where(there, np.arange(frames), 0))
