"""PackedClips: the same clips as the store they came from, in one file that needs no Lance."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from factories import make_key
from gaitheat.clips import Clip
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips, pack
from gaitheat.sources import ClipSource
from gaitheat.store import ClipStore
from test_store import assert_same, fill, make_refusal, walk


@pytest.fixture
def clips() -> list[Clip]:
    bare = replace(walk(2, frames=7), silhouettes=None, world=None, phase=None)
    return [walk(0, frames=40), walk(1, frames=1), bare, walk(3)]


@pytest.fixture
def store(tmp_path: Path, clips: list[Clip]) -> ClipStore:
    return fill(tmp_path / "store", [*clips, make_refusal()])


def test_packed_clips_equal_the_store(tmp_path: Path, store: ClipStore, clips: list[Clip]) -> None:
    pack(store, tmp_path / "made" / "clips.arrow")
    packed = PackedClips(tmp_path / "made" / "clips.arrow")
    for source in (packed, pickle.loads(pickle.dumps(packed))):  # noqa: S301
        requests = [(clip.key, None) for clip in reversed(clips)]
        requests += [(clips[0].key, np.array([3, 4, 30])), (clips[2].key, np.array([6]))]
        both: tuple[ClipSource, ClipSource] = (source, store)
        for ours, theirs in zip(*(one.read(requests) for one in both), strict=True):
            assert_same(ours, theirs)
        for ours, theirs in zip(*(one.infos() for one in both), strict=True):
            assert (ours.key, ours.source, ours.sha256) == (theirs.key, theirs.source, theirs.sha256)
            assert ours.estimator == theirs.estimator
            np.testing.assert_array_equal(ours.times, theirs.times)
        assert source.refusals() == store.refusals() == [make_refusal()]
    assert [entry.name for entry in (tmp_path / "made").iterdir()] == ["clips.arrow"]


def test_packing_a_choice_of_clips(tmp_path: Path, store: ClipStore, clips: list[Clip]) -> None:
    pack(store, tmp_path / "two", keys=[clips[3].key, clips[1].key])
    packed = PackedClips(tmp_path / "two")
    assert [info.key for info in packed.infos()] == [clips[1].key, clips[3].key]
    assert packed.refusals() == []
    assert_same(packed.read([(clips[3].key, None)])[0], clips[3])
    with pytest.raises(GaitheatError, match=r"no clip drawn/s0000/.*did you mean"):
        packed.read([(clips[0].key, None)])
    with pytest.raises(GaitheatError, match="no clip drawn/nobody"):
        pack(store, tmp_path / "none", keys=[make_key("nobody")])
    assert not (tmp_path / "none").exists()


def test_an_empty_store_packs(tmp_path: Path) -> None:
    pack(ClipStore.open_or_create(tmp_path / "store"), tmp_path / "empty")
    packed = PackedClips(tmp_path / "empty")
    assert packed.infos() == []
    with pytest.raises(GaitheatError, match="the store is empty"):
        packed.read([(make_key(), None)])


def test_reading_needs_no_lance(tmp_path: Path, store: ClipStore, clips: list[Clip]) -> None:
    pack(store, tmp_path / "clips.arrow")
    code = (
        "import sys; sys.modules['lance'] = None; sys.modules['filelock'] = None\n"
        "from gaitheat.packed import PackedClips\n"
        f"packed = PackedClips({str(tmp_path / 'clips.arrow')!r})\n"
        "print(sum(int(packed.read([(info.key, None)])[0].heatmaps.sum()) for info in packed.infos()))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(printed) == sum(int(clip.heatmaps.sum()) for clip in clips)


def test_nothing_is_overwritten_and_a_failed_pack_leaves_nothing(
    tmp_path: Path, store: ClipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "film.mp4").write_text("precious")
    with pytest.raises(GaitheatError, match=r"film\.mp4 exists: remove it first"):
        pack(store, tmp_path / "film.mp4")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "read", full)
    with pytest.raises(GaitheatError, match=r"cannot write .*No space left"):
        pack(store, tmp_path / "clips.arrow")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["film.mp4", "store"]


def test_a_file_that_is_no_pack(tmp_path: Path, store: ClipStore) -> None:
    pack(store, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("not clips")
    for name in ("half", "empty", "text", "missing", "store"):
        with pytest.raises(GaitheatError, match=rf"{name} is no file of packed clips .*gaitheat pack"):
            PackedClips(tmp_path / name)
    (tmp_path / "other").write_bytes(content.replace(b"gaitheat.packed\x00", b"gaitheat.pecked\x00"))
    with pytest.raises(GaitheatError, match="has format unknown, but this gaitheat reads format 2: pack"):
        PackedClips(tmp_path / "other")


def test_no_flipped_bit_gives_another_clip(tmp_path: Path, store: ClipStore, clips: list[Clip]) -> None:
    pack(store, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    noticed = 0
    for number, place in enumerate(np.random.default_rng(0).integers(len(content), size=60)):
        damaged = tmp_path / f"{number}"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        try:
            packed = PackedClips(damaged)
            found = packed.read([(info.key, None) for info in packed.infos()])
        except GaitheatError:
            noticed += 1
            continue
        for ours, theirs in zip(found, clips, strict=True):
            assert_same(ours, theirs)
    assert noticed > 40
