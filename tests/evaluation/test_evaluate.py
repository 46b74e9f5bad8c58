"""Evaluation counts what a person with pencil and paper would count, and hides nothing."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluation.memory import Memory
from factories import ESTIMATOR, make_clip
from gaitheat.adaptation import CohortAdaptation
from gaitheat.clips import Clip, ClipKey, Estimator
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.embedding import BATCH
from gaitheat.evaluation.evaluate import Report, difference, evaluate, evaluate_embeddings

DIMENSION = 3


def embed(clips: Sequence[Clip]) -> np.ndarray:
    """An embedding that depends on the key alone: a subject's place, and noise."""
    rows = []
    for clip in clips:
        number = sum(map(ord, clip.key.subject))
        place = np.random.default_rng(number).normal(size=DIMENSION)
        noise = np.random.default_rng(abs(hash_of(clip.key))).normal(size=DIMENSION)
        rows.append(place + 0.8 * noise)
    return np.array(rows, np.float32)


def hash_of(key: ClipKey) -> int:
    return int.from_bytes(str(key).encode()[-12:], "little")


def key(subject: str, condition: str, take: int, dataset: str = "here") -> ClipKey:
    return ClipKey(dataset, subject, condition, "odd" if take % 2 else "even", str(take), 0)


KEYS = [
    key(s, c, t) for s in ("anna", "bert", "cleo", "dora") for c in ("plain", "coat") for t in range(1, 5)
]
PLAIN, COAT = (Selection(conditions=frozenset({name})) for name in ("plain", "coat"))
PROTOCOL = Protocol(
    "test",
    "here",
    (
        Cell("plain -> coat", PLAIN, COAT),
        Cell("coat -> plain", COAT, PLAIN),
        Cell("same", PLAIN, PLAIN, (frozenset({"view"}),)),
        Cell("alone", PLAIN, PLAIN),
    ),
    ("plain -> coat", "coat -> plain"),
)


def slow_rank1(gallery: list[ClipKey], probes: list[ClipKey], excluded) -> float:
    place = {k: embed([Memory([k]).read([(k, None)])[0]])[0] for k in {*gallery, *probes}}
    correct = []
    for probe in probes:
        others = [k for k in gallery if k != probe and not excluded(probe, k)]
        nearest = min(others, key=lambda k: float(np.linalg.norm(place[k] - place[probe])))
        correct.append(nearest.subject == probe.subject)
    return float(np.mean(correct))


def test_rank_1_is_that_of_the_double_loop():
    report = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    plain = [k for k in KEYS if k.condition == "plain"]
    coat = [k for k in KEYS if k.condition == "coat"]
    expected = [
        slow_rank1(plain, coat, lambda p, g: False),
        slow_rank1(coat, plain, lambda p, g: False),
        slow_rank1(plain, plain, lambda p, g: p.view == g.view),
        slow_rank1(plain, plain, lambda p, g: False),
    ]
    assert [cell.rank1.value for cell in report.cells] == pytest.approx(expected)
    assert min(expected) > 0.2
    assert max(expected) < 1
    assert report.headline.value == pytest.approx(np.mean(expected[:2]))
    assert all(cell.rank1.low <= cell.rank1.value <= cell.rank1.high for cell in report.cells)
    assert (report.clips, report.subjects) == (32, 4)
    assert [cell.searches.total() for cell in report.cells] == [16] * 4


def test_evaluation_is_repeatable_and_the_order_of_clips_does_not_matter():
    first = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    assert evaluate(Memory(KEYS), PROTOCOL, embed, "place").to_json() == first.to_json()
    shuffled = [KEYS[i] for i in np.random.default_rng(0).permutation(len(KEYS))]
    for other in (KEYS[::-1], shuffled):
        assert evaluate(Memory(other), PROTOCOL, embed, "place").headline == first.headline


