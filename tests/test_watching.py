"""Answers while the video goes on: who comes, who goes, who stops, and nothing is looked at twice."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from factories import make_clip, make_key
from gaitheat.clips import Clip
from gaitheat.embeddings import EMBEDDERS
from gaitheat.errors import GaitheatError
from gaitheat.recognition.quality import Quality
from gaitheat.recognizer import Person, Recognizer
from gaitheat.video.follow import follow
from gaitheat.video.people import Viewer
from gaitheat.watching import RunningMean, Sighting, watch
from halves import Halves
from video.fakes import BlobDetector, BlobEstimator, DrawnVideo, Once, Standing, clock, walking
from video.fakes import Person as Blob


class ByHeight:
    """An embedder that says how high people are, and keeps what it was given."""

    identity, dimension = "by-height-1", 2

    def __init__(self) -> None:
        self.spans: list[tuple[int, float, float]] = []

    def embed(self, clip: Clip) -> np.ndarray:
        self.spans.append((clip.key.track, float(clip.times[0]), float(clip.times[-1])))
        angle = np.ptp(clip.keypoints[..., 1], axis=1).mean() / 100
        return np.array([np.cos(angle), np.sin(angle)], np.float32)


class Guard(Recognizer):
    """Needs no gallery: whoever moves walks, and is called by the height of the embedding."""

    def __init__(self, parts: Any = None) -> None:
        self.embedder = ByHeight()
        self.viewer = Viewer()
        self.viewer.__dict__["_parts"] = parts or (BlobDetector(), BlobEstimator())

    def identify_clip(self, clip: Clip) -> Person:
        seconds = float(clip.times[-1] - clip.times[0])
        moved = bool(abs(clip.keypoints[-1, 0, 0] - clip.keypoints[0, 0, 0]) > 5 * seconds)
        reasons = () if moved else ("not walking",)
        quality = Quality(moved, reasons, moved, seconds, len(clip), 60, "from the side", float(moved))
        if not moved:
            return Person(clip.key.track, None, "not walking", clip=clip, quality=quality)
        cosine, sine = self.embedder.embed(clip)
        name = f"{100 * np.arctan2(sine, cosine):.0f} pixels"
        return Person(clip.key.track, name, "near", clip=clip, quality=quality)


def watched(
    people: list[Blob], seconds: float, every: float = 1.0, rate: float = 25
) -> tuple[dict[int, list[Sighting]], Guard, DrawnVideo]:
    video, guard = DrawnVideo(people, clock(seconds, rate)), Guard()
    sightings = defaultdict(list)
    for sighting in watch(guard, video, every):
        sightings[sighting.track].append(sighting)
    assert video.readings == 1
    for answers in sightings.values():
        assert [sighting.ended for sighting in answers] == [False] * (len(answers) - 1) + [True]
    return dict(sightings), guard, video


def test_an_answer_every_second_and_one_at_the_end() -> None:
    sightings, _, _ = watched([Blob(walking(20, 20, end=4.5))], 8)
    (answers,) = sightings.values()
    np.testing.assert_allclose([sighting.time for sighting in answers[:-1]], [1.04, 2.04, 3.04, 4.04, 5.04])
    assert answers[-1].time == pytest.approx(5.56, abs=0.1)  # a second without a sight of him
    assert {sighting.person.track for sighting in answers} == {0}


@pytest.mark.parametrize("rate", [10, 25, 30, 60])
def test_no_window_is_looked_at_twice(rate: float) -> None:
    _, guard, _ = watched([Blob(walking(10, 14))], 10, every=0.5, rate=rate)
    assert isinstance(guard.embedder, ByHeight)
    *meanwhile, (_, begin, end) = guard.embedder.spans
    assert end - begin == pytest.approx(9.9, abs=0.15)
    lengths = np.array([end - begin for _, begin, end in meanwhile])
    # All there is, as long as that is less than a window; then every window once.
    early = lengths < 2.2
    assert 2 <= early.sum() <= 4
    assert np.diff(lengths[early]).min() == pytest.approx(0.5, abs=0.15)
    np.testing.assert_allclose(lengths[~early], 2.36, atol=0.1)
    begun = np.array([begin for _, begin, _ in meanwhile])[~early]
    assert len(begun) >= 6
    np.testing.assert_allclose(begun, begun[0] + 1.2 * np.arange(len(begun)), atol=0.1)


def test_the_last_answer_is_that_of_the_whole_clip() -> None:
    sightings, _, video = watched([Blob(walking(20, 20))], 6)
    (clip,) = follow(video, make_key(), BlobDetector(), BlobEstimator())
    assert isinstance(clip, Clip)
    last = sightings[0][-1].person
    assert last.clip is not None
    np.testing.assert_array_equal(last.clip.heatmaps, clip.heatmaps)
    np.testing.assert_array_equal(last.clip.times, clip.times)
    assert last.name == Guard().identify_clip(clip).name


def test_people_come_and_go_and_cross() -> None:
    people = [
        Blob(walking(15, 25, y=58, height=70), 0),
        Blob(walking(145, -25, y=62, height=50), 1),
        Blob(walking(-160, 25, y=60, height=60, begin=8, end=11), 2),
    ]
    sightings, _, _ = watched(people, 12)
    assert len(sightings) == 3
    heights = [float(str(answers[-1].person.name).split()[0]) for answers in sightings.values()]
    for answers, height in zip(sightings.values(), heights, strict=True):
        named = [float(str(sighting.person.name).split()[0]) for sighting in answers]
        np.testing.assert_allclose(named, height, rtol=0.1)
    assert max(heights) / min(heights) == pytest.approx(70 / 50, rel=0.1)


def test_who_walked_before_standing_still_stays_who_he_was() -> None:
    def where(moment: float) -> tuple[float, float, float]:
        return 20 + 20 * min(moment, 3.5), 60, 60

    sightings, _, _ = watched([Blob(where)], 14)
    answers = sightings[0]
    assert answers[0].person.name is not None
    assert {sighting.person.name for sighting in answers[3:]} == {answers[3].person.name}


def test_who_looks_like_a_walker_for_a_moment_is_none() -> None:
    def where(moment: float) -> tuple[float, float, float]:
        return 20 + 20 * min(max(moment - 6, 0), 1.2), 60, 60

    sightings, _, _ = watched([Blob(where)], 11)
    assert sightings[0][-1].person.reason == "not walking"


def test_who_never_walks_is_told_why() -> None:
    sightings, guard, _ = watched([Blob(walking(80, 0))], 5)
    assert {sighting.person.reason for sighting in sightings[0]} == {"not walking"}
    assert isinstance(guard.embedder, ByHeight)
    assert guard.embedder.spans == []


def test_who_is_gone_at_once_gets_an_answer_too() -> None:
    sightings, _, _ = watched([Blob(walking(20, 20, end=0.3))], 3)
    (answers,) = sightings.values()
    assert [sighting.ended for sighting in answers] == [False, True]
    assert "not usable" in answers[-1].person.reason


def test_nobody_is_no_answer() -> None:
    assert watched([], 2)[0] == {}


def test_a_long_track_is_one_person_and_memory_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitheat.video.follow.MAX_CLIP_FRAMES", 100)
    video, guard = DrawnVideo([], clock(20.04), size=(48, 64)), Guard((Once(), Standing()))
    lengths: list[int] = []

    def seen(clip: Clip) -> Person:
        lengths.append(len(clip))
        return Person(clip.key.track, None, "seen", clip=clip)

    guard.identify_clip = seen  # type: ignore[method-assign]
    answers = list(watch(guard, video))
    assert {sighting.track for sighting in answers} == {0}
    assert [sighting.ended for sighting in answers] == [False] * (len(answers) - 1) + [True]
    assert [round(sighting.time - 1.04) for sighting in answers if sighting.time % 4 != 0] == list(range(19))
    assert video.most_alive <= 3
    assert max(lengths) <= 60


def test_answers_must_take_time() -> None:
    for every in (0.0, -1.0, float("nan")):
        with pytest.raises(GaitheatError, match="expected answers every so many seconds"):
            list(watch(Guard(), DrawnVideo([], clock(1)), every))


def test_a_running_mean_is_the_mean_of_what_was_given_weighed_by_frames() -> None:
    embedder = EMBEDDERS["mean-skeleton"]
    first, second, other = make_clip(40, seed=1), make_clip(20, seed=1), make_clip(30, seed=2)
    running = RunningMean(embedder)
    np.testing.assert_allclose(running.embed(first), embedder.embed(first), atol=1e-6)
    running.embed(other)
    mean = 40 * embedder.embed(first).astype(float) + 20 * embedder.embed(second)
    np.testing.assert_allclose(running.embed(second), mean / np.linalg.norm(mean), atol=1e-6)
    assert (running.identity, running.dimension) == (embedder.identity, embedder.dimension)
    running.forget(1)
    np.testing.assert_allclose(running.embed(second), embedder.embed(second), atol=1e-6)


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_the_mean_of_windows_comes_near_to_the_whole(demo_halves: Halves, embedder: str) -> None:
    clip, running = demo_halves.walker, RunningMean(EMBEDDERS[embedder])
    for begin in np.arange(0, clip.times[-1] - clip.times[0] - 2.35, 1.2):
        since = clip.times - clip.times[0]
        vector = running.embed(clip.take(np.flatnonzero((since >= begin) & (since < begin + 2.37))))
    assert np.linalg.norm(vector - EMBEDDERS[embedder].embed(clip)) < 0.15
