"""ClipStore: what goes in comes out, and what was committed stays, whatever happens to the writer."""

import multiprocessing
import pickle
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import filelock
import lance
import numpy as np
import pytest

from factories import ESTIMATOR, make_clip, make_key
from gaitheat import tables
from gaitheat.clips import Clip, ClipKey, Refusal, window
from gaitheat.errors import GaitheatError
from gaitheat.rows import encode
from gaitheat.sinks import recording_identity
from gaitheat.store import ClipStore, ClipWriter
from gaitheat.video.recordings import VideoRecording

ARRAYS = ("times", "heatmaps", "keypoints", "crop", "present", "silhouettes", "world", "phase")


def has(store: ClipStore, key: ClipKey) -> bool:
    return key in {info.key for info in store.infos()}


def assert_same(found: Clip, expected: Clip) -> None:
    for name in ("key", "source", "sha256", "estimator"):
        assert getattr(found, name) == getattr(expected, name)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def identity_of(item: Clip | Refusal) -> str:
    recording = VideoRecording(Path(item.source), item.key)
    return recording_identity(recording, item.sha256, item.estimator)


def make_refusal(track: int = 9, reason: str = "too short") -> Refusal:
    key = make_key(track=track)
    return Refusal(key, f"{key.subject}.avi", "0" * 64, ESTIMATOR, reason, frames=4)


def walk(seed: int, frames: int = 12) -> Clip:
    """A clip that is a recording of its own."""
    return make_clip(frames, seed, walk_key(seed))


def walk_key(seed: int) -> ClipKey:
    return make_key(f"s{seed:04d}")


def fill(path: Path, items: list[Clip] | list[Clip | Refusal]) -> ClipStore:
    store = ClipStore.open_or_create(path)
    with store.writer() as writer:
        for item in items:
            writer.add(encode(item), identity_of(item), planned=1)
    return store


def test_round_trip_is_exact(tmp_path: Path) -> None:
    bare = replace(walk(2), silhouettes=None, world=None, phase=None)
    clips = [walk(3), walk(1, frames=1), bare]
    written = fill(tmp_path / "clips", clips)
    for store in (written, ClipStore(tmp_path / "clips"), pickle.loads(pickle.dumps(written))):  # noqa: S301
        infos = store.infos()
        assert [info.key.subject for info in infos] == ["s0001", "s0002", "s0003"]
        for found, expected in zip(store.read([(clip.key, None) for clip in clips]), clips, strict=True):
            assert_same(found, expected)
        np.testing.assert_array_equal(infos[2].times, clips[0].times)
        assert (infos[2].source, infos[2].sha256, infos[2].estimator) == ("s0003.avi", f"{3:064x}", ESTIMATOR)


def test_sampled_frames_equal_the_slice_of_the_whole_clip(tmp_path: Path) -> None:
    clips = [walk(seed, frames=40) for seed in range(4)]
    store = fill(tmp_path, clips)
    generator = np.random.default_rng(0)
    requests = []
    for _ in range(20):
        clip = clips[generator.integers(4)]
        shown = window(clip.times, start=int(generator.integers(30)), frames=16)
        requests.append((clip.key, np.unique(shown.frames)))
    by_key = {clip.key: clip for clip in clips}
    for found, (key, frames) in zip(store.read(requests), requests, strict=True):
        assert_same(found, by_key[key].take(frames))
    assert store.read([]) == []


def test_frames_that_a_clip_does_not_have_are_not_another_clips(tmp_path: Path) -> None:
    store = fill(tmp_path, [walk(0), walk(1)])
    for frames in ([11, 12], [-1], []):
        with pytest.raises(IndexError, match="has frames 0 to 11"):
            store.read([(walk(0).key, np.array(frames, np.int64))])


def test_keys_and_paths_may_hold_any_character(tmp_path: Path) -> None:
    clip = make_clip(2, 0, make_key('Zoë / O\'Neil\\ "%20"\n', take="#1 ?"))
    store = fill(tmp_path / "a b ü %20 #x" / "clips", [clip])
    assert_same(store.read([(clip.key, None)])[0], clip)


def test_refusals_are_listed_with_their_reasons(tmp_path: Path) -> None:
    refusals = [make_refusal(1, "flag low"), make_refusal(2), make_refusal(2, "no person")]
    store = fill(tmp_path, [walk(0), *refusals])
    assert sorted(store.refusals(), key=lambda item: item.reason) == [refusals[0], refusals[2], refusals[1]]
    assert [info.key for info in store.infos()] == [walk(0).key]
    assert not has(store, refusals[0].key)


