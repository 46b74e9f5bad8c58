"""The commands that teach cameras: what they take, what they say, what is in force afterwards."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories import ESTIMATOR, make_clip, make_key
from gaitheat.cli.arguments import clip_sink
from gaitheat.cli.camera_verbs import adapt, calibrate, cameras
from gaitheat.clips import Clip, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.recognition.cameras import cameras_of
from gaitheat.recognition.quality import Quality
from gaitheat.recognizer import Recognizer
from gaitheat.rows import encode
from gaitheat.video.people import Viewer

USABLE = Quality(True, (), True, 1.2, 30, 130.0, "from the side", 0.5)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Anna is known; every clip is good enough."""
    monkeypatch.setattr("gaitheat.recognizer.quality_of", lambda _: USABLE)
    Recognizer(tmp_path / "gallery", "mean-skeleton").enroll_clip(make_clip(), "Anna")
    return tmp_path / "gallery"


def passers_by(count: int) -> list[Clip]:
    return [make_clip(seed=seed, key=make_key(f"passer {seed}")) for seed in range(1, count + 1)]


def filled(place: Path, clips: list[Clip]) -> str:
    with clip_sink(place).writer() as writer:
        for clip in clips:
            writer.add(encode(clip), str(clip.key), planned=1)
    return str(place)


@pytest.mark.parametrize("kind", ["store", "packed.arrow", "videos"])
def test_passers_by_from_stores_packed_files_and_videos(
    gallery: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    clips, place = passers_by(9), gallery.with_name(kind)
    if kind == "videos":
        place.mkdir()
        for half in ("a.mp4", "b.mp4"):
            (place / half).touch()
        refusal = Refusal(make_key(track=7), "a.mp4", "0" * 64, ESTIMATOR, "too small", 12)

        def seen(_: Viewer, video: Path) -> Iterator[Clip | Refusal]:
            yield from [*clips[:4], refusal] if video.name == "a.mp4" else clips[4:]

        monkeypatch.setattr(Viewer, "people", seen)
    else:
        filled(place, clips)
    adapt(gallery, camera="door", cohort=str(place))
    said = capsys.readouterr()
    assert said.out.startswith("camera door: learnt\n")
    assert ("track 7: left out, too small" in said.err) is (kind == "videos")
    assert [version.clips for version in cameras_of(gallery)["door"]] == [9]


def test_what_was_learnt_is_listed_and_undone(gallery: Path, capsys: pytest.CaptureFixture[str]):
    cohort = filled(gallery.with_name("store"), passers_by(10))
    adapt(gallery, camera="door", cohort=cohort)
    capsys.readouterr()
    adapt(gallery, camera="door", cohort=cohort, as_json=True)
    (row,) = json.loads(capsys.readouterr().out)
    assert row.pop("learnt").startswith("20")
    assert row == {"camera": "door", "version": 2, "clips": 10, "versions": 2}
    adapt(gallery, camera="door", undo=True)
    assert capsys.readouterr().out.startswith("camera door: undone; version 1 is in force\n")
    adapt(gallery, camera="door", undo=True)
    assert capsys.readouterr().out == "camera door: undone; it has learnt nothing any more\nnone\n"
    cameras(gallery)
    assert capsys.readouterr().out == "none\n"


def test_strangers_are_counted(
    gallery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def counting(recognizer: Recognizer, clips: Iterator[Clip]) -> int:
        assert recognizer.camera == "door"
        return len(list(clips))

    monkeypatch.setattr(Recognizer, "calibrate", counting)
    strangers = filled(gallery.with_name("store"), passers_by(20))
    calibrate(gallery, nonmated=strangers, camera="door")
    assert capsys.readouterr().out.endswith("false alarms are counted with 20 strangers from now on\n")


def test_mistakes_change_nothing(gallery: Path, tmp_path: Path):
    few = filled(tmp_path / "few", passers_by(3))
    (tmp_path / "empty").mkdir()
    for given, said in (
        ({"cohort": few}, "cannot learn from 3 clips: it takes at least 8"),
        ({"cohort": few, "undo": True}, "either --cohort .* or --undo"),
        ({}, "either --cohort .* or --undo"),
        ({"undo": True}, "has learnt nothing"),
        ({"cohort": str(tmp_path / "absent")}, "no clip store"),
        ({"cohort": str(tmp_path / "empty")}, "expected videos or pictures"),
    ):
        with pytest.raises(GaitheatError, match=said):
            adapt(gallery, camera="door", **given)
    assert cameras_of(gallery) == {}
    with pytest.raises(GaitheatError, match="no gallery at"):
        adapt(tmp_path / "nowhere", camera="door", cohort=few)
