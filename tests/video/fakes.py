"""A drawn world: people are coloured blobs, a detector and an estimator that read them out of the pixels."""

import os
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from factories import STANDING
from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH, Clip, Estimator
from gaitheat.frames import Frame
from gaitheat.heatmaps.draw import gaussians
from gaitheat.video.crop import CROP_CELLS, MARGIN
from gaitheat.video.extract import identified
from gaitheat.video.extractor import Extractor
from gaitheat.video.protocols import Detections, Detector, PoseEstimator, Poses

SIZE = (160, 120)
ASPECT = 0.3
GREEN = 200
"""All people, and nothing else, are that green; their red says who they are, their blue how sure one is."""
FIRST_RED, RED_STEP = 60, 40

# Joints of a person in the unit square of the body's box, so that `pose_boxes` gives this very box.
_LOW, _HIGH = STANDING.min(axis=0), STANDING.max(axis=0)
JOINTS_IN_BOX = (STANDING - _LOW) / (_HIGH - _LOW) * [1, 1 / 1.17] + [0, 0.12 / 1.17]

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Person:
    """A blob: ``where`` tells centre x, centre y and height at a time, or None where it is not there.

    People are drawn in the order of the list: later ones hide earlier ones.
    """

    where: Callable[[float], Place | None]
    colour: int = 0
    score: float = 0.9


def walking(x: float, speed: float, y: float = 60, height: float = 60, begin: float = 0, end: float = 1e9):
    """A straight way: ``x`` at time 0, ``speed`` in pixels a second; seen from ``begin`` to ``end``."""
    return lambda moment: (x + speed * moment, y, height) if begin <= moment < end else None


@dataclass
class DrawnVideo:
    """A FrameSource of drawn people that counts how many of its frames are alive at once."""

    people: Sequence[Person]
    times: Sequence[float]
    size: tuple[int, int] = SIZE
    name: str = "drawn"
    problem: str | None = None
    readings: int = field(default=0, init=False)
    alive: int = field(default=0, init=False)
    most_alive: int = field(default=0, init=False)

    def sha256(self) -> str:
        return "f" * 64

    def length(self) -> int | None:
        return len(self.times)

    def __iter__(self) -> Iterator[Frame]:
        self.readings += 1
        for number, moment in enumerate(self.times):
            yield self._counted(Frame(number, float(moment), lambda moment=moment: self.draw(moment)))

    def _counted(self, frame: Frame) -> Frame:
        self.alive += 1
        self.most_alive = max(self.most_alive, self.alive)
        weakref.finalize(frame, self._gone)
        return frame

    def _gone(self) -> None:
        self.alive -= 1

    def draw(self, moment: float) -> np.ndarray:
        width, height = self.size
        pixels = np.zeros((height, width, 3), np.uint8)
        for person in self.people:
            place = person.where(moment)
            if place is not None:
                x, y, tall = place
                x0, x1 = round(x - ASPECT * tall / 2), round(x + ASPECT * tall / 2)
                y0, y1 = round(y - tall / 2), round(y + tall / 2)
                red = FIRST_RED + RED_STEP * person.colour
                pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = (
                    red, GREEN, round(255 * person.score)
                )  # fmt: skip
        return pixels


def clock(seconds: float, rate: float = 25.0) -> np.ndarray:
    return np.arange(round(seconds * rate)) / rate


def uneven_clock(seconds: float, seed: int = 0) -> np.ndarray:
    """Frames 10 to 100 ms apart."""
    steps = np.random.default_rng(seed).uniform(0.01, 0.1, round(100 * seconds))
    times = np.cumsum(steps)
    return times[times < seconds]


class BlobDetector:
    """The bounding box of what is seen of every colour."""

    def __call__(self, rgb: np.ndarray) -> Detections:
        boxes, scores = [], []
        green = rgb[..., 1] == GREEN
        for red in np.unique(rgb[..., 0][green]):
            rows, columns = np.nonzero(green & (rgb[..., 0] == red))
            boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
            scores.append(rgb[rows[0], columns[0], 2] / 255)
        order = np.argsort(scores)[::-1]
        return Detections(
            np.array(boxes, np.float32).reshape(-1, 4)[order], np.array(scores, np.float32)[order]
        )


