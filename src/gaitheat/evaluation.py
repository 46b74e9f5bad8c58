"""Clips -> embeddings -> protocol -> report: one function for all data sets and all embeddings."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float32

from gaitheat.cells import CellResult, Embeddings, agree, mean_rank1, measured, resampled, selects
from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.metrics import Interval, OperatingPoint, euclidean, interval, operating_points, tally
from gaitheat.sources import ClipSource

BATCH = 16
"""Clips that are read and embedded together: memory does not grow with the data set."""
TILE = 1024
"""Clips on each side of a block of comparisons: memory does not grow with the square of the clips."""

Embed = Callable[[Sequence[Clip]], Float32[np.ndarray, "clips dimension"]]


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
    note: str
    """What everybody must know who reads these figures; empty if there is nothing to say."""

    def to_json(self) -> str:
        """Everything, for scripts."""
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """A table for people, in percent."""
        lines = ["| cell | rank-1 % | 95 % over subjects | searches | without mate | gallery | refused |"]
        lines.append("|---|---|---|---|---|---|---|")
        for cell in self.cells:
            counts = f"{cell.searches.total()} | {cell.mateless} | {cell.gallery} | {cell.refused}"
            lines.append(f"| {cell.label} | {_percent(cell.rank1)} | {counts} |")
        label = f"mean of {len(self.headline_cells)}"
        lines.append(f"| **{label}** | {_percent(self.headline)} | | | | {sum(self.refusals.values())} |")
        lines += [
            f"\n{cell.label}: {len(cell.missing)} of {len(cell.pairs)} pairs of views are missing: no probe "
            f"has a mate there, first {cell.missing[0][0]} in {cell.missing[0][1]}."
            for cell in self.cells
            if cell.rank1 is not None and cell.missing
        ]
        lines += [
            f"\nOne-to-one, threshold {threshold:.3f}: accepts {100 * false:.1f} % of the pairs of different "
            f"people, {100 * true:.1f} % of those of the same person."
            for false, threshold, true in self.thresholds
        ]
        lines += [f"\n{self.note}"] if self.note else []
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
            "extract or generate that data set first"
        )
    estimators = sorted({str(info.estimator) for info in infos})
    if len(estimators) > 1:
        raise GaitheatError(f"expected clips of one pose estimator, but got several: {', '.join(estimators)}")
    keys = [info.key for info in infos]
    embeddings = _embedded(source, keys, embed)
    refused = [refusal for refusal in source.refusals() if _takes_part(refusal.key, protocol)]
    cells = tuple(measured(cell, keys, embeddings, refused) for cell in protocol.cells)
    return Report(
        protocol=protocol.name,
        embedding=embedding,
        clips=len(keys),
        subjects=len({key.subject for key in keys}),
        refusals=dict(Counter(refusal.reason for refusal in refused)),
        cells=cells,
        headline=mean_rank1([cell for cell in cells if cell.label in protocol.headline]),
        headline_cells=protocol.headline,
        thresholds=_thresholds(keys, embeddings),
        note=protocol.note,
    )


def _thresholds(keys: Sequence[ClipKey], embeddings: Embeddings) -> tuple[OperatingPoint, ...]:
    """Each pair of clips counts once."""
    same, different = tally(np.empty(0, np.float32)), tally(np.empty(0, np.float32))
    tiles = [slice(start, start + TILE) for start in range(0, len(keys), TILE)]
    for ours, theirs in combinations_with_replacement(tiles, 2):
        distances = euclidean(embeddings[ours], embeddings[theirs])
        once = np.triu(np.ones(distances.shape, bool), 1 if ours == theirs else -TILE)
        mates = agree(keys[ours], keys[theirs], {"subject"})
        same += tally(distances[mates & once])
        different += tally(distances[~mates & once])
    return tuple(operating_points(same, different))


def difference(first: Report, second: Report) -> Interval:
    """By how much the first headline is higher, with its paired interval over subjects.

    Only an interval that excludes 0 supports the claim that one is better.
    """
    if first.protocol != second.protocol or first.headline is None or second.headline is None:
        raise GaitheatError("expected two reports of one protocol with a headline each, but got others")
    (subjects, ours), (others, theirs) = (
        resampled([cell for cell in report.cells if cell.label in report.headline_cells])
        for report in (first, second)
    )
    if subjects != others:
        raise GaitheatError("expected two reports on the same subjects, but they differ: evaluate both anew")
    return interval(first.headline.value - second.headline.value, ours - theirs)


def _takes_part(key: ClipKey, protocol: Protocol) -> bool:
    return key.dataset == protocol.dataset and any(selects(cell, key) for cell in protocol.cells)


def _embedded(source: ClipSource, keys: Sequence[ClipKey], embed: Embed) -> Embeddings:
    batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
    return np.concatenate([embed(source.read([(key, None) for key in batch])) for batch in batches])


def _percent(interval: Interval | None) -> str:
    if interval is None:
        return "not measurable | no probe has a mate"
    value, low, high = (100 * bound for bound in interval)
    return f"{value:.1f} | {low:.1f} to {high:.1f}"
