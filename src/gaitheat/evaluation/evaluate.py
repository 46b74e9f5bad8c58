"""Clips -> embeddings -> protocol -> report: one function for all data sets and all embeddings."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from gaitheat.adaptation import CohortAdaptation
from gaitheat.clips import ClipKey, Refusal
from gaitheat.datasets.protocol import Measure, Protocol
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.cells import CellResult, cmc, means, resampled
from gaitheat.evaluation.controls import control_called
from gaitheat.evaluation.counting import measured, open_set_groups
from gaitheat.evaluation.embedding import Embed, clips_of, embedded, entrants, expect_finite, takes_part
from gaitheat.evaluation.openset import OpenSet, open_set
from gaitheat.evaluation.pairwise import adapted_distances, expect_adaptable
from gaitheat.evaluation.searching import Compare, Vectors, compared_by, looked_up
from gaitheat.evaluation.text import cell_table, missing_views, open_set_lines, verification_lines, view_table
from gaitheat.evaluation.verification import Verification, compared
from gaitheat.metrics import Distance, Interval, interval
from gaitheat.sources import ClipSource


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
    shown: tuple[Measure, ...]
    """The measures that publications on the data set report."""
    measures: dict[str, Interval]
    """Means over the headline cells, intervals over subjects; empty if one of these cells has no probe."""
    cmc: tuple[float, ...]
    """Mean over the headline cells of the share found among the 1, 2, ... nearest; empty likewise."""
    verification: Verification
    """One-to-one comparisons of all clips; where they are very many, of those of some subjects."""
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
        lines = cell_table(self.cells, self.measures, *counts, self.shown)
        lines += view_table(self.cells) + missing_views(self.cells)
        return lines + verification_lines(self.verification, self.subjects) + open_set_lines(self.open_set)

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
    keys, _, refused = entrants(source, protocol)
    if adaptation is not None:  # before hours are spent on embeddings
        expect_adaptable(len(keys), len({key.subject for key in keys}))
    change = None
    if control is not None:
        change = control_called(control)(clips_of(source, keys), protocol.camera_of)
    return evaluate_embeddings(
        keys,
        embedded(source, keys, embed, change),
        protocol,
        embedding,
        refused=refused,
        distance=distance,
        strips=strips,
        control=control,
        adaptation=adaptation,
    )


def evaluate_embeddings(
    keys: Sequence[ClipKey],
    vectors: Vectors,
    protocol: Protocol,
    embedding: str,
    *,
    refused: Sequence[Refusal] = (),
    distance: Distance = "euc",
    strips: int = 1,
    control: str | None = None,
    adaptation: CohortAdaptation | None = None,
) -> Report:
    """Count what embeddings are worth that are there already.

    Args:
        keys: the clips of the protocol.
        vectors: [clips, dimension], float32 or float16, such as a file that ``numpy.load`` maps into memory:
            a view's vectors are read at a time.
        protocol: as for `evaluate`, and so are those that follow.
        embedding: what to call it.
        refused: what gave no clip.
        distance: what "near" is.
        strips: equal parts of an embedding.
        control: what was taken out of the clips.
        adaptation: also count after it.

    Raises:
        GaitheatError: a clip that the protocol does not speak of, vectors that do not go with the clips or
            are not finite, or an adaptation is impossible.
    """
    _expect_vectors(keys, vectors, protocol, strips)
    report = partial(_report, protocol, embedding, keys, refused, control, distance)
    plain = report(None, compared_by(vectors, distance, strips))
    if adaptation is None:
        return plain
    subjects, cameras = [key.subject for key in keys], [protocol.camera_of(key) for key in keys]
    expect_adaptable(len(keys), len(set(subjects)))  # a matter of thousands of clips: they fit into memory
    whole = np.asarray(vectors, np.float32)
    between = adapted_distances(whole, subjects, cameras, adaptation, distance)
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
        shown=protocol.measures,
        measures=means([cell for cell, _ in headline]),
        cmc=cmc([cell for cell, _ in headline]),
        verification=compared(keys, compare),
        open_set=open_set([part for _, searches in headline for part in searches], open_set_groups(keys)),
        note=protocol.note,
        adaptation=adaptation,
        adapted=None,
    )


def _expect_vectors(keys: Sequence[ClipKey], vectors: Vectors, protocol: Protocol, strips: int) -> None:
    if vectors.ndim != 2 or len(vectors) != len(keys) or vectors.shape[1] % strips or not keys:
        raise GaitheatError(
            f"expected an embedding of {strips} equal strips of each of {len(keys)} clips, but got an array "
            f"{list(vectors.shape)}"
        )
    strange = next((key for key in keys if not takes_part(key, protocol)), None)
    if strange is not None:
        raise GaitheatError(f"expected clips of protocol {protocol.name}, but got {strange}: leave it out")
    expect_finite(vectors, keys)
