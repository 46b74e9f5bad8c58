"""What is around a walk: a room, or a street. Everything is drawn anew for each recording.

A plan lies on the floor with its origin in the middle of the walk; it is turned a little from the camera, so
that walls are seen obliquely.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.pictures import textures
from gaitheat.walkers.pictures.camera import Camera, Degrees
from gaitheat.walkers.pictures.canvas import FLOOR, Canvas, Point
from gaitheat.walkers.pictures.solids import box, bush, pillar
from gaitheat.walkers.pictures.textures import STOREY, colour

UP = np.array([0.0, 0.0, 1.0])
CLEAR = 2.0
"""Metres around the middle of the walk, towards the camera, in which nothing stands: somebody walks there."""
BETWEEN = (0.5, 0.75)
"""Where things stand that hide the walker: shares of the way from the camera."""
HIDDEN = 0.35
"""Share of street recordings in which something stands before the walker."""


class Plan(NamedTuple):
    """Directions on the floor."""

    right: Float64[np.ndarray, "3"]
    forward: Float64[np.ndarray, "3"]

    def at(self, right: float, forward: float, up: float = 0.0) -> Point:
        """Metres in the world."""
        place: Point = right * self.right + forward * self.forward + up * UP
        return place


def plan_for(camera: Camera, turned: Degrees) -> Plan:
    """A plan whose forward direction is the camera's, turned by so many degrees to the left."""
    ahead = np.arctan2(camera.rotation[2, 1], camera.rotation[2, 0]) + np.radians(turned)
    forward = np.array([np.cos(ahead), np.sin(ahead), 0.0])
    return Plan(np.cross(forward, UP), forward)


def paint_room(rng: np.random.Generator, canvas: Canvas) -> None:
    """A hall or a corridor: floor, walls, ceiling, and things along the walls."""
    plan = plan_for(canvas.camera, rng.uniform(-25, 25))
    left, right, depth = rng.uniform(3.5, 7), rng.uniform(3.5, 7), rng.uniform(2.6, 5.5)
    height, behind = rng.uniform(2.6, 4.2), float(np.linalg.norm(canvas.camera.centre)) + 1
    width, length = left + right, depth + behind
    base = colour(rng, (0.02, 0.3), (0.5, 0.95))
    ceiling = textures.mottled(rng, width, length, np.full(3, rng.uniform(0.6, 0.95)), 0.02)
    textures.lines(ceiling, 0.6, True, 0.95)
    across, ahead, down = width * plan.right, length * plan.forward, -height * UP
    canvas.rectangle(textures.flooring(rng, width, length), plan.at(-left, depth), across, -ahead, FLOOR)
    canvas.rectangle(ceiling, plan.at(-left, -behind, height), across, ahead)
    canvas.rectangle(
        textures.room_wall(rng, width, height, base), plan.at(-left, depth, height), across, down
    )
    for corner, along in (((-left, -behind), ahead), ((right, depth), -ahead)):
        side = textures.room_wall(rng, length, height, base * rng.uniform(0.85, 1.05))
        canvas.rectangle(side, plan.at(*corner, height), along, down)
    for _ in range(rng.integers(0, 5)):
        _furniture(rng, canvas, plan, (rng.uniform(-left, right), depth - 0.4))
    for _ in range(rng.integers(0, 3)):
        _furniture(rng, canvas, plan, (rng.choice([-left + 0.4, right - 0.4]), rng.uniform(-1, depth)))


