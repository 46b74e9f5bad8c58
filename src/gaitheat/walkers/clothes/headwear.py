"""What is on a head: long hair, hats and hoods."""

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.clothes.fitting import Measures, bone, sheet
from gaitheat.walkers.clothes.forms import around, grid_faces, rounded_box
from gaitheat.walkers.clothes.head import HAIR, Head, hair_colours
from gaitheat.walkers.clothes.wardrobe import Outfit
from gaitheat.walkers.mesh import Faces, Mesh, Points, cut, noise, rigid

CROWN = np.radians([89, 75, 60, 45, 30, 20, 10, 0])
"""Latitudes of the rings over the skull."""
HOOD = HAIR + 0.014


def headwear(body: Measures, head: Head, outfit: Outfit) -> list[Mesh]:
    """Everything that hangs from the head or sits on it."""
    parts = []
    if outfit.hood == "up":
        return [_hood(body, head, outfit)]
    if outfit.hood == "down":
        parts.append(_lowered_hood(body, outfit))
    if outfit.hair in ("bob", "long"):
        parts.append(_long_hair(body, head, outfit))
    if outfit.hair == "bun":
        parts.append(_bun(head, outfit))
    if outfit.hat != "none":
        parts.append(_hat(head, outfit))
    if outfit.hat == "cap":
        parts.append(_brim(head, outfit))
    return parts


def hat_height(head: Head, outfit: Outfit) -> float | None:
    """Height above which a hat covers all of the head, or None if there is no hat."""
    return None if outfit.hat == "none" else head.eyes[2] + 0.03 * head.scale


def _hat_room(outfit: Outfit) -> float:
    """Metres from the skull to the inside of a hat."""
    return 0.008 if outfit.hair == "bald" else HAIR + 0.005


def _dome(
    head: Head, distance: float
) -> tuple[Float64[np.ndarray, " rings"], Float64[np.ndarray, "rings 3"]]:
    """Heights and half axes of rings over the skull, down to its middle."""
    size = head.radii + distance
    axes = np.cos(CROWN)[:, None] * size[[0, 0, 1]]
    return head.centre[2] + np.sin(CROWN) * size[2], axes


def _hanging(body: Measures, points: Points, faces: Faces, colours: Points) -> Mesh:
    """A mesh that moves with the head above, with the chest below the neck."""
    low, high = body.neck, body.joint("head")[2] + 0.02
    share = np.clip((points[:, 2] - low) / (high - low), 0, 1).astype(np.float32)
    bones = np.tile(np.array([bone("head"), bone("spine_03"), 0, 0], np.int32), (len(points), 1))
    weights = np.stack([share, 1 - share, 0 * share, 0 * share], axis=1)
    return Mesh(points.astype(np.float32), faces, colours.astype(np.float32), bones, weights)


def _hood(body: Measures, head: Head, outfit: Outfit) -> Mesh:
    """A hood that is open around the face alone, closed below the chin, its lower end inside the coat."""
    heights, axes = _dome(head, HOOD)
    eyes, unit = head.eyes[2], head.scale
    neck = body.joint("neck_01")
    side = max(axes[-1, 2], head.ears + 0.012)
    lower = np.array([
        # height, x of the middle, forwards, backwards, sideways
        [eyes - 0.03 * unit, head.centre[0], axes[-1, 0], axes[-1, 1], side],
        [eyes - 0.08 * unit, head.centre[0], axes[-1, 0], axes[-1, 1] * 0.97, side],
        [eyes - 0.12 * unit, head.centre[0], axes[-1, 0], axes[-1, 1] * 0.92, side * 0.97],
        [(eyes - 0.14 * unit + neck[2]) / 2, neck[0] + 0.02, 0.115, 0.10, 0.095],
        [neck[2], neck[0], 0.12, 0.10, 0.11],
        [neck[2] - 0.06, neck[0], 0.11, 0.09, 0.14],
    ])  # fmt: skip
    heights = np.concatenate([heights, lower[:, 0]])
    middles = np.concatenate([np.full(len(axes), head.centre[0]), lower[:, 1]])
    axes = np.concatenate([axes, lower[:, 2:]])
    face = np.interp(
        (heights - eyes) / unit, [-0.17, -0.145, -0.10, 0.0, 0.035, 0.06], [0, 20, 50, 62, 45, 0]
    )
    points, faces = around(heights, middles, axes, np.radians(face))
    colours = np.array(outfit.outer_colour) * (0.95 + 0.06 * noise(points, outfit.texture, 30.0))[:, None]
    return _hanging(body, points, faces, colours)


def _lowered_hood(body: Measures, outfit: Outfit) -> Mesh:
    """A hood that lies around the neck, most of it behind."""
    neck = body.joint("neck_01")
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    behind = (1 - np.cos(angles)) / 2
    middle = np.stack(
        [neck[0] + 0.085 * np.cos(angles), 0.10 * np.sin(angles), neck[2] + 0.012 + 0 * behind], axis=1
    )
    radius = 0.018 + 0.037 * behind
    turn = np.arange(10) * 2 * np.pi / 10
    out = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    rim = np.cos(turn)[:, None, None] * out + np.sin(turn)[:, None, None] * np.array([0, 0, 1.0])
    points = (middle + rim * radius[:, None]).swapaxes(0, 1)
    points = np.concatenate([points, points[:1]]).reshape(-1, 3)
    colours = np.array(outfit.outer_colour) * (1 + 0.08 * noise(points, outfit.texture, 30.0))[:, None]
    return rigid(points, grid_faces(len(angles) + 1, len(turn), closed=True), colours, bone("spine_03"))


