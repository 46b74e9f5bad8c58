"""No embedding depends on the crop, the size of the picture, the number of frames or the name of the clip.

Not even in its last bit: the clip here is made of numbers whose sums, products and means are exact in
floating point (few binary digits, a body of exactly the standard length), so whatever differs was looked at.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from factories import ESTIMATOR, make_key
from gaitheat.clips import SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH, Clip
from gaitheat.embeddings import EMBEDDERS
from gaitheat.heatmaps.align import BODY_LENGTH, NECK
from gaitheat.heatmaps.draw import gaussians

FRAMES = 16
UNIT = BODY_LENGTH / 256
"""Cells: offsets from the neck are multiples of it, so that in body lengths they are multiples of 1/256."""
UPRIGHT = np.array(
    [(0, -36), (6, -40), (-6, -40), (12, -36), (-12, -36), (28, 0), (-28, 0), (34, 50), (-34, 50), (30, 92),
     (-30, 92), (20, 96), (-20, 96), (20, 176), (-20, 176), (20, 256), (-20, 256)], np.float32
)  # fmt: skip
"""Offsets of the joints from the neck: trunk 96, thigh 80, shin 80, together one body length."""
SWUNG = np.array([(48, -16), (0, 0), (-48, -16), (0, 0)], np.float32)
"""By which a knee leaves its place: (48, 64) is as long as (0, 80)."""


def walker(facing: int) -> Clip:
    """A person who swings arms and legs while the crop and the neck in it move on.

    Args:
        facing: how far the nose is before the neck, units: 0 counts half for the mirror, 16 not at all.
    """
    points = np.repeat(UPRIGHT[None], FRAMES, axis=0)
    points[:, :5, 0] += facing
    for side, leg in enumerate(((13, 15), (14, 16))):
        points[:, leg] += np.roll(SWUNG, 2 * side, axis=0)[np.arange(FRAMES) % 4][:, None]
    points[:, (9, 10), 0] += (np.arange(FRAMES) % 8 * 4)[:, None] * np.array([1, -1])
    steps = np.arange(FRAMES, dtype=np.float32)[:, None]
    on_maps = np.ones((FRAMES, 17, 3), np.float32)
    on_maps[..., :2] = np.array(NECK) + UNIT * points
    on_maps[..., 0] += steps % 3 / 8
    crop = np.zeros((FRAMES, 2, 3), np.float32)
    crop[:, 0, 0] = crop[:, 1, 1] = 0.25
    crop[:, :, 2] = -np.concatenate([steps + 20, steps % 2 + 10], axis=1)
    keypoints = on_maps.copy()
    keypoints[..., :2] = 4 * (on_maps[..., :2] - crop[:, None, :, 2])
    silhouettes = np.zeros((FRAMES, SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH), np.uint8)
    for frame in range(FRAMES):
        silhouettes[frame, 10 + frame % 2 : 110, 30 + frame % 5 : 60 - frame % 3] = 200
    return Clip(
        key=make_key(),
        source="walk.mp4",
        sha256="0" * 64,
        estimator=ESTIMATOR,
        times=np.arange(FRAMES) / 25,
        heatmaps=gaussians(on_maps),
        keypoints=keypoints,
        crop=crop,
        present=np.ones(FRAMES, np.float32),
        silhouettes=silhouettes,
    )


def photographed(clip: Clip, scale: float, right: float, down: float) -> Clip:
    """The same pictures in a larger one: enlarged, then moved; the crops and what they show stay."""
    moved, crop = clip.keypoints.copy(), clip.crop.copy()
    moved[..., :2] = scale * moved[..., :2] + np.array([right, down], np.float32)
    crop[:, :, :2] /= scale
    crop[:, :, 2] -= crop[:, :, :2] @ np.array([right, down], np.float32)
    return replace(clip, keypoints=moved, crop=crop)


def walked_again(clip: Clip) -> Clip:
    """The same frames a second time behind the first: their means over time stay, sums would double."""
    arrays = {
        name: np.concatenate([getattr(clip, name)] * 2)
        for name in ("heatmaps", "keypoints", "crop", "present", "silhouettes")
    }
    return replace(clip, times=np.arange(2 * FRAMES) / 25, **arrays)


CHANGES: dict[str, Callable[[Clip], Clip]] = {
    "size of the picture": lambda clip: photographed(clip, 2, 0, 0),
    "place in the picture": lambda clip: photographed(clip, 1, 96, 32),
    "place and size of the crop": lambda clip: photographed(clip, 0.5, 40, -24),
    "number of frames": walked_again,
    "name": lambda clip: replace(clip, key=make_key("zoe", 7, "cl", "99"), source="z.avi", sha256="f" * 64),
    "frames refused": lambda clip: replace(clip, refused={"cut off": 40}),
}

PLANTS: dict[str, Callable[[Clip], float]] = {
    "size of the picture": lambda clip: float(clip.keypoints[..., :2].max()),
    "place in the picture": lambda clip: float(clip.keypoints[0, 0, 1]),
    "place and size of the crop": lambda clip: float(clip.crop[0, 0, 0]),
    "number of frames": lambda clip: len(clip),
    "name": lambda clip: float(clip.key.track),
    "frames refused": lambda clip: float(sum(clip.refused.values())),
}
"""What an embedding that looks at it would mix in."""


@pytest.mark.parametrize("facing", [0, 16])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", EMBEDDERS)
def test_an_embedding_does_not_see(name, change, facing):
    clip = walker(facing)
    seen, unseen = (EMBEDDERS[name].embed(shown) for shown in (clip, CHANGES[change](clip)))
    assert seen.tobytes() == unseen.tobytes()


@pytest.mark.parametrize("change", CHANGES)
def test_an_embedding_that_looks_at_it_is_caught(change):
    clip = walker(16)

    def leaking(shown: Clip) -> bytes:
        vector = np.append(EMBEDDERS["mean-skeleton"].embed(shown), np.float32(PLANTS[change](shown)))
        return (vector / np.linalg.norm(vector)).tobytes()

    assert leaking(clip) == leaking(walker(16))
    assert leaking(clip) != leaking(CHANGES[change](clip))


@pytest.mark.parametrize("name", EMBEDDERS)
def test_what_the_person_does_is_seen(name):
    clip = walker(16)
    still = {field: getattr(clip, field)[:1].repeat(FRAMES, 0) for field in ("heatmaps", "silhouettes")}
    image = clip.keypoints[:1].repeat(FRAMES, 0)
    standing = replace(clip, **still, keypoints=image, crop=clip.crop[:1].repeat(FRAMES, 0))
    assert np.linalg.norm(EMBEDDERS[name].embed(clip) - EMBEDDERS[name].embed(standing)) > 0.01
