"""What the networks on keypoints look at: places, bones, angles and motions, made from aligned keypoints.

Pure functions. Whatever a paper does to coordinates beyond the alignment that everybody shares is done here,
inside the network, so that a checkpoint or an exported file needs nothing else.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from gaitheat.heatmaps.align import BODY_LENGTH, NECK, SHORTEST
from gaitheat.skeleton import ANKLES, HIPS, KNEES, SHOULDERS

PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)
"""The joint at the other end of each joint's bone, towards the nose; the nose has no bone."""

Points = Float[Tensor, "*frames 17 2"]
Clips = Float[Tensor, "clips frames 17 2"]
Keypoints = Float[Tensor, "clips frames 17 3"]
Mask = Bool[Tensor, "clips frames"]


def bones(points: Points) -> Points:
    """Every joint seen from its parent (PARENTS)."""
    return points - points[..., torch.tensor(PARENTS, device=points.device), :]


def from_neck(points: Points) -> Points:
    """Every joint seen from midway between the shoulders."""
    return points - _middle(points, SHOULDERS)


def angles(vectors: Points) -> Points:
    """The angles, 0 to pi, that vectors make with the axes: across and down. 0 where there is no vector.

    The arc cosines of the unit vector, by arc tangents: near 0 and pi the former lose half of the digits.
    """
    return torch.atan2(vectors.flip(-1).abs(), vectors)


def motions(points: Clips, mask: Mask, ahead: int) -> Clips:
    """How far every joint is from here so many frames later; 0 where either frame is not shown."""
    later = functional.pad(points, (0, 0, 0, 0, 0, ahead))[:, ahead:]
    both = mask & (functional.pad(mask.to(points.dtype), (0, ahead))[:, ahead:] > 0)
    return (later - points).masked_fill(~both[:, :, None, None], 0)


def upright(points: Points) -> Points:
    """GPGait's human-oriented transformation: spine upright, neck at the origin, every body 1 long.

    Each frame is turned until its spine, from the neck to midway between the hips, points straight down, and
    measured from the neck over hips and knees to the ankles, mean of both legs. A spine of less than SHORTEST
    has no direction: such a frame is not turned.
    """
    points = from_neck(points)
    spine = _middle(points, HIPS)
    torso = spine.square().sum(-1, keepdim=True).sqrt()
    x, y = torch.where(torso > SHORTEST, spine, spine.new_tensor([0.0, 1.0])).unbind(-1)
    across, down = points.unbind(-1)
    turned = torch.stack([y * across - x * down, x * across + y * down], -1)
    thighs = _distances(points, HIPS, KNEES)
    shins = _distances(points, KNEES, ANKLES)
    length = torso + (thighs + shins).mean(-2, keepdim=True)
    straight = (x.square() + y.square()).sqrt()[..., None]
    return turned / (straight * length.clamp(min=SHORTEST))


def gaitgraph_inputs(keypoints: Keypoints, mask: Mask) -> tuple[Tensor, Tensor, Tensor]:
    """GaitGraph2's three branches, each [clips, frames, 17, 5] with the score last.

    Joints: as they are, and from the neck. Velocities: over one frame, and over two. Bones: the vectors, and
    the angles they make with the axes.
    """
    points, score = _places(keypoints), keypoints[..., 2:]
    vectors = bones(points)
    return (
        torch.cat([points, from_neck(points), score], -1),
        torch.cat([motions(points, mask, 1), motions(points, mask, 2), score], -1),
        torch.cat([vectors, angles(vectors), score], -1),
    )


def gaittr_inputs(keypoints: Keypoints, mask: Mask) -> Float[Tensor, "clips frames 17 10"]:
    """GaitTR's input: joints as they are and from the neck, motions over one frame and over two, bones."""
    points = _places(keypoints)
    parts = [points, from_neck(points), motions(points, mask, 1), motions(points, mask, 2), bones(points)]
    return torch.cat(parts, -1)


def gpgait_inputs(keypoints: Keypoints) -> tuple[Clips, Clips, Clips]:
    """GPGait's three branches: joints, bones and the bones' angles of the upright body."""
    points = upright(keypoints[..., :2])
    vectors = bones(points)
    return points, vectors, angles(vectors)


def _places(keypoints: Keypoints) -> Clips:
    """In body lengths from where an aligned neck lies: a fixed scale, that the numbers may be near 1."""
    return (keypoints[..., :2] - keypoints.new_tensor(NECK)) / BODY_LENGTH


def _middle(points: Points, pair: tuple[int, int]) -> Float[Tensor, "*frames 1 2"]:
    left, right = pair
    return (points[..., left : left + 1, :] + points[..., right : right + 1, :]) / 2


def _distances(
    points: Points, starts: tuple[int, int], ends: tuple[int, int]
) -> Float[Tensor, "*frames 2 1"]:
    """Of the left pair and of the right one."""
    vectors: Tensor = points[..., ends, :] - points[..., starts, :]
    return vectors.square().sum(-1, keepdim=True).sqrt()
