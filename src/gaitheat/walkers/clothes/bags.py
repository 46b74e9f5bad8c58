"""What walkers carry: backpacks, shoulder bags, hand bags, a box in the arms; and how a hand bag hangs."""

import numpy as np
from jaxtyping import Float, Float32, Float64
from scipy.spatial import ConvexHull

from gaitheat.walkers.clothes.fitting import ARM_BONES, Measures, bone, bones_named
from gaitheat.walkers.clothes.forms import band, rounded_box, tube
from gaitheat.walkers.clothes.wardrobe import Outfit
from gaitheat.walkers.mesh import HANGING, Mesh, crossings, noise, rigid

BACKPACK = (0.17, 0.30, 0.44)
"""Length forwards, width and height of the usual one, metres."""
POCKET = (0.07, 0.22, 0.18)
SHOULDER_BAG = (0.30, 0.10, 0.24)
HAND_BAG = (0.34, 0.11, 0.28)
HANDLES = 0.17
"""Metres from a hand bag's upper edge to the hand."""
BOX = (0.24, 0.27, 0.24)
STRAP = (0.04, 0.008)
"""Width and thickness, metres."""
LOOP = 48
"""Points of a strap."""
GRAVITY = 9.81
PENDULUM = 0.3
"""Share of the apparent gravity's tilt that a bag takes on: a hand damps it."""


def bags(body: Measures, outfit: Outfit, cloth: Mesh) -> list[Mesh]:
    """The bag of an outfit with its straps, if there is one.

    Args:
        body: who carries it.
        outfit: says which, how large and of what colour.
        cloth: the clothes that straps and bags lie on.
    """
    trunk = _trunk(cloth)
    side = 1.0 if outfit.load.endswith("left") else -1.0
    match outfit.load:
        case "none":
            return []
        case "backpack":
            return _backpack(body, outfit, trunk)
        case "carried in front":
            return [_box_in_arms(body, outfit, trunk)]
        case "shoulder bag left" | "shoulder bag right":
            return _shoulder_bag(body, outfit, trunk, side)
        case _:
            return _hand_bag(body, outfit, side)


def hanging_bone(
    bones: Float32[np.ndarray, "frames bones 3 4"], mesh: Mesh, rate: float = 25.0
) -> Float32[np.ndarray, "frames 1 3 4"]:
    """The bone HANGING of a mesh on a walk: it moves with the hand that holds the bag and stays upright.

    It turns with the pelvis, and swings a little as the hand speeds up and slows down. Without a hand bag
    it is the identity.

    Args:
        bones: [T, 53, 3, 4] of the body, rest vertex -> world.
        mesh: the dressed body.
        rate: frames a second.
    """
    frames = len(bones)
    bag = mesh.vertices[mesh.bones[:, 0] == HANGING].astype(np.float64)
    if not len(bag):
        return np.tile(np.eye(3, 4, dtype=np.float32), (frames, 1, 1, 1))
    grip = np.append(bag[:, :2].mean(axis=0), bag[:, 2].max())
    hand = bones[:, bone("hand_l" if grip[1] > 0 else "hand_r")].astype(np.float64)
    held = hand[..., :3] @ grip + hand[..., 3]
    forward = bones[:, bone("pelvis"), :2, 0].astype(np.float64)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    speeding = np.zeros(frames)
    if frames > 2:
        acceleration = np.gradient(np.gradient(held[:, :2], axis=0), axis=0) * rate**2
        speeding = (acceleration * forward).sum(axis=1)
    tilt = PENDULUM * np.arctan2(speeding, GRAVITY)
    (x, y), nought = forward.T, np.zeros(frames)
    heading = np.stack([x, -y, nought, y, x, nought, nought, nought, nought + 1], axis=1).reshape(-1, 3, 3)
    cosine, sine = np.cos(tilt), np.sin(tilt)
    swing = np.stack([cosine, nought, sine, nought, nought + 1, nought, -sine, nought, cosine], axis=1)
    turns = heading @ swing.reshape(-1, 3, 3)
    shifts = held - turns @ grip
    return np.concatenate([turns, shifts[..., None]], axis=2)[:, None].astype(np.float32)


def _trunk(cloth: Mesh) -> Mesh:
    """Clothes without their sleeves: what straps lie on."""
    on_arm = (cloth.weights * np.isin(cloth.bones, bones_named(*ARM_BONES))).sum(axis=1) > 0.4
    return cloth._replace(faces=cloth.faces[~on_arm[cloth.faces].any(axis=1)])


def _profile(trunk: Mesh, lowest: float, highest: float, widest: float) -> Float32[np.ndarray, "points 3"]:
    """Points of the trunk between two heights, near its middle."""
    points = trunk.vertices[np.unique(trunk.faces)]
    _, aside, height = np.abs(points).T
    near: Float32[np.ndarray, "points 3"] = points[(height > lowest) & (height < highest) & (aside < widest)]
    return near


def _solid(
    outfit: Outfit,
    size: tuple[float, float, float],
    place: Float[np.ndarray, " 3"],
    of: int,
    shade: float = 1.0,
) -> Mesh:
    """A bag's body, its middle at this place."""
    points, faces = rounded_box(size)
    texture = noise(points, outfit.texture + 5, 30.0)[:, None]
    return rigid(points + place, faces, np.array(outfit.bag_colour) * shade * (1 + 0.07 * texture), of)