def test_ties_are_no_reason_to_prefer_the_clips_that_come_first():
    def indifferent(clips: Sequence[Clip]) -> np.ndarray:
        return np.array([[clip.key.subject in ("anna", "bert"), 0, 0] for clip in clips], np.float32)

    for keys in (KEYS, KEYS[::-1]):
        assert evaluate(Memory(keys), PROTOCOL, indifferent, "two groups").headline.value == 0


def test_clips_are_read_a_few_at_a_time_and_only_those_that_take_part():
    source = Memory([*KEYS, *(key("eric", "plain", t, dataset="elsewhere") for t in range(90))])
    report = evaluate(source, PROTOCOL, embed, "place")
    assert source.most_at_once == BATCH
    assert report.clips == 32


def test_probes_without_a_mate_and_refused_clips_are_counted():
    keys = [k for k in KEYS if k.subject != "dora" or k.condition == "coat"]
    refused = [k for k in KEYS if k not in keys] + [key("dora", "elsewhere", 1)]
    report = evaluate(Memory(keys, refused), PROTOCOL, embed, "place")
    cells = {cell.label: cell for cell in report.cells}
    assert cells["plain -> coat"].mateless == 4
    assert "dora" not in cells["plain -> coat"].searches
    assert cells["coat -> plain"].mateless == 0
    assert cells["same"].refused == 4
    assert report.refusals == {"no person": 4}


def test_a_cell_without_probes_is_said_to_be_unmeasurable_and_so_is_the_headline():
    report = evaluate(Memory([k for k in KEYS if k.condition == "plain"]), PROTOCOL, embed, "place")
    assert report.cells[0].rank1 is None
    assert report.headline is None
    assert report.cells[2].rank1 is not None
    assert "not measurable" in report.to_markdown()
    assert json.loads(report.to_json())["measures"] == {}


def test_the_report_says_everything_to_scripts_and_percent_to_people():
    report = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    told = json.loads(report.to_json())
    assert told["cells"][0]["measures"]["rank-1"][0] == report.cells[0].rank1.value
    assert sum(told["cells"][0]["pairs"][0]["probes"].values()) == 16
    assert told["measures"]["mAP"] == list(report.measures["mAP"])
    lines = report.to_markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 4 + 1
    points = report.verification.points
    assert len([line for line in lines if line.startswith("One-to-one, threshold")]) == len(points) == 1
    assert "One-to-one, false accepts of 5 %, 1 %, 0.1 %, 0.01 %: not measurable with 4 identities." in lines
    assert "Open set, false alarms of 1 %, 10 %: not measurable with 4 identities." in lines
    assert f"| plain -> coat | {100 * report.cells[0].rank1.value:.1f} |" in table[2]
    assert table[-1].startswith("| **mean of 2** |")
    assert len({line.count("|") for line in table}) == 1


def test_what_everybody_must_know_is_said_by_every_report():
    report = evaluate(Memory(KEYS), replace(PROTOCOL, note="Nobody here exists."), embed, "place")
    assert report.to_markdown().endswith("\n\nNobody here exists.")
    assert json.loads(report.to_json())["note"] == "Nobody here exists."


def test_pairs_of_views_without_a_mate_are_reported():
    apart = Protocol("test", "here", (Cell("apart", PLAIN, PLAIN, view_pairs="different"),), ("apart",))
    assert "missing" not in evaluate(Memory(KEYS), apart, embed, "place").to_markdown()
    keys = [k for k in KEYS if k.view == "odd"] + [replace(KEYS[0], subject="eric", view="even")]
    keys += [replace(KEYS[0], view="side")]
    told = evaluate(Memory(keys), apart, embed, "place").to_markdown()
    assert "apart: 4 of 6 pairs of views are missing: no probe has a mate there, first even in odd." in told


def test_the_difference_of_two_reports_is_paired():
    place = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    perfect = evaluate(Memory(KEYS), PROTOCOL, _perfect, "perfect")
    assert perfect.headline == (1, 1, 1)
    gain = difference(perfect, place)
    assert gain.value == pytest.approx(1 - place.headline.value)
    assert gain.low == pytest.approx(1 - place.headline.high)
    assert difference(place, place) == (0, 0, 0)


