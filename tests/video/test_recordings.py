"""What a path stands for, and what its clips are called."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from factories import make_key
from gaitheat.video.recordings import VideoRecording, files, recording


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """A folder of one picture, with a folder in it that is called like one."""
    folder = tmp_path / "walk"
    (folder / "sub.png" / "deeper.png").mkdir(parents=True)
    cv2.imwrite(str(folder / "0.png"), np.zeros((4, 4, 3), np.uint8))
    return folder


def test_a_folder_is_called_the_same_from_inside(walk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = recording(walk).key
    assert key.take.startswith("walk#")
    monkeypatch.chdir(walk)
    assert recording(Path()).key == key
    monkeypatch.chdir(walk / "sub.png")
    assert recording(Path("..")).key == key


def test_a_folder_with_the_name_of_a_picture_is_none(walk: Path) -> None:
    assert files(walk) == [walk]


@pytest.mark.parametrize(
    ("frames", "span"), [((), ""), ((0, None), ""), ((3, 9), "3-9"), ((3, None), "3-"), ((0, 9), "0-9")]
)
def test_a_range_of_frames_is_a_span(walk: Path, frames: tuple[int | None, ...], span: str) -> None:
    assert VideoRecording(walk, make_key(), *frames).span == span  # type: ignore[arg-type]


def test_it_opens_its_range(walk: Path) -> None:
    seen = VideoRecording(walk, make_key(), 0, 1)
    assert seen.name == str(walk)
    assert [frame.rgb.shape for frame in seen.open()] == [(4, 4, 3)]
