"""PackedSink: extraction into one file, which loses nothing and doubles nothing, whoever dies when."""

import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gaitheat.clips import Clip, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips, pack
from gaitheat.packed_sink import PackedSink
from gaitheat.rows import encode
from gaitheat.sinks import ClipSink
from gaitheat.store import ClipStore
from test_store import assert_same, fill, identity_of, make_refusal, walk, walk_key


def add(sink: ClipSink, items: list[Clip] | list[Clip | Refusal], planned: int = 1) -> None:
    with sink.writer() as writer:
        for item in items:
            writer.add(encode(item), identity_of(item), planned)


def assert_holds(path: Path, clips: list[Clip]) -> None:
    """These clips, each once and exact, in one file with nothing beside it."""
    packed = PackedClips(path)
    assert [info.key for info in packed.infos()] == sorted(clip.key for clip in clips)
    for found, expected in zip(packed.read([(clip.key, None) for clip in clips]), clips, strict=True):
        assert_same(found, expected)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_goes_in_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitheat.sinks.COMMIT_CLIPS", 2)
    bare = replace(walk(2), silhouettes=None, world=None, phase=None)
    clips = [walk(3), walk(1, frames=1), bare, walk(0), walk(5)]
    path = tmp_path / "made" / "clips.arrow"
    add(PackedSink(path), [make_refusal(1), clips[0], clips[1], make_refusal(2), *clips[2:]])
    assert_holds(path, clips)
    assert PackedClips(path).refusals() == [make_refusal(1), make_refusal(2)]


def test_a_finished_file_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "clips.arrow"
    add(PackedSink(path), [walk(1)])
    add(PackedSink(path), [walk(0), walk(1)])
    assert_holds(path, [walk(0), walk(1)])
    add(PackedSink(path), [])
    assert_holds(path, [walk(0), walk(1)])


def test_a_recording_is_done_when_all_it_planned_is_there(tmp_path: Path) -> None:
    clips = [walk(0), replace(walk(0), key=replace(walk_key(0), track=1))]
    identity = identity_of(clips[0])
    sink = PackedSink(tmp_path / "clips.arrow")
    add(sink, clips[:1], planned=2)
    assert not sink.done(clips[0].key, identity)
    add(sink, clips, planned=2)
    for opened in (sink, PackedSink(tmp_path / "clips.arrow")):
        assert opened.done(clips[0].key, identity)
        with pytest.raises(GaitheatError, match=r"clips\.arrow holds drawn/s0000/.* of another recording"):
            opened.done(clips[0].key, "another identity")
    assert_holds(tmp_path / "clips.arrow", clips)


def test_another_recordings_key_costs_no_other_clip(tmp_path: Path) -> None:
    sink = PackedSink(tmp_path / "clips.arrow")
    with pytest.raises(GaitheatError, match="another recording"):
        add(sink, [walk(0), replace(walk(0), sha256="b"), walk(1)])
    add(sink, [])
    assert_holds(tmp_path / "clips.arrow", [walk(0), walk(1)])


