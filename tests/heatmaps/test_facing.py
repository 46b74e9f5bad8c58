"""Which way a person faces decides what a window and its mirror count."""

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import Window, transform, windows
from gaitheat.heatmaps.align import BODY_LENGTH, NECK, matrices
from gaitheat.heatmaps.facing import SIDEWAYS, shares
from gaitheat.skeleton import MIRROR, NOSE


def joints(offsets: list[float]) -> np.ndarray:
    """Aligned joints of frames in which the nose is so many body lengths to the right of the neck."""
    points = np.tile(np.array(NECK, np.float32), (len(offsets), 17, 1))
    points[:, NOSE, 0] += BODY_LENGTH * np.array(offsets, np.float32)
    return points


def window(*frames: int, shown: list[bool] | None = None) -> Window:
    mask = np.ones(len(frames), np.bool_) if shown is None else np.array(shown)
    return Window(np.array(frames), mask)


@pytest.mark.parametrize(
    ("offset", "share"), [(0.2, 1), (SIDEWAYS, 1), (0, 0.5), (SIDEWAYS / 2, 0.75), (-SIDEWAYS, 0), (-0.2, 0)]
)
def test_who_faces_right_counts_as_seen_and_who_faces_left_in_the_mirror(offset, share):
    assert shares(joints([offset] * 3), [window(0, 1, 2)])[0] == pytest.approx(share, abs=1e-5)


def test_every_window_has_its_own_share_and_what_it_masks_says_nothing():
    points = joints([0.1, 0.1, -0.1, -0.1])
    cut = [window(0, 1), window(2, 3), window(1, 2), window(0, 2, 3, shown=[True, False, False])]
    assert shares(points, cut) == pytest.approx([1, 0, 0.5, 1], abs=1e-5)


def test_a_frame_counts_as_often_as_it_is_shown():
    points = joints([SIDEWAYS, -SIDEWAYS])
    assert shares(points, [window(0, 0, 0, 1)]) == pytest.approx([0.75], abs=1e-5)


def test_clip_and_mirror_share_the_window():
    clip = make_clip(70, 2)
    cut = windows(clip.times)
    pair = []
    for one in (clip, clip.mirrored()):
        points = one.keypoints_on_maps()
        pair.append(shares(transform(matrices(points, one.times), points[..., :2]), cut))
    assert pair[0] + pair[1] == pytest.approx(np.ones(len(cut)), abs=1e-3)
    flipped = joints([0.02])[:, list(MIRROR)] * (-1, 1) + (2 * NECK[0], 0)
    assert shares(flipped.astype(np.float32), [window(0)]) == pytest.approx([0.3], abs=1e-3)


def test_the_other_rules_do_not_look():
    points = joints([0.1])
    assert shares(points, [window(0)] * 2, "none").tolist() == [1, 1]
    assert shares(points, [window(0)], "mean").tolist() == [0.5]
