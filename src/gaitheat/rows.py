"""Clips as Arrow rows, one a frame and one a clip or refusal: the same bytes in every kind of store.

Maps and silhouettes are compressed frame by frame, so that a sampled window is read without its clip. Neither
Lance, nor Arrow, nor Arrow's zstd notices a flipped bit: every frame carries a checksum of its own row and of
whose frame it is.
"""

import difflib
import json
import zlib
from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Int64
from numpy.typing import NDArray

from gaitheat.clips import (
    MAP_HEIGHT,
    MAP_WIDTH,
    SILHOUETTE_HEIGHT,
    SILHOUETTE_WIDTH,
    Clip,
    ClipKey,
    Estimator,
    Refusal,
)
from gaitheat.errors import GaitheatError
from gaitheat.skeleton import JOINTS
from gaitheat.sources import ClipInfo

FORMAT = 2
"""Version of these rows; a store of another version is refused, never guessed at."""

FRAMES = pa.schema(
    [
        pa.field("time", pa.float64(), nullable=False),
        pa.field("heatmaps", pa.binary(), nullable=False),
        pa.field("silhouette", pa.binary()),
        pa.field("keypoints", pa.list_(pa.float32(), 3 * len(JOINTS)), nullable=False),
        pa.field("world", pa.list_(pa.float32(), 3 * len(JOINTS))),
        pa.field("crop", pa.list_(pa.float32(), 6), nullable=False),
        pa.field("present", pa.float32(), nullable=False),
        pa.field("phase", pa.float32()),
        pa.field("checksum", pa.uint32(), nullable=False),
    ]
)
"""A row a frame: maps and silhouette are zstd of their uint8 bytes, joint by joint, row by row."""

KEY_COLUMNS = tuple(field.name for field in fields(ClipKey))

