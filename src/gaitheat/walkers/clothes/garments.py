"""Dressing: surfaces around the body, one over the other, cut where they end and where others hide them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from gaitheat.walkers.body import body_data
from gaitheat.walkers.clothes.bags import bags
from gaitheat.walkers.clothes.fitting import Measures, Sheet, measure, sheet
from gaitheat.walkers.clothes.head import Head, measure_head, skin_colours, with_head
from gaitheat.walkers.clothes.headwear import hat_height, headwear
from gaitheat.walkers.clothes.tailoring import FAR, Layer, Skirt, layers_of, skirts_of
from gaitheat.walkers.clothes.wardrobe import Outfit
from gaitheat.walkers.mesh import Field, Mesh, Points, cut, merged, noise, normals, relaxed

HIDDEN = 0.05
"""Metres behind the edge of a garment from which what it covers is left out: nothing can show through."""
BENEATH_SKIRT = 0.12
"""The same for skirts: legs swing farther than their cloth."""
GAP = 0.004
"""Metres between two layers at least."""
TUCK = 0.008
"""Metres by which skin gives way at the edge of clothes: it does not move quite like them."""


def dress(rest_vertices: Float64[np.ndarray, "vertices 3"], outfit: Outfit) -> Mesh:
    """The body in its clothes, hair and bags.

    Args:
        rest_vertices: [19158, 3] metres, from `body.rest_vertices`.
        outfit: what is worn.
    """
    body = measure(rest_vertices)
    head = measure_head(body)
    layers, skirts = layers_of(body, outfit), skirts_of(body, outfit)
    under_skirts = [_depth_under(body, skirt) for skirt in skirts]
    cloth = _cut_layers(body, layers, under_skirts, outfit)
    cloth += [_cut_skirt(body, skirt, outfit) for skirt in skirts]
    depth = np.maximum.reduce([layer.keep for layer in layers] + under_skirts)
    carried = bags(body, outfit, merged(cloth))
    return merged([_skin(body, head, outfit, depth), *cloth, *headwear(body, head, outfit), *carried])


def _skin(body: Measures, head: Head, outfit: Outfit, depth: Field) -> Mesh:
    """What of the body itself is seen: head, hands, legs below shorts and skirts."""
    data = body_data()
    surface = data.faces["body"]
    outward = normals(body.vertices, surface)
    vertices = with_head(body, head, outfit, outward, hat_height(head, outfit))
    vertices -= outward * (TUCK * np.clip(depth / 0.015, 0, 1) * ~head.mine)[:, None]
    faces = np.concatenate([surface, data.faces["helper-l-eye"], data.faces["helper-r-eye"]])
    faces = faces[((depth < HIDDEN) | head.mine)[faces].any(axis=1)]
    colours = skin_colours(body, outfit)
    return Mesh(vertices.astype(np.float32), faces, colours.astype(np.float32), data.bones, data.weights)


def _cut_layers(
    body: Measures, layers: Sequence[Layer], under_skirts: Sequence[Field], outfit: Outfit
) -> list[Mesh]:
    tights = sheet("helper-tights")
    base = body.vertices[tights.members]
    outward = normals(base, tights.faces)
    parts, floor = [], np.zeros(len(base))
    for number, layer in enumerate(layers, 1):
        distance = _bridging(tights, base, outward, layer.rounds) + layer.loose[tights.members]
        distance = np.maximum(distance, floor)
        floor = np.where(layer.keep[tights.members] > -HIDDEN, distance + GAP, floor)
        points = base + outward * distance[:, None]
        # Only along the normals: vertices that slide would take the edges of garments with them.
        points += outward * ((relaxed(tights.mean, points, 3) - points) * outward).sum(axis=1, keepdims=True)
        points[:, 2] = np.maximum(points[:, 2], 0.0)
        covers = [outer.keep for outer in layers[number:]]
        if not (outfit.coat and number == len(layers)):  # nothing lies over a coat
            covers += under_skirts
        shown = np.minimum.reduce([layer.keep, *(HIDDEN - cover for cover in covers)])
        parts.append(cut(_mesh(tights, points, layer.colours[tights.members]), shown[tights.members]))
    return parts


def _bridging(surface: Sheet, base: Points, outward: Points, rounds: int) -> Field:
    """Metres by which cloth that spans the hollows of a surface stands off from it."""
    distance = np.zeros(len(base))
    for _ in range(rounds):
        smooth = relaxed(surface.mean, base + outward * distance[:, None], 1)
        distance = np.maximum(((smooth - base) * outward).sum(axis=1), 0.0)
    return distance


def _mesh(surface: Sheet, points: Points, colours: Points) -> Mesh:
    return Mesh(
        points.astype(np.float32), surface.faces, colours.astype(np.float32), surface.bones, surface.weights
    )


def _depth_under(body: Measures, skirt: Skirt) -> Field:
    """Metres behind the edges of a skirt, less where it covers loosely."""
    field = np.minimum(body.height - skirt.end - BENEATH_SKIRT, skirt.top - 0.03 - body.height) + HIDDEN
    return np.where(body.is_arm, -FAR, field)


def _cut_skirt(body: Measures, skirt: Skirt, outfit: Outfit) -> Mesh:
    surface = sheet("helper-skirt")
    base = body.vertices[surface.members]
    height = base[:, 2]
    top = min(skirt.top, height.max())
    begun = np.clip((top - height) / 0.08, 0, 1)
    down = np.clip((top - height) / (top - skirt.end), 0, 1)
    distance = skirt.inside + (skirt.outside - skirt.inside) * begun + skirt.flare * down
    distance += 0.006 * down * noise(base * [1, 1, 0.2], outfit.texture + 4, 20.0)
    outward = (base - base.mean(axis=0)) * [1, 1, 0]
    points = base + outward / np.linalg.norm(outward, axis=1, keepdims=True) * distance[:, None]
    return cut(
        _mesh(surface, points, skirt.colours[surface.members]), np.minimum(height - skirt.end, top - height)
    )
