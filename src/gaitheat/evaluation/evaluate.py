"""Clips -> embeddings -> protocol -> report: one function for all data sets and all embeddings."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.adaptation import CohortAdaptation
from gaitheat.evaluation.cells import CellResult, cmc, means, resampled
from gaitheat.evaluation.controls import Change, control_called
from gaitheat.evaluation.counting import measured, open_set_groups, selects
from gaitheat.evaluation.openset import OpenSet, open_set
from gaitheat.evaluation.pairwise import adapted_distances, expect_adaptable
from gaitheat.evaluation.searching import Compare, Embeddings, compared_by, looked_up
from gaitheat.evaluation.text import cell_table, missing_views, open_set_lines, verification_lines
from gaitheat.evaluation.verification import Verification, compared
from gaitheat.metrics import Distance, Interval, interval
from gaitheat.sources import ClipSource

BATCH = 16
"""Clips that are read and embedded together: memory does not grow with the data set."""

Embed = Callable[[Sequence[Clip]], Float32[np.ndarray, "clips dimension"]]


@dataclass(frozen=True, slots=True)
class Report:
    """What an embedding is worth under a protocol."""

    protocol: str
    embedding: str
    distance: Distance
    control: str | None
    """What was taken out of every clip before it was embedded; None if nothing was."""
    clips: int
    subjects: int
    refusals: dict[str, int]
    """Refusals at extraction by their reason."""
    cells: tuple[CellResult, ...]
    headline_cells: tuple[str, ...]
    measures: dict[str, Interval]
    """Means over the headline cells, intervals over subjects; empty if one of these cells has no probe."""
    cmc: tuple[float, ...]
    """Mean over the headline cells of the share found among the 1, 2, ... nearest; empty likewise."""
    verification: Verification
    """One-to-one comparisons of all clips."""
    open_set: OpenSet
    """All searches of the headline cells, with one threshold."""
    note: str
    """What everybody must know who reads these figures; empty if there is nothing to say."""
    adaptation: str | None
    """How embeddings were adapted to their cameras; None if they were compared as they are."""
    adapted: "Report | None"
    """The same searches by adapted embeddings, if they were asked for."""

    @property
    def headline(self) -> Interval | None:
        """Mean rank-1 of the headline cells; None if one of them has no probe."""
        return self.measures.get("rank-1")

    def to_json(self) -> str:
        """Everything, for scripts."""
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """Tables for people, in percent."""
        lines = self._tables()
        if self.adapted is not None:
            lines += [
                f"\nAdapted to each camera by other people ({self.adapted.adaptation}): {self._gain()}\n"
            ]
            lines += self.adapted._tables()
        return "\n".join([*lines, *([f"\n{self.note}"] if self.note else [])])

    def _tables(self) -> list[str]:
        counts = (len(self.headline_cells), sum(self.refusals.values()))
        lines = cell_table(self.cells, self.measures, *counts) + missing_views(self.cells)
        return lines + verification_lines(self.verification) + open_set_lines(self.open_set)

    def _gain(self) -> str:
        if self.adapted is None or self.headline is None or self.adapted.headline is None:
            return "not measurable."
        after = 100 * self.adapted.headline.value
        gain, low, high = (100 * bound for bound in difference(self.adapted, self))
        return f"rank-1 {after:.1f} %, paired difference {gain:+.1f} ({low:+.1f} to {high:+.1f})."


def evaluate(
    source: ClipSource,
    protocol: Protocol,
    embed: Embed,
    embedding: str,
    *,
    distance: Distance = "euc",
    strips: int = 1,
    control: str | None = None,
    adaptation: CohortAdaptation | None = None,
) -> Report:
    """Embed every clip that the protocol speaks of, and count.

    Args:
        source: where the clips are; they are read a few at a time.
        protocol: who is enrolled, who is asked for, which pairs do not count.
        embed: clips to embeddings; near means alike.
        embedding: what to call it in the report.
        distance: what "near" is.
        strips: equal parts of an embedding; the distance is the mean over them.
        control: what to take out of every clip first, one of `CONTROLS`.
        adaptation: also count after it, each pair of people in a space that others have shaped.

    Raises:
        GaitheatError: the source has no clips for the protocol, or clips of several pose estimators; or an
            embedding is not finite; or a control or an adaptation is impossible.
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
    if adaptation is not None:
        expect_adaptable(
            len(keys), len({key.subject for key in keys})
        )  # before hours are spent on embeddings
    refused = [refusal for refusal in source.refusals() if _takes_part(refusal.key, protocol)]
    change = None
    if control is not None:
        change = control_called(control)(_clips(source, keys), protocol.camera_of)
    vectors = _embedded(_clips(source, keys), embed, change)
    report = partial(_report, protocol, embedding, keys, refused, control, distance)
    plain = report(None, compared_by(vectors, distance, strips))
    if adaptation is None:
        return plain
    subjects, cameras = [key.subject for key in keys], [protocol.camera_of(key) for key in keys]
    between = adapted_distances(vectors, subjects, cameras, adaptation, distance)
    return replace(plain, adapted=report(str(adaptation), looked_up(between)))


