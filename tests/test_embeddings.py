"""Training-free embeddings: what they ignore, what they tell apart, and what they refuse."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import Clip, compose, windows
from gaitheat.embeddings import EMBEDDERS
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import Alignment, matrices, warp

every_embedder = pytest.mark.parametrize("name", list(EMBEDDERS))


def distance(name: str, first: Clip, second: Clip) -> float:
    embedder = EMBEDDERS[name]
    return float(np.linalg.norm(embedder.embed(first) - embedder.embed(second)))


@cache
def nearest_stranger(name: str) -> float:
    """The smallest distance of the clip of seed 0 to those of other people."""
    return min(distance(name, make_clip(60), make_clip(60, seed)) for seed in range(1, 5))


def recropped(clip: Clip, scale: float, x: float, y: float) -> Clip:
    """The clip as another crop would show it: the person smaller or larger, elsewhere in the frame."""
    affine = np.array([[scale, 0, x], [0, scale, y]], np.float32)
    affines = np.broadcast_to(affine, (len(clip), 2, 3))
    assert clip.silhouettes is not None
    return replace(
        clip,
        heatmaps=warp(clip.heatmaps, affines),
        silhouettes=warp(clip.silhouettes, affines, clip.silhouettes.shape[1:]),
        crop=compose(affines, clip.crop),
    )


@every_embedder
def test_an_embedding_has_its_dimension_length_one_and_a_name(name):
    embedder = EMBEDDERS[name]
    vector = embedder.embed(make_clip())
    assert vector.dtype == np.float32
    assert vector.shape == (embedder.dimension,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert embedder.identity.startswith(name)


def test_another_setting_is_another_identity():
    embedder = EMBEDDERS["mean-heatmap"]
    others = [
        embedder,
        replace(embedder, alignment=Alignment(rotation="clip")),
        replace(embedder, mirror="none"),
        replace(embedder, deviation=1.0),
        replace(embedder, pool=8),
        *list(EMBEDDERS.values())[1:],
    ]
    assert len({other.identity for other in others}) == len(others)


@every_embedder
def test_the_same_clip_has_the_same_embedding_to_the_bit(name):
    first, second = (EMBEDDERS[name].embed(make_clip(70)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@every_embedder
@pytest.mark.parametrize(("scale", "x", "y"), [(1, 4.3, -3.2), (0.85, 3, 5), (0.9, 0, 0)])
def test_the_place_and_size_of_the_crop_hardly_matter(name, scale, x, y):
    clip = make_clip(60)
    assert distance(name, clip, recropped(clip, scale, x, y)) < 0.35 * nearest_stranger(name)


def facing(clip: Clip, cells: float | np.ndarray) -> Clip:
    """The same clip, with the nose this many heatmap cells to the right of the neck."""
    points = clip.keypoints.copy()
    points[:, 0, 0] = points[:, [5, 6], 0].mean(1) + cells / clip.crop[:, 0, 0]
    return replace(clip, keypoints=points)


@every_embedder
@pytest.mark.parametrize("mirror", ["facing", "mean"])
@pytest.mark.parametrize("cells", [-5, 0.5])
def test_a_mirrored_clip_is_the_same_person(name, mirror, cells):
    clip = facing(make_clip(40, 2), cells)
    embedder = replace(EMBEDDERS[name], mirror=mirror)
    assert np.linalg.norm(embedder.embed(clip) - embedder.embed(clip.mirrored())) < 1e-4
    cheap = replace(embedder, mirror="none")
    assert np.linalg.norm(cheap.embed(clip) - cheap.embed(clip.mirrored())) > 1e-3


@every_embedder
def test_who_faces_right_is_seen_as_is_and_who_faces_nowhere_as_both(name):
    embedder, clip = EMBEDDERS[name], make_clip(40)
    right, nowhere = facing(clip, 5), facing(clip, 0)
    assert (embedder.embed(right) == replace(embedder, mirror="none").embed(right)).all()
    both = replace(embedder, mirror="mean").embed(nowhere)
    assert embedder.embed(nowhere) == pytest.approx(both, abs=1e-4)


def test_a_person_who_turns_round_is_still_the_same():
    straight = facing(make_clip(160, 4), 5)
    back = straight.mirrored()
    frames = {
        field: np.concatenate([getattr(straight, field)[:80], getattr(back, field)[80:]])
        for field in ("heatmaps", "keypoints", "crop")
    }
    turning = replace(straight, silhouettes=None, **frames)
    embedder = EMBEDDERS["mean-heatmap"]
    ways = [embedder, replace(embedder, mirror="none")]
    turned, seen_as_is = (float(np.linalg.norm(way.embed(straight) - way.embed(turning))) for way in ways)
    assert turned < 0.5 * seen_as_is


@every_embedder
def test_an_embedding_rests_on_the_weighted_mean_of_its_windows(name):
    clip = make_clip(75)
    cheap = replace(EMBEDDERS[name], mirror="none")
    frames = cheap.frames(clip, matrices(clip.keypoints_on_maps(), clip.times)).astype(np.float64)
    cut = windows(clip.times)
    assert len(cut) == 2
    total = sum(piece.mask.sum() for piece in cut)
    mean = sum(frames[i] for piece in cut for i in piece.frames[piece.mask]) / total
    variance = sum((frames[i] - mean) ** 2 for piece in cut for i in piece.frames[piece.mask]) / total
    parts = [mean, cheap.deviation * np.sqrt(variance)] if cheap.deviation else [mean]
    expected = np.concatenate([_slow_pool(part, cheap.pool) for part in parts])
    assert cheap.embed(clip) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def _slow_pool(image: np.ndarray, pool: int) -> np.ndarray:
    """Means of pool x pool blocks of the last two axes, by loops."""
    *_, height, width = image.shape
    layers = image.reshape(-1, height, width)
    return np.array(
        [
            layer[row : row + pool, column : column + pool].mean()
            for layer in layers
            for row in range(0, height, pool)
            for column in range(0, width, pool)
        ]
    )


@every_embedder
def test_the_number_of_frames_does_not_leak(name):
    clip = make_clip(60)
    assert distance(name, clip, _twice_as_dense(clip)) < 0.1 * nearest_stranger(name)
    assert distance(name, clip, clip.take(slice(None, None, 2))) < 0.35 * nearest_stranger(name)


def _twice_as_dense(clip: Clip) -> Clip:
    """Every picture twice, as of a camera with twice the rate that repeats its frames."""
    twice = np.repeat(np.arange(len(clip)), 2)
    return replace(
        clip,
        times=np.arange(2 * len(clip)) / 50,
        heatmaps=clip.heatmaps[twice],
        keypoints=clip.keypoints[twice],
        crop=clip.crop[twice],
        present=clip.present[twice],
        silhouettes=clip.silhouettes[twice],
        world=None,
        phase=None,
    )


@every_embedder
def test_a_hole_of_refused_frames_hardly_matters(name):
    clip = make_clip(60)
    holed = clip.take(np.r_[0:20, 28:60])
    assert distance(name, clip, holed) < 0.4 * nearest_stranger(name)


@every_embedder
def test_one_frame_is_enough_for_an_embedding(name):
    assert np.isfinite(EMBEDDERS[name].embed(make_clip(1))).all()


@every_embedder
def test_two_walks_of_one_person_are_nearest_to_one_another(name):
    clips = [make_clip(90, seed) for seed in range(6)]
    halves = [(clip.take(slice(0, 45)), clip.take(slice(45, 90))) for clip in clips]
    embedder = EMBEDDERS[name]
    first, second = (np.stack([embedder.embed(half[i]) for half in halves]) for i in (0, 1))
    distances = np.linalg.norm(first[:, None] - second[None], axis=2)
    assert (distances.argmin(axis=1) == np.arange(6)).sum() >= 5


def test_a_clip_without_silhouettes_has_no_silhouette_embedding():
    clip = make_clip(silhouettes=False)
    with pytest.raises(GaitheatError, match=r"has no silhouettes.*use mean-heatmap"):
        EMBEDDERS["mean-silhouette"].embed(clip)
    EMBEDDERS["mean-heatmap"].embed(clip)


def test_empty_maps_cannot_be_embedded():
    clip = make_clip(5)
    with pytest.raises(GaitheatError, match="maps are empty"):
        EMBEDDERS["mean-heatmap"].embed(replace(clip, heatmaps=np.zeros_like(clip.heatmaps)))
