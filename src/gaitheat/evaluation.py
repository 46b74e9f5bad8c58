"""Clips -> embeddings -> protocol -> report: one function for all data sets and all embeddings."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float32, Float64

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets.protocol import Cell, Protocol
from gaitheat.errors import GaitheatError
from gaitheat.metrics import (
    Interval,
    OperatingPoint,
    bootstrap,
    euclidean,
    interval,
    mate_ranks,
    operating_points,
)
from gaitheat.sources import ClipSource

BATCH = 16
"""Clips that are read and embedded together: memory does not grow with the data set."""

Embed = Callable[[Sequence[Clip]], Float32[np.ndarray, "clips dimension"]]


@dataclass(frozen=True, slots=True)
class CellResult:
    """One figure of the table, with everything that was counted for it."""

    label: str
    gallery: int
    """Clips enrolled."""
    mateless: int
    """Clips to ask for that have no mate in the gallery: counted, not part of rank-1."""
    refused: int
    """Refusals at extraction among what the cell selects."""
    probes: dict[str, int]
    """Clips asked for, of each subject."""
    hits: dict[str, int]
    """Those among them whose nearest neighbour is a mate."""
    rank1: Interval | None
    """Share in 0..1 with its interval over subjects; None if there is no probe."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an embedding is worth under a protocol."""

    protocol: str
    embedding: str
    clips: int
    subjects: int
    refusals: dict[str, int]
    """Refusals at extraction by their reason."""
    cells: tuple[CellResult, ...]
    headline: Interval | None
    """Mean rank-1 of the headline cells with its interval over subjects; None if one of them has no probe."""
    headline_cells: tuple[str, ...]
    thresholds: tuple[OperatingPoint, ...]
    """One-to-one comparisons of all clips: what a threshold accepts."""

    def to_json(self) -> str:
        """Everything, for scripts."""
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """A table for people, in percent."""
        lines = ["| cell | rank-1 % | 95 % over subjects | probes | without mate | gallery | refused |"]
        lines.append("|---|---|---|---|---|---|---|")
        for cell in self.cells:
            counts = f"{sum(cell.probes.values())} | {cell.mateless} | {cell.gallery} | {cell.refused}"
            lines.append(f"| {cell.label} | {_percent(cell.rank1)} | {counts} |")
        label = f"mean of {len(self.headline_cells)}"
        lines.append(f"| **{label}** | {_percent(self.headline)} | | | | {sum(self.refusals.values())} |")
        lines += [
            f"\nOne-to-one, threshold {threshold:.3f}: accepts {100 * false:.1f} % of the pairs of different "
            f"people, {100 * true:.1f} % of those of the same person."
            for false, threshold, true in self.thresholds
        ]
        return "\n".join(lines)


def evaluate(source: ClipSource, protocol: Protocol, embed: Embed, embedding: str) -> Report:
    """Embed every clip that the protocol speaks of, and count.

    Args:
        source: where the clips are; they are read a few at a time.
        protocol: who is enrolled, who is asked for, which pairs do not count.
        embed: clips to embeddings; near in Euclidean distance means alike.
        embedding: what to call it in the report.

    Raises:
        GaitheatError: the source has no clips for the protocol, or clips of several pose estimators.
    """
    infos = [info for info in source.infos() if _takes_part(info.key, protocol)]
    if not infos:
        raise GaitheatError(
            f"protocol {protocol.name} expects clips of data set {protocol.dataset!r}, but got none: "
            "extract that data set first"
        )
    estimators = sorted({str(info.estimator) for info in infos})
    if len(estimators) > 1:
        raise GaitheatError(f"expected clips of one pose estimator, but got several: {', '.join(estimators)}")
    keys = [info.key for info in infos]
    embeddings = _embedded(source, keys, embed)
    refused = [refusal for refusal in source.refusals() if _takes_part(refusal.key, protocol)]
    cells = tuple(_measured(cell, keys, embeddings, refused) for cell in protocol.cells)
    return Report(
        protocol=protocol.name,
        embedding=embedding,
        clips=len(keys),
        subjects=len({key.subject for key in keys}),
        refusals=dict(Counter(refusal.reason for refusal in refused)),
        cells=cells,
        headline=_mean_rank1([cell for cell in cells if cell.label in protocol.headline]),
        headline_cells=protocol.headline,
        thresholds=_thresholds(keys, embeddings),
    )


def _thresholds(
    keys: Sequence[ClipKey], embeddings: Float32[np.ndarray, "clips dimension"]
) -> tuple[OperatingPoint, ...]:
    once = np.triu(np.ones((len(keys), len(keys)), bool), 1)
    same = _agree(keys, keys, {"subject"})
    distances = euclidean(embeddings, embeddings)
    return tuple(operating_points(distances[same & once], distances[~same & once]))


