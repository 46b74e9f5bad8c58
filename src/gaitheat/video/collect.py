"""From posed frames to a clip: what is not a whole person is refused, and every refusal has its reason."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_WIDTH, SILHOUETTE_WIDTH, Affines, Clip, ClipKey, Estimator, Refusal, transform
from gaitheat.frames import Frame
from gaitheat.video.protocols import Poses

MIN_PRESENT = 0.5
"""The estimator must believe in a whole person at least as much as not."""
MIN_FRAMES, MIN_SECONDS = 12, 0.4
"""A clip is at least 12 frames, half a second at 25 frames/s: about half a stride, at any rate."""
OUTSIDE = 0.03
"""Joints may lie outside the picture by this share of the crop: rounding, not a guess at a hidden leg."""
EDGE = 8
"""Cells along which a silhouette may touch the picture's edge: a foot or the top of a head does, no more."""
TRUNK_AND_LEGS = [5, 6, 11, 12, 13, 14, 15, 16]


class PosedFrame(NamedTuple):
    """One frame of one track as it comes from the estimator; ``pose`` holds a single crop."""

    time: float
    affine: Float32[np.ndarray, "2 3"]
    pose: Poses
    picture: tuple[int, int]
    """Width and height of the whole picture."""
    hidden: bool
    """Another person stands where this one should be."""


def posed_frames(
    frames: Sequence[Frame], affines: Affines, poses: Poses, hidden: Bool[np.ndarray, " crops"]
) -> list[PosedFrame]:
    """The poses of N crops, one by one, with the frame that each was cut from."""
    return [
        PosedFrame(
            frame.time,
            affines[i],
            pick(poses, slice(i, i + 1)),
            (frame.rgb.shape[1], frame.rgb.shape[0]),
            bool(hidden[i]),
        )
        for i, frame in enumerate(frames)
    ]


def pick(poses: Poses, crops: NDArray[np.bool_] | slice) -> Poses:
    """Some of the crops' poses."""
    return Poses(*(None if array is None else array[crops] for array in poses))  # type: ignore[arg-type]


def join(parts: Sequence[Poses]) -> Poses:
    """Poses of several calls as one."""
    columns = zip(*parts, strict=True)
    return Poses(*(None if column[0] is None else np.concatenate(column) for column in columns))  # type: ignore[arg-type]


def image_keypoints(poses: Poses, affines: Affines) -> Float32[np.ndarray, "frames 17 3"]:
    """The keypoints of poses with x and y in image pixels."""
    scale = affines[:, 0, 0]
    back = np.zeros_like(affines)
    back[:, 0, 0] = back[:, 1, 1] = 1 / scale
    back[:, :, 2] = -affines[:, :, 2] / scale[:, None]
    keypoints = poses.keypoints.copy()
    keypoints[..., :2] = transform(back, poses.keypoints[..., :2])
    return keypoints


def collect(
    frames: list[PosedFrame], key: ClipKey, source: str, sha256: str, estimator: Estimator
) -> Clip | Refusal:
    """The clip of a track, or why there is none."""
    if not frames:
        return Refusal(key, source, sha256, estimator, "no frames", 0)
    poses = join([frame.pose for frame in frames])
    affines = np.stack([frame.affine for frame in frames])
    points = image_keypoints(poses, affines)
    pictures = np.array([frame.picture for frame in frames])
    hidden = np.array([frame.hidden for frame in frames])
    faults = frame_faults(poses, points, affines, pictures, hidden)
    good = ~np.any(list(faults.values()), axis=0)
    refused = {reason: int(bad.sum()) for reason, bad in faults.items() if bad.any()}
    times = np.array([frame.time for frame in frames])[good]
    if len(times) < MIN_FRAMES or times[-1] - times[0] < MIN_SECONDS:
        reason, lost = max(refused.items(), key=lambda item: item[1], default=("too short", 0))
        reason = reason if lost > good.sum() else "too short"
        return Refusal(key, source, sha256, estimator, reason, len(frames))
    kept = pick(poses, good)
    return Clip(
        key, source, sha256, estimator, times, kept.heatmaps, points[good], affines[good], kept.present,
        kept.silhouettes, kept.world, refused,
    )  # fmt: skip


def frame_faults(
    poses: Poses,
    points: Float32[np.ndarray, "frames 17 3"],
    affines: Affines,
    pictures: NDArray[np.int64],
    hidden: Bool[np.ndarray, " frames"],
) -> dict[str, Bool[np.ndarray, " frames"]]:
    """Which frames show no whole person, by reason; a frame is refused for the first that applies.

    Args:
        poses: what the estimator said.
        points: its keypoints in image pixels.
        affines: image pixels to heatmap pixels.
        pictures: [T, 2] width and height of each frame's picture.
        hidden: where another person stands in the way.
    """
    finite = np.isfinite(points).all(axis=(1, 2)) & np.isfinite(poses.present)
    if poses.world is not None:
        finite &= np.isfinite(poses.world).all(axis=(1, 2))
    slack = OUTSIDE * poses.heatmaps.shape[2] / affines[:, 0, 0]
    body = points[:, TRUNK_AND_LEGS, :2]
    inside = ((body >= -slack[:, None, None]) & (body <= (pictures + slack[:, None])[:, None])).all(
        axis=(1, 2)
    )
    if poses.silhouettes is not None:
        inside &= edge_contact(poses.silhouettes, affines, pictures) <= EDGE
    # A comparison with NaN is false: a frame that is not finite counts once, as that.
    absent = finite & ~(poses.present > MIN_PRESENT)
    seen = finite & ~absent
    return {
        "keypoints not finite": ~finite,
        "person flag low": absent,
        "hidden by another person": seen & hidden,
        "partly outside the picture": seen & ~hidden & ~inside,
    }


def edge_contact(
    silhouettes: UInt8[np.ndarray, "frames 128 96"], affines: Affines, pictures: NDArray[np.int64]
) -> Float64[np.ndarray, " frames"]:
    """Cells along which each silhouette touches the picture's edge.

    An estimator guesses the hidden leg of half a person inside the picture; the silhouette shows the cut.
    """
    finer = SILHOUETTE_WIDTH // MAP_WIDTH
    frames = np.arange(len(silhouettes))
    longest = np.zeros(len(silhouettes))
    for axis, lines in enumerate([silhouettes.transpose(0, 2, 1) > 127, silhouettes > 127]):
        scale, shift = affines[:, axis, axis], affines[:, axis, 2]
        near, far = (
            finer * (scale * (end - 0.5) + shift + 0.5) - 0.5 for end in (np.zeros(1), pictures[:, axis])
        )
        # The outermost line mixes with the black outside, so the second one counts.
        for line in (np.ceil(near) + 1, np.floor(far) - 1):
            inside = (line >= 0) & (line < lines.shape[1])
            touching = lines[frames, np.where(inside, line, 0).astype(np.int64)].sum(axis=1)
            longest = np.maximum(longest, inside * touching / finer)
    return longest