def test_recording_is_done_when_all_it_planned_is_there(tmp_path: Path) -> None:
    whole = [replace(make_clip(5, track), sha256="a") for track in (0, 1)]
    refusal = replace(make_refusal(), sha256="a", source=whole[0].source)
    key, identity = whole[0].key, identity_of(whole[0])
    store = ClipStore.open_or_create(tmp_path)
    assert not store.done(key, identity)
    with store.writer() as writer:
        writer.add(encode(whole[0]), identity, planned=3)
    assert has(store, whole[0].key)
    assert not store.done(key, identity)
    with store.writer() as writer:
        for item in (*whole, refusal):
            writer.add(encode(item), identity, planned=3)
    assert store.done(key, identity)
    assert ClipStore(tmp_path).done(key, identity)
    assert len(store.infos()) == 2


def test_a_key_is_one_recordings(tmp_path: Path) -> None:
    clip, neighbour = walk(0), walk(1)
    store = fill(tmp_path, [clip])
    with pytest.raises(GaitheatError, match="holds drawn/s0000/walking/90/01 of another recording"):
        store.done(clip.key, "another identity")

    def add_both() -> None:
        with store.writer() as writer:
            writer.add(encode(replace(clip, sha256="b")), "another identity", planned=1)
            writer.add(encode(neighbour), identity_of(neighbour), planned=1)

    with pytest.raises(GaitheatError, match="give this one another take or condition, or another store"):
        add_both()
    assert [info.key for info in store.infos()] == [clip.key, neighbour.key]
    assert_same(store.read([(clip.key, None)])[0], clip)


def test_a_recording_may_have_clips_of_two_data_sets(tmp_path: Path) -> None:
    seen = make_clip(5)
    truth = replace(seen, key=replace(seen.key, dataset="truth"), estimator=replace(ESTIMATOR, name="truth"))
    store = ClipStore.open_or_create(tmp_path)
    for clip in (seen, truth):
        assert not store.done(seen.key, "a walk")
        with store.writer() as writer:
            writer.add(encode(clip), "a walk", planned=2)
    assert store.done(seen.key, "a walk")
    with pytest.raises(GaitheatError, match="holds truth/anna/walking/90/01 of another recording"):
        store.done(truth.key, "another walk")


