"""Bodies: built like people, the same from the same seed, and quickly there from the distilled file."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitheat.assets import put
from gaitheat.errors import GaitheatError
from gaitheat.skeleton import JOINTS, MIRROR
from gaitheat.walkers import makehuman
from gaitheat.walkers.body import (
    BODY_VERTICES,
    LANDMARK_BONES,
    BodyData,
    Population,
    Shape,
    body_data,
    bone_heads,
    draw_shape,
    landmarks,
    rest_vertices,
    vary_shape,
)
from gaitheat.walkers.makehuman import DETAILS, GROUPS, distilled_path
from gaitheat.walkers.seeds import generator

pytestmark = pytest.mark.usefixtures("assets")
SIDES = np.array([1, -1, 1])


def stature(shape: Shape) -> float:
    return float(rest_vertices(shape)[:BODY_VERTICES, 2].max())


def people(count: int, spread: float = 1.0) -> list[Shape]:
    return [draw_shape(generator("tests", number), Population(), spread) for number in range(count)]


@pytest.fixture(scope="module")
def drawn(assets: dict[str, Path]) -> list[Shape]:
    return people(100)


@pytest.mark.slow
def test_women_and_men_are_as_tall_as_people_are(drawn: list[Shape]) -> None:
    for mean, sex in [
        (1.63, [s for s in drawn if s.gender < 0.5]),
        (1.76, [s for s in drawn if s.gender > 0.5]),
    ]:
        heights = [stature(shape) for shape in sex]
        assert abs(np.mean(heights) - mean) < 0.025
        assert 0.05 < np.std(heights) < 0.09
        assert min(heights) > 1.35
        assert max(heights) < 2.05


def test_feet_stand_on_the_floor_and_the_body_faces_x(drawn: list[Shape]) -> None:
    for shape in drawn[:10]:
        vertices = rest_vertices(shape)
        points = dict(zip(JOINTS, landmarks(vertices), strict=True))
        assert vertices[:BODY_VERTICES, 2].min() == 0
        assert points["nose"][0] > points["left_ear"][0] + 0.05
        assert points["left_shoulder"][1] > 0.1
        assert points["right_shoulder"][1] < -0.1
        names = ("ankle", "knee", "hip", "elbow", "shoulder", "ear", "eye")
        heights = [points[f"left_{name}"][2] for name in names]
        assert heights == sorted(heights)


def test_without_spread_everybody_has_the_mean_body() -> None:
    first, *others = (rest_vertices(shape) for shape in people(5, spread=0.0))
    for vertices in others:
        assert np.array_equal(vertices, first)


def test_spread_scales_how_far_bodies_are_from_the_mean() -> None:
    mean = people(1, spread=0.0)[0]
    for half, whole in zip(people(10, spread=0.5), people(10), strict=True):
        for name in ("gender", "age", "muscle", "weight", "height", "proportions"):
            middle, moved = getattr(mean, name), getattr(whole, name)
            if 0 < moved < 1:
                assert getattr(half, name) == pytest.approx((middle + moved) / 2)
        assert half.races == pytest.approx((np.array(whole.races) + 1 / 3) / 2)
        assert half.details == pytest.approx(np.array(whole.details) / 2)


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
def test_every_shape_is_within_its_bounds(spread: float) -> None:
    for shape in people(50, spread):
        assert all(0 <= getattr(shape, name) <= 1 for name in ("gender", "age", "muscle", "weight", "height"))
        assert sum(shape.races) == pytest.approx(1)
        assert min(shape.races) >= 0
        assert max(map(abs, shape.details)) <= 1


def test_the_same_seed_gives_the_same_body() -> None:
    one, other = (draw_shape(generator("anna"), Population()) for _ in range(2))
    assert one == other
    assert np.array_equal(rest_vertices(one), rest_vertices(other))
    assert draw_shape(generator("otto"), Population()) != one


def test_a_taller_shape_is_a_taller_body_by_as_much_above_the_middle_as_below() -> None:
    heights = [stature(Shape(height=height)) for height in (0.3, 0.4, 0.5, 0.6, 0.7)]
    assert np.diff(heights) == pytest.approx(0.0733, abs=0.001)


def test_weight_is_more_body_and_so_is_a_man() -> None:
    assert volume(Shape(weight=0.8)) > 1.05 * volume(Shape(weight=0.2))
    assert volume(Shape(gender=1.0)) > 1.05 * volume(Shape(gender=0.0))


@pytest.mark.parametrize("detail", range(len(DETAILS)), ids=DETAILS)
def test_every_detail_does_something(detail: int) -> None:
    for amount in (-1.0, 1.0):
        shape = Shape(details=tuple(amount * (number == detail) for number in range(len(DETAILS))))
        assert np.abs(rest_vertices(shape) - rest_vertices(Shape()))[:BODY_VERTICES].max() > 0.005


def test_another_day_changes_girth_a_little_and_no_bone() -> None:
    shape = people(1)[0]
    days = [vary_shape(generator("day", number), shape) for number in range(20)]
    kilograms = [1000 * volume(day) for day in days]
    assert 0.3 < np.std(kilograms) < 2
    for day in days:
        assert replace(day, weight=shape.weight, details=shape.details) == shape
        assert abs(stature(day) - stature(shape)) < 0.002


def test_left_and_right_mirror_each_other() -> None:
    shape = people(1)[0]
    vertices = rest_vertices(shape)
    points = landmarks(vertices)
    assert np.abs(points[list(MIRROR)] * SIDES - points).max() < 1e-4
    names = body_data().bone_names
    swap = [
        names.index(name[:-1] + {"l": "r", "r": "l"}[name[-1]] if name[-2] == "_" else name) for name in names
    ]
    heads = bone_heads(vertices)
    assert np.abs(heads[swap] * SIDES - heads).max() < 1e-4


def test_landmarks_move_with_the_bones_that_are_meant() -> None:
    names = [body_data().bone_names[bone] for bone in LANDMARK_BONES]
    expected = ["head"] * 5
    for limb in ("upperarm", "lowerarm", "hand", "thigh", "calf", "foot"):
        expected += [f"{limb}_l", f"{limb}_r"]
    assert names == expected
    vertices = rest_vertices(Shape())
    assert np.array_equal(landmarks(vertices)[5:], bone_heads(vertices)[LANDMARK_BONES[5:]])


def test_the_face_is_where_the_mesh_has_it() -> None:
    data, vertices = body_data(), rest_vertices(Shape())
    points = dict(zip(JOINTS, landmarks(vertices), strict=True))
    head = vertices[:BODY_VERTICES][data.all_weights[:BODY_VERTICES, data.bone_names.index("head")] > 0.9]
    assert points["nose"][0] > head[:, 0].max() - 0.005
    assert abs(points["nose"][1]) < 1e-6
    assert head[:, 1].max() - 0.02 < points["left_ear"][1] < head[:, 1].max()
    assert 0.05 < points["left_eye"][1] - points["right_eye"][1] < 0.075


def test_faces_and_weights_fit_the_mesh() -> None:
    data = body_data()
    assert data.base.shape == (19158, 3)
    assert set(data.faces) == set(GROUPS)
    for group, faces in data.faces.items():
        assert 0 <= faces.min() <= faces.max() < len(data.base)
        assert (faces.max() < BODY_VERTICES) == (group == "body")
    assert len(data.bone_names) == len(data.heads) == 53
    assert data.parents[0] == -1
    assert (data.parents[1:] < np.arange(1, 53)).all()
    assert (data.parents[1:] >= 0).all()
    for weights in (data.weights, data.all_weights):
        assert np.allclose(weights.sum(1), 1, atol=1e-6)
        assert weights.min() >= 0
    assert data.bones.min() >= 0
    assert data.bones.max() < 53


def test_the_body_is_closed() -> None:
    """Every edge of the skin borders two triangles, so that nothing can be seen through."""
    faces = body_data().faces["body"]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).all()


@pytest.fixture
def home_file(assets: dict[str, Path]) -> Path:
    """The distilled file of the cache that all tests share."""
    body_data()
    return distilled_path()


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], BodyData]]:
    """The data as a new process would get them, with a cache of the test's own."""
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path / "cache"))

    def load() -> BodyData:
        body_data.cache_clear()
        return body_data()

    yield load
    body_data.cache_clear()