def noisy(seed: int):
    """Another training of the same: people in their places, other noise."""

    def embed_noisy(clips: Sequence[Clip]) -> np.ndarray:
        noise = [np.random.default_rng([seed, hash_of(clip.key)]).normal(size=DIMENSION) for clip in clips]
        return (embed(clips) + 0.5 * np.array(noise)).astype(np.float32)

    return embed_noisy


def test_seeds_are_averaged_before_subjects_are_drawn():
    seeds = [evaluate(Memory(KEYS), PROTOCOL, noisy(seed), "noisy") for seed in range(3)]
    place = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    assert len({report.headline.value for report in seeds}) > 1
    gain = difference(seeds, [place])
    assert gain.value == pytest.approx(np.mean([r.headline.value for r in seeds]) - place.headline.value)
    names = sorted({k.subject for k in KEYS})
    shares = np.array([[_hits(report, name) for name in names] for report in [*seeds, place]])
    drawn = np.random.default_rng(0).multinomial(4, np.full(4, 1 / 4), size=2000) / 4
    draws = drawn @ shares[:3].mean(0) - drawn @ shares[3]
    assert (gain.low, gain.high) == pytest.approx(tuple(np.percentile(draws, [2.5, 97.5])))
    assert difference(seeds, seeds[::-1]) == pytest.approx((0, 0, 0))


def _hits(report: Report, name: str) -> float:
    """Mean over the headline cells: everybody is asked for equally often here."""
    return float(np.mean([cell.pairs[0].hits[name] / 4 for cell in report.cells[:2]]))


def test_reports_of_several_protocols_are_not_compared():
    place = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    other = evaluate(Memory(KEYS), replace(PROTOCOL, name="other"), embed, "place")
    with pytest.raises(GaitheatError, match="one protocol"):
        difference([place, place], [other])


