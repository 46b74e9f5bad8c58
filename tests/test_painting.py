"""That colours are where the joints are, whatever the affine, and words stay inside the picture."""

from pathlib import Path

import numpy as np
import pytest

from factories import make_clip
from gaitheat.errors import GaitheatError
from gaitheat.labels import paint_frame, paint_words
from gaitheat.painting import (
    BACKGROUND,
    JOINT_COLOURS,
    LEGEND,
    SURE,
    empty,
    enlarged,
    evenly,
    fitted,
    font,
    paint_maps,
    paint_silhouette,
    paint_skeleton,
    person,
    save_picture,
)
from gaitheat.skeleton import JOINTS

SOMEBODY = person(make_clip(1), 0)
AFFINES = {
    "enlarged": (enlarged(4.0), 256, 192),
    "part outside": (enlarged(4.0) + np.array([[0, 0, 20], [0, 0, -5]], np.float32), 150, 130),
    "far outside": (enlarged(4.0) + np.array([[0, 0, 900], [0, 0, 0]], np.float32), 150, 130),
    "shrunk": (enlarged(0.5), 40, 40),
    "turned": (np.array([[0, 0.3, -4], [-0.3, 0, 60]], np.float32), 240, 320),
}


def distance(pixel: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float(np.abs(pixel.astype(float) - colour).max())


def test_every_joint_has_the_colour_of_its_part_and_side() -> None:
    colours = dict(zip(JOINTS, JOINT_COLOURS, strict=True))
    assert colours["nose"] == LEGEND["head"]
    assert colours["left_wrist"] == LEGEND["left upper limb"] != colours["right_wrist"]
    assert colours["right_ankle"] == LEGEND["right lower limb"]
    assert len(set(colours.values())) == len(LEGEND) == 7


@pytest.mark.parametrize("joint", range(len(JOINTS)))
def test_a_map_shines_at_its_peak_in_its_colour(joint: int) -> None:
    maps = np.zeros((17, 64, 48), np.uint8)
    maps[joint, 20, 30] = 255
    picture = empty(64 * 5, 48 * 5)
    paint_maps(picture, maps, enlarged(5.0))
    # Cell 20 covers the pixels 100 to 104: its centre is pixel 102.
    assert distance(picture[102, 152], JOINT_COLOURS[joint]) < 30
    assert (picture[102 + 10 :] == BACKGROUND).all()
    assert (picture[:, : 152 - 9] == BACKGROUND).all()


def test_the_skeleton_has_its_joints_where_the_keypoints_are() -> None:
    scale, picture = 6.0, empty(64 * 6, 48 * 6)
    points = SOMEBODY.keypoints.copy()
    points[[15, 16], 2] = SURE - 0.01
    paint_skeleton(picture, points, enlarged(scale))
    at = np.rint((points[:, :2] + 0.5) * scale - 0.5).astype(int)
    for joint in (9, 10, 13, 14):
        assert distance(picture[at[joint, 1], at[joint, 0]], JOINT_COLOURS[joint]) < 25
    for joint in (15, 16):
        assert distance(picture[at[joint, 1], at[joint, 0]], JOINT_COLOURS[joint]) > 50


@pytest.mark.parametrize("filled", [True, False])
def test_the_silhouette_is_where_it_is_on(filled: bool) -> None:
    picture = empty(256, 192)
    silhouette = np.zeros((128, 96), np.uint8)
    silhouette[40:80, 30:60] = 255
    paint_silhouette(picture, silhouette, enlarged(4.0), filled)
    changed = (picture != BACKGROUND).any(2)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert [rows[0], rows[-1]] == pytest.approx([80, 159], abs=2)
    assert [columns[0], columns[-1]] == pytest.approx([60, 119], abs=2)
    assert changed[120, 90] == filled


@pytest.mark.parametrize("name", AFFINES)
def test_painting_never_leaves_the_picture(name: str) -> None:
    affine, height, width = AFFINES[name]
    picture = empty(height, width)
    paint_maps(picture, SOMEBODY.maps, affine)
    assert SOMEBODY.silhouette is not None
    paint_silhouette(picture, SOMEBODY.silhouette, affine)
    paint_silhouette(picture, np.zeros((128, 96), np.uint8), affine)
    paint_skeleton(picture, SOMEBODY.keypoints, affine)
    paint_frame(picture, affine, "track 0", 14)
    assert picture.shape == (height, width, 3)
    assert (picture != BACKGROUND).any()


def test_words_in_any_alphabet_are_moved_inside() -> None:
    for text in ("Anna 0.21", "Грета Ωmega", "李 no such glyph", ""):
        picture = empty(60, 200)
        paint_words(picture, text, 500.0, -30.0, 14)
        assert text == "" or (picture[:30, 100:] != BACKGROUND).any()
    paint_words(empty(5, 5), "larger than the picture", 0.0, 0.0, 20)


def test_what_does_not_fit_is_cut() -> None:
    assert fitted("Anna", 200, font(14)) == "Anna"
    short = fitted("Anna" * 30, 200, font(14))
    assert short[-1] == "…"
    assert font(14).getlength(short) <= 200


@pytest.mark.parametrize(("frames", "expected"), [(1, [0]), (3, [0, 1, 2]), (50, [5, 15, 25, 35, 45])])
def test_a_film_strip_is_evenly_spaced(frames: int, expected: list[int]) -> None:
    assert evenly(frames, 5).tolist() == expected


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    save_picture(empty(4, 4), tmp_path / "new folder" / "sheet.png")
    with pytest.raises(GaitheatError, match="cannot write a picture there"):
        save_picture(empty(4, 4), tmp_path / "new folder" / "sheet.png" / "sheet.png")
