"""Who is who: identities through crossings, gaps and uneven clocks; nobody jumps, nobody is found twice."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from fakes import ASPECT, Person, clock, uneven_clock, walking

from gaitheat.video.boxes import overlaps
from gaitheat.video.protocols import Detections, Tracker
from gaitheat.video.tracker import PATIENCE, START_SCORE, MotionTracker

CLOCKS = {
    "10 a second": clock(6, 10),
    "25 a second": clock(6, 25),
    "60 a second": clock(6, 60),
    "every 0.3 s": clock(6, 1 / 0.3),
    "uneven": uneven_clock(6),
}
HIDDEN = 0.4
"""Share of overlap from which the farther of two people is not detected."""

every_clock = pytest.mark.parametrize("times", CLOCKS.values(), ids=CLOCKS)


def box(x: float, y: float, height: float) -> tuple[float, float, float, float]:
    return x - ASPECT * height / 2, y - height / 2, x + ASPECT * height / 2, y + height / 2


def follow(
    people: Sequence[Person], times: np.ndarray, seen: Callable[[int, float], bool] = lambda who, moment: True
) -> dict[int, list[tuple[float, int]]]:
    """Who (time, index of the person) each track followed; later people hide earlier ones."""
    random = np.random.default_rng(0)
    tracker = MotionTracker()
    tracks: dict[int, list[tuple[float, int]]] = {}
    for moment in times:
        who, boxes = [], []
        for index, person in reversed(list(enumerate(people))):
            place = person.where(moment)
            if place is None or not seen(index, moment):
                continue
            found = np.array([box(*place)], np.float32) + random.normal(0, 0.01 * place[2], (1, 4)).astype(
                "f4"
            )
            if not boxes or overlaps(found, np.concatenate(boxes)).max() < HIDDEN:
                who.append(index)
                boxes.append(found)
        found = Detections(
            np.concatenate([np.zeros((0, 4), np.float32), *boxes]),
            np.array([people[index].score for index in who], np.float32),
        )
        for track, index in tracker.update(float(moment), found):
            tracks.setdefault(track, []).append((float(moment), who[index]))
    return tracks


def followed(tracks: dict[int, list[tuple[float, int]]]) -> list[set[int]]:
    """The people that each track followed: one each, if nobody was confused."""
    return [{who for _, who in sights} for sights in tracks.values()]


def test_it_is_a_tracker() -> None:
    assert isinstance(MotionTracker(), Tracker)
    assert MotionTracker().predict(0.0).shape == (0, 4)
    assert (
        MotionTracker().update(0.0, Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))) == []
    )


@every_clock
@pytest.mark.parametrize("speed", [0, 20, 50, 80])
def test_one_person_is_one_track(times: np.ndarray, speed: float) -> None:
    """80 pixels a second at a height of 60: somebody of 1.75 m walks at 2.3 m/s."""
    tracks = follow([Person(walking(10, speed))], times)
    assert followed(tracks) == [{0}]
    assert len(tracks[0]) == len(times)


@every_clock
@pytest.mark.parametrize("far", [1.0, 0.8])
def test_people_who_cross_keep_their_identities(times: np.ndarray, far: float) -> None:
    people = [
        Person(walking(0, 45, height=60 * far), 0),
        Person(walking(240, -40, y=64), 1),
    ]
    assert sorted(map(sorted, followed(follow(people, times)))) == [[0], [1]]


@every_clock
def test_somebody_overtaken_keeps_the_identity(times: np.ndarray) -> None:
    people = [Person(walking(60, 25, y=58), 0), Person(walking(0, 60, y=64), 1)]
    assert sorted(map(sorted, followed(follow(people, times)))) == [[0], [1]]


@every_clock
def test_hidden_shortly_is_the_same_person_hidden_long_a_new_one(times: np.ndarray) -> None:
    person = [Person(walking(0, 40))]
    step = float(np.diff(times).max())
    short, long = PATIENCE - step - 0.01, PATIENCE + step + 0.05
    hidden = lambda length: lambda who, moment: not 2 <= moment < 2 + length  # noqa: E731
    assert len(follow(person, times, hidden(short))) == 1
    assert len(follow(person, times, hidden(long))) == 2


@every_clock
def test_a_weak_detection_never_starts_a_track_but_goes_on_with_one(times: np.ndarray) -> None:
    weak = Person(walking(20, 10), score=START_SCORE - 0.05)
    assert follow([weak], times) == {}
    tracker = MotionTracker()
    strong = Detections(np.array([box(20, 60, 60)], np.float32), np.array([0.9], np.float32))
    assert tracker.update(0.0, strong) == [(0, 0)]
    later = Detections(np.array([box(22, 60, 60)], np.float32), np.array([0.05], np.float32))
    assert tracker.update(0.2, later) == [(0, 0)]


@pytest.mark.parametrize("double_first", [False, True])
def test_a_double_detection_gives_one_track(double_first: bool) -> None:
    tracker, tracks = MotionTracker(), set()
    for step in range(20):
        place = box(10 + 4 * step, 60, 60)
        boxes = np.array([place, np.add(place, [1, 2, 1, 3])], np.float32)
        scores = np.array([0.5, 0.9] if double_first else [0.9, 0.5], np.float32)
        seen = tracker.update(0.1 * step, Detections(boxes, scores))
        assert len(seen) == 1
        tracks |= {track for track, _ in seen}
    assert tracks == {0}


@every_clock
def test_people_enter_and_leave(times: np.ndarray) -> None:
    people = [
        Person(walking(20, 10, end=2), 0),
        Person(walking(200, -10, begin=1.5, end=4), 1),
        Person(walking(20, 10, begin=4.5), 2),
    ]
    tracks = follow(people, times)
    assert followed(tracks) == [{0}, {1}, {2}]
    assert list(tracks) == [0, 1, 2]


@every_clock
def test_nobody_jumps_across_the_picture_or_changes_size(times: np.ndarray) -> None:
    jump = lambda moment: (20, 60, 60) if moment < 3 else (130, 60, 60)  # noqa: E731
    shrink = lambda moment: (20, 60, 60) if moment < 3 else (20, 60, 30)  # noqa: E731
    assert len(follow([Person(jump)], times)) == 2
    assert len(follow([Person(shrink)], times)) == 2


@every_clock
def test_somebody_who_comes_nearer_is_one_track(times: np.ndarray) -> None:
    approach = lambda moment: (80 + 5 * moment, 60, 40 * 1.25**moment)  # noqa: E731
    assert len(follow([Person(approach)], times)) == 1


def test_a_velocity_is_carried_on_while_nobody_looks() -> None:
    tracker = MotionTracker()
    for step in range(10):
        tracker.update(
            0.1 * step,
            Detections(np.array([box(10 + 5 * step, 60, 60)], np.float32), np.array([0.9], np.float32)),
        )
    np.testing.assert_allclose(tracker.predict(1.4)[0], box(80, 60, 60), atol=1)


def test_many_people_side_by_side_stay_apart() -> None:
    people = [Person(walking(40 * index, 15)) for index in range(6)]
    tracks = follow(people, clock(4, 10))
    assert sorted(map(sorted, followed(tracks))) == [[index] for index in range(6)]
