"""Strangers in a file: what comes back, what is refused, and whose clip is whose."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float32

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.gallery.strangers import Strangers


def unit(count: int, seed: int = 0) -> Float32[np.ndarray, "clips dimension"]:
    numbers = np.random.default_rng(seed).normal(size=(count, 6))
    return (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def strangers() -> Strangers:
    return Strangers(unit(4), np.array([0, 0, 1, 2]), ("door", "", "Türkamera", ""))


def test_what_was_saved_comes_back(tmp_path: Path, strangers: Strangers) -> None:
    file = tmp_path / "strangers.npz"
    for _ in range(2):  # the second time in the place of the first
        strangers.save(file)
    again = Strangers.load(file)
    np.testing.assert_array_equal(again.embeddings, strangers.embeddings)
    np.testing.assert_array_equal(again.people, strangers.people)
    assert again.cameras == strangers.cameras
    assert (again.count, again.dimension) == (3, 6)
    assert [item.name for item in tmp_path.iterdir()] == ["strangers.npz"]


def test_a_save_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, strangers: Strangers, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "strangers.npz"
    strangers.save(file)

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        Strangers(unit(2, 1), np.array([0, 1]), ("", "")).save(file)
    assert Strangers.load(file).count == 3
    assert [item.name for item in tmp_path.iterdir()] == ["strangers.npz"]


def test_names_of_people_are_not_kept(tmp_path: Path) -> None:
    keys = [
        ClipKey("kth", "person07", "d1", "left", "1", 0),
        ClipKey("kth", "person09", "d1", "left", "1", 0),
        ClipKey("kth", "person07", "d2", "left", "1", 0),
        ClipKey("video", "unknown", "unknown", "unknown", "a.mp4", 1),
        ClipKey("video", "unknown", "unknown", "unknown", "a.mp4", 2),
    ]
    strangers = Strangers.named(unit(5), keys, "door")
    assert strangers.people.tolist() == [0, 1, 0, 2, 3]
    assert strangers.cameras == ("door",) * 5
    strangers.save(tmp_path / "strangers.npz")
    assert b"person" not in (tmp_path / "strangers.npz").read_bytes()


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "missing"])
def test_a_file_that_holds_none_is_one_line(tmp_path: Path, strangers: Strangers, damage: str) -> None:
    file = tmp_path / "strangers.npz"
    strangers.save(file)
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "text": b"dear", "empty": b""}[damage])
    with pytest.raises(GaitheatError, match="holds no strangers, or is damaged: make it anew with `gaitheat"):
        Strangers.load(file)


def test_pickles_are_not_run(tmp_path: Path) -> None:
    file = tmp_path / "strangers.npz"
    with file.open("wb") as out:
        np.savez(
            out, format=1, embeddings=np.array([{}], object), people=np.array([0]), cameras=np.array([""])
        )
    with pytest.raises(GaitheatError, match="holds no strangers"):
        Strangers.load(file)


def test_another_format_is_said(tmp_path: Path, strangers: Strangers) -> None:
    file = tmp_path / "strangers.npz"
    with file.open("wb") as out:
        np.savez(out, format=9, embeddings=unit(1), people=np.array([0]), cameras=np.array([""]))
    with pytest.raises(GaitheatError, match=r"expected strangers of format 1, but .* has 9"):
        Strangers.load(file)


def test_embeddings_are_of_length_1_and_as_many_as_people() -> None:
    with pytest.raises(GaitheatError, match="finite and of length 1"):
        Strangers(unit(2) * np.float32(1.1), np.array([0, 1]), ("", ""))
    with pytest.raises(GaitheatError, match="finite and of length 1"):
        Strangers(unit(2) * np.float32(np.nan), np.array([0, 1]), ("", ""))
    with pytest.raises(GaitheatError, match="one person and one camera for each embedding"):
        Strangers(unit(2), np.array([0, 1]), ("",))
    with pytest.raises(GaitheatError, match="at least one, but got 0"):
        Strangers(unit(0), np.array([], np.int64), ())
