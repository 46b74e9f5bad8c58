"""How well the recogniser knows people again, and how often it names a stranger: on a store of KTH clips.

    gaitheat extract KTH-FOLDER --dataset kth --store kth.store
    python benchmarks/recognition.py kth.store --json recognition.json
    python benchmarks/recognition.py kth.store --embedding mean-heatmap --walkers walkers.store

The path is the product's: ``Recognizer.enroll_clip`` of all walks outdoors (d1), ``Recognizer.identify_clip``
of all walks in the other scenarios. First everybody is enrolled. Then there are strangers: people are dealt
anew ten times, and each fourth of them in turn is left out and looked up all the same. Where a setting needs
other people, some are passers-by, who teach each scenario's camera, and others calibrate: none of these is
enrolled or looked up, so galleries are smaller there. Every vector is computed once.

``--walkers`` names a store of walkers who are the strangers for an embedding that brings none along.

FNIR: searches for enrolled people that do not name them; FPIR: searches for others that name anybody. "FNIR
at FPIR 10 %" has its limit from the tested strangers themselves: it compares scores. "Asked for 5 %" is what
users get: the limit comes from other strangers, and what is reached is told. Intervals draw people.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from jaxtyping import Float32

from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets.walkers import TEST
from gaitheat.embeddings import Embedder
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS
from gaitheat.pretrained import PRETRAINED, embedder_called, strangers_of
from gaitheat.recognition.cameras import cameras_of
from gaitheat.recognizer import Person, Recognizer
from gaitheat.store import ClipStore
from recognition_tables import printed
from remembered import Remembered, embedded
from search_rates import ASKED, Search, Searches, rates

ENROLLED, PROBES = "d1", ("d2", "d3", "d4")
PARTS, ROUNDS = 16, 40
"""Into so many parts are people dealt; so many galleries there are of each split, or a few less."""


class Setting(NamedTuple):
    """What a gallery has learnt from other people."""

    own_strangers: bool
    """Calibrated with people of these scenarios instead of walkers."""
    adapted: bool

    def __str__(self) -> str:
        adapted = "adapted" if self.adapted else "plain"
        return f"{adapted}, {'own strangers' if self.own_strangers else 'walkers'}"


class Split(NamedTuple):
    """How many of the parts are what; the others are enrolled."""

    strangers: int
    passers_by: int
    calibrators: int
    settings: tuple[Setting, ...]
    """Adapted ones last: a camera that has learnt does not forget."""


SPLITS = (
    Split(4, 0, 0, (Setting(False, False),)),
    Split(4, 4, 0, (Setting(False, False), Setting(False, True))),
    Split(1, 3, 9, (Setting(False, False), Setting(True, False), Setting(True, True), Setting(False, True))),
)
"""It takes nine strangers to tell a rate of 10 %: own ones leave few people to enrol."""


class Roles(NamedTuple):
    """Who is what in one round."""

    strangers: list[str]
    passers_by: list[str]
    calibrators: list[str]
    enrolled: list[str]


@dataclass(frozen=True)
class Bench:
    """Everything that galleries are made of."""

    clips: dict[str, dict[str, list[Clip]]]
    """By person and scenario."""
    embedder: Remembered
    walkers: Strangers

    def searches(self, roles: Roles, settings: Sequence[Setting]) -> Iterator[tuple[Setting, Search]]:
        """All of one gallery."""
        walkers = patch("gaitheat.recognition.bench.strangers_of", lambda _: self.walkers)
        with tempfile.TemporaryDirectory() as folder, walkers:
            gallery = Path(folder) / "gallery"
            recognizer = self._recognizer(gallery, ENROLLED)
            for person in roles.enrolled:
                for clip in self.clips[person][ENROLLED]:
                    recognizer.enroll_clip(clip, person)
            for setting in settings:
                self._teach(gallery, setting, roles)
                yield from ((setting, search) for search in self._asked(gallery, roles))

    def _teach(self, gallery: Path, setting: Setting, roles: Roles) -> None:
        if setting.own_strangers:
            self._strangers(roles.calibrators).save(gallery / STRANGERS)
        else:  # the gallery falls back on those that come with the embedding
            (gallery / STRANGERS).unlink(missing_ok=True)
        if setting.adapted and not cameras_of(gallery):
            for scenario in (ENROLLED, *PROBES):
                passers_by = [
                    clip for person in roles.passers_by for clip in self.clips[person].get(scenario, [])
                ]
                self._recognizer(gallery, scenario).adapt(passers_by)

    def _asked(self, gallery: Path, roles: Roles) -> Iterator[Search]:
        for scenario in PROBES:
            recognizer = self._recognizer(gallery, scenario)
            for person in [*roles.enrolled, *roles.strangers]:
                for clip in self.clips[person].get(scenario, []):
                    answer = recognizer.identify_clip(clip)
                    yield searched(person, scenario, person in roles.enrolled, answer)

    def _recognizer(self, path: Path, camera: str) -> Recognizer:
        return Recognizer(path, embedder=self.embedder, far=max(ASKED), camera=camera)

    def _strangers(self, people: Sequence[str]) -> Strangers:
        """Of people whom nobody looks for, filmed as those who are looked up."""
        clips = [
            (number, scenario, clip)
            for number, person in enumerate(people)
            for scenario in PROBES
            for clip in self.clips[person].get(scenario, [])
        ]
        numbers, scenarios, held = zip(*clips, strict=True)
        vectors = np.stack([self.embedder.embed(clip) for clip in held])
        return Strangers(vectors, np.array(numbers, np.int64), scenarios)


def searched(person: str, scenario: str, enrolled: bool, answer: Person) -> Search:
    """An answer as it counts."""
    if not answer.matches:
        return Search(person, scenario, enrolled, False, np.inf, 1.0)
    best = answer.matches[0]
    alarm = np.nan if answer.false_alarm is None else answer.false_alarm
    return Search(person, scenario, enrolled, best.name == person, best.score, alarm)


def prepared(store: str, name: str, walkers: str | None) -> Bench:
    """Every clip is read and embedded once."""
    embedder = embedder_called(name)
    vectors: dict[ClipKey, Float32[np.ndarray, " dimension"]] = {}
    clips: dict[str, dict[str, list[Clip]]] = {}
    for clip, vector in embedded(ClipStore(store), "kth", embedder):
        vectors[clip.key] = vector
        clips.setdefault(clip.key.subject, {}).setdefault(clip.key.condition, []).append(clip)
    return Bench(clips, Remembered(embedder, vectors), walker_strangers(name, embedder, walkers))


def walker_strangers(name: str, embedder: Embedder, store: str | None) -> Strangers:
    """Those that come with the embedding, or all walkers of the store's world to test in."""
    shipped = strangers_of(name)
    if shipped is not None:
        return shipped
    if store is None:
        raise SystemExit(f"{name} comes without strangers: name a store of walkers with --walkers")
    pairs = list(embedded(ClipStore(store), f"{TEST}indoor", embedder))
    return Strangers.named(np.stack([vector for _, vector in pairs]), [clip.key for clip, _ in pairs])


