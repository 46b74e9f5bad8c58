"""What a path stands for, and what its clips are called."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from gaitheat.video.recordings import files, recording


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
