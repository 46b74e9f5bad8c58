"""The list that the organisers of GREW take: whom one believes to see on each probe, best guess first."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gaitheat.clips import ClipKey, Refusal
from gaitheat.datasets.grew import DATASET, SUBMISSION
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.embedding import Embed, embedded, entrants
from gaitheat.evaluation.searching import BLOCK, Compare, Places, compared_by
from gaitheat.metrics import Distance
from gaitheat.sources import ClipSource

RANKS = 20
"""Subjects named for each probe, none twice."""
HEADER = ("videoId", *(f"rank{rank}" for rank in range(1, RANKS + 1)))
_PROTOCOL = Protocol("grew submission", DATASET, (SUBMISSION,), (SUBMISSION.label,))


class Submitted(NamedTuple):
    """What a list holds."""

    probes: int
    """Rows."""
    guessed: int
    """Of them, those of probes that gave no clip: every probe needs a row, theirs name the first subjects."""
    subjects: int
    """Who are enrolled."""


def write_submission(
    path: Path, source: ClipSource, embed: Embed, distance: Distance = "euc", strips: int = 1
) -> Submitted:
    """Embed GREW's enrolled clips and its probes without names, and write whom each probe looks like.

    Args:
        path: the CSV file to write: ``videoId,rank1,...,rank20``, a line a probe, subjects as whole numbers.
        source: where the clips are.
        embed: clips to embeddings.
        distance: what "near" is.
        strips: equal parts of an embedding.

    Raises:
        GaitheatError: there are no such clips, two of one probe, or fewer than 20 people enrolled; or an
            embedding is not finite.
    """
    keys, _, refused = entrants(source, _PROTOCOL)
    probes, gallery = (
        np.array([place for place, key in enumerate(keys) if key in selection], np.int64)
        for selection in (SUBMISSION.probe, SUBMISSION.gallery)
    )
    enrolled = [keys[place].subject for place in gallery]
    videos = [keys[place].take for place in probes]
    lost = _lost(refused, videos)
    _expect_list(videos, enrolled)
    compare = compared_by(embedded(source, keys, embed), distance, strips)
    guess = sorted(set(enrolled))[:RANKS]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for video, subjects in zip(videos, nearest_subjects(probes, gallery, keys, compare), strict=True):
            writer.writerow([video, *map(int, subjects)])
        writer.writerows([video, *map(int, guess)] for video in lost)
    return Submitted(len(videos) + len(lost), len(lost), len(set(enrolled)))


def nearest_subjects(
    probes: Places, gallery: Places, keys: Sequence[ClipKey], compare: Compare
) -> Iterator[list[str]]:
    """Of each probe the 20 nearest people, a person being as near as the nearest clip of theirs."""
    names, people = np.unique([keys[place].subject for place in gallery], return_inverse=True)
    order = np.argsort(people, kind="stable")
    starts = np.searchsorted(people[order], np.arange(len(names)))
    for start in range(0, len(probes), BLOCK):
        between = compare(probes[start : start + BLOCK], gallery[order])
        people_apart = np.minimum.reduceat(between, starts, axis=1)
        for nearest in np.argsort(people_apart, axis=1, kind="stable")[:, :RANKS]:
            yield names[nearest].tolist()


def _lost(refused: Sequence[Refusal], videos: Sequence[str]) -> list[str]:
    """Probes of which nothing is left."""
    return sorted({each.key.take for each in refused if each.key in SUBMISSION.probe} - set(videos))


def _expect_list(videos: Sequence[str], enrolled: Sequence[str]) -> None:
    if not videos or len(set(enrolled)) < RANKS:
        raise GaitheatError(
            f"expected GREW's probes (kind 03) and at least {RANKS} enrolled subjects (kinds 01 and 02), but "
            f"got {len(videos)} and {len(set(enrolled))}: import the test clips and the probes"
        )
    twice = [video for video, count in Counter(videos).items() if count > 1]
    if twice:
        raise GaitheatError(
            f"expected one clip of each probe, but got several of {twice[0]}: import them again"
        )
