"""What the contact sheet shows, and what it counts."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from factories import make_clip
from gaitheat.errors import GaitheatError
from gaitheat.painting import ALARM, JOINT_COLOURS, save_picture
from gaitheat.report import (
    BLOCK,
    FOOTER,
    HEADER,
    MARGIN,
    SCALE,
    SHEET_CLIPS,
    TILE_HEIGHT,
    TITLE,
    contact_sheet,
)


def shows(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture.astype(int) - colour).max(2) < 20).any())


def test_a_sheet_has_a_block_for_each_clip() -> None:
    one, three = contact_sheet([make_clip()]), contact_sheet([make_clip(seed=seed) for seed in range(3)])
    assert three.shape[0] - one.shape[0] == 2 * BLOCK
    assert one.dtype == np.uint8
    assert one.shape[1] == three.shape[1]
    assert (one[HEADER + TITLE : HEADER + BLOCK - 40] == three[HEADER + TITLE : HEADER + BLOCK - 40]).all()


def test_maps_are_above_and_joints_below_where_they_are() -> None:
    clip = make_clip(1)
    sheet = contact_sheet([clip])
    points = clip.keypoints_on_maps()[0]
    for row in range(2):
        top = HEADER + TITLE + row * (TILE_HEIGHT + 6)
        for joint in (9, 10):
            x, y = np.rint((points[joint, :2] + 0.5) * SCALE - 0.5 + np.array([MARGIN, top])).astype(int)
            found = sheet[y - 1 : y + 2, x - 1 : x + 2].astype(float).mean((0, 1))
            wanted = np.array(JOINT_COLOURS[joint], float)
            assert np.corrcoef(found, wanted)[0, 1] > 0.9
            assert found.max() > 90


def test_refusals_catch_the_eye() -> None:
    clip = replace(make_clip(), keypoints=make_clip().keypoints + np.float32([0, 0, 0.01]))
    title = slice(HEADER, HEADER + TITLE)
    assert not shows(contact_sheet([clip])[title], ALARM)
    assert shows(contact_sheet([replace(clip, refused={"person flag low": 3})])[title], ALARM)


def test_more_clips_than_fit_are_counted() -> None:
    clips = [make_clip(1, seed=seed) for seed in range(SHEET_CLIPS + 1)]
    full, over, far = contact_sheet(clips[:-1]), contact_sheet(clips), contact_sheet(clips[:-1], unseen=1)
    assert full.shape == over.shape
    assert (full[:-FOOTER] == over[:-FOOTER]).all()
    assert (full[-FOOTER:] != over[-FOOTER:]).any()
    assert (over == far).all()


def test_clips_without_silhouettes_or_scores_are_shown() -> None:
    clip = make_clip(3, silhouettes=False)
    unsure = replace(clip, keypoints=clip.keypoints * np.float32([1, 1, 0]))
    sheet = contact_sheet([unsure])
    assert shows(sheet[HEADER + BLOCK - 46 :], ALARM)


def test_no_clips_is_an_error() -> None:
    with pytest.raises(GaitheatError, match="at least one clip, got none"):
        contact_sheet([])


def test_a_sheet_is_saved_as_it_is(tmp_path: Path) -> None:
    sheet = contact_sheet([make_clip(2)])
    save_picture(sheet, tmp_path / "sheet.png")
    content = np.frombuffer((tmp_path / "sheet.png").read_bytes(), np.uint8)
    assert (cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1] == sheet).all()
