"""An evaluation protocol as data: who is enrolled, who is asked for, which pairs do not count."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

from gaitheat.clips import ClipKey

KEY_FIELDS = tuple(field.name for field in fields(ClipKey))
ViewPairs = Literal["pooled", "different", "equal"]
"""Which view of a probe meets which view of the gallery: any in one gallery, or each pair by itself."""
Measure = Literal["rank-1", "rank-5", "rank-10", "rank-20", "mAP", "mINP"]
"""What is counted of a search: a mate among the k nearest; average precision; inverse penalty."""
MEASURES: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True, slots=True)
class Selection:
    """Clips by the fields of their key; None lets every value pass."""

    conditions: frozenset[str] | None = None
    views: frozenset[str] | None = None
    takes: frozenset[str] | None = None
    condition_has: frozenset[str] | None = None
    """Texts of which a condition contains one: some conditions are made of attributes, as ``01-bg-nt``."""

    def __contains__(self, key: ClipKey) -> bool:
        return (
            (self.conditions is None or key.condition in self.conditions)
            and (self.views is None or key.view in self.views)
            and (self.takes is None or key.take in self.takes)
            and (self.condition_has is None or any(part in key.condition for part in self.condition_has))
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a protocol's table: rank-1 of some probes in some gallery."""

    label: str
    gallery: Selection
    probe: Selection
    excluded: tuple[frozenset[str], ...] = ()
    """Pairs do not count that agree in all fields of any of these; a clip never counts against itself."""
    view_pairs: ViewPairs = "pooled"
    """``pooled``: one gallery of all views. ``different``: every ordered pair of different views is measured
    by itself, in a gallery of one view; rank-1 is the mean over gallery views, then over probe views, as
    indoor benchmarks report it. ``equal``: the same with pairs of one view."""

    def __post_init__(self) -> None:
        unknown = sorted(frozenset().union(*self.excluded) - set(KEY_FIELDS))
        if unknown:
            raise ValueError(f"cell {self.label}: expected fields among {KEY_FIELDS}, got {unknown}")


@dataclass(frozen=True, slots=True)
class Protocol:
    """The cells of a data set's table, and those whose mean is its headline."""

    name: str
    dataset: str
    """Clips of other data sets in the same store do not take part."""
    cells: tuple[Cell, ...]
    headline: tuple[str, ...]
    """Labels of the cells that are averaged."""
    note: str = ""
    """What everybody must know who reads its figures: every report says it."""
    camera: tuple[str, ...] = ("view",)
    """Fields that are equal for all that one camera saw."""
    measures: tuple[Measure, ...] = ("rank-1",)
    """What the data set's publications report, in their order; the others are counted all the same."""

    def __post_init__(self) -> None:
        labels = [cell.label for cell in self.cells]
        if len(set(labels)) < len(labels):
            raise ValueError(f"protocol {self.name}: labels must differ, got {labels}")
        if not self.headline or not set(self.headline) <= set(labels):
            raise ValueError(
                f"protocol {self.name}: headline must name cells of {labels}, got {self.headline}"
            )
        unknown = sorted(set(self.camera) - set(KEY_FIELDS))
        if unknown:
            raise ValueError(f"protocol {self.name}: a camera is told by {KEY_FIELDS}, got {unknown}")

    def camera_of(self, key: ClipKey) -> str:
        """Equal for clips of one camera."""
        return "/".join(str(getattr(key, field)) for field in self.camera)


def dealt(subjects: Iterable[str], groups: int) -> dict[str, int]:
    """The group, from 0, of each subject: drawn, but always the same for the same people; of equal size."""
    people = sorted(set(subjects))
    order = np.random.default_rng(0).permutation(len(people))
    return {people[person]: place % groups for place, person in enumerate(order)}
