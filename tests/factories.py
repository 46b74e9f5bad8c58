"""Small plausible clips for tests: a stick figure walks, and maps, keypoints, silhouette and crop agree."""

import numpy as np
from numpy.typing import NDArray

from gaitheat.clips import (
    MAP_HEIGHT,
    MAP_WIDTH,
    SILHOUETTE_HEIGHT,
    SILHOUETTE_WIDTH,
    Clip,
    ClipKey,
    Estimator,
    quantise,
)
from gaitheat.skeleton import JOINTS, SHOULDERS

ESTIMATOR = Estimator("drawn", "0" * 64, "rgb-1")

STANDING = np.array(
    [(24, 9), (25, 8), (23, 8), (26, 9), (22, 9), (28, 17), (20, 17), (29, 25), (19, 25),
     (29, 32), (19, 32), (26, 33), (22, 33), (26, 45), (22, 45), (26, 57), (22, 57)], np.float32
)  # fmt: skip
"""Joints of an upright person, x and y in heatmap pixels."""

SWING = np.array([0, 0, 0, 0, 0, 0.5, -0.5, 2, -2, 4, -4, -0.5, 0.5, -3, 3, -6, 6], np.float32)
"""How far each joint swings along x while walking, heatmap pixels; left arm against left leg."""


def make_key(subject: str = "anna", track: int = 0, condition: str = "walking", take: str = "01") -> ClipKey:
    """A key that differs from another only where the test needs it."""
    return ClipKey("drawn", subject, condition, "90", take, track)


def make_clip(
    frames: int = 30,
    seed: int = 0,
    key: ClipKey | None = None,
    rate: float = 25.0,
    estimator: Estimator = ESTIMATOR,
    silhouettes: bool = True,
) -> Clip:
    """A person walking along x; the seed sets build, step, cadence, phase and the place in the image."""
    random = np.random.default_rng(seed)
    times = np.arange(frames) / rate
    phase = 2 * np.pi * (random.uniform(0.8, 1.1) * times + random.random())
    build = random.uniform(0.9, 1.1, (len(JOINTS), 2)).astype(np.float32)
    centre = np.array([(MAP_WIDTH - 1) / 2, (MAP_HEIGHT - 1) / 2], np.float32)
    points = np.repeat((centre + (STANDING - centre) * build)[None], frames, axis=0)
    points[..., 0] += random.uniform(0.7, 1.3) * np.sin(phase)[:, None] * SWING
    points += random.normal(0, 0.15, points.shape)
    score = random.uniform(0.6, 0.98, (frames, len(JOINTS), 1))
    crop = _crop(random, times)
    inverse = np.linalg.inv(crop[:, :, :2])
    image = np.einsum("tij,tnj->tni", inverse, points - crop[:, None, :, 2])
    key = key or make_key(track=seed)
    return Clip(
        key=key,
        source=f"{key.subject}.avi",
        sha256=f"{seed:064x}",
        estimator=estimator,
        times=times,
        heatmaps=quantise(_maps(points, score, random.uniform(0.9, 2.2, len(JOINTS)))),
        keypoints=np.concatenate([image, score], axis=2).astype(np.float32),
        crop=crop.astype(np.float32),
        present=random.uniform(0.8, 1.0, frames).astype(np.float32),
        silhouettes=_silhouettes(points) if silhouettes else None,
        world=_world(points),
        phase=((phase / (2 * np.pi)) % 1).astype(np.float32),
    )


def _crop(random: np.random.Generator, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """A crop that follows a person who crosses the image: image pixels to heatmap pixels."""
    scale = random.uniform(0.2, 0.5)
    left = random.uniform(0, 300) + random.uniform(40, 120) * times
    crop = np.zeros((len(times), 2, 3))
    crop[:, 0, 0] = crop[:, 1, 1] = scale
    crop[:, 0, 2] = -scale * left
    crop[:, 1, 2] = -scale * random.uniform(0, 100)
    return crop


def _maps(
    points: NDArray[np.float32], score: NDArray[np.float64], sigma: NDArray[np.float64]
) -> NDArray[np.float32]:
    """A Gaussian of height ``score`` and width ``sigma`` cells on every joint."""
    spread = 2 * sigma[:, None] ** 2
    along_x = np.exp(-((np.arange(MAP_WIDTH) - points[..., :1]) ** 2) / spread)
    along_y = np.exp(-((np.arange(MAP_HEIGHT) - points[..., 1:]) ** 2) / spread)
    return (score[..., None] * along_y[..., :, None] * along_x[..., None, :]).astype(np.float32)


def _silhouettes(points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ellipses for head and trunk, and one along each leg, with soft edges."""
    y, x = np.mgrid[:SILHOUETTE_HEIGHT, :SILHOUETTE_WIDTH]
    y, x = (y + 0.5) / 2 - 0.5, (x + 0.5) / 2 - 0.5
    shapes = [(points[:, 0], (3.5, 5)), (points[:, SHOULDERS[0] : 13].mean(1), (6, 12))]
    shapes += [(points[:, leg].mean(1), (4, 15)) for leg in ([11, 13, 15], [12, 14, 16])]
    inside = np.max(
        [
            1 - ((x - centre[:, :1, None]) / radii[0]) ** 2 - ((y - centre[:, 1:, None]) / radii[1]) ** 2
            for centre, radii in shapes
        ],
        axis=0,
    )
    return np.rint(255 * np.clip(0.5 + 2 * inside, 0, 1)).astype(np.uint8)


def _world(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joints in metres around the hips, y down, flat in depth."""
    metres = (points - points[:, 11:13].mean(1, keepdims=True)) * np.float32(1.75 / 52)
    return np.concatenate([metres, np.zeros_like(metres[..., :1])], axis=2).astype(np.float32)
