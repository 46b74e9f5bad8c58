"""Profiles say how much is generated; the numbers are part of the benchmark."""

import pytest

from gaitheat.datasets.walkers import PROTOCOLS
from gaitheat.errors import GaitheatError
from gaitheat.walkers.profiles import PROFILES, planned_seconds, walks
from gaitheat.walkers.worlds import KINDS, WORLDS


@pytest.mark.parametrize(
    ("profile", "subjects", "frames"),
    [
        ("tiny", 12, 12 * 6 * 2 * 30),
        ("small", 100, 72_000),
        ("standard", 200, 440_000 + 72_000),
        ("large", 1000, 180_000),
    ],
)
def test_sizes_are_those_of_the_benchmark(profile: str, subjects: int, frames: int) -> None:
    planned = walks(PROFILES[profile], "indoor")
    assert sum(walk.frames for walk in planned) == frames
    assert len({(walk.world, walk.subject) for walk in planned}) == subjects
    assert len({walk.key for walk in planned}) == len(planned)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_train_and_test_are_different_worlds_that_have_a_protocol(kind: str) -> None:
    planned = walks(PROFILES["small"], kind)
    names = {walk.world for walk in planned}
    assert names == {f"walkers-1-{kind}", f"walkers-train-{kind}"}
    assert names <= set(WORLDS)
    assert names <= set(PROTOCOLS)


def test_tested_subjects_share_their_views_trained_ones_draw_them() -> None:
    planned = walks(PROFILES["small"], "street")
    views = {
        world: {
            tuple(sorted({walk.view for walk in planned if (walk.world, walk.subject) == who}))
            for who in {(walk.world, walk.subject) for walk in planned if walk.world == world}
        }
        for world in ("walkers-1-street", "walkers-train-street")
    }
    assert len(views["walkers-1-street"]) == 1
    assert len(views["walkers-train-street"]) > 20


def test_every_cell_of_the_protocol_has_clips_in_every_test_profile() -> None:
    for name in ("tiny", "small", "standard"):
        keys = [walk.key for walk in walks(PROFILES[name], "indoor") if walk.world == "walkers-1-indoor"]
        for cell in PROTOCOLS["walkers-1-indoor"].cells:
            assert any(key in cell.gallery for key in keys)
            assert any(key in cell.probe for key in keys)


def test_more_processes_take_less_time() -> None:
    planned = walks(PROFILES["tiny"], "indoor")
    assert planned_seconds(planned, 2) == pytest.approx(planned_seconds(planned, 1) / 2)


def test_an_unknown_world_is_answered_with_the_known_ones() -> None:
    with pytest.raises(GaitheatError, match="indoor, street"):
        walks(PROFILES["tiny"], "moon")
