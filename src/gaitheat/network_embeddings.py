"""From a clip to one vector by a trained network, whichever library computes it.

An embedding *is* the weighted mean over a clip's windows (60 frames at 25/s, one every 30). A window weighs
as many ticks as it shows. By the way the person faces in it, the network sees it as it is, mirrored, or both:
so left and right make no difference. Nothing here needs PyTorch.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray

from gaitheat.clips import MAP_WIDTH, Affines, Clip, Keypoints, Maps, Window, transform, windows
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import ALIGNMENTS, Alignment, matrices, warp
from gaitheat.heatmaps.facing import Mirror, shares
from gaitheat.heatmaps.variants import variant_called
from gaitheat.modalities import SHAPES, Modality, Passes, frame_shape, missing
from gaitheat.silhouettes import tight
from gaitheat.skeleton import MIRROR

BATCH = 4
"""Windows that are prepared and computed together (up to twice as many with their mirrors): some 100 MB."""
VERSION = 1
"""Counted up when equal weights give other vectors: other windows, another alignment, another network."""
EXPORT = 2
"""Version of what an exported network says of itself."""
SUFFIXES = (".onnx", ".xml")
"""Of the files that hold an exported network."""
METADATA = "gaitheat"
"""Under this key an exported network carries what else its embedder needs."""

Forward = Callable[[Passes], Float32[np.ndarray, "passes strips dims"]]
"""A network: one row a strip."""


class _Piece(NamedTuple):
    """A window of a clip, with what its clip alone can tell."""

    row: int
    """Which clip."""
    clip: Clip
    affines: Affines
    points: Keypoints
    """Of the whole clip, in aligned heatmap pixels."""
    silhouettes: UInt8[np.ndarray, "frames rows columns"]
    """Of the whole clip, tight; without rows if the network does not read them."""
    window: Window
    share: float
    """How much the window as it is counts; the rest counts for its mirror."""

    @property
    def ticks(self) -> int:
        """What the window shows ends here; the masked rest would change nothing."""
        return int(np.flatnonzero(self.window.mask)[-1]) + 1


class _Pass(NamedTuple):
    """What a network sees of one window, and what it counts for which clip."""

    row: int
    weight: float
    arrays: tuple[NDArray[np.generic], ...]
    """Those of `Passes`."""


@dataclass(frozen=True, slots=True)
class NetworkEmbedder:
    """Embeds clips by a network."""

    forward: Forward
    weights: str
    """Names the network and its weights: what ``forward`` computes."""
    strips: int
    dims: int
    """Length of one strip's vector."""
    reads: frozenset[Modality]
    """What ``forward`` looks at; the rest of its `Passes` is empty."""
    alignment: Alignment = ALIGNMENTS["default"]
    variant: str = "estimated"
    """What the maps hold: one of VARIANTS."""
    mirror: Mirror = "facing"

    @property
    def identity(self) -> str:
        """Weights, version and settings: equal for a checkpoint and its export."""
        return f"{self.weights}-{VERSION}/{self.alignment}/{self.variant}/mirror-{self.mirror}"

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.strips * self.dims

    def embed(self, clip: Clip) -> Float32[np.ndarray, " dimension"]:
        """A vector of length 1: the strips, each of length 1 / sqrt(strips), one after the other.

        Raises:
            GaitheatError: the clip does not hold what the network reads, or its answer is not finite.
        """
        vector: NDArray[np.float32] = self.embed_all([clip])[0]
        return vector

    def embed_all(self, clips: Sequence[Clip]) -> Float32[np.ndarray, "clips dimension"]:
        """One vector a clip, as `embed` gives it; windows of several clips are computed together."""
        sums = np.zeros((len(clips), self.strips, self.dims))
        pieces = [piece for row, clip in enumerate(clips) for piece in self._pieces(row, clip)]
        pieces.sort(key=lambda piece: piece.ticks)  # windows of one length make batches without padding
        for start in range(0, len(pieces), BATCH):
            batch = pieces[start : start + BATCH]
            passes = [shown for piece in batch for shown in self._passes(piece, batch[-1].ticks)]
            answers = self.forward(Passes(*map(np.stack, zip(*(p.arrays for p in passes), strict=True))))
            for shown, answer in zip(passes, answers, strict=True):
                sums[shown.row] += shown.weight * answer.astype(np.float64)
        vectors = [self._unit(total, clip) for total, clip in zip(sums, clips, strict=True)]
        return np.stack(vectors) if vectors else np.zeros((0, self.dimension), np.float32)

    def settings(self) -> dict[str, Any]:
        """All but the network, as JSON takes it: what `from_export` reads."""
        names = ("weights", "strips", "dims", "variant", "mirror")
        plain = {name: getattr(self, name) for name in names}
        return plain | {"reads": sorted(self.reads), "alignment": asdict(self.alignment)}

    def _pieces(self, row: int, clip: Clip) -> list[_Piece]:
        lacking = missing(clip, self.reads)
        if lacking:
            raise GaitheatError(
                f"clip {clip.key} cannot be embedded: the network reads {' and '.join(lacking)}, but it has "
                "none or empty ones; extract or import it again with them"
            )
        points, cut = clip.keypoints_on_maps(), windows(clip.times)
        affines = matrices(points, clip.times, self.alignment)
        points[..., :2] = transform(affines, points[..., :2])
        silhouettes = np.zeros((len(clip), *frame_shape("silhouettes", self.reads)), np.uint8)
        if clip.silhouettes is not None and "silhouettes" in self.reads:
            silhouettes = tight(clip.silhouettes)
        return [
            _Piece(row, clip, affines, points, silhouettes, window, float(share))
            for window, share in zip(cut, shares(points[..., :2], cut, self.mirror), strict=True)
        ]

    def _passes(self, piece: _Piece, ticks: int) -> Iterator[_Pass]:
        """The window as it is and mirrored, as far as either counts; what it does not show is zero."""
        mask = np.arange(ticks) < piece.ticks
        mask[: piece.ticks] = piece.window.mask[: piece.ticks]
        frames, shown = np.unique(piece.window.frames[:ticks][mask], return_inverse=True)

        def filled(modality: Modality, values: Callable[[], NDArray[np.generic]]) -> NDArray[np.float32]:
            array = np.zeros((ticks, *frame_shape(modality, self.reads)), np.float32)
            if modality in self.reads:
                array[mask] = values()[shown]
            return array

        maps = filled("heatmaps", lambda: self._maps(piece, frames) / np.float32(255))
        keypoints = filled("keypoints", lambda: piece.points[frames])
        silhouettes = filled("silhouettes", lambda: piece.silhouettes[frames] / np.float32(255))
        weight = float(mask.sum())
        if piece.share > 0:
            yield _Pass(piece.row, weight * piece.share, (maps, keypoints, silhouettes, mask))
        if piece.share < 1:
            mirrored = _mirrored(maps, keypoints, silhouettes, mask)
            yield _Pass(piece.row, weight * (1 - piece.share), (*mirrored, mask))

    def _maps(self, piece: _Piece, frames: NDArray[np.int64]) -> Maps:
        clip = piece.clip.take(frames)
        images = variant_called(self.variant)(clip.heatmaps, clip.keypoints_on_maps())
        return warp(images, piece.affines[frames])

    def _unit(self, total: NDArray[np.float64], clip: Clip) -> NDArray[np.float32]:
        lengths = np.linalg.norm(total, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise GaitheatError(
                f"clip {clip.key} cannot be embedded: the network {self.weights} answers with zero or "
                "infinite numbers; train or export it again"
            )
        unit: NDArray[np.float32] = (total / lengths / np.sqrt(self.strips)).astype(np.float32).ravel()
        return unit


def _mirrored(
    maps: NDArray[np.float32],
    keypoints: NDArray[np.float32],
    silhouettes: NDArray[np.float32],
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], ...]:
    """What is empty has no joints to exchange."""
    swap = list(MIRROR)
    if keypoints.size:
        keypoints = keypoints[:, swap]
        keypoints[mask, :, 0] = MAP_WIDTH - 1 - keypoints[mask, :, 0]
    return maps[:, swap, :, ::-1] if maps.size else maps, keypoints, silhouettes[..., ::-1]


