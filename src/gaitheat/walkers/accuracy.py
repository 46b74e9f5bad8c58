"""How far an estimator is from the truth, on clips whose truth lies beside them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from gaitheat.clips import Clip, ClipKey
from gaitheat.skeleton import ANKLES, KNEES, MIRROR
from gaitheat.sources import ClipSource
from gaitheat.walkers.truth import true_key
from gaitheat.walkers.walk import walk_called

PERSON = 150
"""Pixels: errors are given for a person so tall in the picture, whatever the camera's distance."""
FACE_TO_ANKLES = 0.87
"""Share of the stature that the joints span (12 people: 0.87 +- 0.01)."""
APART = 0.05
"""Of the body's height: legs nearer to each other than this cannot be told apart, and need not be."""
LEGS = [*KNEES, *ANKLES]


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """What one clip says against its truth; T frames of ``expected``."""

    key: ClipKey
    expected: int
    """Frames of the recording."""
    distance: Float64[np.ndarray, "frames 17"]
    """Between estimated and true joints, in pixels of a person 150 pixels tall."""
    swapped: Bool[np.ndarray, " frames"]
    """Whether knees and ankles fit the true ones better with left and right exchanged."""
    apart: Bool[np.ndarray, " frames"]
    """Whether the legs are far enough apart in the picture for that to be a question."""
    overlap: Float64[np.ndarray, " frames"]
    """Intersection over union of estimated and true silhouette."""


def errors(clip: Clip, truth: Clip, expected: int) -> Errors:
    """A clip against its truth, in the same crops.

    Args:
        clip: what the estimator said.
        truth: the same frames without errors.
        expected: frames of the whole recording.
    """
    assert clip.silhouettes is not None
    assert truth.silhouettes is not None
    said, true = (item.keypoints_on_maps()[..., :2].astype(np.float64) for item in (clip, truth))
    mask, true_mask = clip.silhouettes > 127, truth.silhouettes > 127
    height = np.median(np.ptp(true[..., 1], axis=1)) / FACE_TO_ANKLES
    distance = np.linalg.norm(said - true, axis=2) * PERSON / height
    exchanged = np.linalg.norm(said - true[:, list(MIRROR)], axis=2)[:, LEGS].sum(1) * PERSON / height
    apart = np.linalg.norm(true[:, ANKLES[0]] - true[:, ANKLES[1]], axis=1) > APART * height
    union = (mask | true_mask).sum(axis=(1, 2))
    return Errors(
        clip.key,
        expected,
        distance,
        exchanged < distance[:, LEGS].sum(1),
        apart,
        (mask & true_mask).sum(axis=(1, 2)) / np.maximum(union, 1),
    )


def all_errors(source: ClipSource) -> Iterator[Errors]:
    """The errors of every clip whose truth is there, one clip in memory at a time."""
    infos = source.infos()
    there = {info.key for info in infos}
    for info in infos:
        if true_key(info.key) in there:
            clip, truth = source.read([(info.key, None), (true_key(info.key), None)])
            yield errors(clip, truth, walk_called(info.source).frames)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The figures of some clips, for a table; None where there is nothing to measure."""

    group: str
    clips: int
    detected: float
    """Share of the recordings' frames that became frames of clips; a recording without a clip counts."""
    mean: float | None
    """Mean distance of the joints, pixels of a person 150 pixels tall."""
    median: float | None
    swapped: float | None
    """Share of the frames with legs apart in which the legs are exchanged."""
    overlap: float | None
    """Mean intersection over union of the silhouettes."""


def summary(group: str, some: Sequence[Errors], lost: Iterable[int]) -> Accuracy:
    """The figures of some clips; ``lost`` are the frames of each recording that gave no clip at all."""
    frames = sum(len(item.overlap) for item in some)
    detected = frames / max(sum(item.expected for item in some) + sum(lost), 1)
    if not some:
        return Accuracy(group, 0, detected, None, None, None, None)
    distance, swapped, apart, overlap = (
        np.concatenate(values)
        for values in zip(*((i.distance, i.swapped, i.apart, i.overlap) for i in some), strict=True)
    )
    return Accuracy(
        group,
        len(some),
        detected,
        float(distance.mean()),
        float(np.median(distance)),
        float(swapped[apart].mean()) if apart.any() else None,
        float(overlap.mean()),
    )


def by(
    field: Callable[[ClipKey], str], some: Iterable[Errors], lost: Mapping[ClipKey, int]
) -> list[Accuracy]:
    """The figures by a property of the key, such as the view; ``lost`` as frames of each recording."""
    groups: dict[str, list[Errors]] = defaultdict(list)
    missing: dict[str, list[int]] = defaultdict(list)
    for item in some:
        groups[field(item.key)].append(item)
    for key, frames in lost.items():
        missing[field(key)].append(frames)
    return [summary(group, groups[group], missing[group]) for group in sorted({*groups, *missing})]