@pytest.mark.slow
def test_the_distilled_file_is_enough_and_mended_if_damaged(
    home_file: Path,
    fresh: Callable[[], BodyData],
    assets: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape = people(1)[0]
    expected = rest_vertices(shape)
    assert distilled_path().is_relative_to(tmp_path)
    damaged = bytearray(home_file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    put(distilled_path(), bytes(damaged))

    monkeypatch.setattr(makehuman, "fetch", lambda name: assets[name])
    fresh()
    assert distilled_path().read_bytes() != bytes(damaged)
    assert np.array_equal(rest_vertices(shape), expected)

    monkeypatch.setattr(makehuman, "fetch", lambda name: pytest.fail("the distilled file is there"))
    fresh()
    assert np.array_equal(rest_vertices(shape), expected)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1000], lambda _: b"", lambda _: b"x" * 1000])
def test_a_file_cut_short_or_foreign_is_never_used(
    home_file: Path,
    fresh: Callable[[], BodyData],
    damage: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(distilled_path(), damage(home_file.read_bytes()))

    def asked(name: str) -> Path:
        raise GaitheatError(f"asked for {name}")

    monkeypatch.setattr(makehuman, "fetch", asked)
    with pytest.raises(GaitheatError, match="asked for makehuman"):
        fresh()


def test_a_cache_that_cannot_be_written_is_one_line(fresh: Callable[[], BodyData], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(GaitheatError, match="GAITHEAT_CACHE"):
        fresh()


def volume(shape: Shape) -> float:
    """Cubic metres, by the divergence theorem."""
    corners = rest_vertices(shape)[body_data().faces["body"]]
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)