CLIPS = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in KEY_COLUMNS[:-1]]
    + [
        pa.field("track", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("estimator", pa.string(), nullable=False),
        pa.field("weights", pa.string(), nullable=False),
        pa.field("preprocessing", pa.string(), nullable=False),
        pa.field("times", pa.list_(pa.float64()), nullable=False),
        pa.field("frames", pa.int64(), nullable=False),
        pa.field("refused", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
    ]
)
"""A row a clip, or a refusal: ``reason`` says why, ``times`` is empty, ``frames`` counts what is lost.

``refused`` counts, as JSON, the frames that were left out of a clip, by reason.
"""

# On real maps level 9 is 5 % smaller and 5 times slower; other orders of the bytes gain under 1 %.
_CODEC = pa.Codec("zstd", compression_level=1)
_MAPS = (len(JOINTS), MAP_HEIGHT, MAP_WIDTH)
_SILHOUETTE = (SILHOUETTE_HEIGHT, SILHOUETTE_WIDTH)


class Encoded(NamedTuple):
    """A clip or a refusal as a worker process sends it to the writer: small, and quick to pickle."""

    item: ClipInfo | Refusal
    frames: pa.RecordBatch | None
    """Rows of the FRAMES schema; None for a refusal."""


def encode(item: Clip | Refusal) -> Encoded:
    """Compress a clip (about 0.1 ms a frame); a refusal goes through as it is."""
    if isinstance(item, Refusal):
        return Encoded(item, None)
    info = ClipInfo(item.key, item.source, item.sha256, item.estimator, item.times, item.refused)
    heatmaps = [_CODEC.compress(frame.tobytes(), asbytes=True) for frame in item.heatmaps]
    absent = [None] * len(item)
    silhouettes: Sequence[bytes | None] = absent
    if item.silhouettes is not None:
        silhouettes = [_CODEC.compress(frame.tobytes(), asbytes=True) for frame in item.silhouettes]
    numbers = (item.times, item.keypoints, item.world, item.crop, item.present, item.phase)
    columns = {
        "time": item.times,
        "heatmaps": heatmaps,
        "silhouette": silhouettes,
        "keypoints": _lists(item.keypoints),
        "world": absent if item.world is None else _lists(item.world),
        "crop": _lists(item.crop),
        "present": item.present,
        "phase": absent if item.phase is None else item.phase,
        "checksum": np.array(_checksums(info, heatmaps, silhouettes, numbers), np.uint32),
    }
    return Encoded(info, pa.record_batch(columns, schema=FRAMES))


def decode(info: ClipInfo, frames: Int64[np.ndarray, " n"], rows: pa.RecordBatch) -> Clip:
    """The clip that these rows, the clip's frames number ``frames``, were encoded from.

    Raises:
        GaitheatError: a frame is not what was written.
    """
    heatmaps = [value.as_buffer() for value in rows.column("heatmaps")]
    silhouettes = [value.as_buffer() for value in rows.column("silhouette")]
    keypoints = _array(rows, "keypoints", len(JOINTS), 3)
    world = None if rows.column("world").null_count else _array(rows, "world", len(JOINTS), 3)
    crop = _array(rows, "crop", 2, 3)
    phase = None if rows.column("phase").null_count else rows.column("phase").to_numpy().copy()
    times, present, checksums = (rows.column(name).to_numpy() for name in ("time", "present", "checksum"))
    found = _checksums(info, heatmaps, silhouettes, (times, keypoints, world, crop, present, phase))
    damaged = np.flatnonzero((np.array(found) != checksums) | (times != info.times[frames]))
    if len(damaged):
        raise GaitheatError(
            f"clip {info.key}: frame {frames[damaged[0]]} is damaged (its checksum is wrong): "
            f"bring the store back from a copy, or extract {info.source} again"
        )
    return Clip(
        key=info.key,
        source=info.source,
        sha256=info.sha256,
        estimator=info.estimator,
        times=info.times[frames],
        heatmaps=_decompress(heatmaps, _MAPS),
        keypoints=keypoints,
        crop=crop,
        present=present.copy(),
        silhouettes=None if rows.column("silhouette").null_count else _decompress(silhouettes, _SILHOUETTE),
        world=world,
        phase=phase,
        refused=info.refused,
    )


def chosen_frames(info: ClipInfo, frames: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """The frames that a request means; IndexError if the clip does not have them."""
    if frames is None:
        return np.arange(len(info))
    if len(frames) == 0 or frames.min() < 0 or frames.max() >= len(info):
        raise IndexError(f"clip {info.key} has frames 0 to {len(info) - 1}, asked for {frames}")
    return frames


def clip_row(item: ClipInfo | Refusal) -> dict[str, Any]:
    """A row of the CLIPS schema."""
    row = {
        **dict(zip(KEY_COLUMNS, astuple(item.key), strict=True)),
        "source": item.source,
        "sha256": item.sha256,
        "estimator": item.estimator.name,
        "weights": item.estimator.weights,
        "preprocessing": item.estimator.preprocessing,
    }
    if isinstance(item, Refusal):
        return {**row, "times": (), "frames": item.frames, "refused": "{}", "reason": item.reason}
    refused = json.dumps(dict(item.refused))
    return {**row, "times": item.times, "frames": len(item), "refused": refused, "reason": None}


class Catalogue:
    """A table of CLIPS rows as objects: ``infos`` and ``refusals``, both sorted by key.

    ``rows`` holds, for each of ``infos``, its row of the table.
    """

    def __init__(self, table: pa.Table) -> None:
        times = table.column("times").combine_chunks()
        starts, seconds = times.offsets.to_numpy(), times.values.to_numpy()
        self.infos: list[ClipInfo] = []
        self.refusals: list[Refusal] = []
        self.rows: list[int] = []
        values = table.select(CLIPS.names).drop_columns("times").to_pylist()
        keys = [ClipKey(*(row[name] for name in KEY_COLUMNS)) for row in values]
        for number in sorted(range(len(keys)), key=keys.__getitem__):
            row = values[number]
            estimator = Estimator(row["estimator"], row["weights"], row["preprocessing"])
            whence = (keys[number], row["source"], row["sha256"], estimator)
            if row["reason"] is None:
                self.infos.append(
                    ClipInfo(
                        *whence, seconds[starts[number] : starts[number + 1]], json.loads(row["refused"])
                    )
                )
                self.rows.append(number)
            else:
                self.refusals.append(Refusal(*whence, row["reason"], row["frames"]))
        self._positions = {info.key: position for position, info in enumerate(self.infos)}

    def __contains__(self, key: ClipKey) -> bool:
        return key in self._positions

    def position(self, key: ClipKey) -> int:
        """Where in ``infos`` the clip is; GaitheatError, with the closest names, if nowhere."""
        position = self._positions.get(key)
        if position is not None:
            return position
        names = [str(info.key) for info in self.infos]
        close = difflib.get_close_matches(str(key), names) or names[:1]
        hint = f"did you mean {' or '.join(close)}?" if close else "the store is empty"
        raise GaitheatError(f"no clip {key} among {len(names)} clips: {hint}")


def _lists(array: NDArray[np.float32]) -> pa.FixedSizeListArray:
    flat = np.ascontiguousarray(array).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), flat.size // len(array))


def _array(rows: pa.RecordBatch, name: str, *shape: int) -> NDArray[np.float32]:
    flat: NDArray[np.float32] = rows.column(name).flatten().to_numpy().copy()
    return flat.reshape(-1, *shape)


def _decompress(frames: Sequence[pa.Buffer], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    pictures = np.empty((len(frames), *shape), np.uint8)
    for picture, frame in zip(pictures, frames, strict=True):
        picture.reshape(-1)[:] = np.frombuffer(_CODEC.decompress(frame, picture.size), np.uint8)
    return pictures


def _checksums(
    info: ClipInfo,
    heatmaps: Sequence[Any],
    silhouettes: Sequence[Any],
    numbers: Sequence[NDArray[Any] | None],
) -> list[int]:
    """CRC-32 of each frame's row, begun with whose it is: a changed name is damage as well."""
    owner = (*astuple(info.key), info.source, info.sha256, *astuple(info.estimator))
    begin = zlib.crc32("\0".join(map(str, owner)).encode())
    columns = [np.ascontiguousarray(array).reshape(len(array), -1) for array in numbers if array is not None]
    rows = np.concatenate([column.view(np.uint8) for column in columns], axis=1)
    return [
        zlib.crc32(silhouette or b"", zlib.crc32(maps, zlib.crc32(row, begin)))
        for row, maps, silhouette in zip(rows, heatmaps, silhouettes, strict=True)
    ]
