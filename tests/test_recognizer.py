"""The front door: who is named, who is not, and what is said before any work is done. People are real."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitheat.clips import Clip, Estimator, Refusal
from gaitheat.demo import HALF, stranger_clips
from gaitheat.embeddings import EMBEDDERS
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery, Match
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS
from gaitheat.motion import WALKING_SPEED
from gaitheat.recognition import verify as verification
from gaitheat.recognition.cameras import cameras_of
from gaitheat.recognition.quality import quality_of
from gaitheat.recognition.verdicts import ByDistance, ByFalseAlarms
from gaitheat.recognizer import DEFAULT_EMBEDDING, THRESHOLDS, Person, Recognizer, decide, verify
from gaitheat.video.people import Viewer
from halves import Halves
from video.fakes import BlobDetector, BlobEstimator, DrawnVideo, clock, record, walking
from video.fakes import Person as Blob

VIDEO = Path("walk.mp4")


class Remembering(Viewer):
    """Sees what was extracted before instead of extracting it again."""

    def __init__(self, seen: dict[tuple[str, int], list[Clip | Refusal]]) -> None:
        self.seen = seen

    def people(self, video: Path, start: int = 0, *_: Any, **__: Any) -> Iterator[Clip | Refusal]:
        yield from self.seen[video.name, start]


@pytest.fixture
def recogniser(tmp_path: Path, demo_halves: Halves) -> Recognizer:
    """Without a gallery yet; `walk.mp4` from frame 0 and from frame HALF is the demo."""
    made = Recognizer(tmp_path / "gallery", "mean-heatmap")
    made.viewer = Remembering({("walk.mp4", 0): demo_halves.first, ("walk.mp4", HALF): demo_halves.second})
    return made


@pytest.fixture
def strangers() -> list[Clip]:
    return list(stranger_clips())


def embedded(clips: list[Clip]) -> Strangers:
    embedder = EMBEDDERS["mean-heatmap"]
    return Strangers.named(np.stack([embedder.embed(clip) for clip in clips]), [clip.key for clip in clips])


def named(recogniser: Recognizer, start: int = HALF) -> list[str | None]:
    return [person.name for person in recogniser.identify(VIDEO, start)]


def walker_of(recogniser: Recognizer) -> Person:
    return next(person for person in recogniser.identify(VIDEO, HALF) if person.matches)


@pytest.mark.parametrize("embedding", EMBEDDERS)
def test_the_walker_is_nearest_among_strangers(
    recogniser: Recognizer, strangers: list[Clip], embedding: str
) -> None:
    recogniser = replace_embedding(recogniser, embedding)
    for clip in strangers:
        recogniser.enroll_clip(clip, clip.key.subject)
    recogniser.enroll(VIDEO, "the walker")
    assert walker_of(recogniser).matches[0].name == "the walker"


def replace_embedding(recogniser: Recognizer, embedding: str) -> Recognizer:
    other = Recognizer(recogniser.path, embedding)
    other.viewer = recogniser.viewer
    return other


def test_the_walker_is_named(recogniser: Recognizer, strangers: list[Clip]) -> None:
    for clip in strangers:
        recogniser.enroll_clip(clip, clip.key.subject)
    recogniser.enroll(VIDEO, "the walker")
    assert named(recogniser) == ["the walker"]


def test_swapped_names_swap_the_answer(recogniser: Recognizer, strangers: list[Clip]) -> None:
    recogniser.enroll(VIDEO, "a stranger")
    recogniser.enroll_clip(strangers[0], "the walker")
    assert named(recogniser) == ["a stranger"]


def test_a_stranger_under_her_name_is_not_taken_for_her(
    recogniser: Recognizer, strangers: list[Clip]
) -> None:
    for number, clip in enumerate(strangers):
        recogniser.enroll_clip(clip, "the walker" if number == 0 else clip.key.subject)
    person = walker_of(recogniser)
    assert person.name is None
    assert person.reason.startswith("nobody known: the nearest, ")


def test_who_stands_is_not_named(recogniser: Recognizer, demo_halves: Halves) -> None:
    recogniser.enroll_clip(demo_halves.stander, "the standing man")
    recogniser.enroll(VIDEO, "the walker")
    people = {person.name: person for person in recogniser.identify(VIDEO)}
    assert set(people) == {None, "the walker"}
    standing = people[None]
    assert standing.motion is not None
    assert 0 < standing.motion.value < WALKING_SPEED
    assert standing.reason.startswith(f"not walking: feet move {standing.motion.value:.2f} leg lengths/s")
    assert standing.matches == ()


def test_an_empty_gallery_names_nobody(recogniser: Recognizer) -> None:
    recogniser.enroll(VIDEO, "the walker")
    Gallery.open(recogniser.path).forget("the walker")
    (person,) = recogniser.identify(VIDEO, HALF)
    assert (person.name, person.reason, person.matches) == (None, "nobody is enrolled", ())


def test_the_threshold_decides(recogniser: Recognizer, strangers: list[Clip]) -> None:
    recogniser.enroll(VIDEO, "the walker")
    recogniser.threshold = 0.0
    assert named(recogniser) == [None]
    Gallery.open(recogniser.path).forget("the walker")
    recogniser.enroll_clip(strangers[0], "a stranger")
    recogniser.threshold = 2.0
    assert named(recogniser) == ["a stranger"]


def test_a_person_at_the_threshold_is_named() -> None:
    matches = (Match("Anna", 0.25, 0.25), Match("Bo", 0.5, 0.5))
    assert decide(matches, 0.25)[0] == "Anna"
    assert decide(matches, 0.2499)[0] is None
    assert decide((), 2.0) == (None, "nobody is enrolled")


@pytest.mark.parametrize("threshold", [float("nan"), -0.1, 2.1, float("inf")])
def test_a_threshold_is_a_distance(tmp_path: Path, threshold: float) -> None:
    with pytest.raises(GaitheatError, match="a threshold is a distance from 0 to 2, but got"):
        Recognizer(tmp_path / "gallery", threshold=threshold)
    with pytest.raises(GaitheatError, match="a threshold is a distance from 0 to 2, but got"):
        verify("a.mp4", "b.mp4", "mean-heatmap", threshold=threshold)


def test_every_training_free_embedding_has_a_threshold() -> None:
    assert set(THRESHOLDS) >= set(EMBEDDERS)


def test_a_gallery_keeps_its_embedding(recogniser: Recognizer) -> None:
    replace_embedding(recogniser, "mean-skeleton").enroll(VIDEO, "the walker")
    again = Recognizer(recogniser.path)
    assert again.embedder is EMBEDDERS["mean-skeleton"]
    judge = again.judge()
    assert isinstance(judge, ByDistance)
    assert judge.threshold == THRESHOLDS["mean-skeleton"]
    with pytest.raises(GaitheatError, match=r"is made of mean-skeleton.*, not of mean-silhouette: use"):
        Recognizer(recogniser.path, "mean-silhouette")
    with pytest.raises(GaitheatError, match="no embedding is called 'gait': expected one of"):
        Recognizer(recogniser.path.with_name("other"), "gait")


def test_a_gallery_of_an_unknown_embedding_is_one_line(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "gallery", "of-tomorrow-1/some/estimator", 4)
    with pytest.raises(GaitheatError, match=r"is made of 'of-tomorrow-1.* \(mean-heatmap, .*: name the file"):
        Recognizer(tmp_path / "gallery")


def test_an_empty_folder_becomes_a_gallery(recogniser: Recognizer) -> None:
    recogniser.path.mkdir()
    Recognizer(recogniser.path, "mean-heatmap")
    recogniser.enroll(VIDEO, "the walker")
    assert named(recogniser) == ["the walker"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(GaitheatError, match="no gallery at"):
        Recognizer(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["letter.txt"]


def test_another_estimator_is_refused(recogniser: Recognizer, demo_halves: Halves) -> None:
    recogniser.enroll(VIDEO, "the walker")
    foreign = replace(demo_halves.walker_again, estimator=Estimator("another", "1" * 64, "rgb-1"))
    with pytest.raises(GaitheatError, match="cannot be compared"):
        recogniser.enroll_clip(foreign, "the walker")
    with pytest.raises(GaitheatError, match="cannot be compared"):
        recogniser.nearest(foreign, 1)
    with pytest.raises(GaitheatError, match="cannot be compared"):
        recogniser.calibrate([foreign])


def test_the_same_walk_counts_once_and_for_one_person(recogniser: Recognizer) -> None:
    assert recogniser.enroll(VIDEO, "the walker").added == 1
    assert recogniser.enroll(VIDEO, "the walker") == (0, 1)
    with pytest.raises(GaitheatError, match="enrolled as 'the walker' already"):
        recogniser.enroll(VIDEO, "somebody else")
    assert Gallery.open(recogniser.path).people() == {"the walker": 1}


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "tab\there", "\0"])
def test_a_bad_name_is_said_before_the_video_is_read(recogniser: Recognizer, name: str) -> None:
    recogniser.viewer = Remembering({})  # reading anything would be a KeyError
    with pytest.raises(GaitheatError, match="a person's name must be some text in one line"):
        recogniser.enroll(VIDEO, name)
    assert not recogniser.path.exists()


def test_a_clip_that_cannot_be_enrolled_makes_no_gallery(tmp_path: Path, strangers: list[Clip]) -> None:
    recogniser = Recognizer(tmp_path / "gallery", "mean-silhouette")
    with pytest.raises(GaitheatError, match="has no silhouettes"):
        recogniser.enroll_clip(replace(strangers[0], silhouettes=None), "Anna")
    with pytest.raises(GaitheatError, match="a person's name"):
        recogniser.enroll_clip(strangers[0], " ")
    assert not recogniser.path.exists()


@pytest.mark.parametrize(
    "name", ["Anna de la Cruz", "a/b\\c", "../up", "李小龍", "Zoë", "🚶‍♀️", "[/bold]", "'; --"]
)
def test_any_line_of_text_is_a_name(recogniser: Recognizer, name: str) -> None:
    recogniser.enroll(VIDEO, name)
    assert named(recogniser) == [name]
    assert list(Gallery.open(recogniser.path).people()) == [name]
    assert Gallery.open(recogniser.path).forget(name) == 1


def test_of_several_walkers_one_must_be_chosen(recogniser: Recognizer, demo_halves: Halves) -> None:
    first, second = demo_halves.walker, demo_halves.walker_again
    second = replace(second, key=replace(second.key, track=7))
    recogniser.viewer = Remembering({("walk.mp4", 0): [first, second, demo_halves.stander]})
    with pytest.raises(GaitheatError, match=r"found tracks \d \(\d\.\d-\d\.\d s\), 7 .*: say which"):
        recogniser.enroll(VIDEO, "one of them")
    with pytest.raises(GaitheatError, match="track 9 is none of them"):
        recogniser.enroll(VIDEO, "one of them", track=9)
    assert not recogniser.path.exists()
    assert recogniser.enroll(VIDEO, "one of them", track=7).added == 1


def test_where_nobody_walks_everybody_is_accounted_for(recogniser: Recognizer, demo_halves: Halves) -> None:
    stander = demo_halves.stander
    refusal = Refusal(replace(stander.key, track=5), "walk.mp4", "0" * 64, stander.estimator, "too short", 3)
    recogniser.viewer = Remembering({("walk.mp4", 0): [stander, refusal]})
    with pytest.raises(GaitheatError, match=r"found none \(track \d: not walking: .*; track 5: too short\)"):
        recogniser.enroll(VIDEO, "nobody")


def test_a_refused_track_is_listed(recogniser: Recognizer, demo_halves: Halves) -> None:
    recogniser.enroll(VIDEO, "the walker")
    refusal = Refusal(
        demo_halves.stander.key, "walk.mp4", "0" * 64, demo_halves.stander.estimator, "no person", 9
    )
    recogniser.viewer = Remembering({("walk.mp4", 0): [refusal]})
    (person,) = recogniser.identify(VIDEO)
    assert (person.name, person.reason) == (None, "not usable: no person (9 frames)")


def test_two_videos_of_one_person(
    demo_halves: Halves, strangers: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[tuple[str, int], list[Clip | Refusal]] = {
        ("her.mp4", 0): [demo_halves.walker],
        ("again.mp4", 0): [demo_halves.walker_again],
        ("stranger.mp4", 0): [strangers[0]],
    }
    monkeypatch.setattr(verification, "Viewer", lambda: Remembering(seen))
    same, other = (verify("her.mp4", video, "mean-heatmap") for video in ("again.mp4", "stranger.mp4"))
    assert same.same
    assert not other.same
    assert same.distance < THRESHOLDS["mean-heatmap"] < other.distance
    assert same.false_alarm is None
    assert verify("again.mp4", "her.mp4", "mean-heatmap").distance == pytest.approx(same.distance)
    assert verify("her.mp4", "her.mp4", "mean-heatmap", threshold=0.0).same


def test_two_videos_of_one_person_by_the_rate_of_strangers_who_come_along(
    demo_halves: Halves, strangers: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[tuple[str, int], list[Clip | Refusal]] = {
        ("her.mp4", 0): [demo_halves.walker],
        ("again.mp4", 0): [demo_halves.walker_again],
        ("stranger.mp4", 0): [strangers[0]],
    }
    monkeypatch.setattr(verification, "Viewer", lambda: Remembering(seen))
    monkeypatch.setattr(verification, "strangers_of", lambda _: embedded(strangers[1:]))
    same = verify("her.mp4", "again.mp4", "mean-heatmap", far=1 / 8)
    assert same.same
    assert same.false_alarm == 1 / 8
    assert not verify("her.mp4", "stranger.mp4", "mean-heatmap", far=1 / 8).same
    with pytest.raises(GaitheatError, match="takes 19 strangers, but there are 7"):
        verify("her.mp4", "again.mp4", "mean-heatmap", far=0.05)


def test_what_a_cut_video_lacks_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = record(DrawnVideo([Blob(walking(20, 30))], clock(4)), tmp_path / "whole.avi")
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    viewer = Viewer()
    viewer.__dict__["_parts"] = BlobDetector(), BlobEstimator()
    with caplog.at_level(logging.WARNING, "gaitheat"):
        list(viewer.people(whole))
        assert caplog.messages == []
        assert len(list(viewer.people(cut))) == 1
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"{cut}: ")
    assert "frames are missing after the first" in caplog.messages[0]


def test_the_answer_does_not_depend_on_the_clip_s_place(recogniser: Recognizer, demo_halves: Halves) -> None:
    """The same walk elsewhere in the picture is the same embedding."""
    clip = demo_halves.walker
    keypoints, crop = clip.keypoints.copy(), clip.crop.copy()
    keypoints[..., 0] += 100
    crop[:, 0, 2] -= 100 * crop[:, 0, 0]
    moved = replace(clip, keypoints=keypoints, crop=crop)
    ours, theirs = (recogniser.embedder.embed(each) for each in (clip, moved))
    assert np.linalg.norm(ours - theirs) < 0.01


def test_strangers_of_the_user_s_own_count_false_alarms(
    recogniser: Recognizer, strangers: list[Clip], demo_halves: Halves
) -> None:
    recogniser.enroll(VIDEO, "the walker")
    before = walker_of(recogniser)
    assert before.false_alarm is None
    assert before.matches[0].score == before.matches[0].distance
    assert recogniser.calibrate(strangers) == len(strangers)
    recogniser.far = 1 / 9
    after = walker_of(recogniser)
    assert after.name == "the walker"
    assert after.false_alarm == 1 / 9
    assert after.reason == "only 11 % of strangers come as near to anybody, 11 % are allowed"
    assert after.matches[0].distance == before.matches[0].distance
    assert after.matches[0].score < -2
    assert after.quality == quality_of(demo_halves.walker_again)
    again = Recognizer(recogniser.path, far=1 / 9)
    assert again.identify_clip(demo_halves.walker_again).false_alarm == 1 / 9


def test_a_stranger_is_nobody_known_and_why_is_said(recogniser: Recognizer, strangers: list[Clip]) -> None:
    recogniser.enroll(VIDEO, "the walker")
    recogniser.calibrate(strangers[1:])
    recogniser.far = 1 / 8
    person = recogniser.identify_clip(strangers[0])
    assert person.name is None
    assert person.false_alarm is not None
    assert person.false_alarm > 1 / 8
    share = f"{100 * person.false_alarm:.2g} %"
    assert person.reason == (
        f"nobody known: the nearest, the walker, is not near enough, {share} of strangers come as near to "
        "anybody, 12 % are allowed"
    )


def test_answers_follow_the_gallery_its_strangers_and_its_limits(
    recogniser: Recognizer, strangers: list[Clip], demo_halves: Halves
) -> None:
    probe = demo_halves.walker_again
    recogniser.enroll_clip(strangers[0], "a stranger")
    recogniser.calibrate(strangers[1:])
    recogniser.far = 1 / 8
    first = recogniser.judge()
    assert isinstance(first, ByFalseAlarms)
    second = recogniser.judge()
    assert isinstance(second, ByFalseAlarms)
    assert second.calibration is first.calibration
    assert recogniser.identify_clip(probe).name is None
    recogniser.enroll(VIDEO, "the walker")
    assert recogniser.identify_clip(probe).name == "the walker"
    recogniser.far = 0.01
    with pytest.raises(GaitheatError, match=r"takes 99 strangers, but there are 7: allow a rate of 0\.125"):
        recogniser.identify_clip(probe)
    recogniser.far, recogniser.threshold = None, 0.0
    assert recogniser.identify_clip(probe).reason.startswith("nobody known: the nearest, the walker, is at")


def test_strangers_who_are_enrolled_are_none(
    recogniser: Recognizer, strangers: list[Clip], caplog: pytest.LogCaptureFixture
) -> None:
    recogniser.enroll_clip(strangers[0], "a stranger")
    with caplog.at_level(logging.WARNING, "gaitheat"):
        assert recogniser.calibrate(strangers) == len(strangers) - 1
    assert caplog.messages[0] == "left out 1 people who are enrolled"


def test_who_does_not_walk_is_no_stranger(
    recogniser: Recognizer, strangers: list[Clip], demo_halves: Halves, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "gaitheat"):
        assert recogniser.calibrate([*strangers, demo_halves.stander]) == len(strangers)
    assert caplog.messages[0] == f"left out 1 of {len(strangers) + 1} clips: no gait that can be used"
    with pytest.raises(GaitheatError, match="expected clips of people who walk, but got none"):
        recogniser.calibrate([demo_halves.stander])
    with pytest.raises(GaitheatError, match=r"expected at least 3 strangers .* but got 2: film more people"):
        recogniser.calibrate(strangers[:2])


def test_a_gallery_can_be_calibrated_before_anybody_is_enrolled(
    recogniser: Recognizer, strangers: list[Clip]
) -> None:
    recogniser.calibrate(strangers)
    recogniser.far = 0.2
    assert [(person.name, person.reason) for person in recogniser.identify(VIDEO, HALF)] == [
        (None, "nobody is enrolled")
    ]
    recogniser.enroll(VIDEO, "the walker")
    assert named(recogniser) == ["the walker"]


def test_too_few_strangers_for_the_usual_rate_are_said(
    recogniser: Recognizer, strangers: list[Clip], caplog: pytest.LogCaptureFixture
) -> None:
    recogniser.calibrate(strangers)
    assert "8 strangers tell no rate of false alarms below 0.1112: ask for that (--far)" in caplog.text
    recogniser.enroll(VIDEO, "the walker")
    with pytest.raises(GaitheatError, match=r"allow a rate of 0\.1112 or more"):
        recogniser.judge()
    recogniser.far = 0.1112
    assert named(recogniser) == ["the walker"]


def test_nobody_is_in_two_places_at_once(recogniser: Recognizer, demo_halves: Halves) -> None:
    recogniser.enroll(VIDEO, "the walker")
    first, again = demo_halves.walker, demo_halves.walker_again
    double = replace(again, key=replace(again.key, track=8), times=first.times[: len(again)])
    ours = replace(first, key=replace(first.key, track=9))
    recogniser.threshold = 2.0
    recogniser.viewer = Remembering({("walk.mp4", 0): [double, ours]})
    refused, kept = recogniser.identify(VIDEO)
    assert kept.name == "the walker"
    assert refused.name is None
    assert refused.reason == "nobody known: the walker is nearer in track 9, in view at the same time"


def test_a_rate_needs_strangers(recogniser: Recognizer) -> None:
    recogniser.enroll(VIDEO, "the walker")
    with pytest.raises(GaitheatError, match="strangers with `gaitheat calibrate`, or give a threshold"):
        list(Recognizer(recogniser.path, far=0.05).identify(VIDEO))


def test_strangers_that_come_along_count_by_distance(
    recogniser: Recognizer, strangers: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are of another world than the camera's: they must not say who is nearer than whom."""
    monkeypatch.setattr("gaitheat.recognition.bench.strangers_of", lambda _: embedded(strangers))
    recogniser.enroll(VIDEO, "the walker")
    recogniser.far = 0.2
    person = walker_of(recogniser)
    assert person.name == "the walker"
    assert person.false_alarm == 1 / 9
    assert person.matches[0].score == pytest.approx(person.matches[0].distance, abs=1e-4)
    assert "of virtual walkers come as near" in person.reason


