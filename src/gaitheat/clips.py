"""What flows through the house: a Clip of one walking person, its key, and the windows cut from it.

All arrays of a clip share one frame of reference, the *heatmap frame* (48 x 64 cells around the body), and
one pixel-centre rule: pixel i covers [i, i + 1), its centre is i + 0.5. A grid n times finer relates to it by
``x + 0.5 = (x_fine + 0.5) / n``.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from numpy.typing import NDArray

from gaitheat.skeleton import JOINTS, MIRROR

MAP_HEIGHT, MAP_WIDTH = 64, 48
"""Cells of a heatmap: rows, columns."""
SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH = 128, 96
"""Pixels of a silhouette: the heatmap frame at twice its resolution."""
DEAD_ZONE = 3
"""Stored map values below this (of 255) are noise of the estimator's background and become 0."""
WINDOW_FRAMES, WINDOW_HOP, WINDOW_RATE = 60, 30, 25.0
"""An embedding is the mean over windows of 60 frames at 25 frames/s, one every 30 frames."""
MAX_GAP = 0.2
"""Seconds without a frame beyond which a window shows nothing rather than its nearest frame."""
SAME_TIME = 1e-6
"""Seconds: times that differ by less are equal, so that rounding never decides what a window shows."""

FLIP = np.array([[-1, 0, MAP_WIDTH - 1], [0, 1, 0]], np.float32)
"""The affine of a mirror, heatmap pixels to heatmap pixels."""

Maps = UInt8[np.ndarray, "frames 17 64 48"]
Keypoints = Float32[np.ndarray, "frames 17 3"]
Affines = Float32[np.ndarray, "frames 2 3"]


@dataclass(frozen=True, order=True, slots=True)
class ClipKey:
    """Names a clip: whose it is, under what circumstances, and which person of the recording (track)."""

    dataset: str
    subject: str
    condition: str
    view: str
    take: str
    track: int

    def __str__(self) -> str:
        return "/".join(map(str, astuple(self)))


@dataclass(frozen=True, slots=True)
class Estimator:
    """Which pose estimator made a clip's maps: clips of different estimators are not compared unasked."""

    name: str
    weights: str
    """SHA-256 of the weights file."""
    preprocessing: str
    """Name and version of the way from picture to maps, such as ``rgb-1``."""

    def __str__(self) -> str:
        return f"{self.name}/{self.preprocessing}/{self.weights[:8]}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A track, or a whole recording, that gave no clip: counted and listed, never dropped in silence."""

    key: ClipKey
    source: str
    sha256: str
    estimator: Estimator
    reason: str
    frames: int
    """Frames that are lost by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One person in one recording, frame by frame. Checked when made: bad arrays raise a ValueError.

    Attributes:
        key: whose, when, where.
        source: the recording's name; ``sha256`` its content.
        estimator: what made the maps.
        times: float64 [T] seconds, strictly increasing; refused frames leave holes.
        heatmaps: uint8 [T, 17, 64, 48], 0..255 stands for 0..1, one channel a joint.
        keypoints: float32 [T, 17, 3], x and y in *image* pixels, and a score in 0..1.
        crop: float32 [T, 2, 3], the affine from image pixels to heatmap pixels.
        present: float32 [T], the estimator's probability that a whole person is in the crop.
        silhouettes: uint8 [T, 128, 96], 0..255, or None if the estimator draws none.
        world: float32 [T, 17, 3] metres, centred on the hips, or None.
        refused: how many frames of the track were left out, by reason.
        phase: float32 [T] of the gait cycle, 0..1 from a strike of the left heel to the next, or None.
    """

    key: ClipKey
    source: str
    sha256: str
    estimator: Estimator
    times: Float64[np.ndarray, " frames"]
    heatmaps: Maps
    keypoints: Keypoints
    crop: Affines
    present: Float32[np.ndarray, " frames"]
    silhouettes: UInt8[np.ndarray, "frames 128 96"] | None = None
    world: Float32[np.ndarray, "frames 17 3"] | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    phase: Float32[np.ndarray, " frames"] | None = None

    def __post_init__(self) -> None:
        frames = len(self.times)
        expected: dict[str, tuple[type, tuple[int, ...]]] = {
            "times": (np.float64, (frames,)),
            "heatmaps": (np.uint8, (frames, len(JOINTS), MAP_HEIGHT, MAP_WIDTH)),
            "keypoints": (np.float32, (frames, len(JOINTS), 3)),
            "crop": (np.float32, (frames, 2, 3)),
            "present": (np.float32, (frames,)),
            "silhouettes": (np.uint8, (frames, SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH)),
            "world": (np.float32, (frames, len(JOINTS), 3)),
            "phase": (np.float32, (frames,)),
        }
        for name, (dtype, shape) in expected.items():
            array = getattr(self, name)
            if array is None and name in ("silhouettes", "world", "phase"):
                continue
            if array.dtype != dtype or array.shape != shape:
                raise ValueError(
                    f"clip {self.key}: {name} must be {np.dtype(dtype)} {list(shape)}, "
                    f"but got {array.dtype} {list(array.shape)}"
                )
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                bad = int((~np.isfinite(array)).sum())
                raise ValueError(
                    f"clip {self.key}: {name} must be finite, but {bad} values are NaN or infinite"
                )
        if frames == 0 or not (np.diff(self.times) > 0).all():
            raise ValueError(
                f"clip {self.key}: times must be strictly increasing, at least one, got {frames}"
            )
        if self.phase is not None and (self.phase.min() < 0 or self.phase.max() > 1):
            low, high = self.phase.min(), self.phase.max()
            raise ValueError(f"clip {self.key}: phase must be in 0..1, but got {low:g} to {high:g}")

    def __len__(self) -> int:
        return len(self.times)

    def take(self, frames: NDArray[np.int64] | slice) -> "Clip":
        """The same clip with only these frames (indices in increasing order, none twice)."""
        return replace(
            self,
            times=self.times[frames],
            heatmaps=self.heatmaps[frames],
            keypoints=self.keypoints[frames],
            crop=self.crop[frames],
            present=self.present[frames],
            silhouettes=None if self.silhouettes is None else self.silhouettes[frames],
            world=None if self.world is None else self.world[frames],
            phase=None if self.phase is None else self.phase[frames],
        )

    def keypoints_on_maps(self) -> Keypoints:
        """Keypoints with x and y in heatmap pixels: they lie on the peaks of their own maps."""
        points = self.keypoints.copy()
        points[..., :2] = transform(self.crop, self.keypoints[..., :2])
        return points

    def mirrored(self) -> "Clip":
        """The clip as a mirror would show it: pictures flipped, left and right exchanged (the phase too)."""
        swap = list(MIRROR)
        silhouettes = None if self.silhouettes is None else np.ascontiguousarray(self.silhouettes[..., ::-1])
        world = None if self.world is None else self.world[:, swap] * np.array([-1, 1, 1], np.float32)
        return replace(
            self,
            heatmaps=np.ascontiguousarray(self.heatmaps[:, swap, :, ::-1]),
            keypoints=self.keypoints[:, swap],
            crop=compose(np.broadcast_to(FLIP, self.crop.shape), self.crop),
            silhouettes=silhouettes,
            world=world,
            phase=None if self.phase is None else (self.phase + np.float32(0.5)) % np.float32(1),
        )


