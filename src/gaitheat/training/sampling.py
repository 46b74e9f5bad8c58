"""Which clips a training step sees, and which of their frames: functions of seed and step, no state."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import NDArray

from gaitheat.clips import WINDOW_RATE, ClipKey, ticks, window
from gaitheat.errors import GaitheatError

Mode = Literal["ordered", "unordered"]
"""Frames as they follow one another in real time, or any frames of the clip."""

_PASSES, _CLIPS, _SPLIT = range(3)
"""What a generator is for: each purpose has random numbers of its own."""

SPLIT_SEED = 0
"""The same people are held out whatever the recipe's seed: trainings that differ by it stay comparable."""


def subject_of(key: ClipKey) -> str:
    """A clip's subject, named so that two data sets may number their people alike."""
    return f"{key.dataset}/{key.subject}"


@dataclass(frozen=True)
class Balanced:
    """Batches of P subjects x K clips, the same for the same seed and step whoever asks.

    Attributes:
        keys: the clips to train on, in any order.
        subjects: P, subjects a batch; within one pass over all subjects none comes twice.
        clips: K, clips of each, spread over its conditions, then over its views.
        seed: 0 or more.
    """

    keys: Sequence[ClipKey]
    subjects: int
    clips: int
    seed: int

    def __post_init__(self) -> None:
        if self.subjects < 1 or self.clips < 1:
            raise GaitheatError(
                f"expected at least 1 subject and 1 clip a batch, got {self.subjects} and {self.clips}"
            )
        if self.subjects > len(self.roster):
            raise GaitheatError(
                f"a batch of {self.subjects} subjects needs as many to train on, got {len(self.roster)}: "
                "ask for fewer a batch, or give more"
            )

    @cached_property
    def clips_of(self) -> dict[str, list[ClipKey]]:
        """The clips of every subject; both in sorted order."""
        found: dict[str, list[ClipKey]] = {subject: [] for subject in sorted(set(map(subject_of, self.keys)))}
        for key in sorted(self.keys):
            found[subject_of(key)].append(key)
        return found

    @cached_property
    def roster(self) -> dict[str, int]:
        """Every subject and its class, the number that the cross entropy knows it by."""
        return {subject: place for place, subject in enumerate(self.clips_of)}

    @property
    def repeating(self) -> list[str]:
        """Subjects with fewer clips than a batch wants of them: their batches hold a clip twice."""
        return [subject for subject, keys in self.clips_of.items() if len(keys) < self.clips]

    def batch(self, step: int, rank: int = 0, world: int = 1) -> list[ClipKey]:
        """The clips of a step, subject by subject; process ``rank`` of ``world`` gets whole subjects."""
        if self.subjects % world:
            raise GaitheatError(
                f"{world} processes cannot share {self.subjects} subjects a batch evenly: "
                f"ask for a multiple of {world}"
            )
        assert 0 <= rank < world
        share = self.subjects // world
        names = list(self.clips_of)
        drawn = [names[place] for place in self._drawn(step)[rank * share : (rank + 1) * share]]
        return [key for subject in drawn for key in self._spread(subject, step)]

    def _drawn(self, step: int) -> Int64[np.ndarray, " subjects"]:
        """The subjects of a step, by their classes."""
        steps = len(self.roster) // gcd(len(self.roster), self.subjects)
        cycle = _cycle(len(self.roster), self.subjects, self.seed, step // steps)
        drawn: NDArray[np.int64] = cycle[step % steps]
        return drawn

    def _spread(self, subject: str, step: int) -> list[ClipKey]:
        """K clips of a subject: each time one that was used least, of the rarest condition, then view."""
        rng = _generator(self.seed, _CLIPS, step, self.roster[subject])
        keys = self.clips_of[subject]
        shuffled = [keys[place] for place in rng.permutation(len(keys))]
        used: Counter[ClipKey] = Counter()
        conditions: Counter[str] = Counter()
        views: Counter[str] = Counter()
        picked = []
        for _ in range(self.clips):
            key = min(shuffled, key=lambda key: (used[key], conditions[key.condition], views[key.view]))
            used[key] += 1
            conditions[key.condition] += 1
            views[key.view] += 1
            picked.append(key)
        return picked


@lru_cache(maxsize=4)
def _cycle(total: int, group: int, seed: int, cycle: int) -> Int64[np.ndarray, "steps group"]:
    """The steps after which passes over all subjects and batches end together, as [steps, group] subjects.

    A batch may hold the end of one pass and the start of the next: those at the end then start later.
    """
    rng = _generator(seed, _PASSES, cycle)
    drawn = np.empty(0, np.int64)
    for _ in range(group // gcd(total, group)):
        order = rng.permutation(total)
        begun = len(drawn) % group
        free = order[~np.isin(order, drawn[len(drawn) - begun :])]
        first = free[: -begun % group]
        drawn = np.concatenate([drawn, first, order[~np.isin(order, first)]])
    return drawn.reshape(-1, group)


def split(keys: Sequence[ClipKey], validation: int, seed: int) -> tuple[list[str], list[str]]:
    """Subjects (see `subject_of`) to train on and ``validation`` others to choose by; both sorted.

    The same for the same people, whatever the order and the number of their clips.
    """
    subjects = sorted(set(map(subject_of, keys)))
    if not 0 <= validation <= len(subjects) - 2:
        raise GaitheatError(
            f"expected 0 to {len(subjects) - 2} validation subjects, so that at least 2 of {len(subjects)} "
            f"are left to train on, got {validation}"
        )
    kept = set(_generator(seed, _SPLIT).permutation(len(subjects))[:validation].tolist())
    training = [subject for place, subject in enumerate(subjects) if place not in kept]
    return training, [subjects[place] for place in sorted(kept)]


def frames_of(
    times: Float64[np.ndarray, " all_frames"],
    frames: int,
    mode: Mode,
    stride_jitter: float,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " frames"]:
    """Which frames of a clip a training window shows. It is always full.

    Args:
        times: [T] seconds of the clip's frames.
        frames: how many to show, at least 1.
        mode: "ordered" shows the real frames nearest to ticks of a clock, from a random tick on. Ticks in
            holes are left out. A clip with too few ticks goes on from its start (`loops` says which clips);
            the window starts where it gets by with the fewest such jumps. "unordered" shows random frames
            in increasing order, one twice only when all were shown.
        stride_jitter: relative, 0 to below 1: how much faster or slower than 25/s the clock may be.
        rng: where chance comes from.
    """
    assert frames >= 1
    assert 0 <= stride_jitter < 1
    if mode == "unordered":
        rounds = -(-frames // len(times))
        drawn = np.concatenate([rng.permutation(len(times)) for _ in range(rounds)])
        return np.sort(drawn[:frames])
    shown = _ticked(times, WINDOW_RATE * (1 + rng.uniform(-stride_jitter, stride_jitter)))
    rounds = -(-frames // len(shown))
    start = rng.integers(rounds * len(shown) - frames + 1)
    return shown[np.arange(start, start + frames) % len(shown)]


def loops(times: Float64[np.ndarray, " all_frames"], frames: int, mode: Mode) -> bool:
    """Whether a clip is too short for a window, at the clock's plain rate: for the count in a report."""
    return len(times if mode == "unordered" else _ticked(times, WINDOW_RATE)) < frames


class Reading(NamedTuple):
    """What to read for a window: ``frames`` increasing, none twice; ``frames[slots]`` is the window."""

    frames: Int64[np.ndarray, " read"]
    slots: Int64[np.ndarray, " frames"]


def reading(frames: Int64[np.ndarray, " frames"]) -> Reading:
    """How to read a window from a source, which gives every frame once: read, then index with ``slots``."""
    unique, slots = np.unique(frames, return_inverse=True)
    return Reading(unique, slots)


def _ticked(times: Float64[np.ndarray, " all_frames"], rate: float) -> Int64[np.ndarray, " ticks"]:
    """The frames nearest to all ticks of a clock that runs with the clip, less the ticks in its holes."""
    whole = window(times, 0, ticks(times, rate), rate)
    shown: NDArray[np.int64] = whole.frames[whole.mask]
    return shown


def _generator(seed: int, purpose: int, *numbers: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, *numbers)))
