"""What each camera of a gallery has learnt from passers-by: statistics of them, and nobody's embedding.

A camera has a folder in the gallery's ``cameras``, with one file a version: the mean of its passers-by, the
axes along which they spread, how much, and how many they were. The newest version is in force; to undo is to
delete it. All cameras of a gallery share one whitening, made of the newest statistics of each.
"""

import hashlib
import os
import re
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from gaitheat.adaptation import Adapted, Cohort, CohortAdaptation
from gaitheat.errors import GaitheatError
from gaitheat.gallery.table import CAMERAS, binding, open_table, sole_writer
from gaitheat.names import one_line

FORMAT = 1
"""Version of the files' layout, stored in them."""
FEWEST_CLIPS = 8
"""Mean and spread of fewer say little of it, and too much of its passers-by: of two, they are the two."""
MOST_CLIPS = 512
"""Bounds the time and the size of a file: of more, these are taken, evenly spread."""
ADAPTATION = CohortAdaptation()
SLUG_LENGTH = 40
"""Letters of a camera's name that its folder shows."""


class Version(NamedTuple):
    """What a camera has learnt at one time."""

    number: int
    """Counts from 1."""
    clips: int
    """Of passers-by."""
    learnt: str
    """When, in UTC."""


def learn(gallery_path: str | Path, camera: str, embeddings: Float32[np.ndarray, "clips dimension"]) -> int:
    """A camera learns its bias from passers-by, in the place of what it has learnt before.

    Args:
        gallery_path: a gallery's folder.
        camera: its name: any text in one line.
        embeddings: of passers-by, by the gallery's embedder; nobody of them is kept.

    Returns:
        the number of the version.

    Raises:
        GaitheatError: a bad name, fewer than 8 clips, clips that all look alike, embeddings of another length
            than the gallery's, no gallery, or a folder that cannot be written.
    """
    path, camera = Path(gallery_path), one_line(camera, "a camera")
    embedder, dimension = binding(open_table(path).schema)
    cohort = _cohort(camera, embeddings, dimension)
    held = {
        "format": FORMAT,
        "embedder": embedder,
        "camera": camera,
        "learnt": datetime.now(UTC).isoformat(timespec="seconds"),
        "clips": cohort.clips,
        "mean": cohort.mean,
        "axes": cohort.axes.astype(np.float32),
        "variances": cohort.variances,
    }
    with sole_writer(path):
        folder = path / CAMERAS / _safe(camera)
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        number = max(_numbered(folder), default=0) + 1
        _write(folder / f"{number}.npz", held)
    return number


def undo(gallery_path: str | Path, camera: str) -> int | None:
    """A camera forgets what it has learnt last; returns the version that is in force again, None without one.

    Raises:
        GaitheatError: it has learnt nothing, there is no gallery, or a folder that cannot be written.
    """
    path, camera = Path(gallery_path), one_line(camera, "a camera")
    open_table(path)
    with sole_writer(path):
        folder = path / CAMERAS / _safe(camera)
        versions = _numbered(folder)
        if not versions:
            learnt = ", ".join(cameras_of(path)) or "none has"
            raise GaitheatError(f"the camera {camera!r} has learnt nothing (those that have: {learnt})")
        versions.pop(max(versions)).unlink()
        if not versions:
            _sweep(folder)
            folder.rmdir()
    return max(versions, default=None)


def cameras_of(gallery_path: str | Path) -> dict[str, tuple[Version, ...]]:
    """The versions of every camera that has learnt, the newest, which is in force, last.

    Raises:
        GaitheatError: a file is damaged.
    """
    found: dict[str, tuple[Version, ...]] = {}
    for folder in _folders(Path(gallery_path)):
        held = {
            number: _read(file, "camera", "clips", "learnt") for number, file in _numbered(folder).items()
        }
        versions = [Version(n, int(each["clips"]), str(each["learnt"])) for n, each in sorted(held.items())]
        found[str(held[versions[-1].number]["camera"])] = tuple(versions)
    return dict(sorted(found.items()))


