"""Clips -> embeddings -> protocol -> report: one function for all data sets and all embeddings."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.datasets.protocol import Protocol, dealt
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.adaptation import CohortAdaptation
from gaitheat.evaluation.cells import CellResult, cmc, means, resampled
from gaitheat.evaluation.controls import Change, control_called
from gaitheat.evaluation.counting import measured, open_set_groups, selects
from gaitheat.evaluation.openset import OpenSet, open_set
from gaitheat.evaluation.searching import Embeddings, Space
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
    halves: "Halves | None"
    """What adapted embeddings gain, if that was asked for."""

    @property
    def headline(self) -> Interval | None:
        """Mean rank-1 of the headline cells; None if one of them has no probe."""
        return self.measures.get("rank-1")

    def to_json(self) -> str:
        """Everything, for scripts."""
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """Tables for people, in percent."""
        counts = (len(self.headline_cells), sum(self.refusals.values()))
        lines = cell_table(self.cells, self.measures, *counts)
        lines += missing_views(self.cells)
        lines += verification_lines(self.verification) + open_set_lines(self.open_set)
        lines += [f"\n{self.note}"] if self.note else []
        if self.halves is not None:
            lines += [f"\n{self.halves.to_markdown()}"]
        return "\n".join(lines)


class Halves(NamedTuple):
    """Searches among half of the people at a time, before and after the other half has shaped the space.

    Nobody who is searched for or could be found is in the cohort: a space tells those who shaped it from
    those who did not, and would give answers away. As galleries are half as large, both figures are higher
    than those of the whole: compare them with each other only.
    """

    adaptation: str
    plain: Report
    adapted: Report

    def to_markdown(self) -> str:
        """What the other half is good for, and the table of the adapted embeddings."""
        if self.plain.headline is None or self.adapted.headline is None:
            return "Adaptation to each camera by half of the people: not measurable."
        before, after = 100 * self.plain.headline.value, 100 * self.adapted.headline.value
        gain, low, high = (100 * bound for bound in difference(self.adapted, self.plain))
        return (
            f"Among half of the people at a time: rank-1 {before:.1f} %; adapted to each camera by the other "
            f"half ({self.adaptation}) {after:.1f} %, paired difference {gain:+.1f} ({low:+.1f} to "
            f"{high:+.1f}).\n\n{self.adapted.to_markdown()}"
        )


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
        adaptation: also count among half of the people at a time, plain and adapted to their cameras by the
            other half (`Halves`).

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
    refused = [refusal for refusal in source.refusals() if _takes_part(refusal.key, protocol)]
    change = None
    if control is not None:
        change = control_called(control)(_clips(source, keys), protocol.camera_of)
    vectors = _embedded(_clips(source, keys), embed, change)
    report = partial(_report, protocol, embedding, keys, refused, control)
    whole = Space(vectors, np.ones(len(keys), bool), distance, strips)
    if adaptation is None:
        return report([whole])
    plain, adapted = zip(*_halves(whole, keys, protocol, adaptation), strict=True)
    return replace(report([whole]), halves=Halves(str(adaptation), report(plain), report(adapted)))


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
    spaces: Sequence[Space],
) -> Report:
    counted = [measured(cell, keys, spaces, refused) for cell in protocol.cells]
    headline = [(cell, searches) for cell, searches in counted if cell.label in protocol.headline]
    return Report(
        protocol=protocol.name,
        embedding=embedding,
        distance=spaces[0].distance,
        control=control,
        clips=len(keys),
        subjects=len({key.subject for key in keys}),
        refusals=dict(Counter(refusal.reason for refusal in refused)),
        cells=tuple(cell for cell, _ in counted),
        headline_cells=protocol.headline,
        measures=means([cell for cell, _ in headline]),
        cmc=cmc([cell for cell, _ in headline]),
        verification=compared(keys, spaces),
        open_set=open_set(
            [part for _, searches in headline for part in searches], open_set_groups(keys, spaces)
        ),
        note=protocol.note,
        halves=None,
    )


def _halves(
    whole: Space, keys: Sequence[ClipKey], protocol: Protocol, adaptation: CohortAdaptation
) -> list[tuple[Space, Space]]:
    """Of each half of the people: their space as it is, and as the other half shapes it."""
    halves = dealt((key.subject for key in keys), 2)
    half = np.array([halves[key.subject] for key in keys])
    cameras = [protocol.camera_of(key) for key in keys]
    spaces = []
    for tested in (half == 0, half == 1):
        cohort = np.flatnonzero(~tested)
        fitted = adaptation.fit(whole.embeddings[cohort], [cameras[clip] for clip in cohort])
        adapted = Space(fitted.apply(whole.embeddings, cameras), tested, whole.distance)
        spaces.append((whole._replace(tested=tested), adapted))
    return spaces


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
