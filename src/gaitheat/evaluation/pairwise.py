"""Distances of people in spaces that were adapted to their cameras, but by neither of the two.

A space tells those who shaped it from those who did not, and would give answers away. So people are dealt
into groups, and two groups meet in the space that all the others have shaped. A group meets itself in a space
of its own, for which as many others are left out. It has to be of the same kind as those in which the group
meets others: with the mean over several spaces, or with one that a second group shares, embeddings that say
nothing find fewer mates than chance.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float32

from gaitheat.adaptation import CohortAdaptation
from gaitheat.datasets.protocol import dealt
from gaitheat.errors import GaitheatError
from gaitheat.metrics import Distance, distances

GROUPS = 8
"""Into which people are dealt: three quarters of all shape a space."""
MOST_CLIPS = 4096
"""All their distances take 64 MB; time grows with the third power of the clips."""


def expect_adaptable(clips: int, subjects: int) -> None:
    """GaitheatError if there are more clips, or fewer people, than `adapted_distances` takes."""
    if clips > MOST_CLIPS:
        raise GaitheatError(
            f"adapted embeddings are compared all with all: expected at most {MOST_CLIPS:,} clips, but got "
            f"{clips:,}: evaluate them without adaptation"
        )
    if subjects < 3:
        raise GaitheatError(f"an adaptation to other people expects at least 3 subjects, but got {subjects}")


def adapted_distances(
    embeddings: Float32[np.ndarray, "clips dimension"],
    subjects: Sequence[str],
    cameras: Sequence[str],
    adaptation: CohortAdaptation,
    distance: Distance = "euc",
) -> Float32[np.ndarray, "clips clips"]:
    """Of every clip to every clip, each in a space that other people have shaped.

    Args:
        embeddings: of all clips; strips are parts of one vector here.
        subjects: whom each clip shows.
        cameras: which camera saw it.
        adaptation: what is fitted to the others.
        distance: how adapted embeddings are compared.

    Raises:
        GaitheatError: more than 4,096 clips, fewer than 3 people, or a camera that only two groups passed.
    """
    people = dealt(subjects, GROUPS)
    expect_adaptable(len(embeddings), len(people))
    groups = np.array([people[subject] for subject in subjects])
    seen_by = np.array(cameras)
    between = np.zeros((len(groups), len(groups)), np.float32)
    for pair in combinations_with_replacement(sorted(set(people.values())), 2):
        left_out = _left_out(people, pair)
        cohort = np.array([subject not in left_out for subject in subjects])
        fitted = adaptation.fit(embeddings[cohort], seen_by[cohort].tolist())
        sides = [np.flatnonzero(groups == group) for group in pair]
        ours, theirs = (fitted.apply(embeddings[side], seen_by[side].tolist()) for side in sides)
        across = distances(ours, theirs, distance)
        between[np.ix_(*sides)], between[np.ix_(*sides[::-1])] = across, across.T
    return between


def _left_out(people: Mapping[str, int], pair: tuple[int, int]) -> set[str]:
    """The people of both groups; those of a single one, and as many drawn from the others."""
    apart = {person for person, group in people.items() if group in pair}
    if pair[0] == pair[1]:
        others = dealt(people.keys() - apart, max(people.values()))
        apart |= {person for person, group in others.items() if group == 0}
    return apart
