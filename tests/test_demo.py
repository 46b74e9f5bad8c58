"""The demo: what it prints and leaves behind; the clips of both halves are extracted once for all tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from factories import make_clip
from gaitheat import demo
from gaitheat.clips import Clip, Refusal
from gaitheat.demo import HALF, NAME, run, stranger_clips, walker_clips
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.search import Match
from gaitheat.recognizer import Person
from gaitheat.video.people import Viewer, motion_of
from gaitheat.walkers.profiles import PROFILES, walks
from halves import Halves


@pytest.fixture
def seen(demo_halves: Halves, monkeypatch: pytest.MonkeyPatch) -> Halves:
    """The demo does not look at the video again."""

    def people(_: Viewer, video: Path, start: int = 0, *__: Any) -> Iterator[Clip | Refusal]:
        assert video.name == "demo.mp4"
        yield from demo_halves.second if start == HALF else demo_halves.first

    monkeypatch.setattr(Viewer, "people", people)
    return demo_halves


def test_the_strangers_walk_and_are_several() -> None:
    clips = list(stranger_clips())
    assert len({clip.key.subject for clip in clips}) == len(clips) >= 5
    assert all(motion_of(clip).walking for clip in clips)
    assert NAME not in {clip.key.subject for clip in clips}


def test_eight_walkers_are_enrolled_and_looked_up_in_other_clothes_with_four_strangers() -> None:
    enrolled, again = walker_clips()
    known = [clip.key.subject for clip in enrolled]
    assert len(known) == 2 * len(set(known)) == 16
    assert {(clip.key.condition, clip.key.view) for clip in enrolled} == {("nm", "072"), ("nm", "108")}
    asked = [clip.key.subject for clip in again]
    assert len(set(asked)) == len(asked) == 12
    assert set(known) < set(asked)
    assert {(clip.key.condition, clip.key.view) for clip in again} == {("cl", "090")}
    assert all(motion_of(clip).walking for clip in (*enrolled, *again))


def test_nobody_trains_on_the_walkers_and_no_benchmark_asks_for_them() -> None:
    asked = {(walk.world, walk.subject) for name in PROFILES.values() for walk in walks(name, "indoor")}
    for clip in (clip for clips in walker_clips() for clip in clips):
        world, _, rest = clip.source.partition("/")
        assert (world, rest.split("-")[0]) not in asked


def steps(printed: str) -> list[str]:
    """What was printed of each step, the first one at 1."""
    return re.split(r"^\d\. ", printed, flags=re.MULTILINE)


def said(step: str) -> dict[str, str]:
    """What the table of a step says of each person, and whether that is right."""
    rows = (re.split(r"  +", line.strip()) for line in step.splitlines())
    return {row[0]: f"{row[1]}, {row[2]}" for row in rows if len(row) == 4}


def test_it_tells_the_story_and_leaves_pictures_and_a_page(
    seen: Halves, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    run(out)
    _, gallery, refused, known, again, pictures = steps(capsys.readouterr().out)
    assert "of strangers" not in gallery
    strangers = said(refused)
    walker, stander = (f"demo.mp4, track {clip.key.track}" for clip in (seen.walker, seen.stander))
    assert strangers[stander] == "not usable, -"
    assert f"not walking: feet move {motion_of(seen.stander).value:.2f} leg lengths/s" in refused
    assert strangers[walker] == "nobody known, right"
    assert sum(who.startswith("passer-by") for who in strangers) == len(list(stranger_clips()))
    assert said(known)[f"demo.mp4, track {seen.walker_again.key.track}"] == f"{NAME}, right"
    assert len(said(again)) == 1 + 12
    assert "8 enrolled: " in again
    assert "4 strangers: " in again
    assert re.search(r"nearest person is the right one for \d of the 8", again)
    for name in ("demo.png", "demo-walkers.png"):
        assert str(out / name) in pictures
        assert cv2.imread(str(out / name)) is not None
    assert (out / "demo.mp4").stat().st_size > 10_000
    assert NAME in (out / "demo.html").read_text("utf-8")
    assert Gallery.open(out / "demo.gallery").people() == {
        **{f"walker {number:02d}": 2 for number in range(1, 9)},
        NAME: 1,
    }


@pytest.mark.parametrize(
    ("name", "said_of", "so"),
    [("Anna", "Anna", "right"), ("Anna", "Berta", "WRONG"), ("Anna", None, "MISSED"), (None, None, "right")],
)
def test_a_table_says_where_the_network_errs(name: str | None, said_of: str | None, so: str) -> None:
    person = Person(0, said_of, "why", (Match("Berta", 0.5, -1.0),), clip=make_clip(20), false_alarm=0.02)
    row = demo._row("somebody", name, person)
    assert row["so"] == so
    assert row["said"] == (said_of or "nobody known")
    assert row["why"] == "nearest: Berta; 2 % of strangers come as near"


@pytest.mark.slow
def test_it_can_be_run_again(seen: Halves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for painter in ("save_picture", "overlay_video", "match_figure", "film_strip", "contact_sheet"):
        monkeypatch.setattr(demo, painter, lambda *_: None)
    monkeypatch.setattr(demo, "write_identity_page", lambda *_: None)
    enrolled, again = walker_clips()
    monkeypatch.setattr(demo, "walker_clips", lambda: (enrolled[:2], again[:1]))
    monkeypatch.setattr(demo, "stranger_clips", list)
    for _ in range(2):
        run(tmp_path)
    assert Gallery.open(tmp_path / "demo.gallery").people()[NAME] == 1


@pytest.mark.slow
def test_all_of_it_for_real(
    assets: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    assert f"{NAME}, right" in said(steps(capsys.readouterr().out)[3]).values()
