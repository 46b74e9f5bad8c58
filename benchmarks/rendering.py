"""Processor time of rendering, one core: milliseconds a frame of 320 x 240, and before the first one."""

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from gaitheat.walkers.filming import AIM
from gaitheat.walkers.pictures.camera import camera_at
from gaitheat.walkers.pictures.rendering import render
from gaitheat.walkers.pictures.scenery import draw_scenery
from gaitheat.walkers.walk import Walk

DISTANCE, HEIGHT, FOCAL = 4.2, 1.4, 1.15
"""A camera that shows people about 150 pixels tall."""
FRAMES = 24


def milliseconds(work: Callable[[], Any], times: int) -> float:
    """Median time of the processor."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * float(np.median(taken))


def row(kind: str, condition: str) -> str:
    """A line of the table."""
    walk = Walk(f"walkers-train-{kind}", "0001", condition, "01", 0, FRAMES)
    figure = walk.open().film.figures[0]
    camera = camera_at(54, DISTANCE, HEIGHT, FOCAL, np.array([0.0, 0.0, AIM]))
    scenery = draw_scenery(np.random.default_rng(0), kind, camera)
    shown = [(figure.mesh, figure.bones[FRAMES // 2])]
    rng = np.random.default_rng(0)
    tall = int(render(shown, scenery, camera, rng).mask.any(axis=1).sum())
    film_time = milliseconds(lambda: walk.open().film, 3)
    scenery_time = milliseconds(lambda: draw_scenery(rng, kind, camera), 9)
    frame_time = milliseconds(lambda: render(shown, scenery, camera, rng), 60)
    faces = len(figure.mesh.faces)
    return f"{kind:8} {condition:9} {faces:6} {tall:5} {film_time:6.0f} {scenery_time:8.0f} {frame_time:6.1f}"


def main() -> None:
    """Print a table."""
    cv2.setNumThreads(1)
    print(f"{'world':8} {'condition':9} {'faces':>6} {'tall':>5} {'film':>6} {'scenery':>8} {'frame':>6}")
    for kind, condition in (("indoor", "nm"), ("indoor", "cl"), ("street", "nm"), ("street", "bg")):
        print(row(kind, condition))


if __name__ == "__main__":
    main()
