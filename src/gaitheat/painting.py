"""One frame of a clip painted onto a picture: maps in colour, skeleton, silhouette.

Every ``paint_...`` changes the picture that it is given. ``affine`` leads from the picture's pixels to
heatmap pixels: a clip's crop paints onto the recording, and :func:`enlarged` onto an empty tile.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from PIL import Image, ImageFont

from gaitheat.clips import MAP_HEIGHT, MAP_WIDTH, Clip, transform
from gaitheat.errors import GaitheatError
from gaitheat.skeleton import BONES, JOINTS, MIRROR, PARTS

Picture = UInt8[np.ndarray, "_ _ 3"]
"""RGB pixels, [height, width, 3]; pictures of one call may differ in size."""
Affine = Float32[np.ndarray, "2 3"]
Colour = tuple[int, int, int]

LEGEND: dict[str, Colour] = {
    "head": (255, 221, 87),
    "left torso": (61, 220, 151),
    "left upper limb": (56, 189, 248),
    "left lower limb": (129, 140, 248),
    "right torso": (249, 145, 196),
    "right upper limb": (255, 154, 60),
    "right lower limb": (248, 82, 82),
}
"""A colour for each part and side of the body, left and right of the person: left is cool, right is warm."""
BACKGROUND: Colour = (15, 18, 23)
TILE: Colour = (22, 26, 33)
"""Of an empty place for a picture."""
MUTED: Colour = (139, 149, 163)
"""Of words that matter less."""
ALARM: Colour = (248, 113, 92)
"""Of what deserves a look: low scores, refused frames, unknown people."""
LIGHT: Colour = (236, 240, 246)
"""Of words and of the heatmap frame."""
OUTLINE: Colour = (176, 186, 200)
"""Of a silhouette."""
BODY: Colour = (70, 78, 90)
"""What fills a silhouette."""
SURE = 0.5
"""Joints with a lower score are not painted, and their bones faintly."""
OPAQUE = 0.9
"""How much of the picture a map hides where it is certain."""
DIM = 0.55
"""How bright a faint bone is."""
SHIFT = 4
"""OpenCV draws at sixteenths of a pixel: coordinates carry this many binary places."""


def _joint_colours() -> list[Colour]:
    part_of = {joint: part for part, joints in PARTS.items() for joint in joints}
    names = [
        part_of[joint] if part_of[joint] == "head" else f"{name.split('_')[0]} {part_of[joint].rstrip('s')}"
        for joint, name in enumerate(JOINTS)
    ]
    return [LEGEND[name] for name in names]


JOINT_COLOURS = _joint_colours()
"""The colour of each joint, in the order of JOINTS."""


class Person(NamedTuple):
    """What a clip says of one frame; x and y of the keypoints in heatmap pixels."""

    maps: UInt8[np.ndarray, "17 64 48"]
    keypoints: Float32[np.ndarray, "17 3"]
    silhouette: UInt8[np.ndarray, "128 96"] | None


def person(clip: Clip, frame: int) -> Person:
    """One frame of a clip."""
    one = clip.take(slice(frame, frame + 1))
    silhouette = None if one.silhouettes is None else one.silhouettes[0]
    return Person(one.heatmaps[0], one.keypoints_on_maps()[0], silhouette)


def evenly(frames: int, count: int) -> NDArray[np.int64]:
    """At most ``count`` frame indices, evenly spaced over a clip of so many frames, each in its middle."""
    count = min(count, frames)
    return ((np.arange(count) + 0.5) * frames / count).astype(np.int64)


def enlarged(scale: float) -> Affine:
    """From a picture that shows the heatmap frame ``scale`` times larger to heatmap pixels."""
    shift = (1 / scale - 1) / 2
    return np.array([[1 / scale, 0, shift], [0, 1 / scale, shift]], np.float32)


def empty(height: int, width: int) -> Picture:
    """A picture in the background's colour."""
    return np.full((height, width, 3), BACKGROUND, np.uint8)


def save_picture(picture: Picture, path: Path) -> None:
    """Write a PNG; GaitheatError if that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, format="PNG")
    except OSError as error:
        raise GaitheatError(f"{path}: cannot write a picture there ({error})") from error


def shrunk(picture: Picture, width: int, height: int) -> Picture:
    """The picture in another size, smooth where it gets smaller."""
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def paint_maps(picture: Picture, maps: UInt8[np.ndarray, "17 64 48"], affine: Affine) -> None:
    """Every joint's map in its colour; where maps overlap, the stronger one gives the hue."""
    part, inside = _under_frame(picture, affine)
    if not part.size:
        return
    heat = maps.astype(np.float32) / 255
    share = heat**2 / np.maximum((heat**2).sum(0), 1e-9)
    # The power lifts what is faint: how far a map spreads is what a keypoint does not tell.
    strength = heat.max(0) ** 0.7 * OPAQUE
    colour = np.einsum("jyx,jc->yxc", share, np.array(JOINT_COLOURS, np.float32)) * strength[..., None]
    layer = _warped(np.dstack([colour, strength]).astype(np.float32), inside, part)
    part[:] = np.rint(part * (1 - layer[..., 3:]) + layer[..., :3])