def _perfect(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([[ord(clip.key.subject[0]), 0, 0] for clip in clips], np.float32)


def test_reports_of_other_people_are_not_compared():
    everyone = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    some = evaluate(Memory([k for k in KEYS if k.subject != "anna"]), PROTOCOL, embed, "place")
    with pytest.raises(GaitheatError, match="same subjects"):
        difference(everyone, some)


def test_nothing_to_evaluate_says_what_was_expected():
    with pytest.raises(GaitheatError, match="data set 'here', but got none"):
        evaluate(Memory([]), PROTOCOL, embed, "place")


def test_maps_of_two_estimators_are_not_mixed():
    estimators = [ESTIMATOR] * 31 + [Estimator("another", "1" * 64, "rgb-1")]
    with pytest.raises(GaitheatError, match="one pose estimator"):
        evaluate(Memory(KEYS, estimators=estimators), PROTOCOL, embed, "place")


def test_embeddings_that_are_no_numbers_are_refused_with_the_clip():
    def broken(clips: Sequence[Clip]) -> np.ndarray:
        return np.array([[np.nan if clip.key == KEYS[20] else 1] for clip in clips], np.float32)

    with pytest.raises(GaitheatError, match=f"finite numbers, but that of clip {KEYS[20]} has others"):
        evaluate(Memory(KEYS), PROTOCOL, broken, "broken")


def test_distances_may_be_cosines_of_strips():
    def turned(clips: Sequence[Clip]) -> np.ndarray:
        """Two strips, whose lengths say nothing."""
        lengths = np.array([[1 + hash_of(clip.key) % 7] for clip in clips])
        return np.hstack([lengths * embed(clips), embed(clips) / lengths]).astype(np.float32)

    plain = evaluate(Memory(KEYS), PROTOCOL, embed, "place", distance="cos")
    strips = evaluate(Memory(KEYS), PROTOCOL, turned, "place", distance="cos", strips=2)
    assert strips.headline == plain.headline
    assert strips.distance == "cos"
    assert evaluate(Memory(KEYS), PROTOCOL, turned, "place").measures != plain.measures


def test_a_control_is_applied_to_every_clip_before_it_is_embedded():
    frames: list[int] = []

    def counting(clips: Sequence[Clip]) -> np.ndarray:
        frames.extend(len(clip) for clip in clips)
        return embed(clips)

    source = Memory(KEYS)
    source.clip = make_clip(5)
    report = evaluate(source, PROTOCOL, counting, "place", control="one-frame")
    assert frames == [1] * 32
    assert report.control == "one-frame"
    assert evaluate(source, PROTOCOL, counting, "place").control is None
    changed = evaluate(source, PROTOCOL, counting, "place", control="no-proportions")
    assert changed.headline == report.headline, "an embedding of the key alone"


CROWD = [
    key(chr(97 + n), condition, take) for n in range(16) for condition in ("plain", "coat") for take in (1, 2)
]
FILMED = Protocol("filmed", "here", PROTOCOL.cells[:2], PROTOCOL.headline, camera=("condition",))


def filmed(clips: Sequence[Clip]) -> np.ndarray:
    """What `embed` says, and far more about the camera."""
    rows = embed(clips) * 0.6
    rows[:, 0] += [5 * (clip.key.condition == "coat") for clip in clips]
    return rows


def test_adapted_embeddings_are_compared_with_plain_ones_in_the_same_galleries():
    report = evaluate(Memory(CROWD), FILMED, filmed, "filmed", adaptation=CohortAdaptation())
    adapted = report.adapted
    for plain_cell, cell in zip(report.cells, adapted.cells, strict=True):
        assert plain_cell.gallery == cell.gallery == 32
        assert plain_cell.searches == cell.searches
    assert report.verification.different == adapted.verification.different
    assert adapted.headline.value > report.headline.value + 0.1
    gain = difference(adapted, report)
    assert gain.low > 0
    assert (report.adaptation, adapted.adaptation) == (None, "camera means, whitening with shrinkage 0.3")
    told = f"rank-1 {100 * adapted.headline.value:.1f} %, paired difference {100 * gain.value:+.1f} ("
    assert told in report.to_markdown()
    assert report.to_markdown().count("| **mean of 2** |") == 2
    assert json.loads(report.to_json())["adapted"]["measures"]
    without = evaluate(Memory(CROWD), FILMED, filmed, "filmed")
    assert without == replace(report, adapted=None)


def test_what_cannot_be_adapted_is_refused_before_anything_is_embedded(monkeypatch):
    def never(clips: Sequence[Clip]) -> np.ndarray:
        raise AssertionError("nobody should embed")

    monkeypatch.setattr("gaitheat.evaluation.pairwise.MOST_CLIPS", 10)
    with pytest.raises(GaitheatError, match="at most 10 clips, but got 64"):
        evaluate(Memory(CROWD), FILMED, never, "filmed", adaptation=CohortAdaptation())


def test_adaptation_tells_nothing_about_people_who_are_not_told_apart():
    def nobody(clips: Sequence[Clip]) -> np.ndarray:
        seeds = [int.from_bytes(str(clip.key).encode(), "little") for clip in clips]
        return np.array([np.random.default_rng(seed).normal(size=40) for seed in seeds], np.float32)

    report = evaluate(Memory(CROWD), FILMED, nobody, "noise", adaptation=CohortAdaptation(shrinkage=0.01))
    low, high = report.adapted.headline[1:]
    assert low < 1 / 16 < high


def test_a_camera_that_nobody_else_passed_cannot_be_adapted_to():
    alone = Protocol("alone", "here", FILMED.cells, FILMED.headline, camera=("subject",))
    with pytest.raises(GaitheatError, match="cannot adapt embeddings to camera"):
        evaluate(Memory(CROWD), alone, filmed, "filmed", adaptation=CohortAdaptation())


def test_embeddings_that_are_there_already_are_counted_alike_wherever_they_lie(tmp_path):
    vectors = embed([clip for key in KEYS for clip in Memory(KEYS).read([(key, None)])])
    expected = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    assert evaluate_embeddings(KEYS, vectors, PROTOCOL, "place") == expected
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    assert evaluate_embeddings(KEYS, mapped, PROTOCOL, "place") == expected
    del mapped  # Windows removes no file that is mapped
    halved = evaluate_embeddings(KEYS, vectors.astype(np.float16), PROTOCOL, "place")
    assert halved.headline.value == pytest.approx(expected.headline.value, abs=0.05)


@pytest.mark.parametrize(
    ("keys", "vectors", "strips", "message"),
    [
        (KEYS, np.ones((3, 4), np.float32), 1, r"each of 32 clips, but got an array \[3, 4\]"),
        (KEYS, np.ones((32, 4), np.float32), 3, "of 3 equal strips"),
        ([], np.ones((0, 4), np.float32), 1, "each of 0 clips"),
        ([key("a", "hat", 1)], np.ones((1, 4), np.float32), 1, "protocol test, but got here/a/hat/odd/1/0"),
        (KEYS[:1], np.full((1, 4), np.inf, np.float32), 1, f"that of clip {KEYS[0]} has others"),
    ],
)
def test_embeddings_that_do_not_go_with_the_clips_are_refused(keys, vectors, strips, message):
    with pytest.raises(GaitheatError, match=message):
        evaluate_embeddings(keys, vectors, PROTOCOL, "place", strips=strips)


def test_tables_show_the_measures_that_publications_report():
    shown = replace(PROTOCOL, measures=("rank-1", "rank-5", "mAP", "mINP"))
    report = evaluate(Memory(KEYS), shown, embed, "place")
    head, _, row, *_ = report.to_markdown().splitlines()
    assert head.startswith("| cell | rank-1 % | 95 % over subjects | rank-5 % | mAP % | mINP % | searches |")
    values = [f"{100 * report.cells[0].measures[m].value:.1f}" for m in ("rank-5", "mAP", "mINP")]
    assert row.split(" | ")[3:6] == values
    assert "mAP" not in evaluate(Memory(KEYS), PROTOCOL, embed, "place").to_markdown()


def test_views_are_printed_as_papers_print_them_by_view_of_the_probe():
    cells = (Cell("coats", PLAIN, COAT, view_pairs="different"), Cell("pooled", PLAIN, COAT))
    keys = [*KEYS, replace(KEYS[0], view="side"), replace(KEYS[4], view="side")]
    report = evaluate(Memory(keys), Protocol("test", "here", cells, ("coats",)), embed, "place")
    lines = report.to_markdown().splitlines()
    start = lines.index("| rank-1 % by view of the probe | even | odd | side | mean |")
    cell = report.cells[0]
    by_hand = {
        view: np.mean([p.rank1 for p in cell.pairs if p.probe_view == view and p.rank1 is not None])
        for view in ("even", "odd", "side")
    }
    shares = [*by_hand.values(), cell.rank1.value]
    assert lines[start + 2] == f"| coats | {' | '.join(f'{100 * share:.1f}' for share in shares)} |"
    assert cell.rank1.value == pytest.approx(np.mean(list(by_hand.values())))
    assert not lines[start + 3].startswith("| pooled")


def test_of_very_many_clips_only_those_of_some_people_are_compared_one_to_one(monkeypatch):
    monkeypatch.setattr("gaitheat.evaluation.verification.MOST_CLIPS", 20)
    report = evaluate(Memory(KEYS), PROTOCOL, embed, "place")
    assert report.verification.subjects == 2
    assert (report.verification.same, report.verification.different) == (2 * 28, 64)
    assert "One-to-one: the clips of 2 subjects of 4, who were drawn." in report.to_markdown()
    assert report.cells[0].searches.total() == 16, "searches are all there"