def test_what_was_added_before_an_error_is_kept(tmp_path: Path) -> None:
    store = ClipStore.open_or_create(tmp_path)

    def interrupted() -> None:
        with store.writer() as writer:
            writer.add(encode(walk(0)), identity_of(walk(0)), planned=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert has(store, walk(0).key)
    assert_same(ClipStore(tmp_path).read([(walk(0).key, None)])[0], walk(0))


def test_commits_every_64_clips_and_after_10_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    store = ClipStore.open_or_create(tmp_path)
    writer = ClipWriter(store.path)
    seen = []
    for seed in range(70):
        if seed == 67:
            now[0] = 11.0
        writer.add(encode(walk(seed, frames=1)), identity_of(walk(seed, frames=1)), planned=1)
        seen.append(len(ClipStore(tmp_path).infos()) if seed in (62, 63, 66, 67, 69) else None)
    assert [count for count in seen if count is not None] == [0, 64, 64, 68, 68]


def test_reader_survives_a_writer_that_compacts_its_version_away(tmp_path: Path) -> None:
    clips = [walk(seed) for seed in range(6)]
    fill(tmp_path, clips[:2])
    reader = ClipStore(tmp_path)
    assert_same(reader.read([(clips[1].key, None)])[0], clips[1])
    for clip in clips[2:]:
        fill(tmp_path, [clip])
    assert_same(reader.read([(clips[0].key, np.array([2, 7]))])[0], clips[0].take(np.array([2, 7])))
    assert len(reader.infos()) == 2
    assert len(ClipStore(tmp_path).infos()) == 6


def test_orphaned_frames_are_swept_and_their_bytes_are_gone(tmp_path: Path) -> None:
    store = fill(tmp_path, [walk(0)])
    writer = ClipWriter(store.path)
    writer.add(encode(walk(1)), identity_of(walk(1)), planned=1)
    writer.commit()
    clips = lance.dataset(tables.clips_at(store.path))
    clips.delete(
        "subject = 's0001'"
    )  # now the frames of s0001 are nobody's, as after a kill between the appends
    assert lance.dataset(tables.frames_at(store.path)).count_rows() == 24
    fill(tmp_path, [walk(2)])
    assert lance.dataset(tables.frames_at(store.path)).count_rows() == 24
    store = ClipStore(tmp_path)
    for clip in (walk(0), walk(2)):
        assert_same(store.read([(clip.key, None)])[0], clip)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import gaitheat.sinks
import gaitheat.store
from gaitheat.rows import encode
from test_store import has, identity_of, walk_key, walk
gaitheat.sinks.COMMIT_CLIPS = 4
store = gaitheat.store.ClipStore.open_or_create({path!r})
with store.writer() as writer:
    print("writing", flush=True)
    for seed in range({first}, {last}):
        if not has(store, walk_key(seed)):
            clip = walk(seed, frames=6)
            writer.add(encode(clip), identity_of(clip), planned=1)
"""


def writing_process(path: Path, first: int, last: int) -> "subprocess.Popen[bytes]":
    code = WRITER.format(tests=str(Path(__file__).parent), path=str(path), first=first, last=last)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_writers_lose_no_commit_and_a_redo_completes(tmp_path: Path, kills: int) -> None:
    generator = random.Random(kills)
    total = 30 * kills
    before: set[ClipKey] = set()
    for _ in range(kills):
        with writing_process(tmp_path / "clips", 0, total) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(generator.uniform(0.0, 0.3))
            process.kill()
        store = ClipStore(tmp_path / "clips")
        now = {info.key for info in store.infos()}
        assert before <= now
        for clip in store.read([(key, None) for key in now - before]):
            assert_same(clip, walk(int(clip.key.subject[1:]), frames=6))
        before = now
    with writing_process(tmp_path / "clips", 0, total) as process:
        process.communicate()
    assert process.returncode == 0
    assert_whole(tmp_path / "clips", total, frames=6)


def assert_whole(path: Path, clips: int, frames: int) -> None:
    """Every clip is there once and exact, and no frame is there that is not a clip's."""
    store = ClipStore(path)
    assert [info.key.subject for info in store.infos()] == [f"s{seed:04d}" for seed in range(clips)]
    assert lance.dataset(tables.clips_at(store.path)).count_rows() == clips
    assert lance.dataset(tables.frames_at(store.path)).count_rows() == clips * frames
    for seed, clip in enumerate(store.read([(info.key, None) for info in store.infos()])):
        assert_same(clip, walk(seed, frames))


def test_two_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clips"
    with writing_process(path, 0, 60) as one, writing_process(path, 30, 90) as other:
        one.communicate()
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    assert_whole(path, clips=90, frames=6)


def _read_in_worker(store: ClipStore) -> float:
    return float(store.read([(walk(0).key, None)])[0].heatmaps.mean())


def test_spawned_workers_open_the_store_anew(tmp_path: Path) -> None:
    store = fill(tmp_path, [walk(0)])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_read_in_worker, [store]) == [walk(0).heatmaps.mean()]


@pytest.mark.parametrize("clips", [500, pytest.param(5000, marks=pytest.mark.slow)])
def test_metadata_stays_small(tmp_path: Path, clips: int) -> None:
    fill(tmp_path, [walk(seed, frames=2) for seed in range(clips)])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    data = sum(path.stat().st_size for path in files if path.parent.name == "data")
    assert sum(path.stat().st_size for path in files) - data < 0.05 * data
    assert len(files) < 20


def test_a_path_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "holiday.jpg").write_text("x")
    for name in ("missing", "empty"):
        with pytest.raises(GaitheatError, match=r"there is no clip store at .*gaitheat extract"):
            ClipStore(tmp_path / name)
    for make in (ClipStore, ClipStore.open_or_create):
        with pytest.raises(GaitheatError, match="is a file, but a clip store is a folder"):
            make(tmp_path / "file")
        with pytest.raises(GaitheatError, match="is no clip store: it holds holiday"):
            make(tmp_path / "foreign")
    assert [entry.name for entry in (tmp_path / "foreign").iterdir()] == ["holiday.jpg"]
    assert not (tmp_path / "missing").exists()
    assert ClipStore.open_or_create(tmp_path / "empty").infos() == []


def test_a_creation_that_was_killed_is_completed(tmp_path: Path) -> None:
    lance.write_dataset(tables.FRAMES_TABLE.empty_table(), str(tmp_path / "frames.lance"))
    (tmp_path / "clips.lance" / "data").mkdir(parents=True)
    assert has(fill(tmp_path, [walk(0)]), walk(0).key)


