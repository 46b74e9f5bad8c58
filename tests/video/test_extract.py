"""From a recording to clips, on drawn people without weights, and on a real video with them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

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
    record,
    uneven_clock,
    walking,
)

from factories import make_key
from gaitheat.clips import Clip, Refusal
from gaitheat.embeddings import EMBEDDERS
from gaitheat.skeleton import PARTS
from gaitheat.video.boxes import smooth_places
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import BATCH_FRAMES, MAX_CLIP_FRAMES, Extraction, _pieces, extract, find_paths
from gaitheat.video.follow import follow
from gaitheat.video.protocols import Detections, Poses
from gaitheat.video.reader import open_source


def extracted(video: DrawnVideo, **options: object) -> tuple[Extraction, list[Clip], list[Refusal]]:
    extraction = extract(video, make_key(), BlobDetector(), BlobEstimator(), **options)
    items = list(extraction.items)
    assert extraction.planned == len(items)
    assert sorted(item.key.track for item in items) == list(range(len(items)))
    clips = [item for item in items if isinstance(item, Clip)]
    return extraction, clips, [item for item in items if isinstance(item, Refusal)]


CLOCKS = {
    "10 a second": clock(4, 10),
    "25 a second": clock(4, 25),
    "60 a second": clock(4, 60),
    "uneven": uneven_clock(4),
}


@pytest.mark.parametrize("times", CLOCKS.values(), ids=CLOCKS)
def test_one_walker_gives_one_clip_of_every_frame_in_which_all_of_them_is_seen(times: np.ndarray) -> None:
    _, clips, refusals = extracted(DrawnVideo([Person(walking(20, 30))], times))
    assert refusals == []
    (clip,) = clips
    assert clip.refused == {}
    np.testing.assert_array_equal(clip.times, times)
    np.testing.assert_allclose(path_of(clip), 20 + 30 * times, atol=1.2)
    on_maps = clip.keypoints_on_maps()
    np.testing.assert_allclose(on_maps[:, [5, 6, 11, 12], 0].mean(axis=1), 23.5, atol=1.2)
    peaks = clip.heatmaps.reshape(len(clip), 17, -1).argmax(axis=2)
    found = np.stack([peaks % 48, peaks // 48], axis=2)
    assert np.abs(found - on_maps[..., :2]).max() <= 0.51


def test_times_and_the_recording_are_kept() -> None:
    video = DrawnVideo([Person(walking(-205, 30))], 7.5 + clock(2))
    (clip,) = extracted(video)[1]
    assert (clip.source, clip.sha256) == ("drawn", "f" * 64)
    assert (clip.estimator.name, clip.estimator.preprocessing) == ("blobs", "rgb-1")
    np.testing.assert_array_equal(clip.times, video.times)


def test_heatmap_preprocessing_is_named_and_tells_the_same_places() -> None:
    video = DrawnVideo([Person(walking(40, 15))], clock(2))
    (usual,), (other,) = extracted(video)[1], extracted(video, preprocessing="heatmap")[1]
    assert other.estimator.preprocessing == "heatmap-1"
    np.testing.assert_allclose(other.crop, usual.crop, atol=1e-5)
    np.testing.assert_allclose(other.keypoints, usual.keypoints, atol=0.7)
    assert (other.heatmaps != usual.heatmaps).any()


def test_people_who_cross_keep_their_identities_and_hidden_frames_are_refused() -> None:
    back, front = Person(walking(15, 25, y=58), 0), Person(walking(145, -25, y=62), 1)
    _, clips, refusals = extracted(DrawnVideo([back, front], clock(5)))
    assert refusals == []
    first, second = sorted(clips, key=lambda clip: path_of(clip)[0])
    np.testing.assert_allclose(path_of(first), 15 + 25 * first.times, atol=3)
    np.testing.assert_allclose(path_of(second), 145 - 25 * second.times, atol=3)
    assert len(second) > 120
    lost = Counter(first.refused) + Counter(second.refused)
    assert len(first) + len(second) + sum(lost.values()) == 250
    assert lost.total() > 5


def test_people_enter_leave_and_come_back() -> None:
    there = lambda moment: (80, 60, 60) if not 2 <= moment < 4 else None  # noqa: E731
    _, clips, refusals = extracted(DrawnVideo([Person(there)], clock(6)))
    assert refusals == []
    assert [len(clip) for clip in clips] == [50, 50]
    assert clips[0].times[-1] < 2 <= 4 <= clips[1].times[0]


def test_somebody_who_walks_through_the_picture_gives_only_whole_frames() -> None:
    _, clips, _ = extracted(DrawnVideo([Person(walking(-30, 30))], clock(8)))
    (clip,) = clips
    assert path_of(clip).min() > 8
    assert path_of(clip).max() < 152
    assert len(clip) > 100
    assert clip.refused


@pytest.mark.parametrize("times", [clock(3), clock(0.04), np.zeros(0)], ids=["3 s", "one frame", "nothing"])
def test_nobody_gives_one_refusal(times: np.ndarray) -> None:
    _, clips, (refusal,) = extracted(DrawnVideo([], times))
    assert clips == []
    assert (refusal.reason, refusal.frames, refusal.key) == ("no person", len(times), make_key())


def test_the_frames_without_anybody_are_counted_where_the_file_does_not_say(monkeypatch) -> None:
    monkeypatch.setattr(DrawnVideo, "length", lambda self: None)
    _, _, (refusal,) = extracted(DrawnVideo([], clock(1)))
    assert (refusal.reason, refusal.frames) == ("no person", 25)


def test_a_detection_of_no_extent_is_nobody() -> None:
    class Corner:
        def __call__(self, rgb: np.ndarray) -> Detections:
            return Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32))

    extraction = extract(DrawnVideo([], clock(1)), make_key(), Corner(), BlobEstimator())
    assert [item.reason for item in extraction.items] == ["no person"]


def test_one_frame_of_somebody_is_too_short() -> None:
    _, clips, (refusal,) = extracted(DrawnVideo([Person(walking(80, 0))], [0.0]))
    assert (clips, refusal.reason, refusal.frames) == ([], "too short", 1)


def test_a_weak_detection_is_nobody() -> None:
    _, clips, (refusal,) = extracted(DrawnVideo([Person(walking(80, 0), score=0.25)], clock(2)))
    assert (clips, refusal.reason) == ([], "no person")


def test_a_passer_by_is_refused_where_one_person_is_meant() -> None:
    people = [Person(walking(20, 20), 0), Person(walking(140, -40, height=50, begin=0.5, end=2.5), 1)]
    both = extracted(DrawnVideo(people, clock(5)))[1]
    assert len(both) == 2
    _, (clip,), (refusal,) = extracted(DrawnVideo(people, clock(5)), alone=True)
    assert path_of(clip)[0] < 30
    assert refusal.reason == "another person"


def test_of_two_who_are_seen_equally_often_the_larger_one_is_meant() -> None:
    people = [Person(walking(30, 10, height=50), 0), Person(walking(130, -10, height=70), 1)]
    _, (clip,), (refusal,) = extracted(DrawnVideo(people, clock(2)), alone=True)
    assert path_of(clip)[0] > 80
    assert refusal.reason == "another person"


def test_a_recording_that_ends_earlier_the_second_time_loses_no_item() -> None:
    class Shrinking(DrawnVideo):
        def __iter__(self):
            self.times = self.times[: 100 if self.readings == 0 else 60]
            return super().__iter__()

    people = [Person(walking(20, 20), 0), Person(lambda moment: (130, 60, 60) if moment > 3 else None, 1)]
    _, (clip,), (refusal,) = extracted(Shrinking(people, clock(4)))
    assert len(clip) == 60
    assert (refusal.reason, refusal.frames) == ("no frames", 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_estimator_that_gives_no_numbers_is_counted_and_nothing_of_it_is_kept(value: float) -> None:
    class SometimesBroken(BlobEstimator):
        def __call__(self, crops: np.ndarray) -> Poses:
            poses = super().__call__(crops)
            if self.crops > 60:
                poses.keypoints[::2, 3, 1] = value
            return poses

    video = DrawnVideo([Person(walking(20, 20))], clock(4))
    (clip,) = extract(video, make_key(), BlobDetector(), SometimesBroken()).items
    assert isinstance(clip, Clip)
    assert clip.refused["keypoints not finite"] == 100 - len(clip) > 10
    assert np.isfinite(clip.keypoints).all()


def check_long(seconds: int, pieces: int, longest: int) -> None:
    video = DrawnVideo([], clock(seconds), size=(48, 64))
    extraction = extract(video, make_key(), Once(), Standing())
    lengths, last = [], -1.0
    for clip in extraction.items:
        assert isinstance(clip, Clip)
        assert clip.times[0] > last
        last = clip.times[-1]
        lengths.append(len(clip))
    assert video.readings == 2
    assert video.most_alive <= BATCH_FRAMES + 2
    assert extraction.planned == pieces
    assert lengths == [longest] * pieces


def test_a_long_track_is_cut_and_memory_does_not_grow_with_the_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gaitheat.video.extract.MAX_CLIP_FRAMES", 200)
    check_long(seconds=24, pieces=3, longest=200)


@pytest.mark.slow
def test_a_very_long_track_is_cut_at_1000_frames() -> None:
    check_long(seconds=200, pieces=5, longest=MAX_CLIP_FRAMES)


def test_pieces_of_a_long_track_join_without_a_jump() -> None:
    video = DrawnVideo([Person(walking(20, 2))], clock(41))
    frames, paths = find_paths(video, BlobDetector(), BlobEstimator())
    assert frames == 1025
    assert [(path.start, path.stop) for path in paths] == [(0, 513), (513, 1025)]
    centres = np.concatenate([path.places.centres for path in paths])
    assert np.abs(np.diff(centres, axis=0)).max() < 0.3


def test_the_pieces_of_a_long_track_are_those_of_the_whole_path() -> None:
    times = clock(90)
    looks = np.arange(0, len(times), 8)
    random = np.random.default_rng(0)
    centres = 100 + np.cumsum(random.normal(size=(len(looks), 2)), axis=0)
    boxes = np.add(np.tile(centres, 2), [-10, -30, 10, 30]).astype(np.float32)
    starts, pieces, sights = zip(*_pieces(looks, boxes, times), strict=True)
    assert starts == (0, 750, 1500)
    assert sights == (len(looks),) * 3
    whole = smooth_places(times[looks], boxes, times)
    np.testing.assert_allclose(np.concatenate([piece.centres for piece in pieces]), whole.centres, atol=1e-9)
    np.testing.assert_allclose(np.concatenate([piece.sides for piece in pieces]), whole.sides, atol=1e-9)


def test_a_file_is_a_source(tmp_path) -> None:
    file = record(DrawnVideo([Person(walking(20, 30))], clock(2)), tmp_path / "walk.avi")
    (clip,) = extract(open_source(file), make_key(), BlobDetector(), BlobEstimator()).items
    assert isinstance(clip, Clip)
    assert len(clip) == 50


def distances(clips: Sequence[Clip], joints: Sequence[int]) -> float:
    """Median distance of keypoint and peak in cells, where the score is above 0.5."""
    apart = []
    for clip in clips:
        points = clip.keypoints_on_maps()[:, list(joints)]
        peaks = clip.heatmaps[:, list(joints)].reshape(len(clip), len(joints), -1).argmax(axis=2)
        distance = np.hypot(points[..., 0] - peaks % 48, points[..., 1] - peaks // 48)
        apart.append(distance[points[..., 2] > 0.5])
    return float(np.median(np.concatenate(apart)))


def test_in_a_real_video_everybody_is_one_track(demo_clips: list[Clip]) -> None:
    check_demo(demo_clips, width=884)


@pytest.mark.parametrize(
    ("part", "cells"), [("head", 1), ("torso", 1), ("upper limbs", 2), ("lower limbs", 2)]
)
def test_in_a_real_video_keypoints_lie_on_the_peaks(demo_clips: list[Clip], part: str, cells: float) -> None:
    assert distances(demo_clips, PARTS[part]) <= cells


@pytest.mark.slow
def test_the_whole_demo_video(assets: dict[str, Path], detector: SsdLite, estimator: BlazePose) -> None:
    source = open_source(assets["demo-video"])
    ways = (
        extract(source, make_key(), detector, estimator).items,
        follow(source, make_key(), detector, estimator),
    )
    clips = [
        sorted((item for item in items if isinstance(item, Clip)), key=lambda clip: clip.times[0])
        for items in ways
    ]
    for both in clips:
        check_demo(both, width=1768)
        for part, cells in {"head": 1, "torso": 1, "upper limbs": 2, "lower limbs": 2}.items():
            assert distances(both, PARTS[part]) <= cells
    for embedder in EMBEDDERS.values():
        assert embedder.embed(clips[0][1]) @ embedder.embed(clips[1][1]) >= 0.95
