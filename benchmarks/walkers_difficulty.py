"""How hard walkers are: rank-1 of training-free embeddings and of an LDA on hand-made features, no network.

    gaitheat walkers small --store walkers.store
    python benchmarks/walkers_difficulty.py walkers.store

The LDA learns from the clips of the training world and is tested on the other people of the test world. On
the truth about the same clips it is the oracle: how much identity there is for who makes no errors. What is
computed of the clips is kept beside the store, in ``walkers.store.features.npz``, for the next time.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from jaxtyping import Complex128, Float32, Float64
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from gaitheat.clips import Clip, ClipKey, Refusal, transform
from gaitheat.datasets.walkers import HONEST_LIMITS, KINDS, PROTOCOLS, TEST, TRAIN, TRUTH_SUFFIX
from gaitheat.embeddings import EMBEDDERS
from gaitheat.evaluation.evaluate import Report, evaluate
from gaitheat.heatmaps.align import BODY_LENGTH, NECK, matrices
from gaitheat.metrics import Interval
from gaitheat.skeleton import ANKLES, BONES, HIPS, NOSE, SHOULDERS
from gaitheat.sources import ClipInfo, Request
from gaitheat.store import ClipStore

FREQUENCIES = np.arange(0.6, 1.45, 0.02)
"""Strides a second that are tried."""
HARMONICS = (1, 2)
COMPONENTS = 64
"""Principal components of mean maps and of mean silhouettes that the LDA sees."""
PIECE = 32
"""Clips that a process describes at once."""
HAND = "hand-made"


def hand_made(clip: Clip) -> Float32[np.ndarray, " features"]:
    """Of the aligned joints in the picture, and of those in space as far as the estimator sees it.

    Who looks to the left is mirrored.
    """
    points = _aligned(clip)
    if points[:, NOSE, 0].mean() < 0:
        points = _aligned(clip.mirrored())
    return np.concatenate([_of_joints(points, clip.times), _of_joints(_facing(clip), clip.times)])


def _of_joints(
    points: Float64[np.ndarray, "frames 17 axes"], times: Float64[np.ndarray, " frames"]
) -> Float32[np.ndarray, " features"]:
    """Mean, deviation, Fourier components of a stride; bone lengths; strides a second.

    Phases are counted from that of the ankles' distance.
    """
    frequency, waves = _stride(points.reshape(len(points), -1), times)
    ankles = waves[0].reshape(-1, points.shape[2])[list(ANKLES)]
    apart = ankles[0] - ankles[1]
    start = np.angle(apart[np.abs(apart).argmax()])
    turned = [wave * np.exp(-1j * harmonic * start) for harmonic, wave in zip(HARMONICS, waves, strict=True)]
    bones = points[:, [a for a, _ in BONES]] - points[:, [b for _, b in BONES]]
    parts = [points.mean(0), points.std(0), np.real(turned), np.imag(turned), np.abs(waves)]
    parts += [np.median(np.linalg.norm(bones, axis=2), axis=0), np.array([frequency])]
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)


def _facing(clip: Clip) -> Float64[np.ndarray, "frames 17 3"]:
    """Joints in metres about the hips: to the left, down, forward, wherever the camera stood."""
    assert clip.world is not None
    joints = clip.world.astype(np.float64)
    across = (joints[:, HIPS[0]] - joints[:, HIPS[1]]) + (joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]])
    left = across.mean(0) * (1, 0, 1)
    left /= np.linalg.norm(left)
    down = np.array([0.0, 1.0, 0.0])
    return joints @ np.stack([left, down, np.cross(down, left)], axis=1)


def _aligned(clip: Clip) -> Float64[np.ndarray, "frames 17 2"]:
    """Joints in body lengths from the neck."""
    on_maps = clip.keypoints_on_maps()
    points = transform(matrices(on_maps, clip.times), on_maps[..., :2])
    return (points.astype(np.float64) - NECK) / BODY_LENGTH


def _stride(
    curves: Float64[np.ndarray, "frames n"], times: Float64[np.ndarray, " frames"]
) -> tuple[float, Complex128[np.ndarray, "harmonics n"]]:
    """The frequency whose harmonics explain the curves best (least squares), and their amplitudes."""
    best: tuple[float, float, Complex128[np.ndarray, "harmonics n"]] | None = None
    for frequency in FREQUENCIES:
        turns = 2 * np.pi * frequency * np.outer(times - times.mean(), HARMONICS)
        base = np.concatenate([np.ones((len(times), 1)), np.cos(turns), np.sin(turns)], axis=1)
        weights = np.linalg.lstsq(base, curves, rcond=0.01)[0]
        error = float(((curves - base @ weights) ** 2).sum())
        if best is None or error < best[0]:
            count = len(HARMONICS)
            best = error, float(frequency), weights[1 : 1 + count] - 1j * weights[1 + count :]
    assert best is not None
    return best[1:]


def described(store: Path, keys: Sequence[ClipKey]) -> dict[str, Float32[np.ndarray, "clips features"]]:
    """Everything that is computed of some clips."""
    clips = ClipStore(store).read([(key, None) for key in keys])
    table = {name: embedder.embed_all(clips) for name, embedder in EMBEDDERS.items()}
    return {HAND: np.stack([hand_made(clip) for clip in clips]), **table}


class Described:
    """A store's clips by what was computed of them: a ``ClipSource`` of clips that show only their key."""

    def __init__(self, path: Path) -> None:
        self._store = ClipStore(path)
        self._cache = path.with_name(f"{path.name}.features.npz")
        self._columns: dict[str, Float32[np.ndarray, "clips features"]] = {}
        names = np.array([str(info.key) + info.sha256 for info in self._store.infos()])
        if self._cache.exists():
            with np.load(self._cache) as cached:
                if np.array_equal(cached["names"], names):
                    self._columns = {name: cached[name] for name in cached.files if name != "names"}
        if not self._columns:
            self._columns = _described_all(path, self.keys())
            np.savez(self._cache, names=names, **self._columns)
        self._rows = {key: row for row, key in enumerate(self.keys())}
        self._blank = self._store.read([(self.keys()[0], np.array([0]))])[0]

    def keys(self, dataset: str | None = None) -> list[ClipKey]:
        """Of all clips, or of a data set's."""
        keys = [info.key for info in self._store.infos()]
        return keys if dataset is None else [key for key in keys if key.dataset == dataset]

    def columns(self, keys: Sequence[ClipKey], *names: str) -> Float32[np.ndarray, "clips features"]:
        """What was computed of these clips, side by side."""
        rows = [self._rows[key] for key in keys]
        return np.concatenate([self._columns[name][rows] for name in names], axis=1)

    def width(self, name: str) -> int:
        """How many numbers that is of one clip."""
        return self._columns[name].shape[1]

    def infos(self) -> list[ClipInfo]:
        """The store's."""
        return self._store.infos()

    def refusals(self) -> list[Refusal]:
        """The store's."""
        return self._store.refusals()

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        """Names alone."""
        return [replace(self._blank, key=key) for key, _ in requests]


