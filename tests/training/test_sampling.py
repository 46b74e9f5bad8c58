"""Sampling: balance, spread, the same whoever asks; windows that are always full."""

from collections import Counter
from itertools import chain, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.training.sampling import Balanced, frames_of, loops, reading, split, subject_of

TAKES = (("nm", "01"), ("nm", "02"), ("nm", "03"), ("bg", "01"), ("cl", "01"))
VIEWS = ("018", "072", "108", "162")


def keys_of(subjects: int, dataset: str = "walkers") -> list[ClipKey]:
    """20 clips of each: 4 views of 3 plain walks, one with a bag, one in a coat."""
    return [
        ClipKey(dataset, f"{subject:03}", condition, view, take, 0)
        for subject, (condition, take), view in product(range(subjects), TAKES, VIEWS)
    ]


def names(batch: list[ClipKey], clips: int) -> list[str]:
    """The subjects of a batch, one a block."""
    blocks = [batch[start : start + clips] for start in range(0, len(batch), clips)]
    assert all(len({subject_of(key) for key in block}) == 1 for block in blocks)
    return [subject_of(block[0]) for block in blocks]


@pytest.mark.parametrize("total", [4, 5, 7, 12])
@pytest.mark.parametrize("subjects", [1, 2, 3, 4])
@pytest.mark.parametrize("clips", [1, 3])
def test_every_pass_shows_every_subject_once_and_no_batch_shows_one_twice(
    total: int, subjects: int, clips: int
) -> None:
    sampler = Balanced(keys_of(total), subjects, clips, seed=1)
    steps = 2 * total * subjects
    drawn = [names(sampler.batch(step), clips) for step in range(steps)]
    assert all(len(set(batch)) == subjects for batch in drawn)
    line = list(chain(*drawn))
    passes = [line[start : start + total] for start in range(0, len(line), total)]
    assert all(sorted(one) == list(sampler.roster) for one in passes)
    assert len(set(map(tuple, passes))) > 1, "passes differ"


