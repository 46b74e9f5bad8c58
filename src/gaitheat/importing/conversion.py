"""Silhouettes, poses and heatmaps of one walk as a Clip.

What is in register: heatmaps and keypoints are, always. Silhouettes of these layouts are not, neither with
the maps nor with one another: each was cut at head and feet and stretched to the full height of its picture
by itself, so that it says how somebody is shaped, but not where they were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray

from gaitheat.clips import (
    MAP_HEIGHT,
    MAP_WIDTH,
    SILHOUETTE_HEIGHT,
    SILHOUETTE_WIDTH,
    Clip,
    ClipKey,
    Estimator,
    Keypoints,
    Maps,
    Refusal,
    quantise,
    transform,
)
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.draw import gaussians
from gaitheat.heatmaps.variants import soft_argmax
from gaitheat.importing.registration import Registered, around_bodies, fitted
from gaitheat.skeleton import JOINTS, Order18, from_18

PREPROCESSING = "import-1"
"""Name and version of this conversion."""
PIECE = 256
"""Frames that are converted together: their maps are much larger while they are floats."""
MAX_PEAK = 2.0
"""Networks overshoot 1 a little; maps beyond this are in another unit."""


@dataclass(frozen=True, slots=True)
class Importer:
    """How clips are made of pickles."""

    rate: float = 25.0
    """Frames a second: pickles do not say it."""
    unequal: Literal["refuse", "shortest"] = "refuse"
    """What to do with modalities of unequal length. Frames were left out of some, and nobody knows which: so
    the clip is refused, or all are cut to the shortest, which may be out of step from any frame on."""
    joints18: Order18 = "openpose"
    """The order of the joints where there are 18."""
    estimator: str = "opengait"
    """What made poses and maps, as the user knows it: clips of different ones are not compared unasked."""

    def __post_init__(self) -> None:
        if not 0 < self.rate < float("inf"):
            raise GaitheatError(f"expected a rate above 0 frames a second, got {self.rate:g}")

    def parts(self, cores: int) -> None:
        """Nothing has to be loaded before."""

    def identity(self, maps: str) -> Estimator:
        """What clips name as their estimator, with where their maps come from; its weights nobody knows."""
        return Estimator(self.estimator + maps, "imported", PREPROCESSING)


class Source(NamedTuple):
    """Whose a clip will be, and of what content it is made."""

    key: ClipKey
    name: str
    sha256: str


class Modalities(NamedTuple):
    """What the files of a clip hold (see ``layout.Content``); at least one is not None."""

    silhouettes: UInt8[np.ndarray, "silhouettes height width"] | None = None
    poses: Float[np.ndarray, "poses joints 3"] | None = None
    heatmaps: Float[np.ndarray, "maps 17 64 48"] | None = None

    def lengths(self) -> dict[str, int]:
        """Frames of each modality that is there."""
        return {name: len(array) for name, array in self._asdict().items() if array is not None}

    def take(self, frames: Any) -> "Modalities":
        """The same with only these frames."""
        return Modalities(*(None if array is None else array[frames] for array in self))


def convert(source: Source, given: Modalities, importer: Importer) -> Clip | Refusal:
    """One clip of what was given, or the reason why there is none.

    Modalities of equal length match frame by frame; of unequal length, see ``Importer.unequal``. Frame i is
    at i / rate seconds. The crop is what lays keypoints onto the peaks of their maps; with poses alone, it
    is that of extraction, around the body, and the maps are Gaussians drawn at the keypoints. With maps
    alone, keypoints are the places of their peaks, and the picture is taken to be the heatmap frame. With
    silhouettes alone, maps and keypoints are empty, and their scores 0. Every frame counts as showing a
    whole person (``present`` is 1): whoever published them chose them.
    """
    identity = importer.identity(_maps(given, importer.joints18))
    shortest, longest = min(given.lengths().values()), max(given.lengths().values())

    def refusal(reason: str) -> Refusal:
        return Refusal(source.key, source.name, source.sha256, identity, reason, longest)

    if shortest == 0:
        return refusal("no frames")
    if shortest < longest and importer.unequal == "refuse":
        return refusal("unequal lengths")
    given = given.take(slice(shortest))
    if given.heatmaps is not None and (given.heatmaps > MAX_PEAK).any():
        return refusal("maps beyond 0..1")
    if given.silhouettes is not None and given.silhouettes.max() <= 1:
        return refusal("silhouettes not of 0..255")
    times = np.arange(shortest) / importer.rate
    body = _body(given, times, importer.joints18)
    kept = np.ones(shortest, bool)
    refused = {"unequal lengths": longest - shortest} if shortest < longest else {}
    for reason, faulty in body.faults.items():
        if (kept & faulty).any():
            refused[reason] = int((kept & faulty).sum())
        kept &= ~faulty
    if not kept.any():
        return refusal(max(refused, key=lambda reason: refused[reason]))
    silhouettes = None if given.silhouettes is None else _in_frame(given.silhouettes[kept])
    return Clip(
        source.key, source.name, source.sha256, identity, times[kept], body.heatmaps[kept],
        body.keypoints[kept], body.crop[kept], np.ones(int(kept.sum()), np.float32), silhouettes,
        refused=refused,
    )  # fmt: skip


def _maps(given: Modalities, order: Order18) -> str:
    """Where the maps come from."""
    if given.heatmaps is not None:
        return "-heatmaps"
    if given.poses is None:
        return "-silhouettes"
    return "-drawn" if given.poses.shape[1] == len(JOINTS) else f"-drawn-{order}18"


class _Body(NamedTuple):
    """Maps, keypoints and crop of all frames, and which of them are faulty, by reason."""

    heatmaps: Maps
    keypoints: Keypoints
    crop: NDArray[np.float32]
    faults: dict[str, Bool[np.ndarray, " frames"]]


def _body(given: Modalities, times: NDArray[np.float64], order: Order18) -> _Body:
    frames = len(times)
    identity = np.tile(np.eye(2, 3, dtype=np.float32), (frames, 1, 1))
    poses = None if given.poses is None else _poses(given.poses, order)
    if given.heatmaps is not None:
        faults = {"maps not finite": np.logical_not(np.isfinite(given.heatmaps).all(axis=(1, 2, 3)))}
        maps = _piecewise(_quantised, given.heatmaps)
        peaks = _piecewise(soft_argmax, maps)
        if poses is None:
            return _Body(maps, peaks, identity, faults)
        crop, good = fitted(poses, peaks)
        return _Body(maps, poses, crop, faults | {"keypoints off the maps": np.logical_not(good)})
    if poses is None:
        empty = np.zeros((frames, len(JOINTS), MAP_HEIGHT, MAP_WIDTH), np.uint8)
        return _Body(empty, np.zeros((frames, len(JOINTS), 3), np.float32), identity, {})
    return _drawn(poses, around_bodies(poses, times))


def _drawn(poses: Keypoints, at: Registered) -> _Body:
    on_maps = poses.copy()
    on_maps[..., :2] = transform(at.crop, poses[..., :2])
    unseen = (poses[..., 2] == 0).all(axis=1)
    faults = {"no keypoints": unseen, "no whole body": np.logical_not(at.good)}
    return _Body(_piecewise(gaussians, on_maps), poses, at.crop, faults)


def _poses(poses: Float[np.ndarray, "frames joints 3"], order: Order18) -> Keypoints:
    """COCO's joints; one that is not finite was not seen, as others with the score 0."""
    if poses.shape[1] != len(JOINTS):
        poses = from_18(poses, order)
    with np.errstate(over="ignore"):
        points = poses.astype(np.float32)
    points = np.where(np.isfinite(points).all(axis=2, keepdims=True), points, np.float32(0))
    points[..., 2] = points[..., 2].clip(0, 1)
    return points


def _quantised(maps: Float[np.ndarray, "frames 17 64 48"]) -> Maps:
    return quantise(np.nan_to_num(maps.astype(np.float32), posinf=0, neginf=0))


def _piecewise(function: Callable[[Any], NDArray[Any]], frames: NDArray[Any]) -> NDArray[Any]:
    pieces = range(0, len(frames), PIECE)
    return np.concatenate([function(frames[start : start + PIECE]) for start in pieces])


def _in_frame(silhouettes: UInt8[np.ndarray, "frames 64 width"]) -> UInt8[np.ndarray, "frames 128 96"]:
    """At twice their size, the middle columns in the middle: halved again, they are what they were."""
    twice = silhouettes.repeat(2, axis=1).repeat(2, axis=2)
    beyond = twice.shape[2] - SILHOUETTE_WIDTH
    if beyond >= 0:
        return twice[:, :, beyond // 2 : beyond // 2 + SILHOUETTE_WIDTH].copy()
    assert twice.shape[1] == SILHOUETTE_HEIGHT
    return np.pad(twice, ((0, 0), (0, 0), (-beyond // 2, -beyond // 2)))