def paint_skeleton(picture: Picture, keypoints: Float32[np.ndarray, "17 3"], affine: Affine) -> None:
    """Bones and joints, ``keypoints`` in heatmap pixels; thin and dim where the score is under SURE."""
    inverse = _inverse(affine)
    points = transform(inverse[None], keypoints[None, :, :2])[0]
    at = [(int(x), int(y)) for x, y in np.rint(points * 2**SHIFT)]
    width = max(1, round(0.4 * float(np.hypot(*inverse[:, 0]))))
    sure = keypoints[:, 2] >= SURE
    for first, second in sorted(BONES, key=lambda bone: sure[list(bone)].all()):
        clear = sure[[first, second]].all()
        colour = _bone_colour(first, second, 1.0 if clear else DIM)
        if clear:
            cv2.line(picture, at[first], at[second], BACKGROUND, width + 2, cv2.LINE_AA, SHIFT)
        cv2.line(picture, at[first], at[second], colour, width if clear else 1, cv2.LINE_AA, SHIFT)
    for joint in np.flatnonzero(sure):
        colour = JOINT_COLOURS[joint]
        radius = round((0.9 * width + 0.9) * 2**SHIFT)
        cv2.circle(picture, at[joint], radius + 2**SHIFT, BACKGROUND, -1, cv2.LINE_AA, SHIFT)
        cv2.circle(picture, at[joint], radius, colour, -1, cv2.LINE_AA, SHIFT)


def _bone_colour(first: int, second: int, brightness: float) -> Colour:
    """The colour of the bone's far joint; a bone from left to right is a mixture."""
    across = MIRROR[first] == second
    ends = np.array([JOINT_COLOURS[first if across else second], JOINT_COLOURS[second]])
    red, green, blue = (int(value) for value in ends.mean(0) * brightness)
    return red, green, blue


def paint_silhouette(
    picture: Picture, silhouette: UInt8[np.ndarray, "128 96"], affine: Affine, filled: bool = False
) -> None:
    """The silhouette's outline, or its area."""
    part, inside = _under_frame(picture, affine)
    if not part.size:
        return
    finer = (2 * inside + np.array([[0, 0, 0.5], [0, 0, 0.5]])).astype(np.float32)
    cover = _warped(silhouette.astype(np.float32), finer, part) / 255
    if filled:
        part[:] = np.rint(part + cover[..., None] * (np.array(BODY) - part))
        return
    contours, _ = cv2.findContours((cover >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(part, contours, True, OUTLINE, 1, cv2.LINE_AA)


def frame_corners(affine: Affine) -> Float32[np.ndarray, "4 2"]:
    """Corners of the heatmap frame in the picture's pixels."""
    right, bottom = MAP_WIDTH - 0.5, MAP_HEIGHT - 0.5
    frame = np.array([[(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)]], np.float32)
    corners: NDArray[np.float32] = transform(_inverse(affine)[None], frame)[0]
    return corners


def _inverse(affine: Affine) -> Affine:
    return np.asarray(cv2.invertAffineTransform(affine), np.float32)


def _under_frame(picture: Picture, affine: Affine) -> tuple[Picture, Affine]:
    """The part of the picture that the heatmap frame covers, and the affine from it to heatmap pixels."""
    corners = frame_corners(affine)
    size = np.array(picture.shape[1::-1])
    x0, y0 = np.clip(np.floor(corners.min(0)), 0, size).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(0)) + 1, 0, size).astype(int)
    inside = affine.copy()
    inside[:, 2] += affine[:, :2] @ np.array([x0, y0], np.float32)
    return picture[y0:y1, x0:x1], inside


def _warped(layer: NDArray[np.float32], affine: Affine, onto: Picture) -> NDArray[np.float32]:
    """The layer as seen from ``onto``, whose pixels ``affine`` leads to the layer's."""
    size = (onto.shape[1], onto.shape[0])
    warped = cv2.warpAffine(layer, affine, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(warped, np.float32)


@lru_cache(maxsize=64)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The typeface of all pictures: it knows Latin, Greek, Cyrillic, and comes with matplotlib."""
    import matplotlib as mpl  # only pictures with words need it

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf"), size)


def fitted(text: str, width: int, typeface: ImageFont.FreeTypeFont) -> str:
    """The text, or as much of its beginning as fits."""
    if typeface.getlength(text) <= width:
        return text
    while text and typeface.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
