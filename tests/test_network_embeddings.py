"""Embeddings by a network: their definition, and what makes no difference to them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from factories import make_clip, make_key
from gaitheat import network_embeddings
from gaitheat.clips import Clip, transform, windows
from gaitheat.embeddings import Embedder
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import matrices, warp
from gaitheat.heatmaps.variants import VARIANTS
from gaitheat.modalities import SHAPES, Passes
from gaitheat.network_embeddings import BATCH, NetworkEmbedder
from gaitheat.networks import network_called
from gaitheat.networks.types import Inputs
from gaitheat.recipes import Data, Network, Recipe
from gaitheat.recognizer import Recognizer
from gaitheat.silhouettes import tight
from gaitheat.training.embedder import embedder_of

TINY = Network("gaitheat-s", widths=(8, 12), blocks=(1,), strips=4, dims=8)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """Random weights, with the batch statistics of walking people: so that clips differ."""
    torch.manual_seed(0)
    made = network_called(TINY.name).build(subjects=0, **TINY.settings())
    clips = [make_clip(8, seed) for seed in range(8)]
    maps = torch.from_numpy(np.stack([clip.heatmaps for clip in clips])).float() / 255
    points = torch.from_numpy(np.stack([clip.keypoints_on_maps() for clip in clips]))
    for module in made.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = None  # the first batch's statistics, not a tenth of them
    with torch.no_grad():
        made(Inputs(maps, points, torch.empty(8, 8, 0, 44), torch.ones(8, 8, dtype=torch.bool)))
    return made.eval()


@pytest.fixture(scope="module")
def embedder(network: nn.Module) -> NetworkEmbedder:
    return embedder_of(network, Recipe(network=TINY))


def test_an_embedding_has_strips_of_one_length_and_length_one(embedder: NetworkEmbedder) -> None:
    assert isinstance(embedder, Embedder)
    vector = embedder.embed(make_clip())
    assert vector.dtype == np.float32
    assert (embedder.strips, embedder.dims, vector.shape) == (4, 8, (32,))
    assert np.linalg.norm(vector.reshape(4, 8), axis=1) == pytest.approx(0.5, abs=1e-6)


def test_clips_differ(embedder: NetworkEmbedder) -> None:
    first, second = embedder.embed_all([make_clip(30, 1), make_clip(30, 2)])
    assert np.linalg.norm(first - second) > 0.05


def aligned(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    points = clip.keypoints_on_maps()
    affines = matrices(points, clip.times)
    points[..., :2] = transform(affines, points[..., :2])
    return warp(clip.heatmaps, affines).astype(np.float32) / 255, points


def test_it_is_the_weighted_mean_of_its_windows(embedder: NetworkEmbedder, network: nn.Module) -> None:
    clip = make_clip(100, 3).take(np.r_[0:40, 52:100])
    maps, points = aligned(clip)
    cut = windows(clip.times)
    assert len({int(window.mask.sum()) for window in cut}) > 1
    total = np.zeros((4, 8))
    for window in cut:
        whole = Inputs(
            torch.from_numpy(np.where(window.mask[:, None, None, None], maps[window.frames], 0))[None],
            torch.from_numpy(np.where(window.mask[:, None, None], points[window.frames], 0))[None],
            torch.empty(1, len(window.mask), 0, 44),
            torch.from_numpy(window.mask)[None],
        )
        with torch.no_grad():
            total += window.mask.sum() * network(whole).embedding[0].double().numpy()
    unit = total / np.linalg.norm(total, axis=1, keepdims=True) / 2
    assert replace(embedder, mirror="none").embed(clip) == pytest.approx(unit.ravel(), abs=1e-5)


@pytest.mark.parametrize("mirror", ["facing", "mean"])
@pytest.mark.parametrize("cells", [-5.0, 0.7, 5.0])
def test_a_mirrored_clip_is_the_same_person(embedder: NetworkEmbedder, mirror: str, cells: float) -> None:
    clip = facing(make_clip(40, 2), cells)
    for forward, tolerance in ((linear, 1e-6), (embedder.forward, 1e-3)):
        # A few cells of the maps are rounded to the other side, which this network of 32 numbers amplifies.
        turned = replace(embedder, mirror=mirror, forward=forward)
        assert turned.embed(clip.mirrored()) == pytest.approx(turned.embed(clip), abs=tolerance)
        cheap = replace(turned, mirror="none")
        assert np.linalg.norm(cheap.embed(clip) - cheap.embed(clip.mirrored())) > 20 * tolerance


def linear(passes: Passes) -> np.ndarray:
    """A network that tells left from right."""
    random = np.random.default_rng(5)
    cells = random.normal(size=(17 * 64 * 48, 32))
    joints = random.normal(size=(17 * 3, 32))
    maps, keypoints, _, mask = passes
    frames = maps.reshape(*mask.shape, -1) @ cells + keypoints.reshape(*mask.shape, -1) @ joints
    means = (frames * mask[..., None]).sum(1) / mask.sum(1)[:, None]
    return means.reshape(-1, 4, 8).astype(np.float32)


def facing(clip: Clip, cells: float) -> Clip:
    """The same clip, with the nose this many heatmap cells to the right of the neck."""
    points = clip.keypoints.copy()
    points[:, 0, 0] = points[:, [5, 6], 0].mean(1) + cells / clip.crop[:, 0, 0]
    return replace(clip, keypoints=points)


def test_passes_that_count_nothing_are_not_computed(embedder: NetworkEmbedder) -> None:
    passes: list[int] = []

    def counting(seen: Passes) -> np.ndarray:
        passes.append(len(seen.mask))
        return embedder.forward(seen)

    counted = replace(embedder, forward=counting)
    counted.embed(facing(make_clip(40, 2), 5.0))
    counted.embed(facing(make_clip(40, 2), -5.0))
    counted.embed(facing(make_clip(40, 2), 0.0))
    assert passes == [1, 1, 2]


def test_neither_batch_mates_nor_their_order_change_an_embedding(embedder: NetworkEmbedder) -> None:
    lengths = (1, 62, 5, 33, 12)
    clips = [make_clip(frames, seed) for seed, frames in enumerate(lengths)]
    alone = np.stack([embedder.embed(clip) for clip in clips])
    assert embedder.embed_all(clips) == pytest.approx(alone, abs=1e-5)
    assert embedder.embed_all(clips[::-1])[::-1] == pytest.approx(alone, abs=1e-5)
    assert embedder.embed_all([]).shape == (0, 32)


def test_memory_does_not_grow_with_the_clip(embedder: NetworkEmbedder) -> None:
    sizes: list[tuple[int, ...]] = []

    def remembering(passes: Passes) -> np.ndarray:
        maps, keypoints, silhouettes, mask = passes
        sizes.append(mask.shape)
        assert not maps[~mask].any()
        assert not keypoints[~mask].any()
        assert not silhouettes.size
        return np.ones((len(maps), 4, 8), np.float32)

    replace(embedder, forward=remembering).embed(make_clip(300, silhouettes=False))
    assert len(sizes) == 3
    assert all(passes <= 2 * BATCH and ticks <= 60 for passes, ticks in sizes)


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_maps_hold_what_the_variant_says(embedder: NetworkEmbedder, variant: str) -> None:
    clip = make_clip(10)
    drawn = replace(clip, heatmaps=VARIANTS[variant](clip.heatmaps, clip.keypoints_on_maps()))
    assert (replace(embedder, variant=variant).embed(clip) == embedder.embed(drawn)).all()


def test_other_weights_and_settings_are_another_identity(
    embedder: NetworkEmbedder, network: nn.Module
) -> None:
    other = network_called(TINY.name).build(subjects=0, **TINY.settings()).eval()
    unordered = replace(TINY, strips=2)
    identities = [
        embedder.identity,
        embedder_of(other, Recipe(network=TINY)).identity,
        embedder_of(network, Recipe(network=unordered)).identity,
        embedder_of(network, Recipe(Data(variant="drawn"), TINY)).identity,
        embedder_of(network, Recipe(Data(mirror="none"), TINY)).identity,
    ]
    assert len(set(identities)) == len(identities)
    assert embedder_of(network, Recipe(network=TINY, seed=1)).identity == embedder.identity


def test_another_version_is_another_identity(
    embedder: NetworkEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embedder.identity
    monkeypatch.setattr(network_embeddings, "VERSION", network_embeddings.VERSION + 1)
    assert embedder.identity != before


def test_what_cannot_be_embedded_is_said(embedder: NetworkEmbedder) -> None:
    clip = make_clip(5)
    with pytest.raises(GaitheatError, match="reads heatmaps, but it has none or empty"):
        embedder.embed(replace(clip, heatmaps=np.zeros_like(clip.heatmaps)))
    broken = replace(embedder, forward=lambda passes: np.full((len(passes.mask), 4, 8), np.nan, np.float32))
    with pytest.raises(GaitheatError, match="answers with zero or infinite numbers"):
        broken.embed(clip)


@pytest.fixture(scope="module", params=["gaitbase", "gaittr", "gaitheat_fusion"])
def other(request: pytest.FixtureRequest) -> NetworkEmbedder:
    """Networks that read something else, with random weights."""
    knobs = {
        "gaitbase": Network("gaitbase", width=4),
        "gaittr": Network("gaittr", width=32, dims=16),
        "gaitheat_fusion": Network("gaitheat_fusion", widths=(8, 8), blocks=(1,), strips=4, dims=8),
    }[request.param]
    torch.manual_seed(0)
    made = network_called(knobs.name).build(subjects=0, **knobs.settings()).eval()
    return embedder_of(made, Recipe(network=knobs))


def test_a_network_is_given_what_it_reads_and_nothing_else(other: NetworkEmbedder) -> None:
    seen: list[Passes] = []

    def remembering(passes: Passes) -> np.ndarray:
        seen.append(passes)
        return other.forward(passes)

    clip = make_clip(70, 3)
    replace(other, forward=remembering, mirror="none").embed(clip)
    (passes,) = seen
    given = {name for name in SHAPES if getattr(passes, name).size}
    assert given == other.reads
    if "silhouettes" in given:
        cut = tight(clip.silhouettes)
        (whole,) = passes.silhouettes[passes.mask.all(1)]
        assert (whole == cut[:60] / np.float32(255)).all()


def test_a_mirrored_clip_is_the_same_person_whatever_is_read(other: NetworkEmbedder) -> None:
    clip = facing(make_clip(40, 2), 0.7)
    turned = replace(other, mirror="facing")
    assert turned.embed(clip.mirrored()) == pytest.approx(turned.embed(clip), abs=2e-3)


@pytest.mark.parametrize("silhouettes", [None, np.zeros((5, 128, 96), np.uint8)])
def test_a_clip_without_silhouettes_is_refused_only_where_they_are_read(
    other: NetworkEmbedder, silhouettes: np.ndarray | None
) -> None:
    clip = replace(make_clip(5), silhouettes=silhouettes)
    if "silhouettes" not in other.reads:
        other.embed(clip)
        return
    with pytest.raises(GaitheatError, match="reads silhouettes, but it has none or empty ones"):
        other.embed(clip)


def test_a_recogniser_takes_it(embedder: NetworkEmbedder, tmp_path) -> None:
    folder = tmp_path / "gallery"
    recogniser = Recognizer(folder, threshold=0.5, embedder=embedder)
    for seed in (1, 2):
        recogniser.enroll_clip(make_clip(40, seed, make_key(f"s{seed}")), f"person {seed}")
    (nearest,) = recogniser.nearest(make_clip(60, 2), 1)
    assert nearest.name == "person 2"
    with pytest.raises(GaitheatError, match="gaitheat calibrate"):
        Recognizer(folder, embedder=embedder).judge()
    with pytest.raises(GaitheatError, match="use another folder"):
        Recognizer(folder, threshold=0.5, embedder=replace(embedder, mirror="none"))
    with pytest.raises(GaitheatError, match="got both"):
        Recognizer(folder, "mean-heatmap", embedder=embedder)
