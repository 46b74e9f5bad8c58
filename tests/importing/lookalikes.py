"""Small look-alikes of data sets, in the layouts and types that OpenGait and FastPoseGait write."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factories import make_clip
from gaitheat.clips import Clip
from gaitheat.skeleton import JOINTS, ORDERS_18, Order18


def walk(seed: int = 0, frames: int = 30) -> Clip:
    """A person walks through the picture."""
    return make_clip(frames, seed)


def heatmaps(clip: Clip) -> NDArray[np.float16]:
    """float16 [T, 17, 64, 48], as FastPoseGait has them."""
    return (clip.heatmaps / np.float32(255)).astype(np.float16)


def poses(clip: Clip) -> NDArray[np.float64]:
    """float64 [T, 17, 3] in image pixels, as ``numpy.genfromtxt`` reads them."""
    return clip.keypoints.astype(np.float64)


def poses18(clip: Clip, order: Order18 = "openpose") -> NDArray[np.float64]:
    """float64 [T, 18, 3]: as OUMVLP-Pose has them."""
    joints = dict(zip(JOINTS, poses(clip).swapaxes(0, 1), strict=True))
    joints["neck"] = (joints["left_shoulder"] + joints["right_shoulder"]) / 2
    return np.stack([joints[name] for name in ORDERS_18[order]], axis=1)


def silhouettes(clip: Clip) -> NDArray[np.uint8]:
    """uint8 [T, 64, 64]: each cut at head and feet, stretched to 64 rows, its middle in the middle."""
    assert clip.silhouettes is not None
    return np.stack([_cut(mask) for mask in clip.silhouettes])


def _cut(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    there = np.flatnonzero(mask.max(axis=1) > 127)
    body = mask[there[0] : there[-1] + 1]
    rows = (np.arange(64) * len(body) / 64).astype(int)
    columns = (np.arange(-32, 32) * len(body) / 64 + 48).astype(int)
    outside = (columns < 0) | (columns >= mask.shape[1])
    cut = body[rows][:, columns.clip(0, mask.shape[1] - 1)]
    cut[:, outside] = 0
    return cut


def dump(value: Any, path: Path, protocol: int = pickle.DEFAULT_PROTOCOL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))
    return path


Write = Callable[[Path, str, Clip], None]


def fastposegait(folder: Path, view: str, clip: Clip) -> None:
    """What FastPoseGait's own estimation of heatmaps leaves in the folder of a view."""
    dump(poses(clip).astype(np.float32), folder / f"pose_{view}.pkl")
    dump(heatmaps(clip), folder / f"float_{view}.pkl")


def opengait_silhouettes(folder: Path, view: str, clip: Clip) -> None:
    dump(silhouettes(clip), folder / f"{view}.pkl")


def opengait_poses(folder: Path, view: str, clip: Clip) -> None:
    dump(poses(clip), folder / f"{view}.pkl")


def casia_b(
    root: Path,
    write: Write,
    subjects: tuple[str, ...] = ("075", "076"),
    kinds: tuple[str, ...] = ("nm-01", "nm-05"),
    views: tuple[str, ...] = ("000", "090"),
    frames: int = 12,
) -> Path:
    """A CASIA-B of a few walks; equal subjects walk alike."""
    for number, subject in enumerate(subjects):
        for kind in kinds:
            for view in views:
                write(root / subject / kind / view, view, walk(number, frames))
    return root
