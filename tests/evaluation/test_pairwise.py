"""Two people meet in a space that neither has shaped, and chance stays chance."""

import numpy as np
import pytest

from gaitheat.adaptation import CohortAdaptation
from gaitheat.datasets.protocol import dealt
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.pairwise import GROUPS, MOST_CLIPS, adapted_distances, expect_adaptable

SUBJECTS = [f"{number:02d}" for number in range(16) for _ in range(4)]
CAMERAS = ["left", "left", "right", "right"] * 16
PEOPLE = np.array(SUBJECTS)
LEFT = np.array([camera == "left" for camera in CAMERAS])


def noise(seed: int = 0, dimension: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(SUBJECTS), dimension)).astype(np.float32)


def between(embeddings: np.ndarray) -> np.ndarray:
    return adapted_distances(embeddings, SUBJECTS, CAMERAS, CohortAdaptation())


def correct(distances: np.ndarray) -> float:
    """Rank-1 of the right camera's clips among those of the left one."""
    nearest = PEOPLE[LEFT][distances[np.ix_(~LEFT, LEFT)].argmin(1)]
    return float((nearest == PEOPLE[~LEFT]).mean())


def test_embeddings_of_many_dimensions_that_say_nothing_find_as_many_mates_as_chance():
    found = np.mean([correct(between(noise(seed))) for seed in range(30)])
    assert found == pytest.approx(1 / 16, abs=0.02)


def somebody_of(group: int, count: int) -> list[str]:
    groups = dealt(SUBJECTS, GROUPS)
    return [name for name in groups if groups[name] == group][:count]


@pytest.mark.parametrize(
    ("one", "other"),
    [somebody_of(0, 1) * 2, somebody_of(0, 2), somebody_of(0, 1) + somebody_of(5, 1)],
    ids=["same person", "same group", "different groups"],
)
def test_neither_of_two_people_has_a_part_in_their_distance(one: str, other: str):
    embeddings = noise()
    kept = [SUBJECTS.index(one), SUBJECTS.index(other) + 3]
    changed = embeddings.copy()
    theirs = np.isin(PEOPLE, [one, other]) & ~np.isin(np.arange(len(PEOPLE)), kept)
    changed[theirs] = 100 * noise(1)[theirs]
    before, after = between(embeddings), between(changed)
    assert after[tuple(kept)] == before[tuple(kept)] > 0
    third = next(name for name in SUBJECTS if dealt(SUBJECTS, GROUPS)[name] == 3)
    changed[np.isin(PEOPLE, third)] *= 3
    assert between(changed)[tuple(kept)] != before[tuple(kept)], "others shape it"


def test_distances_are_those_of_the_fitted_embeddings():
    embeddings, groups = noise(), dealt(SUBJECTS, GROUPS)
    groups_of = np.array([groups[name] for name in SUBJECTS])
    cohort = ~np.isin(groups_of, (2, 6))
    cameras = np.array(CAMERAS)
    fitted = CohortAdaptation().fit(embeddings[cohort], cameras[cohort].tolist())
    place = fitted.apply(embeddings, CAMERAS)
    first, second = (np.flatnonzero(groups_of == group) for group in (2, 6))
    expected = np.linalg.norm(place[first][:, None] - place[second], axis=2)
    found = between(embeddings)
    assert found[np.ix_(first, second)] == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(found, found.T)
    assert np.diag(found).max() < 1e-6
    assert (found + np.eye(len(found)) > 0).all()


def test_people_are_found_whom_a_camera_moved():
    people = np.repeat(noise(dimension=20)[:16], 4, axis=0)
    moved = people + 0.3 * noise(1, 20) + 3 * LEFT[:, None]
    plain = np.linalg.norm(moved[:, None] - moved, axis=2)
    assert correct(plain) < 0.8
    assert correct(between(moved.astype(np.float32))) > correct(plain) + 0.1


def test_too_many_clips_and_too_few_people_are_refused():
    expect_adaptable(MOST_CLIPS, 3)
    with pytest.raises(GaitheatError, match="at most 4,096 clips, but got 4,097: evaluate them without"):
        expect_adaptable(MOST_CLIPS + 1, 3)
    with pytest.raises(GaitheatError, match="at least 3 subjects, but got 2"):
        expect_adaptable(8, 2)
