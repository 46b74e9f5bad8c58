"""Who walks: the same body and gait from take to take, a little different from day to day."""

import numpy as np
import pytest

from gaitheat.walkers.people import session, take_of
from gaitheat.walkers.profiles import ALL_TAKES

pytestmark = pytest.mark.usefixtures("assets")


def test_probes_are_filmed_on_other_days_than_the_gallery() -> None:
    gallery = {session("nm", take) for take in ("01", "02", "03", "04")}
    probes = {session(*take) for take in ALL_TAKES} - gallery
    assert len(gallery) == 1
    assert {session("nm", "05"), session("nm", "06"), session("cl", "01"), session("bg", "02")} <= probes


def test_the_same_day_has_the_same_body_another_day_nearly() -> None:
    first, same, other = (take_of("walkers-1-indoor", "0001", "nm", take) for take in ("01", "02", "05"))
    stranger = take_of("walkers-1-indoor", "0002", "nm", "01")
    assert np.array_equal(first.vertices, same.vertices)
    between_days = np.abs(other.vertices - first.vertices).mean()
    assert 0 < between_days < 0.3 * np.abs(stranger.vertices - first.vertices).mean()


@pytest.mark.slow
def test_takes_of_one_person_are_more_alike_than_people() -> None:
    def knees(subject: str, take: str) -> np.ndarray:
        return take_of("walkers-1-indoor", subject, "nm", take).style.curves["knee"].ravel()

    own = [np.abs(knees(f"{n:04d}", "01") - knees(f"{n:04d}", "05")).sum() for n in range(1, 9)]
    others = [np.abs(knees(f"{n:04d}", "01") - knees(f"{n + 1:04d}", "05")).sum() for n in range(1, 9)]
    assert np.median(own) < 0.6 * np.median(others)


def test_clothes_differ_from_take_to_take_of_one_day() -> None:
    outfits = {take_of("walkers-1-indoor", "0001", "nm", take).outfit for take in ("01", "02", "03")}
    assert len(outfits) == 3
    assert len({outfit.skin for outfit in outfits}) == 3


def test_in_the_factorial_worlds_one_thing_is_everybodys() -> None:
    one_body = [take_of("walkers-1-motion-only", subject, "nm", "01") for subject in ("0001", "0002")]
    one_gait = [take_of("walkers-1-shape-only", subject, "nm", "01") for subject in ("0001", "0002")]
    heights = [take.vertices[:, 2].max() for take in one_body]
    assert heights[0] == pytest.approx(heights[1], abs=0.01)
    assert abs(one_gait[0].vertices[:, 2].max() - one_gait[1].vertices[:, 2].max()) > 0.01

    def swing(take_of_one: object) -> float:
        return float(np.abs(take_of_one.style.curves["shoulder"][:, 1]).mean())  # type: ignore[attr-defined]

    apart = abs(swing(one_body[0]) - swing(one_body[1]))
    assert abs(swing(one_gait[0]) - swing(one_gait[1])) < apart


def test_test_and_training_worlds_have_other_people() -> None:
    test, train = (take_of(f"walkers-{world}-indoor", "0001", "nm", "01") for world in ("1", "train"))
    assert not np.allclose(test.vertices, train.vertices)