def input_names(reads: frozenset[Modality]) -> list[str]:
    """Of an exported network's inputs, in their order: that of `Passes.taken`."""
    return [*(name for name in SHAPES if name in reads), "mask"]


def from_export(path: Path, threads: int = 1, precision: Literal["f32", "bf16"] = "f32") -> NetworkEmbedder:
    """The embedder of an exported network, which brings its settings along; on the CPU, by OpenVINO.

    Args:
        path: a file that ``gaitheat export`` wrote.
        threads: CPU threads that work on one batch.
        precision: of the numbers; what bfloat16 computes has an identity of its own.

    Raises:
        GaitheatError: the file is no network or no exported embedder, or this CPU has no such precision.
    """
    from gaitheat.inference import OpenNetwork  # only who embeds by a network needs OpenVINO

    network = OpenNetwork(path, threads, precision)
    if METADATA not in network.metadata:
        raise GaitheatError(
            f"{path.name} says nothing of how to embed: expected a file that gaitheat export wrote"
        )
    carried = json.loads(network.metadata[METADATA])
    if carried["format"] != EXPORT:
        raise GaitheatError(
            f"expected an exported network of format {EXPORT}, but {path.name} has {carried['format']}: "
            "export it anew or use the gaitheat that wrote it"
        )
    settings = carried["embedder"]
    settings["alignment"] = Alignment(**settings["alignment"])
    reads = settings["reads"] = frozenset(settings["reads"])
    if precision != "f32":
        settings["weights"] += f"/{precision}"

    def forward(passes: Passes) -> NDArray[np.float32]:
        return network(*passes.taken(reads))[0]

    return NetworkEmbedder(forward, **settings)