def _furniture(rng: np.random.Generator, canvas: Canvas, plan: Plan, place: tuple[float, float]) -> None:
    """A cupboard, bench, box, or plant."""
    turned = float(np.arctan2(plan.right[1], plan.right[0]))
    foot, tint = plan.at(*place), colour(rng, (0.05, 0.6), (0.15, 0.8))
    kind = rng.integers(4)
    if kind == 0:
        canvas.solid(box(foot, (rng.uniform(0.5, 1.2), 0.5, rng.uniform(0.8, 2.0)), turned, tint))
    elif kind == 1:
        canvas.solid(box(foot, (rng.uniform(1.0, 1.8), 0.5, 0.45), turned, tint))
    elif kind == 2:
        size = rng.uniform(0.3, 0.7, 3)
        canvas.solid(box(foot, (size[0], size[1], size[2]), turned + rng.uniform(-0.4, 0.4), tint))
    else:
        canvas.solid(pillar(foot, 0.18, 0.4, tint))
        canvas.solid(bush(rng, foot + 0.9 * UP, (0.35, 0.35, 0.55), np.array([0.2, 0.4, 0.15])))


def paint_street(rng: np.random.Generator, canvas: Canvas, brightness: float) -> None:
    """Pavement, road or lawn, houses, hedge or fence, the sky, and what stands about."""
    plan = plan_for(canvas.camera, rng.uniform(-30, 30))
    hue = np.array([rng.uniform(0.5, 0.8), rng.uniform(0.7, 0.85), 1.0])
    canvas.sky(np.array([0.42, 0.48, 0.38]), np.full(3, 0.92) * brightness, hue * brightness)
    reach, depth = 22.0, rng.uniform(6.5, 14)
    behind = float(np.linalg.norm(canvas.camera.centre[:2])) + 1
    kerb = rng.uniform(1.5, 3.5)
    _ground(rng, canvas, plan, reach, (-behind, kerb), "pavement")
    far = rng.choice(["road", "road", "grass", "pavement"])
    _ground(rng, canvas, plan, reach, (kerb, depth), str(far))
    _end(rng, canvas, plan, reach, depth)
    for _ in range(rng.integers(1, 7)):
        place = rng.uniform(-9, 9), rng.uniform(max(kerb, CLEAR) + 0.5, depth - 0.5)
        _clutter(rng, canvas, plan.at(*place), float(np.arctan2(plan.right[1], plan.right[0])))
    if rng.random() < HIDDEN:
        _in_front(rng, canvas)


def _ground(
    rng: np.random.Generator, canvas: Canvas, plan: Plan, reach: float, ends: tuple[float, float], kind: str
) -> None:
    """A strip of ground, as wide as one can see."""
    near, far = ends
    kinds = {"pavement": textures.pavement, "road": textures.road, "grass": textures.grass}
    texture = kinds[kind](rng, 2 * reach, far - near)
    across, down = 2 * reach * plan.right, (near - far) * plan.forward
    canvas.rectangle(texture, plan.at(-reach, far), across, down, FLOOR)


def _end(rng: np.random.Generator, canvas: Canvas, plan: Plan, reach: float, depth: float) -> None:
    """Where the ground ends: houses, or something lower with trees behind it."""
    if rng.random() < 0.6:
        storeys = int(rng.integers(2, 5))
        texture, height = textures.facade(rng, 2 * reach, storeys), storeys * STOREY
    else:
        height = rng.uniform(0.9, 2.2)
        texture = (textures.foliage if rng.random() < 0.5 else textures.fence)(rng, 2 * reach, height)
        for _ in range(rng.integers(3, 9)):
            _tree(rng, canvas, plan.at(rng.uniform(-12, 12), depth + rng.uniform(2, 6)))
    canvas.rectangle(texture, plan.at(-reach, depth, height), 2 * reach * plan.right, -height * UP)


def _tree(rng: np.random.Generator, canvas: Canvas, foot: Point) -> None:
    trunk = rng.uniform(1.8, 3.0)
    canvas.solid(pillar(foot, rng.uniform(0.1, 0.22), trunk + 1, np.array([0.3, 0.24, 0.18])))
    radii = (rng.uniform(1.2, 2.2), rng.uniform(1.2, 2.2), rng.uniform(1.2, 2.5))
    green = np.array([rng.uniform(0.2, 0.4), rng.uniform(0.35, 0.5), rng.uniform(0.1, 0.25)])
    canvas.solid(bush(rng, foot + (trunk + radii[2]) * UP, radii, green))


