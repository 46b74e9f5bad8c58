"""How many passers-by it takes to teach a camera its bias: rank-1 across cameras, plain and adapted.

    gaitheat extract KTH --dataset kth --store kth.store
    python benchmarks/adaptation.py kth.store mean-heatmap gaitheat-s

Embeddings are called as in ``gaitheat enroll``, or by the file of an exported network. Each scenario of KTH
is a camera. People are dealt into groups of 4, again and again: the 4 are enrolled from d1 and looked for in
d2 to d4 (nearest walk, chance is 25 %), and some of the other 12 are the passers-by. Nobody is passer-by and
tested at once. Figures are means over three scenarios and all draws; intervals are 95 % over tested people.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64
from numpy.typing import NDArray

from gaitheat.adaptation import CohortAdaptation
from gaitheat.cli.arguments import clip_source
from gaitheat.evaluation.embedding import embedded
from gaitheat.metrics import bootstrap, distances
from gaitheat.pretrained import embedder_called

CAMERAS = ("d1", "d2", "d3", "d4")
TESTED, DRAWS = 4, 20
"""People who are tested together; how often everybody is dealt anew."""


class Walks(NamedTuple):
    """Clips, by row."""

    embeddings: Float32[np.ndarray, "clips dimension"]
    people: NDArray[np.str_]
    cameras: NDArray[np.str_]


class Cohort(NamedTuple):
    """Who passes by."""

    people: int
    """At each camera; 0: nothing is learnt."""
    walks: int | None = None
    """Of each of them at each camera; None: all, up to four."""
    others: bool = False
    """Whether nobody passes two cameras; else the same people pass all of them."""
    untaught: str = ""
    """A camera that they do not pass: it is taken for the mean of the others."""
    shrinkage: float = CohortAdaptation().shrinkage

    def __str__(self) -> str:
        if not self.people:
            return "none: plain"
        who = "others at each camera" if self.others else "the same at all cameras"
        which = "one walk each" if self.walks else "all walks"
        notes = [f"but none at {self.untaught}"] if self.untaught else []
        if self.shrinkage != CohortAdaptation().shrinkage:
            notes.append(f"shrinkage {self.shrinkage:g}")
        return ", ".join([str(self.people), who, which, *notes])


COHORTS = [Cohort(0), *(Cohort(people) for people in (2, 4, 8, 12))]
COHORTS += [Cohort(people, walks=1) for people in (4, 8, 12)]
COHORTS += [Cohort(people, others=True) for people in (1, 2, 3)]
COHORTS += [Cohort(12, untaught=camera) for camera in CAMERAS]
COHORTS += [Cohort(12, shrinkage=value) for value in (0.1, 0.5, 0.7, 1.0)]
COHORTS += [Cohort(3, others=True, shrinkage=value) for value in (0.1, 0.5, 0.7, 1.0)]


def main(store: str, names: Sequence[str]) -> None:
    """Print a table of each embedding."""
    source = clip_source(store)
    keys = [info.key for info in source.infos() if info.key.dataset == "kth"]
    people, cameras = (np.array([getattr(key, part) for key in keys]) for part in ("subject", "condition"))
    for name in names:
        embeddings = embedded(source, keys, embedder_called(name).embed_all)
        print(f"\n{name}\n")
        print_table(Walks(in_their_span(embeddings), people, cameras))


def print_table(walks: Walks) -> None:
    """Of every cohort, the gain over the first one, which is none."""
    print("| passers-by | walks at a camera | rank-1 | gain | d2, d3, d4 |\n|---|---|---|---|---|")
    scenarios = [(camera,) for camera in CAMERAS[1:]]
    plain = None
    for cohort in COHORTS:
        clips, hits, probes = counted(walks, cohort)
        each = 100 * hits.sum(1) / probes.sum(1)
        drawn = 100 * bootstrap(hits, probes, scenarios)
        plain = (each.mean(), drawn) if plain is None else plain
        gain = f"{each.mean() - plain[0]:+.1f} ({_bounds(drawn - plain[1])})" if cohort.people else ""
        cells = [cohort, f"{clips:.0f}", f"{each.mean():.1f} ({_bounds(drawn)})", gain]
        print(
            "|", *(f"{cell} |" for cell in [*cells, ", ".join(f"{value:.1f}" for value in each)]), flush=True
        )


def in_their_span(embeddings: Float32[np.ndarray, "clips dimension"]) -> Float32[np.ndarray, "clips axes"]:
    """The same vectors in fewer coordinates: all distances and all that is learnt stay as they are."""
    if embeddings.shape[0] >= embeddings.shape[1]:
        return embeddings
    triangle: NDArray[np.float64] = np.linalg.qr(embeddings.T.astype(np.float64), mode="r")
    return triangle.T.astype(np.float32)


def counted(
    walks: Walks, cohort: Cohort
) -> tuple[float, Float64[np.ndarray, "scenarios people"], Float64[np.ndarray, "scenarios people"]]:
    """Walks of passers-by at a camera; by scenario and person, searches that find them, and all."""
    names = np.unique(walks.people)
    hits, probes, clips = np.zeros((3, len(names))), np.zeros((3, len(names))), []
    for tested, passing in drawn_rounds(walks, cohort):
        places = walks.embeddings
        if cohort.people:
            fitted = CohortAdaptation(cohort.shrinkage).fit(places[passing], walks.cameras[passing].tolist())
            middle = np.mean(list(fitted.means.values()), axis=0)
            places = replace(fitted, elsewhere=middle).apply(places, walks.cameras.tolist())
        clips.append(passing.sum() / len(np.unique(walks.cameras[passing])) if cohort.people else 0)
        enrolled = np.flatnonzero(tested & (walks.cameras == CAMERAS[0]))
        for row, camera in enumerate(CAMERAS[1:]):
            asked = np.flatnonzero(tested & (walks.cameras == camera))
            nearest = enrolled[distances(places[asked], places[enrolled]).argmin(1)]
            person = np.searchsorted(names, walks.people[asked])
            np.add.at(hits[row], person, walks.people[nearest] == walks.people[asked])
            np.add.at(probes[row], person, 1)
    return float(np.mean(clips)), hits, probes


def drawn_rounds(
    walks: Walks, cohort: Cohort
) -> Iterator[tuple[Bool[np.ndarray, " clips"], Bool[np.ndarray, " clips"]]]:
    """Clips of those who are tested, the same for every cohort, and of those who pass by."""
    dealing, choosing = np.random.default_rng(0), np.random.default_rng(1)
    for _ in range(DRAWS):
        order = dealing.permutation(np.unique(walks.people))
        for start in range(0, len(order), TESTED):
            tested = order[start : start + TESTED]
            others = choosing.permutation(np.setdiff1d(order, tested))
            passing = np.zeros(len(walks.people), bool)
            for number, camera in enumerate(CAMERAS):
                if camera == cohort.untaught:
                    continue
                first = number * cohort.people if cohort.others else 0
                for person in others[first : first + cohort.people]:
                    theirs = np.flatnonzero((walks.people == person) & (walks.cameras == camera))
                    passing[choosing.permutation(theirs)[: cohort.walks]] = True
            yield np.isin(walks.people, tested), passing


def _bounds(drawn: Float64[np.ndarray, " draws"]) -> str:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{low:.1f} to {high:.1f}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