def _described_all(path: Path, keys: Sequence[ClipKey]) -> dict[str, Float32[np.ndarray, "clips features"]]:
    pieces = [keys[start : start + PIECE] for start in range(0, len(keys), PIECE)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        tables = list(pool.map(described, [path] * len(pieces), pieces))
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


SEEN = (HAND, "mean-heatmap", "mean-silhouette")
"""What the LDA learns from."""


def learned(clips: Described, dataset: str) -> Pipeline:
    """The LDA of a training world: from columns to unit vectors."""
    keys = clips.keys(dataset)
    components = min(COMPONENTS, len(keys) - 1)
    ends = np.cumsum([clips.width(name) for name in SEEN])
    pictures = [
        (name, PCA(components, random_state=0), slice(start, end))
        for name, start, end in zip(SEEN[1:], ends[:-1], ends[1:], strict=True)
    ]
    columns = ColumnTransformer([(HAND, "passthrough", slice(0, ends[0])), *pictures])
    lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    pipeline = make_pipeline(columns, StandardScaler(), lda, Normalizer())
    return pipeline.fit(clips.columns(keys, *SEEN), [key.subject for key in keys])


def reports(clips: Described, kind: str) -> list[Report]:
    """Every embedding's report on the test world of a kind, as far as the store holds what it takes."""
    test, train = f"{TEST}{kind}", f"{TRAIN}{kind}"

    def report(name: str, dataset: str, pipeline: Pipeline | None = None) -> Report:
        def embed(shown: Sequence[Clip]) -> Float32[np.ndarray, "clips dimension"]:
            keys = [clip.key for clip in shown]
            if pipeline is None:
                return clips.columns(keys, name)
            return pipeline.transform(clips.columns(keys, *SEEN)).astype(np.float32)

        return evaluate(clips, PROTOCOLS[dataset], embed, name)

    found = [report(name, test) for name in EMBEDDERS] if clips.keys(test) else []
    for suffix, name in (("", "LDA"), (TRUTH_SUFFIX, "LDA on the truth")):
        if clips.keys(test + suffix) and clips.keys(train + suffix):
            found.append(report(name, test + suffix, learned(clips, train + suffix)))
    return found


def _percent(share: Interval | None) -> str:
    return "-" if share is None else f"{100 * share.value:.1f}"


def main(path: Path) -> None:
    """Print the table."""
    clips = Described(path)
    labels = [cell.label for cell in PROTOCOLS[f"{TEST}{KINDS[0]}"].cells]
    print("| world | embedding |", " | ".join(labels), "| mean across views | 95 % |")
    print("|---" * (len(labels) + 4), "|", sep="")
    for kind in KINDS:
        for report in reports(clips, kind):
            cells = [_percent(cell.rank1) for cell in report.cells]
            span = (
                f"{100 * report.headline.low:.1f} to {100 * report.headline.high:.1f}"
                if report.headline
                else "-"
            )
            print(
                "|",
                " | ".join([kind, report.embedding, *cells, _percent(report.headline), span]),
                "|",
                flush=True,
            )
    print(f"\n{HONEST_LIMITS}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