def quantise(maps: Float32[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Probabilities in 0..1 as bytes, as they are stored: rounded, background noise (under 3/255) removed."""
    levels: NDArray[np.uint8] = np.rint(np.clip(maps, 0.0, 1.0) * 255.0).astype(np.uint8)
    levels *= levels >= DEAD_ZONE
    return levels


def transform(
    affines: Affines, points: Float32[np.ndarray, "frames n 2"]
) -> Float32[np.ndarray, "frames n 2"]:
    """Points moved by one affine a frame."""
    moved: NDArray[np.float32] = np.einsum("tij,tnj->tni", affines[:, :, :2], points) + affines[:, None, :, 2]
    return moved


def compose(after: Affines, before: Affines) -> Affines:
    """The affine that does ``before`` first, then ``after``."""
    linear = after[:, :, :2] @ before[:, :, :2]
    shift = after[:, :, :2] @ before[:, :, 2:] + after[:, :, 2:]
    return np.concatenate([linear, shift], axis=2)


class Window(NamedTuple):
    """Which frames of a clip a window shows: ``frames`` [F] indices, ``mask`` [F] true where it shows one."""

    frames: Int64[np.ndarray, " slots"]
    mask: Bool[np.ndarray, " slots"]


def window(
    times: Float64[np.ndarray, " frames"], start: int, frames: int, rate: float = WINDOW_RATE
) -> Window:
    """The real frames nearest to ``frames`` ticks of a clock that starts with the clip.

    Args:
        times: float64 [T] seconds of the clip's frames.
        start: first tick, counted from the clip's first frame at ``rate`` ticks a second.
        frames: number of ticks.
        rate: ticks a second.

    Of two frames that are equally near the earlier one is shown. Ticks before or behind the clip, and ticks
    in a hole longer than 0.2 s, are masked.
    """
    ticks = times[0] + np.arange(start, start + frames) / rate
    after = np.clip(np.searchsorted(times, ticks), 1, max(len(times) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(times) - 1)
    gap = times[after] - times[before]
    nearest = np.where(ticks - times[before] <= times[after] - ticks + SAME_TIME, before, after)
    near = np.abs(times[nearest] - ticks) <= 0.5 / rate + SAME_TIME
    inside = (ticks >= times[before]) & (ticks <= times[after]) & (gap <= MAX_GAP + SAME_TIME)
    return Window(nearest.astype(np.int64), near | inside)


def ticks(times: Float64[np.ndarray, " frames"], rate: float) -> int:
    """How often a clock ticks while a clip lasts, from its first frame to its last."""
    return int(np.floor((times[-1] - times[0] + SAME_TIME) * rate + 0.5)) + 1


def windows(times: Float64[np.ndarray, " frames"]) -> list[Window]:
    """The overlapping windows whose weighted mean *is* a clip's embedding (60 frames at 25/s, every 30)."""
    last = max(ticks(times, WINDOW_RATE) - (WINDOW_FRAMES - WINDOW_HOP), 1)
    cut = [window(times, start, WINDOW_FRAMES) for start in range(0, last, WINDOW_HOP)]
    return [piece for piece in cut if piece.mask.any()]
