"""Clips from which something was taken out, to see whether an embedding needs it: pure functions.

``one-frame``: no motion, only the middle frame. ``shuffled``: all frames, no order. ``no-proportions``: all
whom a camera saw have its mean body, and move as before.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import NamedTuple
from zlib import crc32

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip, ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import warp
from gaitheat.skeleton import ANKLES, HIPS, JOINTS, KNEES, PARTS, SHOULDERS, WRISTS

Change = Callable[[Clip], Clip]
Prepare = Callable[[Iterable[Clip], Callable[[ClipKey], str]], Change]
"""From all clips, which are read only if need be, and the camera of a key, to what is done to each clip."""
MOST = 2.0
"""No bone is made longer or shorter by more than this factor."""
CHEST = 0.15
"""Depth of a chest in body lengths: a trunk looks as wide as its shoulders and this together."""
_ELBOWS = (7, 8)
_MOVING = ("heatmaps", "keypoints", "crop", "present", "silhouettes", "world", "phase")
"""Arrays of a clip with a row a frame, but for the times."""


class Proportions(NamedTuple):
    """Lengths in the picture: the median over a clip's frames, of both sides."""

    head: float
    """From the neck, midway between the shoulders, to the middle of nose, eyes and ears."""
    shoulders: float
    trunk: float
    hips: float
    upper_arms: float
    forearms: float
    thighs: float
    shins: float

    @property
    def body(self) -> float:
        """From the neck down to the ankles."""
        return self.trunk + self.thighs + self.shins


