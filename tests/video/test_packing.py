"""A frame that waits for the end of its track comes back as it was, and is small meanwhile."""

import numpy as np

from gaitheat.video.collect import PosedFrame
from gaitheat.video.packing import pack, unpack
from gaitheat.video.protocols import Poses


def posed(pictures: bool) -> PosedFrame:
    random = np.random.default_rng(5)
    maps = np.zeros((1, 17, 64, 48), np.uint8)
    maps[:, :, 20:30, 10:20] = random.integers(0, 256, (1, 17, 10, 10))
    keypoints = random.normal(size=(1, 17, 3)).astype(np.float32)
    keypoints[0, 3] = np.nan
    mask = random.integers(0, 2, (1, 128, 96)).astype(np.uint8) * 255
    poses = Poses(
        maps,
        keypoints,
        np.array([0.7], np.float32),
        mask if pictures else None,
        keypoints + 1 if pictures else None,
    )
    return PosedFrame(1.5, np.eye(2, 3, dtype=np.float32), poses, (640, 480), True)


def test_a_frame_comes_back_bit_by_bit() -> None:
    for frame in (posed(pictures=True), posed(pictures=False)):
        again = unpack(pack(frame))
        assert (again.time, again.picture, again.hidden) == (frame.time, frame.picture, frame.hidden)
        np.testing.assert_array_equal(again.affine, frame.affine)
        for before, after in zip(frame.pose, again.pose, strict=True):
            assert (before is None) == (after is None)
            if before is not None:
                assert before.dtype == after.dtype
                np.testing.assert_array_equal(before, after)


def test_a_packed_frame_is_small() -> None:
    frame = posed(pictures=False)
    packed = sum(len(array.content) for array in pack(frame).pose if array is not None)
    assert packed < frame.pose.heatmaps.nbytes / 10
