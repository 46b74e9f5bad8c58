"""Folders in the layouts in which the benchmarks of the field are published, and what becomes of them."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from gaitheat import cli
from gaitheat.datasets import DATASETS, casia_b, dataset_called
from gaitheat.datasets.partition import Partition
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips
from gaitheat.video.extract import extract
from video.fakes import BlobDetector, BlobEstimator, BlobExtractor, DrawnVideo, Person, clock, walking

PARTITION = Partition(
    train=frozenset({"00001", "00001train", "0000", "000"}),
    test=frozenset({"00002", "probe", "0002", "100"}),
    probe=frozenset({"0002-camid33_videoid2-seq0"}),
)
KEYS = [
    ("casia-b", "001/nm-01/000", "casia-b-train/001/nm/000/01/0"),
    ("casia-b", "074/cl-02/180", "casia-b-train/074/cl/180/02/0"),
    ("casia-b", "075/bg-01/018", "casia-b/075/bg/018/01/0"),
    ("oumvlp", "00001/00/000", "oumvlp-train/00001/nm/000/00/0"),
    ("oumvlp", "00002/01/270", "oumvlp/00002/nm/270/01/0"),
    ("grew", "00001train/00/4XPn5Z28", "grew-train/00001train/00/unknown/4XPn5Z28/0"),
    ("grew", "00002/01/79XJefi8", "grew/00002/01/unknown/79XJefi8/0"),
    ("grew", "probe/03/etaGVnWf", "grew/probe/03/unknown/etaGVnWf/0"),
    ("gait3d", "0000/camid0_videoid2/seq0", "gait3d-train/0000/videoid2_seq0/camid0/gallery/0"),
    ("gait3d", "0002/camid33_videoid2/seq0", "gait3d/0002/videoid2_seq0/camid33/probe/0"),
    ("gait3d", "0002/camid33_videoid2/seq1", "gait3d/0002/videoid2_seq1/camid33/gallery/0"),
    ("sustech1k", "0000/00-nm/000", "sustech1k-train/0000/00-nm/000/00/0"),
    ("sustech1k", "0002/02-bg-nt/270-far", "sustech1k/0002/02-bg-nt/270-far/02/0"),
    ("ccpg", "000/U0_D0_BG/01_0", "ccpg-train/000/U0_D0_BG/01/0/0"),
    ("ccpg", "100/U1_D0/10_2", "ccpg/100/U1_D0/10/2/0"),
]
STRANGE = [
    ("casia-b", "001/nm-07/000"), ("casia-b", "001/nm-01/010"), ("casia-b", "001/NM-01/000"),
    ("casia-b", "001/bg-03/000"), ("oumvlp", "00001/02/000"), ("oumvlp", "00001/00/105"),
    ("grew", "00002/00/79XJefi8"), ("grew", "00001train/01/79XJefi8"), ("grew", "probe/01/etaGVnWf"),
    ("gait3d", "0000/cam0_videoid2/seq0"), ("gait3d", "0000/camid0_videoid2/0"),
    ("sustech1k", "0000/01-gb/000"), ("sustech1k", "0000/01/000"), ("sustech1k", "0000/01-nm/000-near"),
    ("ccpg", "000/U3_D0/01_0"), ("ccpg", "000/U0_D0/01"), ("ccpg", "0/000/U0_D0"),
]  # fmt: skip


def partition_for(dataset: str) -> Partition | None:
    return None if DATASETS[dataset].partition == "rule" else PARTITION


def key_of(dataset: str, folder: str, partition: Partition | None) -> str:
    read = dataset_called(dataset).key_of
    assert read is not None
    return str(read(*folder.split("/"), partition))


@pytest.mark.parametrize(("dataset", "folder", "key"), KEYS)
def test_a_folder_names_its_clip(dataset, folder, key):
    assert key_of(dataset, folder, partition_for(dataset)) == key


@pytest.mark.parametrize(("dataset", "folder"), STRANGE)
def test_a_folder_that_the_data_set_does_not_have_is_named(dataset, folder):
    with pytest.raises(GaitheatError, match=f"data set {dataset}: expected folders as .*, got {folder}: "):
        key_of(dataset, folder, partition_for(dataset))


@pytest.mark.parametrize(
    ("dataset", "folder", "partition", "message"),
    [
        ("casia-b", "125/nm-01/000", None, "got '125', who is on neither list"),
        ("casia-b", "005/nm-01/000", PARTITION, "got '005', who is on neither list"),
        ("ccpg", "200/U0_D0/01_0", PARTITION, "got '200', who is on neither list"),
        ("oumvlp", "00001/00/000", None, "add --partition FILE"),
        ("gait3d", "0002/camid0_videoid2/seq0", PARTITION._replace(probe=frozenset()), "with a PROBE_SET"),
    ],
)
def test_who_is_to_train_on_must_be_known(dataset, folder, partition, message):
    with pytest.raises(GaitheatError, match=message):
        key_of(dataset, folder, partition)


def test_a_file_goes_before_the_rule_of_casia_b():
    lists = Partition(train=frozenset({"100"}), test=frozenset({"001"}))
    assert key_of("casia-b", "001/nm-01/000", lists).startswith("casia-b/001/")
    assert (len(casia_b.RULE.train), len(casia_b.RULE.test)) == (74, 50)


@pytest.mark.parametrize("dataset", ["oumvlp", "grew", "gait3d"])
def test_where_no_pictures_are_published_the_way_in_is_told(tmp_path, dataset):
    with pytest.raises(GaitheatError, match=f"{dataset} are not published: .*`gaitheat import opengait`$"):
        dataset_called(dataset).recordings(tmp_path, PARTITION)


def test_a_data_set_of_which_nobody_is_to_train_on_takes_no_partition(tmp_path):
    with pytest.raises(GaitheatError, match="expected no partition file"):
        dataset_called("kth").recordings(tmp_path, PARTITION)


# --- CASIA-B: videos --------------------------------------------------------------------------------------


def lay_out(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_videos_of_casia_b_lie_anywhere_and_empty_scenes_are_left_out(tmp_path):
    names = ["DatasetB-1/video/001-nm-01-000.avi", "DatasetB-2/video/124-cl-02-180.avi"]
    root = lay_out(tmp_path, *names, "DatasetB-1/video/001-bkgrd-000.avi", "DatasetB-1/readme.txt")
    found = casia_b.recordings(root, None)
    assert [str(item.key) for item in found] == [
        "casia-b-train/001/nm/000/01/0", "casia-b/124/cl/180/02/0"
    ]  # fmt: skip
    assert [item.path for item in found] == [root / name for name in names]
    assert all(item.alone for item in found)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["001-nm-01-000.avi", "001-nm-1.avi"], "001-nm-1.avi: expected a video called as"),
        (["001-mn-01-000.avi"], "expected folders as .*, got 001/mn-01/000"),
        (["001-nm-01-001.avi"], "got 001/nm-01/001"),
        (["125-nm-01-000.avi"], "got '125'"),
        (["a/001-nm-01-000.avi", "b/001-nm-01-000.mp4"], "every walk once, but .*avi is the same"),
        (["001/nm-01/000/001-nm-01-000-001.png"], "000: expected a video called as"),
        (["001-bkgrd-000.avi"], "but found none"),
        (["readme.txt"], "found none"),
    ],
)
def test_other_names_are_reported_and_not_skipped(tmp_path, names, message):
    with pytest.raises(GaitheatError, match=message):
        casia_b.recordings(lay_out(tmp_path, *names), None)


# --- CCPG and SUSTech1K: pictures -------------------------------------------------------------------------


def film(folder: Path, name: str) -> None:
    """Two seconds, each picture cut out of the scene around the person, not always at the same size."""
    folder.mkdir(parents=True)
    video = DrawnVideo([Person(walking(30, 0, height=50))], clock(2.0), size=(60, 120))
    for number, frame in enumerate(video):
        trimmed = frame.rgb[number % 3 :, number % 2 :]
        cv2.imwrite(str(folder / name.format(number)), np.ascontiguousarray(trimmed[..., ::-1]))


@pytest.mark.parametrize(
    ("dataset", "folder", "inside", "picture", "key", "seconds"),
    [
        ("ccpg", "000/U0_D0_BG/01_0", ".", "{:05d}.jpg", "ccpg-train/000/U0_D0_BG/01/0/0", 49 / 25),
        ("sustech1k", "0002/01-nm/090-near", "RGB_raw", "16570790{:08d}.jpg",
         "sustech1k/0002/01-nm/090-near/01/0", 49 / 30),
    ],
)  # fmt: skip
def test_pictures_are_read_where_they_are_published(tmp_path, dataset, folder, inside, picture, key, seconds):
    film(tmp_path / folder / inside, picture)
    lay_out(
        tmp_path, "README.md", f"{folder}/Sils_raw/0.png", f"{folder}/PCDs/1657079013.9.pcd", ".git/config"
    )
    (recording,) = dataset_called(dataset).recordings(tmp_path, PARTITION)
    assert str(recording.key) == key
    assert recording.alone
    (clip,) = extract(recording.open(), recording.key, BlobDetector(), BlobEstimator(), alone=True).items
    assert len(clip) == 50
    assert clip.times[-1] == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("dataset", "names", "message"),
    [
        ("ccpg", ["000/U0_D0/00001.jpg"], "U0_D0: expected folders <subject>/<kind>/<view>"),
        ("ccpg", ["000/U0_D0/01_0/1.jpg", "000/U0_D9/01_0/1.jpg"], "got 000/U0_D9/01_0"),
        ("ccpg", ["CCPG/000/U0_D0/01_0/1.jpg"], "got CCPG/000/U0_D0"),
        ("sustech1k", ["0000/01-xx/000/RGB_raw/1.jpg"], "got 0000/01-xx/000"),
        ("sustech1k", ["readme.txt"], "there are no folders in it"),
    ],
)
def test_folders_that_are_not_of_the_layout_are_reported(tmp_path, dataset, names, message):
    with pytest.raises(GaitheatError, match=message):
        dataset_called(dataset).recordings(lay_out(tmp_path, *names), PARTITION)


def test_extraction_gives_people_to_train_on_a_data_set_of_their_own(tmp_path, monkeypatch, capfd):
    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["gaitheat", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    monkeypatch.setattr("gaitheat.video.extractor.Extractor", BlobExtractor)
    for subject in ("000", "100"):
        film(tmp_path / "ccpg" / subject / "U0_D0" / "01_0", "{:05d}.png")
    lists, store = tmp_path / "ccpg.json", tmp_path / "clips.arrow"
    lists.write_text('{"TRAIN_SET": ["000"], "TEST_SET": ["100"]}', "utf-8")
    extract = ("extract", tmp_path / "ccpg", "--store", store, "--workers", 1, "--partition", lists)
    assert run(*extract, "--dataset", "ccpg") == 0
    assert {info.key.dataset for info in PackedClips(store).infos()} == {"ccpg", "ccpg-train"}
    assert run(*extract) == 2
    assert "expected --dataset with --partition" in capfd.readouterr().err