def one_frame(clip: Clip) -> Clip:
    """The middle frame."""
    return clip.take(np.array([len(clip) // 2]))


def shuffled(clip: Clip) -> Clip:
    """The same frames at the same times in another order, which hangs on the clip's key alone."""
    order = np.random.default_rng(crc32(str(clip.key).encode())).permutation(len(clip))
    arrays = {name: getattr(clip, name) for name in _MOVING}
    return replace(clip, **{name: array[order] for name, array in arrays.items() if array is not None})


def proportions(clip: Clip) -> Proportions:
    """Those of a clip, in heatmap pixels; GaitheatError if it has no keypoints to measure them by."""
    if not clip.keypoints[..., 2].any():
        raise GaitheatError(
            f"clip {clip.key} has no keypoints, so that its proportions cannot be measured: choose another "
            "control, or import poses beside it"
        )
    points = clip.keypoints_on_maps()[..., :2].astype(np.float64)
    neck, pelvis = (points[:, pair].mean(1) for pair in (SHOULDERS, HIPS))

    def median(*ends: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
        return float(np.median(np.mean([np.linalg.norm(a - b, axis=-1) for a, b in ends], axis=0)))

    def limbs(upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
        return median(*((points[:, a], points[:, b]) for a, b in zip(upper, lower, strict=True)))

    return Proportions(
        head=median((points[:, PARTS["head"]].mean(1), neck)),
        shoulders=median((points[:, SHOULDERS[0]], points[:, SHOULDERS[1]])),
        trunk=median((neck, pelvis)),
        hips=median((points[:, HIPS[0]], points[:, HIPS[1]])),
        upper_arms=limbs(SHOULDERS, _ELBOWS),
        forearms=limbs(_ELBOWS, WRISTS),
        thighs=limbs(HIPS, KNEES),
        shins=limbs(KNEES, ANKLES),
    )


def reshaped(clip: Clip, wanted: Proportions) -> Clip:
    """The clip of somebody with these proportions, as tall as before, who moves in the same way.

    Bones keep their directions, and the neck its place. Each joint's map moves with the joint; silhouettes
    are stretched along and across, the trunk across as its shoulders. Joints in space are left out.

    Args:
        clip: whose bones are brought to the wanted lengths, but never by more than a factor of 2.
        wanted: lengths in any unit.
    """
    own = np.array(proportions(clip)) + 1e-6
    factors = np.array(wanted) / wanted.body * sum(own[[2, 6, 7]]) / own
    change = Proportions(*np.clip(factors, 1 / MOST, MOST).tolist())
    before = clip.keypoints_on_maps()[..., :2].astype(np.float64)
    after = _moved(before, change)
    shift = np.zeros((len(clip), len(JOINTS), 2, 3), np.float32)
    shift[..., 0, 0] = shift[..., 1, 1] = 1
    shift[..., 2] = after - before
    keypoints = clip.keypoints.copy()
    to_image = np.linalg.inv(clip.crop[:, :, :2])
    keypoints[..., :2] = np.einsum("tij,tnj->tni", to_image, after - clip.crop[:, None, :, 2])
    return replace(
        clip,
        heatmaps=warp(clip.heatmaps, shift),
        keypoints=keypoints,
        silhouettes=None if clip.silhouettes is None else _stretched(clip.silhouettes, before, change, own),
        world=None,
    )


def _moved(points: Float64[np.ndarray, "frames 17 2"], change: Proportions) -> NDArray[np.float64]:
    """Joints of bones whose lengths are multiplied, from the neck outwards."""
    neck, pelvis = (points[:, pair].mean(1, keepdims=True) for pair in (SHOULDERS, HIPS))
    moved = np.empty_like(points)
    for joints, factor in ((PARTS["head"], change.head), (SHOULDERS, change.shoulders)):
        moved[:, joints] = neck + factor * (points[:, joints] - neck)
    moved[:, HIPS] = neck + change.trunk * (pelvis - neck) + change.hips * (points[:, HIPS] - pelvis)
    limbs = (
        (SHOULDERS, _ELBOWS, change.upper_arms),
        (_ELBOWS, WRISTS, change.forearms),
        (HIPS, KNEES, change.thighs),
        (KNEES, ANKLES, change.shins),
    )
    for upper, lower, factor in limbs:
        moved[:, lower] = moved[:, upper] + factor * (points[:, lower] - points[:, upper])
    return moved


def _stretched(
    silhouettes: UInt8[np.ndarray, "frames height width"],
    points: Float64[np.ndarray, "frames 17 2"],
    change: Proportions,
    own: Float64[np.ndarray, " lengths"],
) -> UInt8[np.ndarray, "frames height width"]:
    """As the head, trunk and legs; but the trunk across as its shoulders, towards the hips as the legs."""
    height, width = silhouettes.shape[1:]
    rows = (np.arange(height) + 0.5) * MAP_HEIGHT / height - 0.5
    columns = (np.arange(width) + 0.5) * MAP_WIDTH / width - 0.5
    legs = np.average([change.thighs, change.shins], weights=own[6:])
    chest = CHEST * own[[2, 6, 7]].sum()
    wide = (change.shoulders * own[1] + chest) / (own[1] + chest)
    stretched = np.empty_like(silhouettes)
    for frame, silhouette in enumerate(silhouettes):
        neck, pelvis = points[frame, SHOULDERS].mean(0), points[frame, HIPS].mean(0)
        trunk = max(pelvis[1] - neck[1], 1.0)
        down = np.clip((rows - neck[1]) / (change.trunk * trunk), 0, 1)  # 0 at the neck, 1 at the hips
        below = np.maximum(rows - neck[1] - change.trunk * trunk, 0)
        y = neck[1] + np.minimum(rows - neck[1], 0) / change.head + down * trunk + below / legs
        axis = down * (pelvis[0] - neck[0])
        across = np.where(rows < neck[1], change.head, (1 - down) * wide + down * legs)
        x = neck[0] + axis[:, None] + (columns - neck[0] - change.trunk * axis[:, None]) / across[:, None]
        y = np.broadcast_to(y[:, None], x.shape)
        grid = (_pixels(x, width / MAP_WIDTH), _pixels(y, height / MAP_HEIGHT))
        cv2.remap(silhouette, *grid, cv2.INTER_LINEAR, dst=stretched[frame])
    return stretched


def _pixels(places: NDArray[np.float64], finer: float) -> Float32[np.ndarray, "height width"]:
    """Heatmap pixels in those of a grid that is so many times finer."""
    pixels: NDArray[np.float32] = ((places + 0.5) * finer - 0.5).astype(np.float32)
    return pixels


def _without_proportions(clips: Iterable[Clip], camera: Callable[[ClipKey], str]) -> Change:
    """Reads all clips: every camera has its own mean body, as shoulders look narrow from the side."""
    seen: dict[str, list[list[float]]] = {}
    for clip in clips:
        own = proportions(clip)
        seen.setdefault(camera(clip.key), []).append([length / own.body for length in own])
    means = {name: Proportions(*np.mean(bodies, axis=0).tolist()) for name, bodies in seen.items()}
    return lambda clip: reshaped(clip, means[camera(clip.key)])


def _always(change: Change, _clips: Iterable[Clip], _camera: Callable[[ClipKey], str]) -> Change:
    return change


CONTROLS: dict[str, Prepare] = {
    "one-frame": partial(_always, one_frame),
    "shuffled": partial(_always, shuffled),
    "no-proportions": _without_proportions,
}


def control_called(name: str) -> Prepare:
    """The control of that name; GaitheatError with the names there are if there is none."""
    if name not in CONTROLS:
        raise GaitheatError(f"no control is called {name!r}: expected one of {', '.join(CONTROLS)}")
    return CONTROLS[name]
