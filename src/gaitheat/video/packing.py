"""Frames of a track that goes on: ten people for 1000 frames are 650 MB as they come, 50 MB packed."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.video.collect import PosedFrame
from gaitheat.video.protocols import Poses

# Maps and silhouettes are black almost everywhere: 0.05 ms a frame there and back, a third of zstd's time.
_CODEC = pa.Codec("lz4_raw")


class _PackedArray(NamedTuple):
    content: bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class PackedFrame(NamedTuple):
    """A posed frame in a twelfth of its memory."""

    time: float
    affine: Float32[np.ndarray, "2 3"]
    pose: tuple[_PackedArray | None, ...]
    """The arrays of its ``Poses``."""
    picture: tuple[int, int]
    hidden: bool


def pack(frame: PosedFrame) -> PackedFrame:
    """The frame, compressed."""
    return PackedFrame(
        frame.time, frame.affine, tuple(map(_pack_array, frame.pose)), frame.picture, frame.hidden
    )


def unpack(packed: PackedFrame) -> PosedFrame:
    """The frame that was packed, bit by bit; its arrays are read-only."""
    pose = Poses(*map(_unpack_array, packed.pose))  # type: ignore[arg-type]
    return PosedFrame(packed.time, packed.affine, pose, packed.picture, packed.hidden)


def _pack_array(array: NDArray[Any] | None) -> _PackedArray | None:
    if array is None:
        return None
    return _PackedArray(_CODEC.compress(array.tobytes(), asbytes=True), array.dtype, array.shape)


def _unpack_array(packed: _PackedArray | None) -> NDArray[Any] | None:
    if packed is None:
        return None
    size = packed.dtype.itemsize * int(np.prod(packed.shape))
    return np.frombuffer(_CODEC.decompress(packed.content, size), packed.dtype).reshape(packed.shape)