def _long_hair(body: Measures, head: Head, outfit: Outfit) -> Mesh:
    """Hair down to the chin or the shoulder blades, open around the face."""
    heights, axes = _dome(head, HAIR + 0.009)
    eyes, unit = head.eyes[2], head.scale
    chin = eyes - 0.12 * unit
    end = (
        chin + 0.03 - 0.06 * outfit.hair_length
        if outfit.hair == "bob"
        else body.neck - 0.05 - 0.22 * outfit.hair_length
    )
    lower = np.linspace(heights[-1], end, 12)[1:]
    down = (heights[-1] - lower) / (heights[-1] - chin)
    back = np.maximum(
        axes[-1, 1] * (1 - 0.12 * np.minimum(down, 1.3)), head.centre[0] - _back(body, outfit, lower)
    )
    side = np.interp(
        down, [0, 0.5, 1, 2], np.array([1, 1, 0.97, 0.92]) * max(axes[-1, 2], head.ears * 0.98 + 0.004)
    )
    axes = np.concatenate([axes, np.stack([np.full(len(lower), axes[-1, 0]), back, side], axis=1)])
    heights = np.concatenate([heights, lower])
    face = np.interp((heights - eyes) / unit, [-0.20, -0.12, 0.0, 0.04, 0.08], [100, 85, 75, 55, 0])
    points, faces = around(heights, np.full(len(heights), head.centre[0]), axes, np.radians(face))
    points = points + 0.003 * noise(points * [1, 1, 0.1], outfit.texture, 60.0)[:, None] * [1, 1, 0]
    mesh = _hanging(body, points, faces, hair_colours(points, outfit))
    return mesh if outfit.hat == "none" else cut(mesh, _rim(head, outfit, points[:, 0]) + 0.01 - points[:, 2])


def _back(
    body: Measures, outfit: Outfit, heights: Float64[np.ndarray, " rings"]
) -> Float64[np.ndarray, " rings"]:
    """How far back (x) hair must lie at these heights so as not to lie inside the shirt or the coat."""
    trunk = body.vertices[sheet("helper-tights").members]
    trunk = trunk[(np.abs(trunk[:, 1]) < 0.10) & (trunk[:, 2] > body.hip)]
    room = 0.02 + outfit.shirt_loose * 0.5 + outfit.outer_loose
    near = np.abs(trunk[:, 2] - heights[:, None]) < 0.04
    back: Float64[np.ndarray, " rings"] = np.where(near, trunk[:, 0] - room, np.inf).min(axis=1)
    return back


def _bun(head: Head, outfit: Outfit) -> Mesh:
    """A knot of hair at the back, lower or higher."""
    points, faces = rounded_box((0.085, 0.09, 0.085), sharpness=2.0)
    latitude = np.radians(-25 if outfit.hat != "none" else 10 + 45 * outfit.hair_length)
    place = head.centre - [
        (head.radii[0] + 0.03) * np.cos(latitude),
        0,
        -(head.radii[2] + 0.03) * np.sin(latitude),
    ]
    return rigid(points + place, faces, hair_colours(points, outfit), bone("head"))


def _hat(head: Head, outfit: Outfit) -> Mesh:
    """The crown of a hat: a cap ends above the ears, a beanie covers half of them."""
    heights, axes = _dome(head, _hat_room(outfit) + (0.005 if outfit.hat == "beanie" else 0.0))
    heights = np.append(heights, heights[-1] - 0.05)
    axes = np.vstack([axes, axes[-1] * [1, 0.93, 0.97]])
    points, faces = around(heights, np.full(len(heights), head.centre[0]), axes, np.zeros(len(heights)))
    colours = np.array(outfit.hat_colour) * (1 + 0.06 * noise(points, outfit.texture, 60.0))[:, None]
    mesh = rigid(points, faces, colours, bone("head"))
    return cut(mesh, points[:, 2] - _rim(head, outfit, points[:, 0]))


def _rim(head: Head, outfit: Outfit, x: Float64[np.ndarray, " points"]) -> Float64[np.ndarray, " points"]:
    """Height of a hat's edge: lower behind."""
    behind = np.clip((head.eyes[0] - x) / (2 * head.radii[0]), 0, 1)
    drop = 0.085 if outfit.hat == "beanie" else 0.05
    height: Float64[np.ndarray, " points"] = head.eyes[2] + (0.052 - drop * behind) * head.scale
    return height


def _brim(head: Head, outfit: Outfit) -> Mesh:
    """The peak of a cap."""
    angles = np.radians(np.linspace(-55, 55, 15))
    reach = np.linspace(0, 1, 4)[:, None]
    size = head.radii + _hat_room(outfit)
    height = head.eyes[2] + 0.055 * head.scale
    inner = np.sqrt(1 - ((height - head.centre[2]) / size[2]) ** 2) - 0.03
    length = 0.085 * np.cos(angles) ** 0.6
    x = head.centre[0] + size[0] * inner * np.cos(angles) + reach * length
    y = size[1] * inner * np.sin(angles) * (1 - 0.1 * reach)
    z = height - 0.012 * reach - 0.012 * (np.abs(angles)) ** 2 * reach
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1).reshape(-1, 3)
    colours = np.tile(np.multiply(outfit.hat_colour, 0.85), (len(points), 1))
    return rigid(points, grid_faces(4, len(angles), closed=False), colours, bone("head"))