class BlobEstimator:
    """A pose in the box of the colour that fills most of the crop's middle; slim ones are no whole people.

    Args:
        pause: seconds that a crop takes.
        deadly: the process dies at the first crop.
    """

    identity = Estimator("blobs", "0" * 64, "rgb-1")
    crop_size = (CROP_CELLS * MAP_HEIGHT, CROP_CELLS * MAP_WIDTH)

    def __init__(self, pause: float = 0.0, deadly: bool = False) -> None:
        self.pause, self.deadly = pause, deadly
        self.crops = 0

    def __call__(self, crops: np.ndarray) -> Poses:
        if self.deadly:
            os._exit(7)
        time.sleep(self.pause * len(crops))
        self.crops += len(crops)
        seen = [self._look(crop) for crop in crops]
        keypoints = np.stack([points for points, _, _ in seen])
        return Poses(
            heatmaps=gaussians(keypoints),
            keypoints=keypoints,
            present=np.array([present for _, present, _ in seen], np.float32),
            silhouettes=np.stack([mask for _, _, mask in seen]),
            world=None,
        )

    def _look(self, crop: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        red, green = crop[..., 0].astype(float), crop[..., 1].astype(float)
        # Edges are mixed with black, which darkens both: their ratio stays.
        people = np.rint((red * GREEN / np.maximum(green, 1) - FIRST_RED) / RED_STEP).astype(int)
        people[green < GREEN / 2] = -1
        middle = people[64:192, 64:128]
        colours = np.bincount(middle[middle >= 0], minlength=1)
        mask = people == colours.argmax()
        if mask.sum() < 500:
            return np.zeros((17, 3), np.float32), 0.0, np.zeros((128, 96), np.uint8)
        rows, columns = np.nonzero(mask)
        low = np.array([columns.min(), rows.min()])
        size = np.array([columns.max(), rows.max()]) + 1 - low
        points = np.full((17, 3), 0.9, np.float32)
        points[:, :2] = (low + JOINTS_IN_BOX * size) / CROP_CELLS - 0.5
        whole = 0.6 * ASPECT < size[0] / size[1] < 1.7 * ASPECT
        half = (SILHOUETTE_WIDTH, SILHOUETTE_HEIGHT)
        return points, 1.0 if whole else 0.2, cv2.resize(255 * mask.astype(np.uint8), half)


class Standing:
    """An estimator of no cost: the same whole person in every crop, as high as the box that was cropped."""

    identity, crop_size = BlobEstimator.identity, (256, 192)

    def __init__(self) -> None:
        height = MAP_HEIGHT / MARGIN
        points = np.full((1, 17, 3), 0.9, np.float32)
        points[0, :, :2] = [23.5, 31.5] + (JOINTS_IN_BOX - 0.5) * [ASPECT * height, height]
        silhouette = np.zeros((1, 128, 96), np.uint8)
        self.pose = Poses(gaussians(points), points, np.ones(1, np.float32), silhouette, None)

    def __call__(self, crops: np.ndarray) -> Poses:
        return Poses(*(None if part is None else part.repeat(len(crops), axis=0) for part in self.pose))


class Once:
    """A detector that always finds the same person."""

    def __call__(self, rgb: np.ndarray) -> Detections:
        return Detections(np.array([(13, 8, 35, 56)], np.float32), np.ones(1, np.float32))


@dataclass(frozen=True)
class BlobExtractor(Extractor):
    """Makes the fakes in a worker process, and leaves the number of that process in a folder."""

    pause: float = 0.0
    deadly: bool = False
    processes: Path | None = None

    def parts(self, cores: int) -> tuple[Detector, PoseEstimator]:
        if self.processes is not None:
            (self.processes / str(os.getpid())).touch()
        return BlobDetector(), BlobEstimator(self.pause, self.deadly)

    def identity(self) -> Estimator:
        return identified(BlobEstimator.identity, self.preprocessing)


def record(video: DrawnVideo, path: Path, rate: int = 25) -> Path:
    """The drawn video as a file without loss; ``times`` must be even."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.width, stream.height = video.size
        stream.pix_fmt = "bgr0"
        for frame in video:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.rgb, "rgb24")))
        container.mux(stream.encode(None))
    return path


def path_of(clip: Clip) -> np.ndarray:
    """Where the trunk of a person is, by the clip's keypoints in the picture."""
    return clip.keypoints[:, [5, 6, 11, 12], 0].mean(axis=1)


def check_demo(clips: list[Clip], width: int) -> None:
    """A man stands (until he turns a somersault), a woman walks by from the right to the left, and leaves."""
    standing, walker = clips
    path = path_of(walker) / width
    assert standing.times[0] < 0.1
    assert 4 < standing.times[-1] < 6
    assert np.abs(np.diff(path_of(standing)[standing.times < 4.5])).max() < 0.03 * width
    assert path[0] > 0.5
    assert path[-1] < 0.15
    assert np.diff(path).max() < 0.01
    assert walker.keypoints[..., 0].min() > -0.02 * width
    assert walker.refused["partly outside the picture"] >= 3
