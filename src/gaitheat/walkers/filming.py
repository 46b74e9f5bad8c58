"""One recording as it is filmed: which way the walk goes, what films it, what and who is around."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64

from gaitheat.walkers.body import LANDMARK_BONES, landmarks
from gaitheat.walkers.clothes.bags import hanging_bone
from gaitheat.walkers.clothes.fitting import bone
from gaitheat.walkers.gait.posing import Motion, along, pose, posed_points
from gaitheat.walkers.mesh import Mesh
from gaitheat.walkers.people import Take, stranger
from gaitheat.walkers.pictures.camera import Camera, camera_at
from gaitheat.walkers.pictures.rendering import Picture, render
from gaitheat.walkers.pictures.scenery import Scenery, draw_scenery
from gaitheat.walkers.worlds import Cameras, Span, World

RATE = 25.0
"""Frames a second."""
AIM = 0.9
"""Metres above the floor at which cameras look: the middle of a body."""
BESIDE = (-0.5, 0.4)
"""Where passers-by cross the line between walker and camera: shares of the distance, behind and in front."""
EARLY = 2.5
"""Metres before or behind that line at which they are in the middle of the recording, at most."""
ELBOW_ROOM = 0.8
"""Metres between the middles of two bodies, at least: people do not walk through each other."""


@dataclass(frozen=True, slots=True)
class Shot:
    """Where the walk goes and from where it is filmed."""

    heading: float
    """Degrees from the world's X axis, from which views are counted."""
    curvature: float
    """1/m."""
    aside: float
    """Metres by which the middle of the walk lies off the camera's aim along Y."""
    ahead: float
    """Metres along X; were it 0, the place in the picture would say how somebody leans."""
    start_phase: float
    """Of the gait cycle, 0..1."""
    distance: float
    height: float
    focal: float
    """In picture widths."""


@dataclass(frozen=True)
class Figure:
    """Somebody in the picture: a dressed body and its bones in every frame."""

    mesh: Mesh
    bones: Float32[np.ndarray, "frames bones 3 4"]


@dataclass(frozen=True)
class Film:
    """A whole recording, ready to be rendered; ``figures[0]`` is the walker."""

    take: Take
    shot: Shot
    motion: Motion
    camera: Camera
    scenery: Scenery
    figures: tuple[Figure, ...]
    noise: np.random.Generator

    def render(self, frame: int) -> Picture:
        """The next frame: frames are rendered in order, because the sensor's noise goes on."""
        shown = [(figure.mesh, figure.bones[frame]) for figure in self.figures]
        return render(shown, self.scenery, self.camera, self.noise)

    @cached_property
    def joints(self) -> Float64[np.ndarray, "frames 17 3"]:
        """True COCO joints in the world, metres."""
        return posed_points(self.motion.bones, landmarks(self.take.vertices), LANDMARK_BONES)


def film(rng: np.random.Generator, home: World, worn: Take, view: int, frames: int) -> Film:
    """Everything that one recording of a take shows.

    Args:
        rng: the recording's own.
        home: the world.
        worn: who walks, in what.
        view: degrees from which the camera sees the walk.
        frames: how many.
    """
    shot = draw_shot(rng, home.cameras)
    camera = camera_at(view, shot.distance, shot.height, shot.focal, np.array([0.0, 0.0, AIM]))
    scenery = draw_scenery(rng, home.surroundings, camera)
    motion = pose(rng, worn.style, worn.vertices, frames, RATE, home.within, shot.start_phase)
    motion = along(motion, shot.heading, shot.curvature, (shot.ahead, shot.aside))
    figures = [_figure(worn, motion)]
    if rng.random() < home.passers_by:
        figures.append(_passer_by(rng, home, camera, motion))
    return Film(worn, shot, motion, camera, scenery, tuple(figures), rng)


def draw_shot(rng: np.random.Generator, ranges: Cameras) -> Shot:
    """A shot within these ranges."""

    def within(span: Span) -> float:
        return float(rng.uniform(*span))

    def about_zero(most: float) -> float:
        return float(rng.uniform(-most, most))

    return Shot(
        heading=about_zero(ranges.heading),
        curvature=about_zero(ranges.curvature),
        aside=about_zero(ranges.aside),
        ahead=about_zero(ranges.aside),
        start_phase=float(rng.random()),
        distance=within(ranges.distance),
        height=within(ranges.height),
        focal=within(ranges.focal),
    )


def _figure(take: Take, motion: Motion) -> Figure:
    return Figure(take.mesh, np.concatenate([motion.bones, hanging_bone(motion.bones, take.mesh)], axis=1))


def _passer_by(rng: np.random.Generator, home: World, camera: Camera, walk: Motion) -> Figure:
    """A stranger who crosses the line of sight, before or behind the walker."""
    take = stranger(rng, home)
    motion = pose(rng, take.style, take.vertices, len(walk.bones), RATE, home.within, float(rng.random()))
    crossing = _crossing(rng, motion, camera)
    while _nearest(crossing, walk) < ELBOW_ROOM:
        crossing = _crossing(rng, motion, camera)
    return _figure(take, crossing)


def _crossing(rng: np.random.Generator, motion: Motion, camera: Camera) -> Motion:
    """The walk, somewhere across the line of sight, at some time before or after it is reached."""
    sideways = np.degrees(np.arctan2(camera.centre[1], camera.centre[0])) + rng.choice([-90, 90])
    heading = float(sideways + rng.uniform(-30, 30))
    forward = np.array([np.cos(np.radians(heading)), np.sin(np.radians(heading))])
    at = rng.uniform(*BESIDE) * camera.centre[:2] + rng.uniform(-EARLY, EARLY) * forward
    return along(motion, heading, 0.0, (float(at[0]), float(at[1])))


def _nearest(one: Motion, other: Motion) -> float:
    """How near two bodies come to each other, metres over ground."""
    apart = one.joints[:, bone("pelvis"), :2] - other.joints[:, bone("pelvis"), :2]
    return float(np.linalg.norm(apart, axis=1).min())
