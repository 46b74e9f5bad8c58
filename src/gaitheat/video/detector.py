"""The embedded person detector: SSDLite MobileNetV2 trained on pedestrians, small enough for every laptop."""

import math

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from gaitheat.assets import fetch
from gaitheat.inference import Network
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


class SsdLite:
    """SSDLite on OpenVINO; a picture is scaled to 300 x 300, a long one square by square.

    A picture twice as wide as high would show people half as wide as they are: hardly one would be found.
    """

    def __init__(self, threads: int = 1) -> None:
        self._network = Network(fetch("ssdlite"), (1, INPUT, INPUT, 3), threads)

    def __call__(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """People in one RGB picture of any size, best first; boxes lie inside the picture."""
        boxes, scores = [], []
        for x0, y0, x1, y1 in tiles(rgb.shape[1], rgb.shape[0]):
            tile = self._detect(rgb[y0:y1, x0:x1])
            boxes.append(tile.boxes + np.array([x0, y0, x0, y0], np.float32))
            scores.append(tile.scores)
        return suppress(Detections(np.concatenate(boxes), np.concatenate(scores)))

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


def suppress(detections: Detections, overlap: float = OVERLAP) -> Detections:
    """Non-maximum suppression: one box a person, best score first."""
    boxes, scores = detections
    sizes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    kept = np.asarray(cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), 0.0, overlap), np.int64).reshape(-1)
    return Detections(boxes[kept], scores[kept])
