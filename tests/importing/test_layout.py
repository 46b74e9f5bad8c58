"""Which files belong to which clip, and what they hold, whatever they are called."""

from pathlib import Path

import lookalikes
import numpy as np
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.importing.layout import ClipFile, NoModalityError, clip_folders, described, recognised


def test_several_files_of_a_folder_are_one_clip(tmp_path: Path) -> None:
    root = lookalikes.casia_b(tmp_path / "data", lookalikes.fastposegait)
    folders = clip_folders({None: root})
    assert [folder.name for folder in folders] == sorted(
        f"{subject}/{kind}/{view}"
        for subject in ("075", "076")
        for kind in ("nm-01", "nm-05")
        for view in ("000", "090")
    )
    first = root / "075" / "nm-01" / "000"
    assert folders[0].files == tuple(
        ClipFile(path, None, path.stat().st_size)
        for path in (first / "float_000.pkl", first / "pose_000.pkl")
    )


def test_parallel_roots_are_joined_by_the_names_of_their_folders(tmp_path: Path) -> None:
    one = lookalikes.casia_b(tmp_path / "sils", lookalikes.opengait_silhouettes)
    other = lookalikes.casia_b(tmp_path / "poses", lookalikes.opengait_poses, views=("000",))
    folders = clip_folders({"silhouettes": one, "poses": other})
    assert len(folders) == 8
    assert [file.modality for file in folders[0].files] == ["silhouettes", "poses"]
    assert [file.modality for file in folders[1].files] == ["silhouettes"]


def test_only_the_files_that_are_meant(tmp_path: Path) -> None:
    folder = tmp_path / "0000" / "00-nm" / "000"
    for name in ("02-000-Camera-Sils_aligned.pkl", "03-000-Camera-Sils_raw.pkl", ".hidden-Sils_aligned.pkl"):
        lookalikes.dump(np.zeros((2, 64, 64), np.uint8), folder / name)
    (folder / "04-Sils_aligned.pkl").mkdir()
    lookalikes.dump(1, tmp_path / ".cache" / "a" / "b" / "x-Sils_aligned.pkl")
    (found,) = clip_folders({None: tmp_path}, "*-Sils_aligned.pkl")
    assert [file.path.name for file in found.files] == ["02-000-Camera-Sils_aligned.pkl"]


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "001" / "nm-01" / "000"
    folder.mkdir(parents=True)
    try:
        (folder / "0_heatmap.pkl").symlink_to(tmp_path / "gone.pkl")
    except OSError:
        pytest.skip("this system makes no links")
    (found,) = clip_folders({None: tmp_path})
    assert found.files[0].size == -1


@pytest.mark.parametrize("there", [(), ("a.pkl",), ("001/nm-01/000.pkl",), ("001/nm-01/000/000.png",)])
def test_nothing_there_is_one_line(tmp_path: Path, there: tuple[str, ...]) -> None:
    for name in there:
        lookalikes.dump(1, tmp_path / name)
    with pytest.raises(GaitheatError, match=r"expected files <subject>/<kind>/<view>/\*\.pkl below it"):
        clip_folders({None: tmp_path})


def test_modalities_are_told_by_their_arrays() -> None:
    clip = lookalikes.walk(frames=3)
    for array, modality in [
        (lookalikes.silhouettes(clip), "silhouettes"),
        (lookalikes.silhouettes(clip)[:, :, 10:54], "silhouettes"),
        (lookalikes.poses(clip), "poses"),
        (lookalikes.poses18(clip).astype(np.float32), "poses"),
        (lookalikes.heatmaps(clip), "heatmaps"),
        (lookalikes.heatmaps(clip).astype(np.float32), "heatmaps"),
    ]:
        assert recognised(array)[0] == modality
        found, frames = recognised(list(array))
        assert found == modality
        np.testing.assert_array_equal(frames, array)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.zeros((3, 128, 128), np.uint8), "silhouettes of another size than 64 x 64 or 64 x 44"),
        (np.zeros((3, 44, 64), np.uint8), "silhouettes of another size"),
        (np.zeros((3, 25, 3)), "poses of another number of joints than 17 or 18"),
        (np.zeros((3, 2, 64, 64), np.float32), "maps of another type or size than floats, 17 x 64 x 48"),
        (np.zeros((3, 17, 48, 64), np.float16), "maps of another type or size"),
        (np.zeros((3, 17, 64, 48), np.uint8), "maps of another type or size"),
        (np.zeros((3, 85)), "neither silhouettes nor poses nor heatmaps"),
        (np.zeros((3, 17, 2)), "neither"),
        (np.zeros((3, 64, 64)), "neither"),
        (np.zeros((3, 17, 3), int), "neither"),
        ({"poses": np.zeros((3, 17, 3))}, "neither"),
        ([], "neither"),
        (None, "neither"),
        ([np.zeros((64, 64), np.uint8), np.zeros((64, 60), np.uint8)], "frames of different type or size"),
        ([np.zeros((17, 64, 48), np.float16)] * 100_000, "more than 2 GB"),
    ],
)  # fmt: skip
def test_what_is_none_of_them_is_said(value: object, reason: str) -> None:
    with pytest.raises(NoModalityError, match=reason):
        recognised(value)


def test_description() -> None:
    assert described(np.zeros((3, 2))) == "float64 [3, 2]"
    assert described({}) == "dict"