def difference(first: Report, second: Report) -> Interval:
    """By how much the first headline is higher, with its paired interval over subjects.

    Only an interval that excludes 0 supports the claim that one is better.
    """
    if first.protocol != second.protocol or first.headline is None or second.headline is None:
        raise GaitheatError("expected two reports of one protocol with a headline each, but got others")
    tables = [
        _tables([cell for cell in report.cells if cell.label in report.headline_cells])
        for report in (first, second)
    ]
    if tables[0][0] != tables[1][0]:
        raise GaitheatError("expected two reports on the same subjects, but they differ: evaluate both anew")
    samples = [bootstrap(hits, probes) for _, hits, probes in tables]
    return interval(first.headline.value - second.headline.value, samples[0] - samples[1])


def _takes_part(key: ClipKey, protocol: Protocol) -> bool:
    return key.dataset == protocol.dataset and any(_selects(cell, key) for cell in protocol.cells)


def _selects(cell: Cell, key: ClipKey) -> bool:
    return key in cell.gallery or key in cell.probe


def _embedded(
    source: ClipSource, keys: Sequence[ClipKey], embed: Embed
) -> Float32[np.ndarray, "clips dimension"]:
    batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
    return np.concatenate([embed(source.read([(key, None) for key in batch])) for batch in batches])


def _measured(
    cell: Cell,
    keys: Sequence[ClipKey],
    embeddings: Float32[np.ndarray, "clips dimension"],
    refused: Sequence[Refusal],
) -> CellResult:
    probes = [i for i, key in enumerate(keys) if key in cell.probe]
    gallery = [i for i, key in enumerate(keys) if key in cell.gallery]
    pairs = ([keys[i] for i in probes], [keys[i] for i in gallery])
    ranks = mate_ranks(
        euclidean(embeddings[probes], embeddings[gallery]),
        mates=_agree(*pairs, {"subject"}),
        allowed=_allowed(cell, *pairs),
    )
    asked = Counter(keys[i].subject for i, rank in zip(probes, ranks, strict=True) if rank > 0)
    found = Counter(keys[i].subject for i, rank in zip(probes, ranks, strict=True) if rank == 1)
    result = CellResult(
        label=cell.label,
        gallery=len(gallery),
        mateless=int((ranks == 0).sum()),
        refused=sum(_selects(cell, refusal.key) for refusal in refused),
        probes=dict(asked),
        hits={subject: found[subject] for subject in asked},
        rank1=None,
    )
    return replace(result, rank1=_mean_rank1([result]))


def _allowed(
    cell: Cell, probes: Sequence[ClipKey], gallery: Sequence[ClipKey]
) -> Bool[np.ndarray, "probes gallery"]:
    every_field = frozenset(field.name for field in fields(ClipKey))
    allowed = np.ones((len(probes), len(gallery)), bool)
    for agreeing in (*cell.excluded, every_field):
        allowed &= ~_agree(probes, gallery, agreeing)
    return allowed


def _agree(
    probes: Sequence[ClipKey], gallery: Sequence[ClipKey], in_fields: Iterable[str]
) -> Bool[np.ndarray, "probes gallery"]:
    """Which pairs have equal values in all of these fields."""
    agreeing = np.ones((len(probes), len(gallery)), bool)
    for field in in_fields:
        ours, theirs = (np.array([getattr(key, field) for key in side]) for side in (probes, gallery))
        agreeing &= ours[:, None] == theirs[None, :]
    return agreeing


def _mean_rank1(cells: Sequence[CellResult]) -> Interval | None:
    if not all(cell.probes for cell in cells):
        return None
    _, hits, probes = _tables(cells)
    return interval(float((hits.sum(1) / probes.sum(1)).mean()), bootstrap(hits, probes))


def _tables(
    cells: Sequence[CellResult],
) -> tuple[list[str], Float64[np.ndarray, "cells subjects"], Float64[np.ndarray, "cells subjects"]]:
    """Subjects in order, and each cell's hits and probes of each of them."""
    subjects = sorted({subject for cell in cells for subject in cell.probes})
    hits, probes = (
        np.array([[count.get(subject, 0) for subject in subjects] for count in counts], np.float64)
        for counts in ([cell.hits for cell in cells], [cell.probes for cell in cells])
    )
    return subjects, hits, probes


def _percent(interval: Interval | None) -> str:
    if interval is None:
        return "not measurable | no probe has a mate"
    value, low, high = (100 * bound for bound in interval)
    return f"{value:.1f} | {low:.1f} to {high:.1f}"
