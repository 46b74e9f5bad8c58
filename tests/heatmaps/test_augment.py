"""Augmentation: one resample, keypoints stay on their maps, each kind does what it says and nothing else."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from factories import make_clip
from gaitheat.clips import transform
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import matrices, warp
from gaitheat.heatmaps.augment import DEFAULT, NONE, Augmentation, Plan, draw_plan
from gaitheat.heatmaps.augmented import (
    augmented_keypoints,
    augmented_maps,
    augmented_silhouettes,
    channel_affines,
)
from gaitheat.heatmaps.draw import gaussians
from gaitheat.skeleton import MIRROR, PARTS

FRAMES = 12
LOWER = list(PARTS["lower limbs"])
REST = [joint for joint in range(17) if joint not in LOWER]
STRONG = Augmentation(
    scale=0.1,
    stretch=0.1,
    rotation=6.0,
    shear=0.1,
    shift=2.0,
    displacement=1.0,
    width=0.2,
    height=0.2,
    jitter=0.6,
    lost_joints=0.5,
    occluder=1.0,
    swapped_legs=1.0,
    repeated_frames=0.3,
)
every_kind = pytest.mark.parametrize("name", [kind.name for kind in fields(Augmentation)])


def augmented(maps, points, affines, plan):
    """Both at once."""
    return augmented_maps(maps, points, affines, plan), augmented_keypoints(points, affines, plan)


def window(seed: int = 0, frames: int = FRAMES) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps, keypoints on them, and matrices that align them."""
    clip = make_clip(frames, seed)
    points = clip.keypoints_on_maps()
    return gaussians(points), points, matrices(points, clip.times)


def plan_of(augmentation: Augmentation, seed: int = 0, frames: int = FRAMES) -> Plan:
    return draw_plan(augmentation, frames, np.random.default_rng(seed))


def only(name: str) -> Augmentation:
    return replace(NONE, **{name: getattr(STRONG, name)})


def centroids(maps: np.ndarray) -> np.ndarray:
    y, x = np.indices(maps.shape[-2:])
    mass = maps.astype(float) + 1e-9
    return np.stack([(x * mass).sum((-2, -1)), (y * mass).sum((-2, -1))], -1) / mass.sum((-2, -1))[..., None]


