"""What makes two recordings the same one, so that it need not be extracted again."""

from dataclasses import replace
from pathlib import Path

import pytest

from factories import ESTIMATOR, make_key
from gaitheat.sinks import recording_identity
from gaitheat.video.recordings import VideoRecording

WALK = VideoRecording(Path("walk.avi"), make_key(), start=5, stop=80)


def test_where_it_lies_and_the_track_do_not_matter() -> None:
    moved = replace(WALK, path=Path("elsewhere/walk.mp4"), key=make_key(track=3), alone=True)
    assert recording_identity(moved, "a", ESTIMATOR) == recording_identity(WALK, "a", ESTIMATOR)


@pytest.mark.parametrize(
    "other",
    [
        (WALK, "b", ESTIMATOR),
        (WALK, "a", replace(ESTIMATOR, name="other")),
        (WALK, "a", replace(ESTIMATOR, preprocessing="heatmap-1")),
        (WALK, "a", ESTIMATOR, "d" * 64),
        (replace(WALK, start=0), "a", ESTIMATOR),
        (replace(WALK, stop=None), "a", ESTIMATOR),
        (replace(WALK, key=make_key(take="2")), "a", ESTIMATOR),
    ],
)
def test_everything_else_makes_it_another(other: tuple[object, ...]) -> None:
    assert recording_identity(*other) != recording_identity(WALK, "a", ESTIMATOR)  # type: ignore[arg-type]
