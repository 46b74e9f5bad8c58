"""The demo: what it prints and leaves behind; the clips of both halves are extracted once for all tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from gaitheat import demo
from gaitheat.clips import Clip, Refusal
from gaitheat.demo import HALF, NAME, run, stranger_clips
from gaitheat.gallery import Gallery
from gaitheat.video.people import Viewer, motion_of
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


def test_it_finds_her_and_leaves_pictures(
    seen: Halves, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    run(out)
    printed = capsys.readouterr().out
    assert f"not walking: feet move {motion_of(seen.stander).value:.2f} leg lengths/s" in printed
    answer = printed.split("3. Who walks")[1]
    assert f"nearest: {NAME} at " in answer
    assert "a margin of 0." in answer
    assert f"were {NAME} not enrolled, the answer would be: nobody (nobody known: the nearest, " in answer
    for name in ("demo.png", "demo-sheet.png"):
        assert str(out / name) in printed
        assert cv2.imread(str(out / name)) is not None
    assert (out / "demo.mp4").stat().st_size > 10_000
    assert Gallery.open(out / "demo.gallery").people()[NAME] == 1


def test_it_can_be_run_again(seen: Halves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for painter in ("save_picture", "overlay_video", "match_figure", "film_strip", "contact_sheet"):
        monkeypatch.setattr(demo, painter, lambda *_: None)
    for _ in range(2):
        run(tmp_path)
    assert Gallery.open(tmp_path / "demo.gallery").people()[NAME] == 1


@pytest.mark.slow
def test_all_of_it_for_real(
    assets: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    table = capsys.readouterr().out.split("3. Who walks")[1].split("nearest:")[0]
    assert NAME in table