def test_another_format_is_refused_with_both_versions(tmp_path: Path) -> None:
    store = fill(tmp_path, [walk(0)])
    lance.dataset(tables.clips_at(store.path)).update_schema_metadata({"gaitheat.store": "7"})
    for make in (ClipStore, ClipStore.open_or_create):
        with pytest.raises(GaitheatError, match=r"has format 7, but this gaitheat reads format 2: extract"):
            make(tmp_path)


def test_an_unknown_key_names_the_closest(tmp_path: Path) -> None:
    store = fill(tmp_path, [make_clip(2, 0, make_key(name)) for name in ("anna", "bert")])
    with pytest.raises(GaitheatError, match=r"no clip drawn/ana/.* did you mean drawn/anna/walking/90/01/0"):
        store.read([(make_key("ana"), None)])


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = fill(tmp_path, [walk(0)])

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)  # root may write anywhere: simulate
    with pytest.raises(GaitheatError, match=r"cannot make the store .*Permission denied"):
        ClipStore.open_or_create(tmp_path)
    with pytest.raises(GaitheatError, match=r"cannot write to the store .*Permission denied"), store.writer():
        pass
    assert has(ClipStore(tmp_path), walk(0).key)


@pytest.mark.parametrize("full_for", ["frames.lance", "clips.lance"])
def test_a_full_disk_leaves_the_store_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_for: str
) -> None:
    store = fill(tmp_path, [walk(0)])
    write = lance.write_dataset

    def write_or_fail(data: object, uri: str, **options: object) -> object:
        if full_for in uri:
            raise OSError(28, "No space left on device")
        return write(data, uri, **options)

    monkeypatch.setattr(lance, "write_dataset", write_or_fail)
    with pytest.raises(GaitheatError, match=r"cannot write to the store .*No space left"):
        fill(tmp_path, [walk(1)])
    assert [info.key for info in ClipStore(tmp_path).infos()] == [walk(0).key]
    monkeypatch.undo()
    store = fill(tmp_path, [walk(1)])
    assert lance.dataset(tables.frames_at(store.path)).count_rows() == 24
    for clip in (walk(0), walk(1)):
        assert_same(store.read([(clip.key, None)])[0], clip)


def data_file(store: Path, table: str) -> Path:
    (path,) = (store / table / "data").iterdir()
    return path


@pytest.mark.parametrize("table", ["frames.lance", "clips.lance"])
def test_missing_data_files(tmp_path: Path, table: str) -> None:
    fill(tmp_path, [walk(0)])
    data_file(tmp_path, table).unlink()
    with pytest.raises(GaitheatError, match=r"cannot read the store .*found"):
        ClipStore(tmp_path).read([(walk(0).key, None)])


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    fill(tmp_path, [walk(0), walk(1)])
    path = data_file(tmp_path, "frames.lance")
    good = path.read_bytes()
    place = good.index(encode(walk(1)).frames.column("heatmaps")[3].as_py()) + 40
    path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
    store = ClipStore(tmp_path)
    with pytest.raises(GaitheatError, match="clip drawn/s0001/walking/90/01/0: frame 3 is damaged"):
        store.read([(walk(1).key, None)])
    assert_same(store.read([(walk(0).key, None)])[0], walk(0))
    undamaged = np.array([0, 1, 2, 4, 5])
    assert_same(store.read([(walk(1).key, undamaged)])[0], walk(1).take(undamaged))


def test_no_flipped_bit_gives_another_clip(tmp_path: Path) -> None:
    clip = walk(0, frames=2)
    fill(tmp_path, [clip])
    generator = np.random.default_rng(0)
    for table in ("frames.lance", "clips.lance"):
        path = data_file(tmp_path, table)
        good = path.read_bytes()
        for place in generator.integers(len(good), size=15):
            path.write_bytes(good[:place] + bytes([good[place] ^ 16]) + good[place + 1 :])
            try:
                store = ClipStore(tmp_path)
                found = store.read([(info.key, None) for info in store.infos()])
            except GaitheatError:
                continue
            assert_same(found[0], clip)
        path.write_bytes(good)


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = fill(tmp_path, [walk(0)])
    monkeypatch.setattr(tables, "LOCK_SECONDS", 0.01)
    with (
        filelock.FileLock(tmp_path / "writer.lock"),
        pytest.raises(GaitheatError, match=r"cannot write to the store .*lock"),
        store.writer(),
    ):
        pass