@pytest.mark.parametrize("far", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_is_between_0_and_1(tmp_path: Path, far: float) -> None:
    with pytest.raises(GaitheatError, match="a rate of false alarms is between 0 and 1, such as"):
        Recognizer(tmp_path / "gallery", "mean-heatmap", far)


def test_a_rate_and_a_threshold_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(GaitheatError, match=r"but got both, 0\.05 and 0\.3: give one"):
        Recognizer(tmp_path / "gallery", "mean-heatmap", 0.05, 0.3)


def test_a_camera_learns_from_passers_by_and_takes_remember_it(
    recogniser: Recognizer, strangers: list[Clip], demo_halves: Halves
) -> None:
    at_door = Recognizer(recogniser.path, "mean-heatmap", camera="door")
    at_door.enroll_clip(demo_halves.walker, "the walker")
    plain = at_door.nearest(demo_halves.walker_again, 1)[0].distance
    assert at_door.adapt(strangers) == len(strangers)
    assert list(cameras_of(recogniser.path)) == ["door"]
    with pytest.raises(GaitheatError, match="or give a threshold"):  # the embedding's own means nothing now
        at_door.judge()
    at_door.threshold = 1.2
    assert at_door.nearest(demo_halves.walker_again, 1)[0].distance != pytest.approx(plain, abs=1e-3)
    assert at_door.nearest(demo_halves.walker, 1)[0].distance == pytest.approx(0, abs=1e-3)
    with pytest.raises(GaitheatError, match="give the recogniser a camera's name"):
        recogniser.adapt(strangers)


def test_nobody_both_teaches_a_camera_and_counts_false_alarms(
    recogniser: Recognizer, strangers: list[Clip], demo_halves: Halves
) -> None:
    at_door = Recognizer(recogniser.path, "mean-heatmap", camera="door")
    at_door.enroll_clip(demo_halves.walker, "the walker")
    at_door.adapt(strangers)
    with pytest.raises(GaitheatError, match="cameras have learnt from 8 of these 8 clips: give each"):
        recogniser.calibrate(strangers)
    assert not (recogniser.path / STRANGERS).exists()


def test_strangers_of_a_gallery_teach_no_camera(recogniser: Recognizer, strangers: list[Clip]) -> None:
    recogniser.calibrate(strangers)
    at_door = Recognizer(recogniser.path, "mean-heatmap", camera="door")
    with pytest.raises(GaitheatError, match="is calibrated with some of these passers-by: give each"):
        at_door.adapt(strangers)


def test_the_default_comes_with_the_package(tmp_path: Path) -> None:
    recogniser = Recognizer.from_pretrained(tmp_path / "gallery", far=0.01)
    assert recogniser.embedding == DEFAULT_EMBEDDING
    assert recogniser.far == 0.01