@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6),
    clips=st.integers(1, 8),
    seed=st.integers(0, 2**32),
    step=st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_clips_repeat_only_where_a_subject_has_too_few(
    sizes: list[int], clips: int, seed: int, step: int
) -> None:
    keys = [
        key
        for subject, size in enumerate(sizes)
        for key in [key for key in keys_of(len(sizes)) if key.subject == f"{subject:03}"][:size]
    ]
    sampler = Balanced(keys, 2, clips, seed)
    assert sampler.repeating == [f"walkers/{place:03}" for place, size in enumerate(sizes) if size < clips]
    batch = sampler.batch(step)
    assert len(batch) == 2 * clips
    used = Counter(batch)
    for name in set(map(subject_of, batch)):
        size = len(sampler.clips_of[name])
        counts = [count for key, count in used.items() if subject_of(key) == name]
        assert len(counts) == min(size, clips)
        assert max(counts) == -(-clips // size)


def test_clips_of_a_subject_are_spread_over_conditions_then_views() -> None:
    sampler = Balanced(keys_of(6), 3, 6, seed=0)
    for step in range(20):
        batch = sampler.batch(step)
        for start in range(0, len(batch), 6):
            block = batch[start : start + 6]
            assert set(Counter(key.condition for key in block).values()) == {2}
            assert sorted(Counter(key.view for key in block).values()) == [1, 1, 2, 2]


def test_every_clip_comes_in_time_and_conditions_equally_often() -> None:
    sampler = Balanced(keys_of(2), 2, 3, seed=0)
    used = Counter(key for step in range(200) for key in sampler.batch(step))
    assert set(used) == set(sampler.keys)
    conditions = Counter(key.condition for key in used.elements())
    assert set(conditions.values()) == {400}


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    keys = keys_of(7)
    sampler = Balanced(keys, 4, 3, seed=5)
    onwards = [sampler.batch(step) for step in range(40)]
    backwards = {step: Balanced(keys[::-1], 4, 3, seed=5).batch(step) for step in reversed(range(40))}
    assert onwards == [backwards[step] for step in range(40)]
    assert onwards != [Balanced(keys, 4, 3, seed=6).batch(step) for step in range(40)]
    assert len(set(map(tuple, onwards))) == 40


@pytest.mark.parametrize("world", [1, 2, 3, 6])
def test_the_parts_of_all_processes_are_the_batch(world: int) -> None:
    sampler = Balanced(keys_of(8), 6, 2, seed=0)
    for step in range(10):
        parts = [sampler.batch(step, rank, world) for rank in range(world)]
        assert {len(part) for part in parts} == {12 // world}
        assert list(chain(*parts)) == sampler.batch(step)


def test_people_of_two_data_sets_are_not_mistaken_for_one_another() -> None:
    sampler = Balanced(keys_of(2, "one") + keys_of(2, "two"), 4, 2, seed=0)
    assert sampler.roster == {"one/000": 0, "one/001": 1, "two/000": 2, "two/001": 3}
    assert sorted(names(sampler.batch(0), 2)) == list(sampler.roster)


@pytest.mark.parametrize(
    ("subjects", "clips", "world", "message"),
    [
        (9, 4, 1, "batch of 9 subjects needs as many to train on, got 8"),
        (0, 4, 1, "at least 1 subject and 1 clip"),
        (4, 0, 1, "at least 1 subject and 1 clip"),
        (4, 4, 3, "3 processes cannot share 4 subjects"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(subjects: int, clips: int, world: int, message: str) -> None:
    with pytest.raises(GaitheatError, match=message):
        Balanced(keys_of(8), subjects, clips, seed=0).batch(0, 0, world)


@pytest.mark.parametrize("validation", [0, 1, 5, 8])
def test_split_keeps_people_whole(validation: int) -> None:
    keys = keys_of(10)
    training, held = split(keys, validation, seed=3)
    assert len(held) == validation
    assert sorted(training + held) == sorted(set(map(subject_of, keys)))
    assert (training, held) == (sorted(training), sorted(held))
    assert split(keys[::-7] + keys[1:], validation, seed=3) == (training, held)


def test_split_depends_on_the_seed_and_refuses_too_few() -> None:
    keys = keys_of(10)
    assert len({tuple(split(keys, 5, seed)[1]) for seed in range(10)}) > 5
    for validation in (-1, 9, 10):
        with pytest.raises(GaitheatError, match="expected 0 to 8 validation subjects"):
            split(keys, validation, seed=0)


def clock(frames: int, rate: float = 25.0) -> np.ndarray:
    return 3.0 + np.arange(frames) / rate


def draws(
    times: np.ndarray, frames: int, mode: str, jitter: float = 0.0, count: int = 200
) -> list[np.ndarray]:
    return [frames_of(times, frames, mode, jitter, np.random.default_rng(seed)) for seed in range(count)]


@given(
    gaps=st.lists(st.sampled_from([0.02, 0.033, 0.04, 0.1, 0.15, 0.5, 3.0]), max_size=40),
    frames=st.integers(1, 40),
    mode=st.sampled_from(["ordered", "unordered"]),
    jitter=st.sampled_from([0.0, 0.1, 0.5]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_windows_are_always_full_of_frames_that_are_there(
    gaps: list[float], frames: int, mode: str, jitter: float, seed: int
) -> None:
    times = np.cumsum([1.0, *gaps])
    shown, again = (frames_of(times, frames, mode, jitter, np.random.default_rng(seed)) for _ in range(2))
    assert shown.dtype == np.int64
    assert shown.shape == (frames,)
    assert shown.min() >= 0
    assert shown.max() < len(times)
    np.testing.assert_array_equal(shown, again)
    read = reading(shown)
    assert (np.diff(read.frames) > 0).all()
    np.testing.assert_array_equal(read.frames[read.slots], shown)


def test_ordered_windows_start_anywhere_and_follow_the_clock() -> None:
    shown = draws(clock(30), 16, "ordered")
    assert {int(window[0]) for window in shown} == set(range(15))
    assert all((np.diff(window) == 1).all() for window in shown)
    # 50 frames a second: every other one, from any tick of a 25-a-second clock.
    shown = draws(clock(61, 50.0), 16, "ordered")
    assert all((np.diff(window) == 2).all() for window in shown)


def test_a_short_clip_goes_on_from_its_start_with_the_fewest_jumps() -> None:
    shown = draws(clock(10), 16, "ordered")
    assert {int(window[0]) for window in shown} == set(range(5))
    for window in shown:
        assert (np.diff(window) == -9).sum() == 1
        assert (np.diff(window) == 1).sum() == 14
    assert [window.tolist() for window in draws(clock(1), 3, "ordered", count=2)] == [[0, 0, 0]] * 2
    full = draws(clock(8), 16, "ordered", count=5)
    assert all(window.tolist() == [*range(8), *range(8)] for window in full)


def test_ticks_in_a_hole_are_left_out() -> None:
    times = np.concatenate([clock(10), 100.0 + clock(10)])
    assert all((np.diff(window) == 1).all() for window in draws(times, 20, "ordered", count=5))
    # A hole short enough to be bridged shows its neighbours.
    near = np.delete(clock(20), [8, 9])
    assert draws(near, 20, "ordered", count=1)[0].tolist() == [*range(8), 7, 8, *range(8, 18)]


def test_jitter_changes_the_clock_within_its_bounds() -> None:
    times = clock(4000, 1000.0)  # fine enough to see the clock
    rates = np.array([15 / np.ptp(times[window]) for window in draws(times, 16, "ordered", 0.2)])
    assert rates.min() > 25 * 0.795
    assert rates.max() < 25 * 1.205
    assert rates.std() == pytest.approx(25 * 0.4 / np.sqrt(12), rel=0.1)
    assert all((np.diff(window) == 40).all() for window in draws(times, 16, "ordered", 0.0, count=20))


def test_unordered_windows_show_a_frame_twice_only_when_all_were_shown() -> None:
    for window in draws(clock(30), 16, "unordered"):
        assert (np.diff(window) > 0).all()
    assert len({tuple(window) for window in draws(clock(30), 16, "unordered")}) == 200
    for window in draws(clock(7), 16, "unordered"):
        assert sorted(Counter(window.tolist()).values()) == [2] * 5 + [3] * 2
        assert (np.diff(window) >= 0).all()


def test_loops_tells_which_clips_are_too_short() -> None:
    assert [loops(clock(frames), 16, "ordered") for frames in (15, 16)] == [True, False]
    assert [loops(clock(frames, 50.0), 16, "ordered") for frames in (29, 30)] == [True, False]
    assert [loops(clock(frames, 50.0), 16, "unordered") for frames in (15, 16)] == [True, False]