def _backpack(body: Measures, outfit: Outfit, trunk: Mesh) -> list[Mesh]:
    depth, _, height = size = _sized(BACKPACK, outfit)
    top = body.neck - 0.04
    back = _profile(trunk, top - 0.3, top - 0.05, 0.1)[:, 0].min()
    place = np.array([back - depth / 2 + 0.02, 0.0, top - height / 2])
    pocket = place - [depth / 2, 0.0, 0.2 * height]
    shoulder = 0.52 * abs(body.joint("upperarm_l")[1])
    chest = body.joint("spine_03")[2]
    side = np.abs(_profile(trunk, chest - 0.03, chest + 0.03, 0.4)[:, 1]).max()
    straps = [
        _strap(
            outfit,
            trunk,
            np.array([0.0, sign * shoulder, body.neck]),
            np.array([0.0, sign * 1.05 * side, body.joint("spine_02")[2]]),
        )
        for sign in (1, -1)
    ]
    of = bone("spine_03")
    return [
        _solid(outfit, size, place, of),
        _solid(outfit, _sized(POCKET, outfit), pocket, of, 0.85),
        *straps,
    ]


def _shoulder_bag(body: Measures, outfit: Outfit, trunk: Mesh, side: float) -> list[Mesh]:
    """A bag on the hip, its strap over the other shoulder."""
    size = _sized(SHOULDER_BAG, outfit)
    hips = _profile(trunk, body.hip - 0.12, body.hip + 0.06, 0.5)
    widest = (side * hips[:, 1]).max()
    hip = np.array([0.0, side * widest, body.hip])
    shoulder = np.array([0.0, -side * 0.5 * abs(body.joint("upperarm_l")[1]), body.neck])
    place = np.array([hips[:, 0].mean() - 0.02, side * (widest + size[1] / 2 - 0.01), body.hip - 0.04])
    return [_solid(outfit, size, place, bone("pelvis")), _strap(outfit, trunk, shoulder, hip)]


def _strap(
    outfit: Outfit, trunk: Mesh, upper: Float64[np.ndarray, " 3"], lower: Float64[np.ndarray, " 3"]
) -> Mesh:
    """A taut strap around the trunk, in the plane through two places that holds the X axis.

    A taut strap is the convex hull of the plane's section through the clothes; each of its points moves like
    the cloth next to it.
    """
    down = (lower - upper) / np.linalg.norm(lower - upper)
    forward = np.array([1.0, 0.0, 0.0])
    normal = np.cross(forward, down)
    section = crossings(trunk, (trunk.vertices - upper) @ normal)
    flat = np.stack([section.vertices @ forward, (section.vertices - upper) @ down], axis=1)
    reached = flat[:, 1] < np.linalg.norm(lower - upper)
    section, flat = (
        Mesh(section.vertices[reached], section.faces, *(part[reached] for part in section[2:])),
        flat[reached],
    )
    corners = flat[ConvexHull(flat).vertices]
    corners = np.concatenate([corners, corners[:1]])
    length = np.append(0.0, np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum())
    places = np.arange(LOOP) / LOOP * length[-1]
    line = np.stack([np.interp(places, length, axis) for axis in corners.T], axis=1)
    near = np.linalg.norm(line[:, None] - flat, axis=2).argmin(axis=1)
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    away = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    outward = away @ np.stack([forward, down])
    points = upper * [0, 1, 1] + line @ np.stack([forward, down]) + outward * STRAP[1]
    vertices, faces = band(points, normal * STRAP[0] / 2, outward * STRAP[1] / 2, closed=True)
    near = np.repeat(np.append(near, near[0]), 4)
    colours = np.tile(np.multiply(outfit.bag_colour, 0.8), (len(vertices), 1))
    return Mesh(
        vertices.astype(np.float32),
        faces,
        colours.astype(np.float32),
        section.bones[near],
        section.weights[near],
    )


def _hand_bag(body: Measures, outfit: Outfit, side: float) -> list[Mesh]:
    """A bag with two handles, below the palm."""
    letter = "l" if side > 0 else "r"
    grip = (body.joint(f"middle_01_{letter}") + body.joint(f"middle_03_{letter}")) / 2
    length, width, height = size = _sized(HAND_BAG, outfit)
    handles = HANDLES * outfit.bag_size
    arc = np.linspace(-1, 1, 15)
    parts = [_solid(outfit, size, grip - [0, 0, handles + height / 2], HANGING)]
    for sign in (1, -1):
        across = sign * (0.25 * width * np.abs(arc) + 0.012)
        line = np.stack([0.28 * length * arc, across, -(handles + 0.02) * np.abs(arc) ** 2.5], axis=1)
        points, faces = tube(line + grip, 0.008)
        colours = np.tile(np.multiply(outfit.bag_colour, 0.7), (len(points), 1))
        parts.append(rigid(points, faces, colours, HANGING))
    return parts


def _box_in_arms(body: Measures, outfit: Outfit, trunk: Mesh) -> Mesh:
    """A box before the chest, where bent forearms lie."""
    length, _, height = size = _sized(BOX, outfit)
    elbow = body.joint("upperarm_l")[2] - 0.93 * body.upper_arm
    front = _profile(trunk, elbow - 0.05, elbow + height, 0.1)[:, 0].max()
    place = np.array([front + length / 2 - 0.01, 0.0, elbow - 0.03 + height / 2])
    return _solid(outfit, size, place, bone("spine_02"))


def _sized(size: tuple[float, float, float], outfit: Outfit) -> tuple[float, float, float]:
    length, width, height = (outfit.bag_size * part for part in size)
    return length, width, height
