"""The embedded person detectors: SSDLite MobileNetV2, and BlazePose's own where OpenVINO is not installed."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.assets import fetch
from gaitheat.runtime import Runtime, load
from gaitheat.video.protocols import Detections

INPUT = 300
MIN_SCORE = 0.2
"""Weaker detections are bushes and lamp posts; a tracker asks for more before it starts to follow."""
LONG = 1.5
"""A picture longer than this, in its shorter side, is looked at square by square."""
SEAM = 0.2
"""Squares share at least this part of their side with the next: a person stands whole in one of them."""
OVERLAP = 0.5
"""Of two boxes that share more than this (intersection over union) the weaker is dropped."""
POSE_INPUT = 224
ANCHORS = ((28, 2), (14, 2), (7, 6))
"""BlazePose's detector: cells along each side of its three grids, and how many guesses it makes in a cell."""
POSE_OVERLAP = 0.3
"""OVERLAP for its boxes, which are slim and waver from guess to guess."""
TALL, SLIM = 0.95, 0.36
"""Height and width of a person in diameters of the circle that BlazePose's detector draws around them: the
median of 157 people measured by their joints."""


class SsdLite:
    """SSDLite, trained on pedestrians, on OpenVINO; a long picture is looked at square by square.

    A picture twice as wide as high would show people half as wide as they are: hardly one would be found.
    """

    def __init__(self, threads: int = 1) -> None:
        shape = (1, INPUT, INPUT, 3)
        self._network = load(fetch("ssdlite"), shape, threads, runtime="openvino")  # no .tflite file

    def __call__(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """People in one RGB picture of any size, best first; boxes lie inside the picture."""
        return _by_squares(rgb, self._detect, OVERLAP)

    def _detect(self, rgb: NDArray[np.uint8]) -> Detections:
        # Area averaging enlarges into blocks, in which small people are not recognised any more.
        smaller = min(rgb.shape[:2]) > INPUT
        interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        small = cv2.resize(rgb, (INPUT, INPUT), interpolation=interpolation)
        outputs = self._network(small.astype(np.uint8, copy=False)[None])
        scores = outputs["detection_scores:0"][0]
        height, width = rgb.shape[:2]
        corners = np.clip(outputs["detection_boxes:0"][0][:, [1, 0, 3, 2]], 0, 1)
        boxes = (corners * [width, height, width, height]).astype(np.float32)
        sure = scores >= MIN_SCORE
        return Detections(boxes[sure], scores[sure])


class BlazePoseDetector:
    """BlazePose's own detector (V. Bazarevsky et al., 2020): a circle around the body, by head and hips.

    It is as good as SSDLite for one or two people who are near, and faster; of a crowd it finds hardly
    anybody (3 of the 41 whom SSDLite finds in ten pictures of a busy square).

    Args:
        threads: CPU threads.
        runtime: who computes; None: the best that is installed.
    """

    def __init__(self, threads: int = 1, runtime: Runtime | None = None) -> None:
        file = fetch("blazepose-detector")
        self._network = load(file, (1, None, None, None), threads, runtime=runtime)
        self._anchors = _anchors()

    def __call__(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """People in one RGB picture of any size, best first; boxes of people at its edge reach beyond it."""
        return _by_squares(rgb, self._detect, POSE_OVERLAP)

    def _detect(self, rgb: NDArray[np.uint8]) -> Detections:
        height, width = rgb.shape[:2]
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = np.zeros((side, side, 3), np.uint8)
        square[top : top + height, left : left + width] = rgb
        interpolation = cv2.INTER_AREA if side > POSE_INPUT else cv2.INTER_LINEAR
        small = cv2.resize(square, (POSE_INPUT, POSE_INPUT), interpolation=interpolation)
        outputs = self._network(small[None].astype(np.float32) / np.float32(127.5) - 1)
        guesses = {array.shape[2]: array[0] for array in outputs.values()}
        scores = ((1 + np.tanh(guesses[1][:, 0] / 2)) / 2).astype(np.float32)
        sure = scores >= MIN_SCORE
        # Of a guess's twelve numbers the fifth to eighth are the hips and a point on the circle around them.
        points = guesses[12][sure, 4:8].reshape(-1, 2, 2) / POSE_INPUT + self._anchors[sure, None]
        points = points * side - [left, top]
        diameters = 2 * np.linalg.norm(points[:, 1] - points[:, 0], axis=1, keepdims=True)
        half = diameters * [SLIM / 2, TALL / 2]
        boxes = np.hstack([points[:, 0] - half, points[:, 0] + half]).astype(np.float32)
        return Detections(boxes, scores[sure])


def _anchors() -> Float32[np.ndarray, "guesses 2"]:
    """Where each guess is made: the centres of the cells, x and y in 0..1."""
    grids = []
    for cells, guesses in ANCHORS:
        rows, columns = (np.indices((cells, cells)).reshape(2, -1) + 0.5) / cells
        grids.append(np.column_stack([columns, rows]).repeat(guesses, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _by_squares(
    rgb: UInt8[np.ndarray, "height width 3"],
    detect: Callable[[NDArray[np.uint8]], Detections],
    overlap: float,
) -> Detections:
    """Everybody who is found in some square of the picture, once."""
    boxes, scores = [], []
    for x0, y0, x1, y1 in tiles(rgb.shape[1], rgb.shape[0]):
        tile = detect(rgb[y0:y1, x0:x1])
        boxes.append(tile.boxes + np.array([x0, y0, x0, y0], np.float32))
        scores.append(tile.scores)
    return suppress(Detections(np.concatenate(boxes), np.concatenate(scores)), overlap)


def tiles(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Where to look, as x0, y0, x1, y1: the whole picture, or overlapping squares along a long one."""
    short, long = sorted((width, height))
    if long <= LONG * short:
        return [(0, 0, width, height)]
    steps = math.ceil((long - short) / ((1 - SEAM) * short))
    starts = np.linspace(0, long - short, steps + 1).astype(int).tolist()
    if width > height:
        return [(start, 0, start + short, height) for start in starts]
    return [(0, start, width, start + short) for start in starts]


def suppress(detections: Detections, overlap: float) -> Detections:
    """Non-maximum suppression: one box a person, best score first."""
    boxes, scores = detections
    sizes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    kept = np.asarray(cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), 0.0, overlap), np.int64).reshape(-1)
    return Detections(boxes[kept], scores[kept])