def test_what_was_added_before_an_error_is_kept(tmp_path: Path) -> None:
    sink = PackedSink(tmp_path / "clips.arrow")

    def interrupted() -> None:
        with sink.writer() as writer:
            writer.add(encode(walk(0)), identity_of(walk(0)), 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (tmp_path / "clips.arrow").exists()
    for opened in (sink, PackedSink(tmp_path / "clips.arrow")):
        assert opened.done(walk_key(0), identity_of(walk(0)))
    add(sink, [walk(1)])
    assert_holds(tmp_path / "clips.arrow", [walk(0), walk(1)])


def test_a_full_disk_is_one_line_and_forgets_what_it_could_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = PackedSink(tmp_path / "clips.arrow")
    add(sink, [walk(0)])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pyarrow.ipc.new_file", full)
        with pytest.raises(GaitheatError, match=r"cannot write .*No space left"):
            add(sink, [walk(1)])
    assert not sink.done(walk_key(1), identity_of(walk(1)))
    add(sink, [walk(1)])
    assert_holds(tmp_path / "clips.arrow", [walk(0), walk(1)])


def test_two_at_once_refuse(tmp_path: Path) -> None:
    first, second = (PackedSink(tmp_path / "clips.arrow") for _ in range(2))
    with first.writer() as writer:
        writer.add(encode(walk(0)), identity_of(walk(0)), 1)
        with pytest.raises(GaitheatError, match=r"clips\.arrow is being written by another process"):
            add(second, [walk(1)])
    assert_holds(tmp_path / "clips.arrow", [walk(0)])


def test_parts_that_were_joined_but_not_removed_are_taken_once(tmp_path: Path) -> None:
    path, parts = tmp_path / "clips.arrow", tmp_path / "clips.arrow.parts"
    sink = PackedSink(path)
    with sink.writer() as writer:
        for item in (walk(0), make_refusal(), walk(1)):
            writer.add(encode(item), identity_of(item), 1)
        writer.commit()
        shutil.copytree(parts, tmp_path / "copy")
    (tmp_path / "copy").rename(parts)
    (parts / ".half.arrow.x").mkdir()
    again = PackedSink(path)
    assert again.done(walk_key(0), identity_of(walk(0)))
    add(again, [walk(2)])
    assert_holds(path, [walk(0), walk(1), walk(2)])
    assert PackedClips(path).refusals() == [make_refusal()]


def test_what_is_no_file_of_its_own_is_left_alone(tmp_path: Path) -> None:
    pack(fill(tmp_path / "store", [walk(0)]), tmp_path / "packed.arrow")
    with pytest.raises(GaitheatError, match=r"packed\.arrow was packed from a store.*give another name"):
        PackedSink(tmp_path / "packed.arrow")
    (tmp_path / "text.arrow").write_text("precious")
    for name in ("text.arrow", "store"):
        with pytest.raises(GaitheatError, match=f"{name} is no file of packed clips"):
            PackedSink(tmp_path / name)
    assert (tmp_path / "text.arrow").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GaitheatError, match=r"cannot write .*clips\.arrow"):
        add(PackedSink(tmp_path / "file" / "clips.arrow"), [walk(0)])


def test_a_packed_file_equals_the_store(tmp_path: Path) -> None:
    items = [walk(2), make_refusal(), walk(0)]
    add(PackedSink(tmp_path / "clips.arrow"), items)
    packed, store = PackedClips(tmp_path / "clips.arrow"), fill(tmp_path / "store", items)
    assert isinstance(store, ClipStore)
    assert packed.refusals() == store.refusals()
    for ours, theirs in zip(packed.infos(), store.infos(), strict=True):
        assert (ours.key, ours.sha256, ours.refused) == (theirs.key, theirs.sha256, theirs.refused)


WRITER = """
import sys
sys.path.insert(0, {tests!r})
import gaitheat.sinks
from gaitheat.packed_sink import PackedSink
from gaitheat.rows import encode
from test_store import identity_of, walk
gaitheat.sinks.COMMIT_CLIPS = 4
sink = PackedSink({path!r})
clips = [walk(seed, frames=6) for seed in range({total})]
with sink.writer() as writer:
    print("writing", flush=True)
    for clip in clips:
        if not sink.done(clip.key, identity_of(clip)):
            writer.add(encode(clip), identity_of(clip), planned=1)
"""


def writing_process(path: Path, total: int) -> "subprocess.Popen[bytes]":
    code = WRITER.format(tests=str(Path(__file__).parent), path=str(path), total=total)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


@pytest.mark.parametrize("kills", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_writers_lose_no_commit_and_a_redo_completes(tmp_path: Path, kills: int) -> None:
    generator, total = random.Random(kills), 24
    path, done = tmp_path / "clips.arrow", 0
    for _ in range(kills):
        with writing_process(path, total) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(generator.uniform(0.0, 0.15))
            process.kill()
        sink = PackedSink(path)
        clips = [walk(seed, frames=6) for seed in range(total)]
        now = sum(sink.done(clip.key, identity_of(clip)) for clip in clips)
        assert now >= done
        done = now
    with writing_process(path, total) as process:
        process.communicate()
    assert process.returncode == 0
    assert_holds(path, [walk(seed, frames=6) for seed in range(total)])