def adapted(gallery_path: str | Path) -> Adapted | None:
    """What the cameras of a gallery have learnt, None if none has; the same object until that changes.

    A camera that has learnt nothing is taken for the mean of those that have.

    Raises:
        GaitheatError: a file is damaged, or made of other embeddings than the gallery.
    """
    path = Path(gallery_path)
    try:
        return _newest(path)
    except FileNotFoundError:  # somebody has undone a version after it was found
        return _newest(path)


def _newest(path: Path) -> Adapted | None:
    in_force = [max(_numbered(folder).items())[1] for folder in _folders(path)]
    stats = [file.stat() for file in in_force]
    state = tuple((file, stat.st_mtime_ns, stat.st_size) for file, stat in zip(in_force, stats, strict=True))
    return _adapted(path, state) if state else None


@lru_cache(maxsize=4)
def _adapted(path: Path, state: tuple[tuple[Path, int, int], ...]) -> Adapted:
    embedder, _ = binding(open_table(path).schema)
    cohorts: dict[str, Cohort] = {}
    for file, *_ in state:
        held = _read(file, "embedder", "camera", "clips", "mean", "axes", "variances")
        camera = str(held["camera"])
        if str(held["embedder"]) != embedder:
            raise GaitheatError(
                f"the camera {camera!r} has learnt from embeddings by {held['embedder']!s}, but the gallery "
                f"{path} is made of {embedder}: delete {file.parent}, and adapt the camera anew"
            )
        axes = held["axes"].astype(np.float64)
        cohorts[camera] = Cohort(int(held["clips"]), held["mean"], axes, held["variances"])
    elsewhere = np.mean([cohort.mean for cohort in cohorts.values()], axis=0)
    return replace(ADAPTATION.pooled(cohorts), elsewhere=elsewhere)


def _cohort(camera: str, embeddings: Float32[np.ndarray, "clips dimension"], dimension: int) -> Cohort:
    clips = len(embeddings)
    if clips < FEWEST_CLIPS:
        raise GaitheatError(
            f"the camera {camera!r} cannot learn from {clips} clips: it takes at least {FEWEST_CLIPS}, "
            "better 24 or more, of people who walk by; film more of them"
        )
    if embeddings.shape[1] != dimension or not np.isfinite(embeddings).all():
        raise GaitheatError(
            f"the camera {camera!r} expected embeddings of {dimension} finite numbers as in its gallery, "
            f"but got {embeddings.shape[1]}: embed the passers-by as the gallery's people"
        )
    if clips > MOST_CLIPS:
        embeddings = embeddings[np.linspace(0, clips - 1, MOST_CLIPS).round().astype(np.int64)]
    cohort = Cohort.of(embeddings)
    ADAPTATION.pooled({camera: cohort})  # clips that all look alike are refused before anything is written
    return cohort


def _safe(camera: str) -> str:
    """A folder's name on every system; another for every camera, even where the case of letters is lost."""
    slug = re.sub(r"[^a-z0-9]+", "-", camera.lower()).strip("-")[:SLUG_LENGTH]
    return f"{slug}-{hashlib.sha256(camera.encode()).hexdigest()[:8]}".lstrip("-")


def _folders(path: Path) -> list[Path]:
    """Of the cameras that have learnt something."""
    return sorted(folder for folder in (path / CAMERAS).glob("*") if _numbered(folder))


def _numbered(folder: Path) -> dict[int, Path]:
    """The files of a camera's versions."""
    return {int(file.stem): file for file in folder.glob("*.npz") if file.stem.isdecimal()}


def _sweep(folder: Path) -> None:
    """What a call that was killed left behind goes."""
    for part in folder.glob("*.part"):
        part.unlink()


def _write(path: Path, held: Mapping[str, Any]) -> None:
    """All or nothing."""
    part = path.with_name(f"{uuid.uuid4().hex}.part")
    with part.open("wb") as file:
        np.savez(file, **held)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read(path: Path, *names: str) -> dict[str, Any]:
    """These arrays of a version's file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            version, held = int(arrays["format"]), {name: arrays[name] for name in names}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise GaitheatError(
            f"{path} is damaged ({type(error).__name__}): delete it, and adapt the camera anew"
        ) from error
    if version != FORMAT:
        raise GaitheatError(
            f"{path} has format {version}, but this gaitheat reads format {FORMAT}: adapt the camera anew, "
            "or use the gaitheat that wrote it"
        )
    return held