def closed_set(bench: Bench) -> dict[str, Any]:
    """Everybody is enrolled: is the nearest the right one, by scenario?"""
    roles = Roles([], [], [], sorted(bench.clips))
    searches = [search for _, search in bench.searches(roles, [Setting(False, False)])]
    figures: dict[str, Any] = {}
    for scenario in (*PROBES, "all"):
        chosen = [search for search in searches if scenario in (search.condition, "all")]
        figures[scenario] = {
            "searches": len(chosen),
            "not usable": sum(not np.isfinite(search.score) for search in chosen),
            "rank-1": Searches(chosen).rank_1(),
            "missed, 5 % asked for": Searches(chosen).missed_when_asked(0.05),
        }
    return figures


def open_set(bench: Bench, split: Split) -> Iterator[dict[str, Any]]:
    """Of all rounds together, one for each setting."""
    dealt = list(rounds(sorted(bench.clips), split))
    found: dict[Setting, list[Search]] = {setting: [] for setting in split.settings}
    for roles in dealt:
        for setting, search in bench.searches(roles, split.settings):
            found[setting].append(search)
    for setting, searches in found.items():
        strangers = len(dealt[0].calibrators) if setting.own_strangers else bench.walkers.count
        yield {
            "gallery": str(setting),
            "enrolled": len(dealt[0].enrolled),
            "strangers who calibrate": strangers,
            "searches for enrolled people": sum(search.enrolled for search in searches),
            "searches for strangers": sum(not search.enrolled for search in searches),
            **rates(Searches(searches), strangers),
        }


def rounds(people: Sequence[str], split: Split) -> Iterator[Roles]:
    """People dealt anew, always in the same way; everybody is a stranger once each time."""
    for draw in range(ROUNDS * split.strangers // PARTS):
        order = np.random.default_rng([0, draw]).permutation(np.array(people, object))
        parts = [part.tolist() for part in np.array_split(order, PARTS)]
        for first in range(0, PARTS, split.strangers):
            turned = parts[first:] + parts[:first]
            bounds = (0, *accumulate(split[:3]), PARTS)
            yield Roles(*(list(chain(*turned[start:stop])) for start, stop in pairwise(bounds)))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="How well the recogniser knows people again.")
    parser.add_argument("store", help="clips of KTH")
    parser.add_argument("--embedding", default=PRETRAINED[0], help="a name, or an exported .onnx")
    parser.add_argument("--walkers", help="a store of walkers, for embeddings without strangers")
    parser.add_argument("--json", type=Path, help="write all figures there")
    chosen = parser.parse_args()
    bench = prepared(chosen.store, chosen.embedding, chosen.walkers)
    figures = {
        "embedding": bench.embedder.identity,
        "people": len(bench.clips),
        "closed set": closed_set(bench),
        "open set": [row for split in SPLITS for row in open_set(bench, split)],
    }
    print(printed(figures))
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2), "utf-8")


if __name__ == "__main__":
    main()
