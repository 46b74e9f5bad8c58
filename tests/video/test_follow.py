"""The causal way: the same people in the same places as by file, with nothing known of the future."""

from collections.abc import Iterator

import numpy as np
import pytest
from fakes import (
    BlobDetector,
    BlobEstimator,
    DrawnVideo,
    Once,
    Person,
    Standing,
    check_demo,
    clock,
    path_of,
    uneven_clock,
    walking,
)

from factories import make_key
from gaitheat.clips import Clip, Refusal
from gaitheat.embeddings import EMBEDDERS
from gaitheat.frames import Frame
from gaitheat.video.follow import Follower, follow


def followed(video: DrawnVideo) -> list[Clip | Refusal]:
    items = list(follow(video, make_key(), BlobDetector(), BlobEstimator()))
    assert [item.key.track for item in items] == list(range(len(items)))
    assert video.readings == 1
    return items


@pytest.mark.parametrize("times", [clock(4, 10), clock(4, 25), clock(2, 60), uneven_clock(4)])
def test_a_walker_is_followed_from_the_first_look(times: np.ndarray) -> None:
    (clip,) = followed(DrawnVideo([Person(walking(20, 30))], times))
    assert isinstance(clip, Clip)
    assert len(clip) >= len(times) - 1
    np.testing.assert_allclose(path_of(clip), 20 + 30 * clip.times, atol=1.5)


def test_what_is_said_of_a_frame_does_not_depend_on_later_ones() -> None:
    people = [Person(walking(20, 30))]
    (whole,), (half,) = (followed(DrawnVideo(people, clock(seconds))) for seconds in (4, 2))
    np.testing.assert_array_equal(whole.heatmaps[: len(half)], half.heatmaps)
    np.testing.assert_array_equal(whole.keypoints[: len(half)], half.keypoints)


def test_people_who_cross_keep_their_identities() -> None:
    back, front = Person(walking(15, 25, y=58), 0), Person(walking(145, -25, y=62), 1)
    items = followed(DrawnVideo([back, front], clock(5)))
    assert len(items) == 2
    first, second = sorted(items, key=lambda clip: path_of(clip)[0])
    np.testing.assert_allclose(path_of(first), 15 + 25 * first.times, atol=3)
    np.testing.assert_allclose(path_of(second), 145 - 25 * second.times, atol=3)


def test_a_clip_is_handed_out_as_soon_as_its_track_has_ended() -> None:
    video = DrawnVideo([Person(walking(80, 0, end=2))], clock(10))
    items = follow(video, make_key(), BlobDetector(), BlobEstimator())
    first = next(items)
    assert isinstance(first, Clip)
    assert len(first) == 49
    assert video.alive <= 2
    assert list(items) == []


def test_nobody_gives_nothing() -> None:
    [refusal] = followed(DrawnVideo([], clock(2)))
    assert (refusal.reason, refusal.frames) == ("no person", 50)


def test_a_long_track_is_cut_and_memory_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitheat.video.follow.MAX_CLIP_FRAMES", 100)
    video = DrawnVideo([], clock(10), size=(48, 64))
    lengths = []
    for clip in follow(video, make_key(), Once(), Standing()):
        assert isinstance(clip, Clip)
        lengths.append(len(clip))
    assert lengths == [100, 100, 49]
    assert video.most_alive <= 3


def test_a_follower_knows_who_is_still_followed() -> None:
    follower = Follower(BlobDetector(), BlobEstimator())
    frames: Iterator[Frame] = iter(DrawnVideo([Person(walking(80, 0, end=1))], clock(4)))
    followed_at = {frame.time: (set(follower.see(frame)), follower.following()) for frame in frames}
    assert followed_at[0.0] == (set(), {0})
    assert followed_at[0.04] == ({0}, {0})
    assert followed_at[1.6] == ({0}, {0})
    assert followed_at[3.0] == (set(), set())


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_a_real_walker_is_the_same_by_stream_and_by_file(
    demo_clips: list[Clip], streamed_demo_clips: list[Clip], embedder: str
) -> None:
    by_file, by_stream = demo_clips[1], streamed_demo_clips[1]
    embed = EMBEDDERS[embedder].embed
    assert embed(by_file) @ embed(by_stream) >= 0.95


def test_in_a_real_stream_everybody_is_one_track(streamed_demo_clips: list[Clip]) -> None:
    check_demo(streamed_demo_clips, width=884)
