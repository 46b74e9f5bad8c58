"""The Protocols of the three parts of extraction: who is there, who is who, and how do they stand."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from gaitheat.clips import Estimator

Boxes = Float32[np.ndarray, "people 4"]
"""x0, y0, x1, y1 in image pixels, edges (not centres) of the first and last pixel."""


class Detections(NamedTuple):
    """People found in one picture: ``boxes`` [N, 4] image pixels, ``scores`` [N] in 0..1."""

    boxes: Boxes
    scores: Float32[np.ndarray, " people"]


class Poses(NamedTuple):
    """What an estimator says of N crops, in heatmap pixels of each crop's heatmap frame."""

    heatmaps: UInt8[np.ndarray, "crops 17 64 48"]
    keypoints: Float32[np.ndarray, "crops 17 3"]
    present: Float32[np.ndarray, " crops"]
    silhouettes: UInt8[np.ndarray, "crops 128 96"] | None
    world: Float32[np.ndarray, "crops 17 3"] | None


@runtime_checkable
class Detector(Protocol):
    """Finds people in a picture."""

    def __call__(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """People in one RGB picture of any size."""
        ...


@runtime_checkable
class PoseEstimator(Protocol):
    """Sees crops of one upright person each, returns maps; ``crop_size`` is (height, width) in pixels.

    The crop shows the heatmap frame at 4 pixels a cell (256 x 192), widened evenly on both sides if wider.
    """

    identity: Estimator
    crop_size: tuple[int, int]

    def __call__(self, crops: UInt8[np.ndarray, "crops height width 3"]) -> Poses:
        """Poses of RGB crops of size ``crop_size``."""
        ...


@runtime_checkable
class Tracker(Protocol):
    """Joins detections to people over time, causally: called once for every picture that was looked at."""

    def predict(self, time: float) -> Boxes:
        """Where everybody who is followed should be now: [N, 4]."""
        ...

    def update(self, time: float, detections: Detections) -> list[tuple[int, int]]:
        """Who was seen now: (track, index of the detection). Detections that nobody claims are left out."""
        ...
