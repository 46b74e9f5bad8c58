"""Loading: equal batches whoever loads them, and a window is what evaluation would see of the same frames."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from factories import make_clip, make_key
from gaitheat.clips import Clip, transform
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import matrices, warp
from gaitheat.heatmaps.augment import DEFAULT, Augmentation
from gaitheat.modalities import SHAPES, Modality
from gaitheat.packed import PackedClips, pack
from gaitheat.silhouettes import tight
from gaitheat.sources import Request
from gaitheat.training.cutting import Cutting, sample
from gaitheat.training.loading import Batch, batches, to_inputs
from gaitheat.training.sampling import Balanced, subject_of
from training.walks import Memory

PEOPLE = ("anna", "bert", "cleo", "dora")
AUGMENTED = Cutting(frames=6, stride_jitter=0.2, augmentation=DEFAULT)


class Watched(Memory):
    """Clips in memory, which remember what was asked for."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        super().__init__(clips)
        self.reads: list[Sequence[Request]] = []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        self.reads.append(requests)
        return super().read(requests)


def walks() -> list[Clip]:
    """Three of each person, one of which is short."""
    return [
        make_clip((20, 12, 4)[take], 3 * number + take, make_key(name, take=f"{take}"))
        for number, name in enumerate(PEOPLE)
        for take in range(3)
    ]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedClips:
    path = tmp_path_factory.mktemp("packed") / "clips.arrow"
    pack(Watched(walks()), path)
    return PackedClips(path)


def sampler(source: Watched | PackedClips, seed: int = 7) -> Balanced:
    return Balanced([info.key for info in source.infos()], subjects=2, clips=2, seed=seed)


def content(batch: Batch) -> list[bytes]:
    return [tensor.numpy().tobytes() for tensor in batch]


def facing(clip: Clip, cells: float) -> Clip:
    """The clip with the nose this many heatmap cells to the right of the neck."""
    points = clip.keypoints.copy()
    points[:, 0, 0] = points[:, [5, 6], 0].mean(1) + cells / clip.crop[:, 0, 0]
    return replace(clip, keypoints=points)


def test_batches_are_equal_after_a_resume_at_any_step(packed):
    plain = [content(batch) for batch in batches(packed, sampler(packed), AUGMENTED, range(5))]
    assert len({step[0] for step in plain}) == 5
    for start in range(1, 5):
        resumed = batches(packed, sampler(packed), AUGMENTED, range(start, start + 1))
        assert content(next(resumed)) == plain[start]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_batches_are_equal_for_any_number_of_workers(packed, workers):
    plain, loaded = (
        [content(batch) for batch in batches(packed, sampler(packed), AUGMENTED, range(1, 6), number)]
        for number in (0, workers)
    )
    assert plain == loaded


def test_processes_that_train_together_share_the_batch_of_one(packed):
    whole = next(batches(packed, sampler(packed), AUGMENTED, range(3, 4)))
    parts = [next(batches(packed, sampler(packed), AUGMENTED, range(3, 4), 0, rank, 2)) for rank in (0, 1)]
    for tensor, *pieces in zip(whole, *parts, strict=True):
        assert torch.equal(tensor, torch.cat(pieces))


def test_another_seed_is_another_batch_and_the_networks_chance_is_left_alone(packed):
    torch.manual_seed(1)
    first, other = (next(batches(packed, sampler(packed, seed), AUGMENTED, range(1))) for seed in (1, 2))
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), drawn)
    assert content(first) != content(other)


def test_a_batch_has_the_shapes_labels_and_full_windows_that_training_needs(packed):
    balanced = sampler(packed)
    for step, batch in enumerate(batches(packed, balanced, AUGMENTED, range(3))):
        keys = balanced.batch(step)
        assert batch.heatmaps.shape == (4, 6, 17, 64, 48)
        assert batch.keypoints.shape == (4, 6, 17, 3)
        assert batch.mask.all()
        assert batch.labels.tolist() == [balanced.roster[subject_of(key)] for key in keys]


def test_a_batch_is_one_read_of_just_the_frames_it_shows():
    memory = Watched(walks())
    cutting = Cutting(frames=6)
    (batch,) = batches(memory, sampler(memory), cutting, range(1))
    (requests,) = memory.reads
    assert [key for key, _ in requests] == sampler(memory).batch(0)
    for key, frames in requests:
        assert frames is not None
        assert (np.diff(frames) > 0).all()
        assert len(frames) == min(6, len(memory.clips[key]))
    assert len(batch.labels) == 4


@pytest.mark.parametrize(("cells", "mirrored"), [(5, False), (-5, True)])
def test_a_window_is_what_evaluation_sees_of_its_frames_turned_to_the_right(cells, mirrored):
    clip = facing(make_clip(12, 4), cells)
    maps, keypoints, _ = sample(clip, np.arange(12), Cutting(frames=12), np.random.default_rng(0))
    seen = clip.mirrored() if mirrored else clip
    points = seen.keypoints_on_maps()
    affines = matrices(points, seen.times)
    assert np.abs(maps.astype(int) - warp(seen.heatmaps, affines)).max() <= 1
    assert keypoints[..., :2] == pytest.approx(transform(affines, points[..., :2]), abs=1e-3)
    assert (keypoints[..., 2] == points[..., 2]).all()
    assert (keypoints[:, 0, 0] > keypoints[:, [5, 6], 0].mean(1)).all()


