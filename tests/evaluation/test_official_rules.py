"""Our figures are those of each benchmark's official rule, written out here clip by clip.

Clips are labelled as in the layout that most toolboxes share: subject, kind and view are the names of three
folders. The rules below know nothing else, and nothing of how figures are computed in the product.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaitheat.datasets import dataset_called, protocol_called
from gaitheat.datasets.partition import Partition
from gaitheat.evaluation.evaluate import Report, evaluate_embeddings

STRIPS, WIDTH = 3, 4


class Labelled(NamedTuple):
    """A clip as a peer's list has it."""

    subject: str
    kind: str
    view: str
    strips: list[list[float]]


Rule = Callable[[list[Labelled], str], dict[str, dict[str, float]]]
"""From clips and the distance to the measures of each cell; a cell without any is not there."""


def apart(probe: Labelled, clip: Labelled, distance: str) -> float:
    """The mean over strips of the distance of two strips."""
    total = 0.0
    for p, g in zip(probe.strips, clip.strips, strict=True):
        if distance == "euc":
            total += sum((a - b) ** 2 for a, b in zip(p, g, strict=True)) ** 0.5
        else:
            length = (sum(a * a for a in p) * sum(b * b for b in g)) ** 0.5
            total += 1 - sum(a * b for a, b in zip(p, g, strict=True)) / length
    return total / STRIPS


def mate_ranks(probe: Labelled, gallery: list[Labelled], distance: str) -> list[int]:
    """At which places of the sorted gallery the probe's subject is."""
    in_order = sorted(gallery, key=lambda clip: apart(probe, clip, distance))
    return [place for place, clip in enumerate(in_order, start=1) if clip.subject == probe.subject]


SCORES: dict[str, Callable[[list[int]], float]] = {
    **{f"rank-{k}": lambda ranks, k=k: float(ranks[0] <= k) for k in (1, 5, 10, 20)},
    "mAP": lambda ranks: sum(found / rank for found, rank in enumerate(ranks, start=1)) / len(ranks),
    "mINP": lambda ranks: len(ranks) / ranks[-1],
}


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def averages(searches: list[list[int]]) -> dict[str, float]:
    return {name: mean(score(ranks) for ranks in searches) for name, score in SCORES.items()}


def without_mate(searches: list[list[int]]) -> float:
    return float(sum(not ranks for ranks in searches))


def view_pairs(
    probes: list[Labelled], gallery: list[Labelled], distance: str, named: int | None = None
) -> dict[str, float]:
    """Every ordered pair of different views by itself; over gallery views, then over probe views.

    All pairs with a view that nobody has are missing, of as many views as the data set names.
    """
    views = sorted({clip.view for clip in [*probes, *gallery]})
    rows: dict[str, list[dict[str, float]]] = {}
    counted = {"without mate": 0.0, "missing": 0.0}
    for probe_view in views:
        for gallery_view in views:
            if probe_view == gallery_view:
                continue
            enrolled = [clip for clip in gallery if clip.view == gallery_view]
            found = [mate_ranks(clip, enrolled, distance) for clip in probes if clip.view == probe_view]
            counted["without mate"] += without_mate(found)
            mated = [ranks for ranks in found if ranks]
            if mated:
                rows.setdefault(probe_view, []).append(averages(mated))
            else:
                counted["missing"] += 1
    if not rows:
        return {}
    if named is not None:
        counted["missing"] += named * (named - 1) - len(views) * (len(views) - 1)
    of_views = {view: {m: mean(pair[m] for pair in pairs) for m in SCORES} for view, pairs in rows.items()}
    return {m: mean(view[m] for view in of_views.values()) for m in SCORES} | counted


def one_gallery(
    probes: list[Labelled],
    gallery: list[Labelled],
    distance: str,
    left_out: Callable[[Labelled, Labelled], bool] = lambda probe, clip: False,
) -> dict[str, float]:
    """All probes in one gallery."""
    found = [
        mate_ranks(probe, [clip for clip in gallery if not left_out(probe, clip)], distance)
        for probe in probes
    ]
    mated = [ranks for ranks in found if ranks]
    return averages(mated) | {"without mate": without_mate(found), "missing": 0.0} if mated else {}


def kinds(clips: list[Labelled], *names: str) -> list[Labelled]:
    return [clip for clip in clips if clip.kind in names]


