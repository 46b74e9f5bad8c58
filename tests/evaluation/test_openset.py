"""Open-set identification against enrolling and searching people one by one."""

from itertools import product

import numpy as np
import pytest

from gaitheat.datasets.protocol import dealt
from gaitheat.evaluation.openset import GROUPS, Searches, open_set
from gaitheat.metrics import Interval

PEOPLE = [f"{number:02d}" for number in range(20)]
TAKES = 30


def clips(noise: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {name: generator.normal(0, 1, 3) + generator.normal(0, noise, (TAKES, 3)) for name in PEOPLE}


def searches_of(
    probes: dict[str, np.ndarray], gallery: dict[str, np.ndarray], groups: dict[str, int]
) -> Searches:
    """Everybody's takes, searched for among the first takes of the gallery."""
    names, mates, strangers = [], [], []
    for name, takes in probes.items():
        for take in takes:
            between = {other: np.linalg.norm(rows[0] - take) for other, rows in gallery.items()}
            names.append(name)
            mates.append(between.get(name, np.inf))
            strangers.append(
                [
                    min(
                        (d for other, d in between.items() if groups[other] == group and other != name),
                        default=np.inf,
                    )
                    for group in range(GROUPS)
                ]
            )
    return Searches(names, np.array(mates, np.float32), np.array(strangers, np.float32).reshape(-1, GROUPS))


def slow(probes, gallery, groups, rate) -> tuple[float, float]:
    """FPIR and FNIR, found by enrolling two groups, asking one, and setting the threshold with the last."""
    alarms, misses = [], []
    for setting in range(GROUPS):
        testing = (setting + 1) % GROUPS
        enrolled = [name for name in PEOPLE if groups[name] not in (setting, testing)]

        def nearest(take, enrolled=enrolled) -> tuple[float, str]:
            return min(
                (float(np.float32(np.linalg.norm(gallery[name][0] - take))), name) for name in enrolled
            )

        strangers = sorted(
            nearest(take)[0] for name in PEOPLE if groups[name] == setting for take in probes[name]
        )
        limit = strangers[int(rate * len(strangers) + 1e-9)]
        for name, take in product(PEOPLE, range(TAKES)):
            distance, found = nearest(probes[name][take])
            if groups[name] == testing:
                alarms.append(distance < limit)
            elif name in enrolled:
                misses.append(distance >= limit or found != name)
    return float(np.mean(alarms)), float(np.mean(misses))


@pytest.mark.parametrize("noise", [0.2, 0.6])
def test_rates_are_those_of_enrolling_and_searching_one_by_one(noise):
    groups, probes, gallery = dealt(PEOPLE, GROUPS), clips(noise), clips(noise)
    result = open_set([searches_of(probes, gallery, groups)], groups)
    assert (result.subjects, result.non_mated, result.mated) == (20, 600, 1200)
    assert [point.wanted for point in result.points] == [0.1]
    assert result.unmeasurable == (0.01,)
    point = result.points[0]
    alarms, misses = slow(probes, gallery, groups, 0.1)
    assert (point.false_positives.value, point.false_negatives.value) == pytest.approx((alarms, misses))
    assert point.false_positives.low < alarms < point.false_positives.high
    assert point.false_negatives.low < misses < point.false_negatives.high


def test_searches_of_several_views_are_put_together():
    groups, probes = dealt(PEOPLE, GROUPS), clips(0.3)
    whole = searches_of(probes, probes, groups)
    parts = [Searches(*(field[start::2] for field in whole)) for start in (0, 1)]
    assert open_set(parts, groups).points[0].false_negatives.value == pytest.approx(
        open_set([whole], groups).points[0].false_negatives.value
    )


def test_who_is_far_from_everybody_else_is_found_without_a_false_alarm_too_many():
    groups = dealt(PEOPLE, GROUPS)
    generator = np.random.default_rng(0)
    far = {name: 100.0 * number + generator.normal(0, 1, (TAKES, 3)) for number, name in enumerate(PEOPLE)}
    point = open_set([searches_of(far, far, groups)], groups).points[0]
    assert point.false_negatives == Interval(0, 0, 0)


def test_ties_with_a_stranger_are_misses():
    groups = dealt(PEOPLE, GROUPS)
    same = {name: np.zeros((TAKES, 3)) for name in PEOPLE}
    point = open_set([searches_of(same, same, groups)], groups).points[0]
    assert (point.false_positives.value, point.false_negatives.value) == (0, 1)


def test_too_few_people_or_searches_are_not_measurable():
    groups = dealt(PEOPLE, GROUPS)
    few = {name: takes[:4] for name, takes in clips(0.3).items()}
    assert open_set([searches_of(few, few, groups)], groups).unmeasurable == (0.01, 0.1)
    lonely = {"00": clips(0.3)["00"]}
    assert open_set([searches_of(lonely, lonely, {"00": 0})], {"00": 0}).points == ()
    assert open_set([], {}).non_mated == 0
