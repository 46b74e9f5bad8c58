"""Where a person is: overlaps against double loops, paths against a slow weighted least squares."""

import numpy as np
import pytest
from fakes import ASPECT, JOINTS_IN_BOX

from factories import STANDING
from gaitheat.video.boxes import (
    SMOOTHING,
    containment,
    overlaps,
    places,
    pose_boxes,
    smooth,
    smooth_places,
)
from gaitheat.video.collect import image_keypoints
from gaitheat.video.crop import MARGIN, heatmap_affines
from gaitheat.video.protocols import Poses


def random_boxes(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    low = random.uniform(0, 60, (count, 2))
    return np.concatenate([low, low + random.uniform(1, 60, (count, 2))], axis=1).astype(np.float32)


def shared_area(first: np.ndarray, second: np.ndarray) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return width * height if width > 0 and height > 0 else 0.0


def area(box: np.ndarray) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def test_overlaps_and_containment_are_those_of_a_double_loop() -> None:
    first, second = random_boxes(12, 0), random_boxes(9, 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            shared = shared_area(a, b)
            assert overlaps(first, second)[i, j] == pytest.approx(
                shared / (area(a) + area(b) - shared), abs=1e-5
            )
            assert containment(first, second)[i, j] == pytest.approx(shared / min(area(a), area(b)), abs=1e-5)


def test_boxes_without_area_and_no_boxes_share_nothing() -> None:
    flat = np.array([[10, 10, 10, 20]], np.float32)
    touching = np.array([[0, 0, 10, 10], [10, 0, 20, 10]], np.float32)
    assert overlaps(flat, flat) == containment(flat, flat) == 0
    assert overlaps(touching, touching)[0, 1] == 0
    assert overlaps(np.zeros((0, 4), np.float32), touching).shape == (0, 2)


def test_a_pose_box_holds_all_joints_with_room_for_head_and_feet_and_is_centred_on_the_trunk() -> None:
    joints = np.concatenate([STANDING, np.ones((17, 1), np.float32)], axis=1)[None].repeat(3, 0)
    joints[1, 9, 0] -= 20  # one arm is stretched out
    joints[2, :, :2] = 7  # all joints in one point
    boxes = pose_boxes(joints)
    # Joints count from the centre of the first pixel, boxes from its edge.
    joints[..., :2] += 0.5
    low, high = joints[..., :2].min(axis=1), joints[..., :2].max(axis=1)
    assert (boxes[:, 0] <= low[:, 0] + 1e-4).all()
    assert (boxes[:, 2] >= high[:, 0] - 1e-4).all()
    assert (boxes[:, 1] < low[:, 1]).all()
    assert (boxes[:, 3] > high[:, 1]).all()
    trunk = joints[:, [5, 6, 11, 12], 0].mean(axis=1)
    np.testing.assert_allclose((boxes[:, 0] + boxes[:, 2]) / 2, trunk, atol=1e-4)


def test_a_pose_stays_in_the_middle_of_the_crop_that_its_box_gives() -> None:
    height = 64 / MARGIN
    points = np.ones((1, 17, 3), np.float32)
    points[0, :, :2] = [23.5, 31.5] + (JOINTS_IN_BOX - 0.5) * [ASPECT * height, height]
    box = np.array([[100, 200, 109, 230]], np.float32)
    for _ in range(5):
        affines = heatmap_affines(places(box))
        on_maps = Poses(np.zeros((1, 17, 64, 48), np.uint8), points, np.ones(1, np.float32), None, None)
        box = pose_boxes(image_keypoints(on_maps, affines))
    np.testing.assert_allclose(box, [[100, 200, 109, 230]], atol=0.01)


def slow_smooth(times: np.ndarray, values: np.ndarray, query: np.ndarray) -> np.ndarray:
    """A weighted straight line fitted at every query time, by the normal equations."""
    path = []
    for now in query:
        root = np.exp(-0.25 * ((times - now) / SMOOTHING) ** 2)
        design = np.column_stack([np.ones_like(times), times - now])
        line, *_ = np.linalg.lstsq(design * root[:, None], values * root[:, None], rcond=None)
        path.append(line[0])
    return np.array(path)


def test_smoothing_is_a_weighted_least_squares_line() -> None:
    random = np.random.default_rng(0)
    times = np.sort(random.uniform(0, 6, 25))
    values = np.cumsum(random.normal(size=(25, 3)), axis=0)
    query = np.linspace(-0.3, 6.3, 80)
    np.testing.assert_allclose(smooth(times, values, query), slow_smooth(times, values, query), atol=1e-6)


@pytest.mark.parametrize("times", [[0.0, 0.3, 0.6, 0.9, 1.2, 1.5], [0.0, 0.1, 1.0, 1.05, 1.9], [0.0, 0.3]])
def test_a_straight_line_passes_unchanged_at_its_ends_and_beyond_them_too(times: list[float]) -> None:
    seen = np.array(times)
    query = np.linspace(seen[0] - 0.3, seen[-1] + 0.3, 50)
    line = smooth(seen, 5 + 40 * seen[:, None], query)
    np.testing.assert_allclose(line[:, 0], 5 + 40 * query, atol=1e-6)


def test_smoothing_is_the_same_forwards_and_backwards() -> None:
    random = np.random.default_rng(1)
    times, values = np.sort(random.uniform(0, 5, 18)), random.normal(size=(18, 2))
    query = np.linspace(-0.2, 5.2, 60)
    backwards = smooth(-times[::-1], values[::-1], -query[::-1])[::-1]
    np.testing.assert_allclose(smooth(times, values, query), backwards, atol=1e-9)


def test_a_wave_is_not_delayed() -> None:
    times = np.arange(0, 20, 0.3)
    query = np.arange(5, 15, 0.04)
    path = smooth(times, np.sin(times)[:, None], query)[:, 0]
    shifts = np.arange(-10, 11)
    match = [np.corrcoef(path[10:-10], np.sin(query[10:-10] + 0.04 * shift))[0, 1] for shift in shifts]
    assert shifts[int(np.argmax(match))] == 0


def test_seen_once_a_person_stands_still_and_far_from_every_sight_the_path_is_finite() -> None:
    once = smooth(np.array([2.0]), np.array([[7.0]]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(once, 7.0)
    far = smooth(np.array([0.0, 0.3, 100.0]), np.array([[0.0], [1.0], [2.0]]), np.array([50.0]))
    assert np.isfinite(far).all()


def test_sizes_change_by_ratios() -> None:
    times = np.arange(10) * 0.3
    heights = 40 * 1.1 ** np.arange(10)
    boxes = np.column_stack([np.zeros(10), np.zeros(10), heights / 3, heights]).astype(np.float32)
    between = smooth_places(times, boxes, times[:-1] + 0.15)
    np.testing.assert_allclose(between.sides, 40 * 1.1 ** (np.arange(9) + 0.5), rtol=1e-5)


def test_a_place_is_the_centre_and_the_longer_side() -> None:
    place = places(np.array([[0, 0, 10, 40], [0, 0, 50, 40]], np.float32))
    np.testing.assert_array_equal(place.centres, [[5, 20], [25, 20]])
    np.testing.assert_array_equal(place.sides, [40, 50])