def casia_b(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    gallery = kinds(clips, "nm-01", "nm-02", "nm-03", "nm-04")
    probes = {
        "NM": kinds(clips, "nm-05", "nm-06"),
        "BG": kinds(clips, "bg-01", "bg-02"),
        "CL": kinds(clips, "cl-01", "cl-02"),
    }
    return {label: view_pairs(of_label, gallery, distance, named=11) for label, of_label in probes.items()}


def oumvlp(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    return {"NM": view_pairs(kinds(clips, "00"), kinds(clips, "01"), distance, named=14)}


def grew(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    return {"02 in 01": one_gallery(kinds(clips, "02"), kinds(clips, "01"), distance)}


def listed(clip: Labelled) -> bool:
    """Whether a clip is on Gait3D's list of probes, here: the first sequences of the first camera."""
    return clip.kind.startswith("camid0_") and clip.view == "seq0"


def gait3d(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    probes, gallery = ([clip for clip in clips if listed(clip) is wanted] for wanted in (True, False))
    return {"probes": one_gallery(probes, gallery, distance)}


def sustech1k(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    gallery = [clip for clip in clips if "00-nm" in clip.kind]
    parts = {
        "normal": ["01-nm"], "bag": ["bg"], "clothing": ["cl"], "carrying": ["cr"], "umbrella": ["ub"],
        "uniform": ["uf"], "occlusion": ["oc"], "night": ["nt"], "overall": ["01", "02", "03", "04"],
    }  # fmt: skip
    return {
        label: view_pairs(
            [clip for clip in clips if any(t in clip.kind for t in texts)], gallery, distance, named=12
        )
        for label, texts in parts.items()
    }


CCPG = {
    "CL": (["U1_D1", "U2_D2", "U3_D3"], ["U0_D0_BG", "U0_D0"]),
    "UP": (["U0_D3"], ["U3_D3"]),
    "DN": (["U1_D1"], ["U1_D0"]),
    "BG": (["U0_D0"], ["U0_D0_BG"]),
}


def by_camera(clips: list[Labelled]) -> list[Labelled]:
    """CCPG's folders of the third level say camera and number: ``01_0``."""
    return [clip._replace(view=clip.view.split("_")[0]) for clip in clips]


def ccpg_gait(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    seen = by_camera(clips)
    return {
        label: view_pairs(kinds(seen, *probe), kinds(seen, *gallery), distance)
        for label, (gallery, probe) in CCPG.items()
    }


def ccpg_reid(clips: list[Labelled], distance: str) -> dict[str, dict[str, float]]:
    def same_camera(probe: Labelled, clip: Labelled) -> bool:
        return (probe.subject, probe.view) == (clip.subject, clip.view)

    seen = by_camera(clips)
    return {
        label: one_gallery(kinds(seen, *probe), kinds(seen, *gallery), distance, same_camera)
        for label, (gallery, probe) in CCPG.items()
    }


class Benchmark(NamedTuple):
    """A data set as it is labelled, made small."""

    dataset: str
    rule: Rule
    subjects: list[str]
    kinds: list[str]
    views: list[str]


PLAIN = [f"{number:05d}" for number in range(1, 9)]
BENCHMARKS = {
    "casia-b": Benchmark(
        "casia-b",
        casia_b,
        ["075", "080", "099", "100", "124"],
        ["nm-01", "nm-04", "nm-05", "nm-06", "bg-01", "bg-02", "cl-01", "cl-02"],
        ["000", "036", "090"],
    ),
    "oumvlp": Benchmark("oumvlp", oumvlp, PLAIN, ["00", "01"], ["000", "045", "090", "270"]),
    "grew": Benchmark("grew", grew, [f"{n:05d}" for n in range(30)], ["01", "02"], ["a", "b"]),
    "gait3d": Benchmark(
        "gait3d",
        gait3d,
        [f"{n:04d}" for n in range(24)],
        ["camid0_videoid2", "camid3_videoid1", "camid9_videoid0"],
        ["seq0", "seq1"],
    ),
    "sustech1k": Benchmark(
        "sustech1k",
        sustech1k,
        ["0000", "0250", "0300", "0999"],
        ["00-nm", "01-nm", "01-cl-bg", "02-bg-nt", "01-cr", "03-ub", "02-ub-oc", "01-uf", "04-nt"],
        ["000", "090", "180-far"],
    ),
    "ccpg-gait": Benchmark(
        "ccpg",
        ccpg_gait,
        ["000", "001", "002", "003", "004"],
        ["U0_D0", "U0_D0_BG", "U0_D3", "U1_D0", "U1_D1", "U2_D2", "U3_D3"],
        ["01_0", "01_1", "02_0", "07_3"],
    ),
}
BENCHMARKS["ccpg-reid"] = BENCHMARKS["ccpg-gait"]._replace(rule=ccpg_reid)


def clips_of(benchmark: Benchmark, seed: int, kept: float) -> list[Labelled]:
    """Some of its clips: a person's place and noise. The gallery may lack people, and views anybody."""
    generator = np.random.default_rng(seed)
    places = generator.normal(size=(len(benchmark.subjects), STRIPS, WIDTH))
    clips = []
    for (number, subject), kind, view in product(
        enumerate(benchmark.subjects), benchmark.kinds, benchmark.views
    ):
        strips = (places[number] + 0.8 * generator.normal(size=(STRIPS, WIDTH))).astype(np.float32)
        if generator.random() < kept:
            clips.append(Labelled(subject, kind, view, strips.tolist()))
    return clips


def report_on(name: str, clips: list[Labelled], distance: str) -> Report:
    benchmark = BENCHMARKS[name]
    probes = frozenset(f"{clip.subject}-{clip.kind}-{clip.view}" for clip in clips if listed(clip))
    partition = Partition(frozenset(), frozenset(benchmark.subjects), probes or frozenset({"nobody"}))
    key_of = dataset_called(benchmark.dataset).key_of
    keys = [key_of(clip.subject, clip.kind, clip.view, partition) for clip in clips]
    vectors = np.array([clip.strips for clip in clips], np.float32).reshape(len(clips), STRIPS * WIDTH)
    protocol = protocol_called(name)
    return evaluate_embeddings(keys, vectors, protocol, "generated", distance=distance, strips=STRIPS)


def expect_official(name: str, clips: list[Labelled], distance: str) -> None:
    report = report_on(name, clips, distance)
    official = BENCHMARKS[name].rule(clips, distance)
    assert [cell.label for cell in report.cells] == list(official)
    for cell in report.cells:
        expected = official[cell.label]
        found = {measure: share.value for measure, share in cell.measures.items()}
        if expected:
            found |= {"without mate": float(cell.mateless), "missing": float(len(cell.missing))}
        assert found == pytest.approx(expected, abs=1e-9), cell.label
    headline = [official[label] for label in report.headline_cells]
    if all(headline):
        wanted = {measure: mean(cell[measure] for cell in headline) for measure in SCORES}
        assert {m: share.value for m, share in report.measures.items()} == pytest.approx(wanted, abs=1e-9)
    else:
        assert report.measures == {}


@pytest.mark.parametrize("distance", ["euc", "cos"])
@pytest.mark.parametrize("name", BENCHMARKS)
def test_figures_are_those_of_the_official_rule(name, distance):
    clips = clips_of(BENCHMARKS[name], seed=1, kept=1)
    expect_official(name, clips, distance)
    measured = report_on(name, clips, distance).measures
    assert {"rank-1", *protocol_called(name).measures} <= measured.keys()
    assert 0.1 < measured["rank-1"].value < 1, "neither trivial nor hopeless"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_missing_pairs_of_views_and_probes_without_mate_change_nothing_of_it(name):
    clips = clips_of(BENCHMARKS[name], seed=3, kept=0.35)
    assert any(cell.mateless for cell in report_on(name, clips, "euc").cells)
    expect_official(name, clips, "euc")


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.data())
def test_whatever_the_layout_figures_are_those_of_the_official_rule(data):
    name = data.draw(st.sampled_from(list(BENCHMARKS)))
    whole = BENCHMARKS[name]
    some = whole._replace(
        subjects=data.draw(st.lists(st.sampled_from(whole.subjects), min_size=1, max_size=6, unique=True)),
        kinds=data.draw(st.lists(st.sampled_from(whole.kinds), min_size=1, unique=True)),
        views=data.draw(st.lists(st.sampled_from(whole.views), min_size=1, unique=True)),
    )
    clips = clips_of(
        some, seed=data.draw(st.integers(0, 999)), kept=data.draw(st.sampled_from([0.4, 0.8, 1]))
    )
    if clips:
        expect_official(name, clips, data.draw(st.sampled_from(["euc", "cos"])))