def _clutter(rng: np.random.Generator, canvas: Canvas, foot: Point, turned: float) -> None:
    """Something that stands behind the walker."""
    tint = colour(rng, (0.05, 0.8), (0.1, 0.85))
    kind = rng.integers(6)
    if kind == 0:
        canvas.solid(
            pillar(foot, rng.uniform(0.04, 0.1), rng.uniform(2.5, 6), np.full(3, rng.uniform(0.2, 0.6)))
        )
    elif kind == 1:
        _tree(rng, canvas, foot)
    elif kind == 2:
        _car(rng, canvas, foot, turned, tint)
    elif kind == 3:
        canvas.solid(box(foot, (rng.uniform(1.2, 2.0), 0.5, 0.45), turned, tint))
    elif kind == 4:
        canvas.solid(box(foot, (0.45, 0.45, rng.uniform(0.8, 1.2)), turned, tint))
    else:
        canvas.solid(
            bush(rng, foot + 0.4 * UP, (rng.uniform(0.5, 1.2), 0.5, 0.5), np.array([0.22, 0.38, 0.15]))
        )


def _car(rng: np.random.Generator, canvas: Canvas, foot: Point, turned: float, tint: Point) -> None:
    length = rng.uniform(3.6, 4.6)
    ahead = np.array([np.cos(turned), np.sin(turned), 0.0])
    aside = np.array([-ahead[1], ahead[0], 0.0])
    canvas.solid(box(foot + 0.3 * UP, (length, 1.75, 0.6), turned, tint))
    canvas.solid(
        box(foot + 0.9 * UP - 0.2 * ahead, (0.52 * length, 1.55, 0.5), turned, np.array([0.15, 0.17, 0.2]))
    )
    canvas.solid(box(foot + 1.4 * UP - 0.2 * ahead, (0.44 * length, 1.5, 0.06), turned, tint))
    for along in (-0.31, 0.31):
        for side in (-0.85, 0.85):
            wheel = foot + along * length * ahead + side * aside
            canvas.solid(box(wheel, (0.6, 0.2, 0.6), turned, np.full(3, 0.08)))


def _in_front(rng: np.random.Generator, canvas: Canvas) -> None:
    """A post, a trunk, a bollard or a flower box between the camera and the walker."""
    centre, away = canvas.camera.centre[:2], -canvas.camera.centre[:2]
    distance = float(np.linalg.norm(away))
    forward = min(rng.uniform(*BETWEEN) * distance, distance - CLEAR)
    aside = np.array([away[1], -away[0]]) / distance
    width, _ = canvas.camera.size
    # Who comes or goes would stay behind it for the whole recording: there it stands aside.
    inner = 0.12 if abs(away[0]) > 0.7 * distance else 0.0
    right = rng.choice([-1, 1]) * rng.uniform(inner, 0.42) * width / canvas.camera.focal * forward
    foot = np.array([*(centre + away / distance * forward + aside * right), 0.0])
    grey = np.full(3, rng.uniform(0.15, 0.6))
    kind = rng.integers(4)
    if kind == 0:
        canvas.solid(pillar(foot, rng.uniform(0.03, 0.06), 5.0, grey))
    elif kind == 1:
        canvas.solid(pillar(foot, rng.uniform(0.06, 0.09), 5.0, grey * [1.0, 0.8, 0.6]))
    elif kind == 2:
        canvas.solid(pillar(foot, rng.uniform(0.05, 0.1), rng.uniform(0.7, 1.0), grey))
    else:
        tint = colour(rng, (0.05, 0.5), (0.2, 0.7))
        canvas.solid(
            box(foot, (rng.uniform(0.5, 1.0), 0.4, rng.uniform(0.35, 0.55)), rng.uniform(0, np.pi), tint)
        )
