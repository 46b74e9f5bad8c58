"""A body as a tailor sees it: where its parts are, and the helper surfaces that cloth is cut from."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64
from scipy.sparse import csr_array

from gaitheat.walkers.body import body_data, bone_heads
from gaitheat.walkers.mesh import Field, neighbour_mean, relaxed, strongest

EVENED = 12
"""Rounds of smoothing of a skirt's weights."""
MIDDLE = 0.015
"""Metres to either side within which only the trunk is, not the legs."""
FOREARM_END = 1.5
"""Positions along the arm are counted to half a forearm beyond the wrist."""

ARM_BONES = ("upperarm", "lowerarm", "hand", "thumb", "index", "middle", "ring", "pinky")
"""How the names of an arm's bones start."""


class Sheet(NamedTuple):
    """A helper surface of the body: cloth is this surface, moved outwards and cut."""

    members: Int64[np.ndarray, " vertices"]
    """Its vertices among the body's."""
    faces: Int32[np.ndarray, "faces 3"]
    bones: Int32[np.ndarray, "vertices 4"]
    weights: Float32[np.ndarray, "vertices 4"]
    mean: csr_array
    """Replaces every vertex by the mean of its neighbours."""


@cache
def sheet(group: str) -> Sheet:
    """The surface of a group of the body's faces; a skirt follows both legs more evenly than in the rig."""
    data = body_data()
    index, faces = np.unique(data.faces[group], return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    mean = neighbour_mean(faces, len(index))
    if group != "helper-skirt":
        return Sheet(index, faces, data.bones[index], data.weights[index], mean)
    return Sheet(index, faces, *strongest(relaxed(mean, data.all_weights[index], EVENED)), mean)


class Measures(NamedTuple):
    """One body at rest. Heights in metres above the floor; fields have a value for every vertex."""

    vertices: Float64[np.ndarray, "vertices 3"]
    joints: Float64[np.ndarray, "53 3"]
    height: Field
    along_arm: Field
    """Metres from the shoulder towards the hand; 0 on the rest of the body."""
    upper_arm: float
    """Metres from shoulder to elbow."""
    lower_arm: float
    is_arm: Bool[np.ndarray, " vertices"]
    crotch: float
    hip: float
    ankle: float
    neck: float

    def joint(self, name: str) -> Float64[np.ndarray, " 3"]:
        """Where the bone of this name begins."""
        place: Float64[np.ndarray, " 3"] = self.joints[bone(name)]
        return place

    def leg_height(self, share: float) -> float:
        """Height of a place on the leg: 0 hip, 1 ankle."""
        return self.hip - share * (self.hip - self.ankle)

    def arm_length(self, place: float) -> float:
        """Metres from the shoulder to a place on the arm: 0 shoulder, 1 elbow, 2 wrist."""
        return min(place, 1.0) * self.upper_arm + max(place - 1.0, 0.0) * self.lower_arm


def bone(name: str) -> int:
    """Number of the bone of this name."""
    return body_data().bone_names.index(name)


def bones_named(*starts: str) -> list[int]:
    """Numbers of the bones whose names start like one of these."""
    return [number for number, name in enumerate(body_data().bone_names) if name.startswith(starts)]


@cache
def share_of(*starts: str) -> Float32[np.ndarray, " vertices"]:
    """How much of each vertex moves with the bones whose names start like one of these."""
    share: Float32[np.ndarray, " vertices"] = body_data().all_weights[:, bones_named(*starts)].sum(axis=1)
    return share


@cache
def arms() -> Bool[np.ndarray, " vertices"]:
    """Which vertices belong to the arms, hands included."""
    return share_of(*ARM_BONES) > 0.5


def measure(vertices: Float64[np.ndarray, "vertices 3"]) -> Measures:
    """Measures of a body at rest, as `body.rest_vertices` makes it."""
    joints = bone_heads(vertices)
    along, lengths = np.zeros(len(vertices)), []
    for side in "lr":
        shoulder, elbow, wrist = (joints[bone(f"{name}_{side}")] for name in ("upperarm", "lowerarm", "hand"))
        upper, lower = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - elbow)
        above = (vertices - shoulder) @ (elbow - shoulder) / upper
        below = (vertices - elbow) @ (wrist - elbow) / lower
        distance = np.clip(above, 0, upper) + np.clip(below, 0, FOREARM_END * lower)
        here = arms() & ((vertices[:, 1] > 0) == (side == "l"))
        along[here] = distance[here]
        lengths.append((upper, lower))
    upper, lower = np.mean(lengths, axis=0)
    trunk = vertices[sheet("helper-tights").members]
    crotch = trunk[np.abs(trunk[:, 1]) < MIDDLE, 2].min()
    return Measures(
        vertices, joints, vertices[:, 2], along, float(upper), float(lower), arms(), float(crotch),
        *(float(joints[bone(name), 2]) for name in ("thigh_l", "foot_l", "neck_01")),
    )  # fmt: skip
