"""Scores and false alarms against double loops, and against strangers who were never seen."""

import math

import numpy as np
import pytest
from jaxtyping import Float32, Int64

from gaitheat.errors import GaitheatError
from gaitheat.recognition import scoring
from gaitheat.recognition.scoring import calibrated, expect_enough, smallest_rate

Vectors = Float32[np.ndarray, "clips dimension"]


def vectors(random: np.random.Generator, count: int, dimension: int = 8) -> Vectors:
    numbers = random.normal(size=(count, dimension)) + 1.0
    return (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype(np.float32)


def distance(first: Vectors, second: Vectors) -> float:
    return math.sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(first, second, strict=True)))


def slow_score(probe: Vectors, take: Vectors, strangers: list[Vectors]) -> float:
    def normal(apart: list[float]) -> float:
        mean = sum(apart) / len(apart)
        return (distance(probe, take) - mean) / math.sqrt(sum((d - mean) ** 2 for d in apart) / len(apart))

    ours = normal([distance(probe, stranger) for stranger in strangers])
    theirs = normal([distance(stranger, take) for stranger in strangers])
    return (ours + theirs) / 2


def slow_false_alarm(
    score: float, takes: Vectors, strangers: Vectors, people: Int64[np.ndarray, " clips"]
) -> float:
    alarms = 0.0
    for person in set(people.tolist()):
        others = [clip for clip, who in zip(strangers, people, strict=True) if who != person]
        own = [clip for clip, who in zip(strangers, people, strict=True) if who == person]
        reached = [min(slow_score(clip, take, others) for take in takes) <= score for clip in own]
        alarms += sum(reached) / len(reached)
    return (1 + alarms) / (1 + len(set(people.tolist())))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_scores_are_those_of_a_double_loop(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BLOCK", block)
    random = np.random.default_rng(seed)
    takes, strangers, probes = (vectors(random, count) for count in (7, 12, 5))
    people = random.permutation([3, 3, 3, 8, 8, 1, 2, 4, 5, 6, 7, 9]).astype(np.int64)
    found = calibrated(takes, strangers, people)
    for probe in probes:
        distances = np.array([distance(probe, take) for take in takes], np.float32)
        scores = found.scores(probe, distances)
        expected = [slow_score(probe, take, list(strangers)) for take in takes]
        np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-4)
        for score in (min(expected), -0.5, -1.5, -99.0, 99.0):
            expected_alarm = slow_false_alarm(score, takes, strangers, people)
            assert found.false_alarm(score) == pytest.approx(expected_alarm, abs=1e-9)


def test_the_limit_is_where_the_rate_is_passed() -> None:
    random = np.random.default_rng(5)
    people = np.repeat(np.arange(20), 3).astype(np.int64)
    found = calibrated(vectors(random, 9), vectors(random, 60), people)
    for rate in (1 / 21, 0.05, 0.1, 1 / 3, 0.9, 0.999):
        limit = found.limit(rate)
        assert found.false_alarm(np.nextafter(limit, -np.inf)) <= rate + 1e-12
        assert found.false_alarm(limit) > rate


def test_who_is_near_to_everybody_is_no_nearer_for_it() -> None:
    """One take lies where strangers are, another far from all: the same distance says more of the second."""
    takes = np.eye(3, dtype=np.float32)[:2]
    random = np.random.default_rng(0)
    crowd = vectors(random, 40, 3) * 0.2 + takes[0]
    crowd = (crowd / np.linalg.norm(crowd, axis=1, keepdims=True)).astype(np.float32)
    found = calibrated(takes, crowd, np.arange(40))
    probe = np.array([1, 1, 0], np.float32) / np.sqrt(np.float32(2))
    hub, hermit = found.scores(probe, np.linalg.norm(takes - probe, axis=1))
    assert hermit < hub - 1


@pytest.mark.parametrize(("people", "clips"), [(10, 1), (30, 1), (12, 4)])
def test_strangers_are_named_no_more_often_than_was_allowed(people: int, clips: int) -> None:
    """Over many draws of strangers, gallery and a new stranger; the interval is 3.5 standard errors wide."""
    random = np.random.default_rng(people * 100 + clips)
    rates, draws = (0.1, 0.2, 0.5), 400
    alarms = np.zeros(len(rates))
    for _ in range(draws):
        someone = random.normal(size=(people + 1, 1, 6))
        seen = someone + 0.5 * random.normal(size=(people + 1, clips, 6)) + 1.0
        seen = (seen / np.linalg.norm(seen, axis=2, keepdims=True)).astype(np.float32)
        takes = vectors(random, 6, 6)
        found = calibrated(takes, seen[:-1].reshape(-1, 6), np.repeat(np.arange(people), clips))
        probe = seen[-1, 0]
        best = found.scores(probe, np.linalg.norm(takes - probe, axis=1)).min()
        alarms += [found.false_alarm(float(best)) <= rate for rate in rates]
    for rate, share in zip(rates, alarms / draws, strict=True):
        assert share <= rate + 3.5 * math.sqrt(rate * (1 - rate) / draws)
        assert share >= rate - 1 / (people + 1) - 3.5 * math.sqrt(rate * (1 - rate) / draws)


def test_walks_of_one_stranger_count_as_one_stranger() -> None:
    """Three people who walked a hundred times each can tell no more than one false alarm in four."""
    random = np.random.default_rng(3)
    found = calibrated(vectors(random, 4), vectors(random, 300), np.repeat(np.arange(3), 100))
    assert found.false_alarm(-1e9) == 1 / 4
    with pytest.raises(GaitheatError, match=r"takes 19 strangers, but there are 3: allow a rate of 0\.25 or"):
        found.limit(0.05)


def test_a_rate_needs_so_many_strangers() -> None:
    expect_enough(19, 0.05)
    expect_enough(99, 0.01)
    with pytest.raises(GaitheatError, match="takes 19 strangers, but there are 18"):
        expect_enough(18, 0.05)
    with pytest.raises(GaitheatError, match="takes 99 strangers, but there are 98"):
        expect_enough(98, 0.01)


def test_the_rate_that_an_error_advises_is_not_refused() -> None:
    for people in range(3, 1000):
        expect_enough(people, float(f"{smallest_rate(people):g}"))
        assert smallest_rate(people) < 1 / (1 + people) + 1e-4


def test_two_strangers_are_too_few_to_normalise() -> None:
    random = np.random.default_rng(3)
    with pytest.raises(GaitheatError, match="at least 3 strangers, but there are 2"):
        calibrated(vectors(random, 4), vectors(random, 8), np.repeat(np.arange(2), 4))


def test_strangers_who_are_all_alike_give_finite_scores() -> None:
    random = np.random.default_rng(3)
    takes, same = vectors(random, 4), np.repeat(vectors(random, 1), 5, axis=0)
    found = calibrated(takes, same, np.arange(5))
    distances = np.linalg.norm(takes - same[0], axis=1)
    assert np.isfinite(found.scores(same[0], distances)).all()
    assert 0 < found.false_alarm(0.0) <= 1


def test_a_gallery_of_nobody_is_searched_in_vain() -> None:
    random = np.random.default_rng(3)
    found = calibrated(np.empty((0, 8), np.float32), vectors(random, 5), np.arange(5))
    assert found.scores(vectors(random, 1)[0], np.empty(0, np.float32)).shape == (0,)
