"""ClipStore on an object store, a local look-alike of S3: the promises of a folder, without a lock."""

import contextlib
import http.client
import importlib.util
import pickle
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import lance
import numpy as np
import pytest

from gaitheat import store as store_module
from gaitheat import tables
from gaitheat.cli.arguments import clip_sink, clip_source
from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips, pack
from gaitheat.rows import encode
from gaitheat.sinks import Entry
from gaitheat.store import ClipStore, ClipWriter
from test_store import assert_same, fill, has, identity_of, make_refusal, walk, writing_process

pytestmark = pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="needs moto")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks S3, conditional puts included, and forgets everything when it ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }.items():
            patch.setenv(name, value)
        make_bucket(server, port)
        yield address
    server.kill()
    server.wait()


def make_bucket(server: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        with contextlib.closing(connection), contextlib.suppress(ConnectionError):
            connection.request("PUT", "/clips")
            assert connection.getresponse().status == http.HTTPStatus.OK
            return
        assert server.poll() is None, "it did not start"
        time.sleep(0.1)
    pytest.fail("it does not answer")


@pytest.fixture
def place(endpoint: str) -> str:
    """Where no store is yet."""
    return f"s3://clips/{uuid.uuid4().hex}/walks"


def entry(seed: int) -> Entry:
    clip = walk(seed)
    return Entry(encode(clip), identity_of(clip), planned=1)


def clip_rows(store: ClipStore) -> int:
    return int(lance.dataset(tables.clips_at(store.path)).count_rows())


def frame_rows(store: ClipStore) -> int:
    return int(lance.dataset(tables.frames_at(store.path)).count_rows())


def test_round_trip_resume_and_refusals(place: str) -> None:
    with pytest.raises(GaitheatError, match=f"there is no clip store at {place}"):
        ClipStore(place)
    clips = [walk(3), walk(1, frames=1)]
    written = fill(place, [*clips, make_refusal()])
    for store in (written, ClipStore(place), pickle.loads(pickle.dumps(written))):  # noqa: S301
        assert store.path == place
        assert [info.key for info in store.infos()] == [clips[1].key, clips[0].key]
        assert store.refusals() == [make_refusal()]
        for found, expected in zip(store.read([(clip.key, None) for clip in clips]), clips, strict=True):
            assert_same(found, expected)
        chosen = np.array([2, 7])
        assert_same(store.read([(clips[0].key, chosen)])[0], clips[0].take(chosen))
        assert store.done(clips[0].key, identity_of(clips[0]))
    fill(place, [*clips, walk(5)])
    store = ClipStore(place)
    assert [info.key.subject for info in store.infos()] == ["s0001", "s0003", "s0005"]
    assert (clip_rows(store), frame_rows(store)) == (4, 1 + 12 + 12)


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_writers_lose_no_commit_and_a_redo_completes(place: str, kills: int) -> None:
    generator = random.Random(kills)
    total = 8 * kills
    before: set[ClipKey] = set()
    for _ in range(kills):
        with writing_process(place, 0, total) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(generator.uniform(0.0, 2.0))
            process.kill()
        store = ClipStore(place)
        now = {info.key for info in store.infos()}
        assert before <= now
        before = now
    with writing_process(place, 0, total) as process:
        process.communicate()
    assert process.returncode == 0
    assert_whole(place, total)


def assert_whole(place: str, clips: int) -> None:
    """Every clip is there once and exact."""
    store = ClipStore(place)
    assert [info.key.subject for info in store.infos()] == [f"s{seed:04d}" for seed in range(clips)]
    for seed, clip in enumerate(store.read([(info.key, None) for info in store.infos()])):
        assert_same(clip, walk(seed, frames=6))


def test_two_writers_of_the_same_clips_lose_and_double_nothing(place: str) -> None:
    with writing_process(place, 0, 12) as one, writing_process(place, 0, 16) as other:
        one.communicate()
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    assert_whole(place, clips=16)


def test_of_what_two_processes_added_both_the_first_counts(place: str) -> None:
    store = fill(place, [walk(0)])
    unaware = replace(walk(0), sha256="b")
    store_module._append(store.path, [entry(0), Entry(encode(unaware), "another identity", 1), entry(1)])
    store = ClipStore(place)
    assert clip_rows(store) == 4
    assert [info.key for info in store.infos()] == [walk(0).key, walk(1).key]
    for clip in (walk(0), walk(1)):
        assert_same(store.read([(clip.key, None)])[0], clip)
        assert store.done(clip.key, identity_of(clip))
    with pytest.raises(GaitheatError, match="another recording already"):
        store.done(unaware.key, "another identity")


def test_what_another_process_adds_between_look_and_commit_is_known_next_time(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ClipStore.open_or_create(place)
    append = store_module._append

    def append_after_another(path: str, fresh: list[Entry]) -> int:
        append(path, [entry(7)])
        return append(path, fresh)

    writer = ClipWriter(store.path)
    monkeypatch.setattr(store_module, "_append", append_after_another)
    writer.add(*entry(0))
    writer.commit()
    monkeypatch.undo()
    writer.add(*entry(7))
    writer.add(*entry(1))
    writer.commit()
    assert clip_rows(store) == 3


def test_frames_of_a_dead_writer_are_swept_when_no_live_one_can_own_them(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fill(place, [walk(0), walk(1)])
    clips = lance.dataset(tables.clips_at(store.path))
    clips.delete("subject = 's0001'")  # as after a kill between the two writes
    fill(place, [walk(2)])
    assert frame_rows(store) == 36, "they may be those of somebody who is about to commit"
    monkeypatch.setattr(tables, "SETTLING", timedelta(0))
    fill(place, [walk(3)])
    assert frame_rows(store) == 36
    assert len(lance.dataset(tables.frames_at(store.path)).versions()) == 1
    for clip in (walk(0), walk(2), walk(3)):
        assert_same(ClipStore(place).read([(clip.key, None)])[0], clip)


def test_a_creation_that_was_killed_is_completed(place: str) -> None:
    lance.write_dataset(tables.FRAMES_TABLE.empty_table(), tables.frames_at(place))
    assert has(fill(place, [walk(0)]), walk(0).key)


def test_commands_take_addresses(place: str, tmp_path: Path) -> None:
    sink = clip_sink(place)
    with sink.writer() as writer:
        writer.add(*entry(0))
    source = clip_source(place)
    pack(source, tmp_path / "clips.arrow")
    assert_same(PackedClips(tmp_path / "clips.arrow").read([(walk(0).key, None)])[0], walk(0))
    with pytest.raises(GaitheatError, match="is an address, but a packed file lies in a folder"):
        clip_sink(f"{place}.arrow")


@pytest.mark.parametrize("make", [ClipStore, ClipStore.open_or_create])
def test_a_missing_bucket_is_one_line(endpoint: str, make: type[ClipStore]) -> None:
    with pytest.raises(GaitheatError, match=r"the store s3://none/x: .*404.*check the address, and") as error:
        make("s3://none/x")
    assert "\n" not in str(error.value)