def resampled(image: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """The obvious warp: for each cell the place where it comes from, bilinear, zeros outside."""
    row, column = np.indices(image.shape)
    back = np.linalg.inv(np.vstack([affine, [0, 0, 1]]))
    x, y, _ = np.tensordot(back, np.stack([column, row, np.ones(image.shape)]), axes=1)
    return map_coordinates(image.astype(float), [y, x], order=1, mode="grid-constant")


def test_no_augmentation_is_the_plain_alignment():
    maps, points, affines = window()
    plain, moved = augmented(maps, points, affines, plan_of(NONE))
    assert (plain == warp(maps, affines)).all()
    assert moved[..., :2] == pytest.approx(transform(affines, points[..., :2]), abs=1e-4)
    assert (moved[..., 2] == points[..., 2]).all()


@pytest.mark.parametrize("seed", range(4))
def test_pixels_are_resampled_once_by_one_affine_a_frame_and_joint(seed):
    maps, points, affines = window(seed)
    moving = replace(STRONG, height=0.0, lost_joints=0.0, occluder=0.0, swapped_legs=0.0, repeated_frames=0.0)
    plan = plan_of(moving, seed)
    ways = channel_affines(points, affines, plan)
    got, _ = augmented(maps, points, affines, plan)
    for frame, joint in np.ndindex(FRAMES, 17):
        expected = resampled(maps[frame, joint], ways[frame, joint].astype(float))
        assert np.abs(got[frame, joint] - expected).max() <= 1


@pytest.mark.parametrize("shape", [(9, 64, 48), (128, 96), (2, 50, 30)])
def test_warping_boxes_equals_warping_all(shape):
    random = np.random.default_rng(3)
    images = np.zeros((FRAMES, *shape), np.uint8)
    spots = random.random(images.shape) < 0.002
    images[spots] = random.integers(1, 256, spots.sum())
    images[0] = 255
    images[1] = 0
    affines = window()[2]
    fitting = np.array([shape[-1] / 48, shape[-2] / 64])
    warped = warp(images, affines, shape[-2:])
    for place in np.ndindex(images.shape[:-2]):
        way = affines[place[0]].astype(float)
        way[:, :2] = np.diag(fitting) @ way[:, :2] @ np.diag(1 / fitting)
        offset = (fitting - 1) / 2
        way[:, 2] = fitting * affines[place[0], :, 2] + offset - way[:, :2] @ offset
        assert np.abs(warped[place] - resampled(images[place], way)).max() <= 1


@every_kind
def test_a_keypoint_stays_on_its_maps_peak(name):
    maps, points, affines = window(1)
    changed, moved = augmented(maps, points, affines, plan_of(only(name), 5))
    inside = (moved[..., :2] > 6).all(-1) & (moved[..., 0] < 41) & (moved[..., 1] < 57)
    if name == "occluder":
        inside &= np.abs(changed.sum((2, 3)) / np.maximum(warp(maps, affines).sum((2, 3)), 1) - 1) < 0.01
    seen = inside & (moved[..., 2] > 0)
    assert seen.mean() > 0.3
    assert np.abs(centroids(changed) - moved[..., :2])[seen].max() < 0.15
    assert changed.dtype == np.uint8
    assert moved.dtype == np.float32


@every_kind
def test_switching_one_off_leaves_what_chance_decides_about_the_others(name):
    whole, without = plan_of(STRONG), plan_of(replace(STRONG, **{name: 0.0}))
    affected = {
        "scale": "affine",
        "stretch": "affine",
        "rotation": "affine",
        "shear": "affine",
        "shift": "affine",
        "displacement": "offsets",
        "jitter": "offsets",
        "jitter_memory": "offsets",
        "width": "widths",
        "height": "heights",
        "lost_joints": "lost",
        "occluder": "hidden",
        "swapped_legs": "joints",
        "repeated_frames": "frames",
    }[name]
    for part in fields(Plan):
        same = np.array_equal(getattr(whole, part.name), getattr(without, part.name))
        assert same == (part.name != affected), part.name


def test_a_seed_decides_everything_and_the_window_is_left_alone():
    maps, points, affines = window()
    before = maps.copy(), points.copy(), affines.copy()
    first, again, other = (
        augmented(maps, points, affines, plan_of(STRONG, seed))[0].tobytes() for seed in (1, 1, 2)
    )
    assert first == again != other
    for array, copy in zip((maps, points, affines), before, strict=True):
        assert array.tobytes() == copy.tobytes()


def test_clip_consistent_kinds_are_one_draw_for_all_frames_and_jitter_is_not():
    still = plan_of(replace(STRONG, jitter=0.0))
    assert (still.offsets == still.offsets[0]).all()
    assert np.abs(still.offsets).max() > 0
    assert np.abs(np.diff(plan_of(only("jitter")).offsets, axis=0)).min() > 0


@pytest.mark.parametrize("memory", [0.0, 0.8])
def test_jitter_has_its_strength_and_remembers_as_it_should(memory):
    jitter = plan_of(Augmentation(jitter=0.5, jitter_memory=memory), frames=600).offsets.reshape(600, -1)
    assert jitter.std() == pytest.approx(0.5, rel=0.05)
    correlation = (jitter[1:] * jitter[:-1]).mean() / jitter.var()
    assert correlation == pytest.approx(memory, abs=0.04)


def test_strengths_of_the_affine_jitter_are_what_they_say():
    def linear(name: str, strength: float) -> np.ndarray:
        plans = [plan_of(replace(NONE, **{name: strength}), seed, 1) for seed in range(200)]
        return np.array([plan.affine for plan in plans])

    sizes = linear("scale", 0.1)
    assert (sizes[:, 0, 0] == sizes[:, 1, 1]).all()
    assert np.log(sizes[:, 0, 0]).std() == pytest.approx(0.1, rel=0.15)
    shapes = linear("stretch", 0.1)
    assert np.linalg.det(shapes[:, :, :2]) == pytest.approx(1)
    assert np.log(shapes[:, 0, 0] / shapes[:, 1, 1]).std() == pytest.approx(0.1, rel=0.15)
    turns = linear("rotation", 5.0)
    assert np.rad2deg(np.arcsin(turns[:, 1, 0])).std() == pytest.approx(5, rel=0.15)
    assert linear("shear", 0.1)[:, 0, 1].std() == pytest.approx(0.1, rel=0.15)
    assert linear("shift", 2.0)[:, :, 2].std() == pytest.approx(2, rel=0.15)


def test_a_peaks_width_changes_and_its_height_does_not():
    maps, points, affines = window()
    plain, _ = augmented(maps, points, affines, plan_of(NONE))
    plan = plan_of(only("width"))
    changed, moved = augmented(maps, points, affines, plan)
    for joint in REST:
        mass = changed[:, joint].astype(float).sum() / plain[:, joint].astype(float).sum()
        assert mass == pytest.approx(plan.widths[joint] ** 2, rel=0.04)
    peaks = [one[:, REST].max((2, 3)).mean() for one in (plain, changed)]
    assert peaks[1] == pytest.approx(peaks[0], rel=0.02)
    assert moved == pytest.approx(augmented(maps, points, affines, plan_of(NONE))[1], abs=1e-4)


def test_heights_and_scores_change_together_and_end_at_one():
    maps, points, affines = window()
    plain, _ = augmented(maps, points, affines, plan_of(NONE))
    plan = replace(plan_of(NONE), heights=np.linspace(0.5, 2, 17))
    changed, moved = augmented(maps, points, affines, plan)
    expected = np.minimum(plain * plan.heights[:, None, None], 255)
    assert np.abs(changed - expected).max() <= 0.5 + 1e-3
    assert moved[..., 2] == pytest.approx(np.minimum(points[..., 2] * plan.heights, 1))


def one_run(frames: np.ndarray) -> bool:
    return int(np.abs(np.diff(frames.astype(int), prepend=0, append=0)).sum()) == 2


def test_lost_joints_are_gone_for_a_run_of_frames():
    maps, points, affines = window()
    plan = plan_of(only("lost_joints"), 3)
    changed, moved = augmented(maps, points, affines, plan)
    lost = np.flatnonzero(plan.lost.any(0))
    assert 3 < len(lost) < 14
    assert all(one_run(plan.lost[:, joint]) and plan.lost[:, joint].mean() <= 0.5 for joint in lost)
    assert not changed[plan.lost].any()
    assert ((moved[..., 2] == 0) == plan.lost).all()
    assert (changed[~plan.lost] == warp(maps, affines)[~plan.lost]).all()


def test_an_occluder_hides_a_rectangle_of_all_maps_for_a_run_of_frames():
    maps, points, affines = window()
    plan = plan_of(only("occluder"), 1)
    changed, moved = augmented(maps, points, affines, plan)
    (left, top), (right, bottom) = plan.occluder
    assert one_run(plan.hidden)
    expected = warp(maps, affines)
    expected[plan.hidden, :, top:bottom, left:right] = 0
    assert (changed == expected).all()
    x, y = np.rint(moved[..., 0]), np.rint(moved[..., 1])
    behind = plan.hidden[:, None] & (x >= left) & (x < right) & (y >= top) & (y < bottom)
    assert behind.any()
    assert ((moved[..., 2] == 0) == behind).all()


def test_legs_are_swapped_for_a_run_of_frames_and_nothing_else_is():
    maps, points, affines = window()
    plan = plan_of(only("swapped_legs"))
    changed, moved = augmented(maps, points, affines, plan)
    plain, still = augmented(maps, points, affines, plan_of(NONE))
    swapped = (plan.joints != np.arange(17)).any(1)
    assert one_run(swapped)
    mirrored = [MIRROR[joint] for joint in LOWER]
    assert (changed[swapped][:, LOWER] == plain[swapped][:, mirrored]).all()
    assert (moved[swapped][:, LOWER] == still[swapped][:, mirrored]).all()
    assert (changed[~swapped] == plain[~swapped]).all()
    assert (changed[:, REST] == plain[:, REST]).all()


def test_a_lost_frame_shows_the_one_before_it_again():
    maps, points, affines = window()
    plan = plan_of(only("repeated_frames"))
    changed, moved = augmented(maps, points, affines, plan)
    plain, still = augmented(maps, points, affines, plan_of(NONE))
    repeated = plan.frames != np.arange(FRAMES)
    assert repeated.any()
    assert not repeated[0]
    assert (plan.frames[repeated] == plan.frames[np.flatnonzero(repeated) - 1]).all()
    assert (changed == plain[plan.frames]).all()
    assert (moved == still[plan.frames]).all()


def test_one_frame_can_be_augmented():
    maps, points, affines = window(frames=1)
    changed, moved = augmented(maps, points, affines, plan_of(STRONG, frames=1))
    assert changed.shape == maps.shape
    assert np.isfinite(moved).all()


def test_the_default_leaves_a_person_recognisable():
    maps, points, affines = window()
    plain, still = augmented(maps, points, affines, plan_of(NONE))
    for seed in range(20):
        changed, moved = augmented(maps, points, affines, plan_of(DEFAULT, seed))
        assert 0.4 < changed.sum() / plain.sum() < 2
        assert np.abs(np.median(moved - still, axis=(0, 1))[:2]).max() < 6


@pytest.mark.parametrize(("name", "value"), [("occluder", 1.1), ("scale", -0.1), ("jitter_memory", 2.0)])
def test_an_impossible_strength_is_refused(name, value):
    with pytest.raises(GaitheatError, match=f"{name} must"):
        Augmentation(**{name: value})


def silhouettes(frames: int = 6) -> np.ndarray:
    made = make_clip(frames, 1).silhouettes
    assert made is not None
    return made


def test_silhouettes_stay_as_they_are_without_augmentation():
    masks = silhouettes()
    assert (augmented_silhouettes(masks, plan_of(NONE, frames=6)) == masks).all()


def test_silhouettes_are_stretched_and_turned_but_not_scaled_or_moved():
    masks = silhouettes()
    same = augmented_silhouettes(masks, plan_of(Augmentation(scale=0.2, shift=3.0), frames=6))
    assert np.abs(same.astype(int) - masks).max() <= 1
    for name in ("stretch", "rotation", "shear"):
        changed = augmented_silhouettes(masks, plan_of(only(name), frames=6))
        assert (changed != masks).any((1, 2)).all()
        assert changed.mean() == pytest.approx(masks.mean(), rel=0.02)


def test_silhouettes_repeat_and_hide_what_maps_do():
    masks = silhouettes()
    plan = plan_of(Augmentation(repeated_frames=0.5, occluder=1.0), frames=6)
    shown = augmented_silhouettes(masks, plan)
    (left, top), (right, bottom) = 2 * plan.occluder
    assert plan.hidden.any()
    for frame, hidden, picture in zip(plan.frames, plan.hidden, shown, strict=True):
        wanted = masks[frame].copy()
        if hidden:
            wanted[top:bottom, left:right] = 0
        assert (picture == wanted).all()
