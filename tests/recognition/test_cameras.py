"""A camera learns from passers-by, and unlearns; of the passers-by only statistics are kept."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from gaitheat.adaptation import CohortAdaptation
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery, Take
from gaitheat.recognition import cameras
from gaitheat.recognition.cameras import FEWEST_CLIPS, MOST_CLIPS, adapted, cameras_of, learn, undo

DIMENSION = 24


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    Gallery.create(tmp_path / "gallery", "drawn-1", DIMENSION)
    return tmp_path / "gallery"


def passers_by(seed: int, clips: int = 20, dimension: int = DIMENSION) -> np.ndarray:
    """Embeddings of length 1, each camera's somewhere else."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=dimension) + generator.normal(size=(clips, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("dimension", [DIMENSION, 6528])
def test_cameras_that_learn_one_after_the_other_are_adapted_as_if_at_once(tmp_path: Path, dimension: int):
    Gallery.create(tmp_path / "gallery", "drawn-1", dimension)
    door, yard = passers_by(0, 30, dimension), passers_by(1, 9, dimension)
    assert learn(tmp_path / "gallery", "door", door) == learn(tmp_path / "gallery", "yard", yard) == 1
    clips, seen_by = np.concatenate([door, yard]), ["door"] * 30 + ["yard"] * 9
    expected = CohortAdaptation().fit(clips, seen_by).apply(clips, seen_by)
    found = adapted(tmp_path / "gallery")
    assert found is not None
    assert np.abs(found.apply(clips, seen_by) - expected).max() < 1e-6


def test_a_camera_that_has_learnt_nothing_is_taken_for_the_mean_of_the_others(gallery: Path):
    assert adapted(gallery) is None
    for name, seed in (("door", 0), ("yard", 1)):
        learn(gallery, name, passers_by(seed))
    fitted = adapted(gallery)
    assert fitted is not None
    assert fitted.elsewhere == pytest.approx(np.mean([fitted.means["door"], fitted.means["yard"]], axis=0))
    assert np.isfinite(fitted.apply(passers_by(2), [""] * 20)).all()


def test_versions_count_up_and_are_undone_down_to_nothing(gallery: Path):
    numbers = [learn(gallery, "door", passers_by(seed, 10 + seed)) for seed in range(3)]
    assert numbers == [1, 2, 3]
    assert [version.clips for version in cameras_of(gallery)["door"]] == [10, 11, 12]
    third = adapted(gallery)
    assert third is adapted(gallery), "the same until somebody learns or forgets"
    assert undo(gallery, "door") == 2
    second = adapted(gallery)
    assert second is not None
    assert third is not None
    assert second.means["door"] == pytest.approx(passers_by(1, 11).mean(0))
    assert not np.allclose(second.means["door"], third.means["door"])
    assert undo(gallery, "door") == 1
    (folder,) = (gallery / "cameras").iterdir()
    (folder / "of-a-killed-call.part").touch()
    assert undo(gallery, "door") is None
    assert adapted(gallery) is None
    assert cameras_of(gallery) == {}
    assert not [*(gallery / "cameras").iterdir()]
    learn(gallery, "yard", passers_by(1))
    with pytest.raises(GaitheatError, match=r"'door' has learnt nothing \(those that have: yard\)"):
        undo(gallery, "door")


def test_names_of_every_kind_have_folders_of_their_own(gallery: Path):
    names = ["Door", "door", "a/b", "..", "CON", "Tür", "入口", "x" * 300]
    for seed, name in enumerate(names):
        learn(gallery, name, passers_by(seed))
    assert set(cameras_of(gallery)) == set(names)
    folders = [folder.name for folder in (gallery / "cameras").iterdir()]
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert max(map(len, folders)) < 60
    assert undo(gallery, " Tu\u0308r ") is None, "however it is typed"
    for wrong in ("", "two\nlines"):
        with pytest.raises(GaitheatError, match="a camera's name must be some text in one line"):
            learn(gallery, wrong, passers_by(0))


def test_no_passer_by_is_kept(gallery: Path):
    clips = passers_by(0)
    learn(gallery, "door", clips)
    (file,) = (gallery / "cameras").rglob("*.npz")
    with np.load(file, allow_pickle=False) as arrays:
        assert set(arrays) == {
            "format", "embedder", "camera", "learnt", "clips", "mean", "axes", "variances",
        }  # fmt: skip
        assert arrays["axes"].shape == (DIMENSION, 19)
    content = file.read_bytes()
    assert not any(clip.astype(kind).tobytes() in content for clip in clips for kind in (np.float32, float))


def test_few_and_many_passers_by(gallery: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(
        GaitheatError, match=r"'door' cannot learn from 7 clips: it takes at least 8, better 24"
    ):
        learn(gallery, "door", passers_by(0, FEWEST_CLIPS - 1))
    with pytest.raises(GaitheatError, match="several people"):
        learn(gallery, "door", np.repeat(passers_by(0)[:1], 20, axis=0))
    with pytest.raises(GaitheatError, match=r"expected embeddings of 24 finite numbers.*got 25"):
        learn(gallery, "door", passers_by(0, dimension=25))
    assert cameras_of(gallery) == {}
    learn(gallery, "door", passers_by(0, 3 * MOST_CLIPS))
    assert cameras_of(gallery)["door"][0].clips == MOST_CLIPS
    found = adapted(gallery)
    assert found is not None
    assert found.means["door"] == pytest.approx(passers_by(0, 3 * MOST_CLIPS).mean(0), abs=0.05)


def test_what_another_embedder_or_a_damaged_disk_has_left_is_refused(gallery: Path, tmp_path: Path):
    with pytest.raises(GaitheatError, match="no gallery at"):
        learn(tmp_path / "nowhere", "door", passers_by(0))
    assert not (tmp_path / "nowhere").exists()
    learn(gallery, "door", passers_by(0))
    (file,) = (gallery / "cameras").rglob("*.npz")
    Gallery.create(tmp_path / "other", "drawn-2", DIMENSION)
    (gallery / "cameras").rename(tmp_path / "other" / "cameras")
    with pytest.raises(
        GaitheatError, match=r"embeddings by drawn-1, but the gallery .*other is made of drawn-2"
    ):
        adapted(tmp_path / "other")
    file = tmp_path / "other" / file.relative_to(gallery)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    for damaged in (bytes(content), bytes(content[:100]), b""):
        file.write_bytes(damaged)
        with pytest.raises(GaitheatError, match=r"is damaged .* delete it, and adapt the camera anew"):
            adapted(tmp_path / "other")


def test_a_killed_call_leaves_the_version_before(gallery: Path, monkeypatch: pytest.MonkeyPatch):
    learn(gallery, "door", passers_by(0))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cameras.os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            learn(gallery, "door", passers_by(1))
    assert [version.number for version in cameras_of(gallery)["door"]] == [1]
    assert learn(gallery, "door", passers_by(1)) == 2
    assert not [*gallery.rglob("*.part")]


def test_processes_that_learn_at_once_lose_nothing(gallery: Path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        numbers = pool.starmap(learn, [(gallery, "door", passers_by(seed)) for seed in range(4)])
    assert sorted(numbers) == [1, 2, 3, 4]


def test_enrolling_and_forgetting_leave_the_cameras_alone(gallery: Path):
    learn(gallery, "door", passers_by(0))
    known = Gallery.open(gallery)
    take = Take(passers_by(3)[0], 30, "walk.mp4", "0" * 64, "drawn")
    known.enroll("Anna", [take], "drawn-1")
    known.forget("Anna")
    assert list(cameras_of(gallery)) == ["door"]
    assert adapted(gallery) is not None