def difference(first: Report | Sequence[Report], second: Report | Sequence[Report]) -> Interval:
    """By how much the first headline is higher, with its paired interval over subjects.

    Args:
        first: a report, or those of several seeds, over which each subject's results are averaged.
        second: the same.

    Only an interval that excludes 0 supports the claim that one is better.
    """
    sides = [[side] if isinstance(side, Report) else list(side) for side in (first, second)]
    reports = [report for side in sides for report in side]
    if len({report.protocol for report in reports}) > 1 or not all(report.headline for report in reports):
        raise GaitheatError("expected reports of one protocol with a headline each, but got others")
    measured = [
        resampled([cell for cell in report.cells if cell.label in report.headline_cells])
        for report in reports
    ]
    if any(subjects != measured[0][0] for subjects, _ in measured):
        raise GaitheatError("expected reports on the same subjects, but they differ: evaluate all anew")
    values, draws = [report.headline.value for report in reports if report.headline], [d for _, d in measured]
    seeds = len(sides[0])
    value = np.mean(values[:seeds]) - np.mean(values[seeds:])
    return interval(float(value), np.mean(draws[:seeds], axis=0) - np.mean(draws[seeds:], axis=0))


def _report(
    protocol: Protocol,
    embedding: str,
    keys: Sequence[ClipKey],
    refused: Sequence[Refusal],
    control: str | None,
    distance: Distance,
    adaptation: str | None,
    compare: Compare,
) -> Report:
    counted = [measured(cell, keys, compare, refused) for cell in protocol.cells]
    headline = [(cell, searches) for cell, searches in counted if cell.label in protocol.headline]
    return Report(
        protocol=protocol.name,
        embedding=embedding,
        distance=distance,
        control=control,
        clips=len(keys),
        subjects=len({key.subject for key in keys}),
        refusals=dict(Counter(refusal.reason for refusal in refused)),
        cells=tuple(cell for cell, _ in counted),
        headline_cells=protocol.headline,
        measures=means([cell for cell, _ in headline]),
        cmc=cmc([cell for cell, _ in headline]),
        verification=compared(keys, compare),
        open_set=open_set([part for _, searches in headline for part in searches], open_set_groups(keys)),
        note=protocol.note,
        adaptation=adaptation,
        adapted=None,
    )


def _takes_part(key: ClipKey, protocol: Protocol) -> bool:
    return key.dataset == protocol.dataset and any(selects(cell, key) for cell in protocol.cells)


def _clips(source: ClipSource, keys: Sequence[ClipKey]) -> Iterator[Clip]:
    """In this order, read a few at a time."""
    for start in range(0, len(keys), BATCH):
        yield from source.read([(key, None) for key in keys[start : start + BATCH]])


def _embedded(clips: Iterator[Clip], embed: Embed, change: Change | None) -> Embeddings:
    vectors = []
    while batch := list(islice(clips, BATCH)):
        changed = batch if change is None else [change(clip) for clip in batch]
        vectors.append(embed(changed))
        finite = np.isfinite(vectors[-1]).all(axis=1)
        if not finite.all():
            bad = batch[int(np.argmin(finite))].key
            raise GaitheatError(f"expected embeddings of finite numbers, but that of clip {bad} has others")
    return np.concatenate(vectors)