def test_who_is_seen_from_the_front_is_mirrored_as_often_as_not():
    clip = facing(make_clip(4), 0)
    shown = [
        sample(clip, np.arange(4), Cutting(frames=4), np.random.default_rng(seed))[0].tobytes()
        for seed in range(40)
    ]
    assert len(set(shown)) == 2
    assert 10 <= shown.count(shown[0]) <= 30


def test_a_frame_shown_twice_is_the_same_twice():
    clip = make_clip(3)
    maps, keypoints, _ = sample(clip, np.array([0, 1, 2, 0]), Cutting(frames=4), np.random.default_rng(0))
    assert (maps[0] == maps[3]).all()
    assert (keypoints[0] == keypoints[3]).all()


def test_what_the_maps_hold_is_decided_before_they_are_warped():
    clip = facing(make_clip(6), 5)
    blind = replace(clip, heatmaps=np.zeros_like(clip.heatmaps))
    drawn = Cutting(frames=6, variant="drawn", augmentation=Augmentation(displacement=1.0))
    first, second = (sample(one, np.arange(6), drawn, np.random.default_rng(0))[0] for one in (clip, blind))
    assert first.any()
    assert (first == second).all()


def test_a_body_is_measured_in_a_window_almost_as_in_its_clip():
    clip = make_clip(60)
    whole = matrices(clip.keypoints_on_maps(), clip.times)
    part = clip.take(slice(20, 36))
    window = matrices(part.keypoints_on_maps(), part.times)
    assert window[:, 0, 0] == pytest.approx(whole[20:36, 0, 0], rel=0.02)


@pytest.mark.parametrize("reads", [{"heatmaps"}, {"keypoints"}, {"silhouettes"}, {"heatmaps", "silhouettes"}])
def test_what_is_not_read_is_empty_and_the_rest_is_the_same(packed: PackedClips, reads: set[Modality]):
    everything = replace(AUGMENTED, reads=frozenset(SHAPES))
    only = replace(AUGMENTED, reads=frozenset(reads))
    whole, part = (
        next(batches(packed, sampler(packed), cutting, range(1))) for cutting in (everything, only)
    )
    for name in SHAPES:
        made = getattr(part, name)
        assert torch.equal(made, getattr(whole, name) if name in reads else getattr(whole, name)[:, :, :0])


@pytest.mark.parametrize(("cells", "mirrored"), [(5, False), (-5, True)])
def test_silhouettes_are_those_evaluation_sees_turned_to_the_right(cells: int, mirrored: bool):
    clip = facing(make_clip(8, 4), cells)
    cutting = Cutting(frames=8, reads=frozenset({"silhouettes"}))
    shown = sample(clip, np.arange(8), cutting, np.random.default_rng(0)).silhouettes
    seen = clip.mirrored() if mirrored else clip
    assert (shown == tight(seen.silhouettes)).all()


def test_a_clip_without_silhouettes_is_said_where_they_are_read():
    clip = replace(make_clip(4), silhouettes=None)
    assert len(sample(clip, np.arange(4), Cutting(frames=4), np.random.default_rng(0)).heatmaps) == 4
    reading = Cutting(frames=4, reads=frozenset({"silhouettes"}))
    with pytest.raises(GaitheatError, match="has no silhouettes"):
        sample(clip, np.arange(4), reading, np.random.default_rng(0))


def test_inputs_are_fractions_on_their_device(packed):
    batch = next(batches(packed, sampler(packed), Cutting(frames=3), range(1)))
    inputs, labels = to_inputs(batch)
    assert inputs.heatmaps.dtype == torch.float32
    assert torch.equal((inputs.heatmaps * 255).round().to(torch.uint8), batch.heatmaps)
    assert inputs.heatmaps.max() <= 1
    half, _ = to_inputs(batch, "cpu", torch.bfloat16)
    assert half.heatmaps.dtype == half.silhouettes.dtype == torch.bfloat16
    assert half.keypoints.dtype == torch.float32
    assert torch.equal(labels, batch.labels)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_damaged_clip_is_one_line_from_a_worker_too(tmp_path: Path, packed: PackedClips, workers: int):
    source = PackedClips(packed.path)
    lost = replace(source.infos()[0].key, subject="nobody")
    source._catalogue.infos[0] = replace(source.infos()[0], key=lost)
    keys = [lost, *(info.key for info in packed.infos()[1:])]
    balanced = Balanced(keys, subjects=4, clips=3, seed=0)
    with pytest.raises(GaitheatError, match=r"^no clip .*nobody[^\n]*$"):
        list(batches(source, balanced, Cutting(frames=2), range(2), workers))


def test_a_cutting_travels_and_impossible_ones_are_refused():
    assert pickle.loads(pickle.dumps(AUGMENTED)) == AUGMENTED  # noqa: S301
    with pytest.raises(GaitheatError, match="1 frame or more"):
        Cutting(frames=0)
    with pytest.raises(GaitheatError, match="stride jitter"):
        Cutting(stride_jitter=1.0)
    with pytest.raises(GaitheatError, match="no variant"):
        Cutting(variant="painted")
