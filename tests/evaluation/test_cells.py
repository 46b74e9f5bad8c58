"""A cell's figure is what the rule says, counted pair by pair with pencil and paper."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from factories import ESTIMATOR
from gaitheat.clips import ClipKey, Refusal
from gaitheat.datasets.protocol import MEASURES, Cell, Selection
from gaitheat.evaluation.cells import CMC_RANKS, CellResult, ViewPair, cmc, means, resampled
from gaitheat.evaluation.counting import measured as counted
from gaitheat.evaluation.openset import open_set
from gaitheat.evaluation.searching import compared_by, looked_up

VIEWS = ("000", "054", "090")
PLAIN = Selection(conditions=frozenset({"nm"}))
COAT = Selection(conditions=frozenset({"cl"}))
APART = Cell("CL", PLAIN, COAT, view_pairs="different")
TOGETHER = Cell("CL, same view", PLAIN, COAT, view_pairs="equal")


def keys_of(subjects: int = 8) -> list[ClipKey]:
    people = [f"{number:03d}" for number in range(subjects)]
    return [
        ClipKey("here", *names, "01", track) for *names, track in product(people, ("nm", "cl"), VIEWS, (0, 1))
    ]


def uneven(keys: list[ClipKey]) -> list[ClipKey]:
    """A third of the clips are lost, and the last two people were seen from one view alone."""
    kept = np.random.default_rng(1).random(len(keys)) > 0.33
    return [
        key
        for key, keep in zip(keys, kept, strict=True)
        if keep and (key.subject < "006" or key.view == "000")
    ]


def places(keys: list[ClipKey], noise: float = 1.5) -> np.ndarray:
    """Two numbers a clip: a subject's place and noise; the same for the same key."""
    seeds = [int.from_bytes(str(key).encode()[5:], "little") for key in keys]
    return np.array(
        [
            np.random.default_rng(int(key.subject)).normal(0, 2, 2)
            + np.random.default_rng(seed).normal(0, noise, 2)
            for key, seed in zip(keys, seeds, strict=True)
        ],
        np.float32,
    )


def measured(cell: Cell, keys: list[ClipKey], embeddings: np.ndarray, refused: list[Refusal]) -> CellResult:
    """The figure alone."""
    return counted(cell, keys, compared_by(embeddings), refused)[0]


def slow_shares(keys: list[ClipKey], people: list[str], same_view: bool) -> dict[tuple[str, str], float]:
    """Share of hits of every pair of views that can be measured; people may be listed more than once."""
    place = dict(zip(keys, places(keys), strict=True))
    shares = {}
    for probe_view, gallery_view in product(VIEWS, VIEWS):
        if (probe_view == gallery_view) is not same_view:
            continue
        gallery = [key for key in keys if key.condition == "nm" and key.view == gallery_view]
        hits = []
        for person in people:
            for probe in keys:
                if (probe.subject, probe.condition, probe.view) != (person, "cl", probe_view):
                    continue
                if not any(key.subject == person for key in gallery):
                    continue
                nearest = min(gallery, key=lambda key: float(np.linalg.norm(place[key] - place[probe])))
                hits.append(nearest.subject == person)
        if hits:
            shares[probe_view, gallery_view] = float(np.mean(hits))
    return shares


def slow_mean(shares: dict[tuple[str, str], float]) -> float:
    """Over gallery views, then over probe views."""
    by_probe = {probe: [value for pair, value in shares.items() if pair[0] == probe] for probe, _ in shares}
    return float(np.mean([np.mean(values) for values in by_probe.values()]))


@pytest.mark.parametrize(("cell", "same_view"), [(APART, False), (TOGETHER, True)])
@pytest.mark.parametrize("keys", [keys_of(), uneven(keys_of())], ids=["even", "uneven"])
def test_rank_1_over_pairs_of_views_is_that_of_the_double_loop(cell, same_view, keys):
    result = measured(cell, keys, places(keys), [])
    people = sorted({key.subject for key in keys})
    shares = slow_shares(keys, people, same_view)
    assert {
        (pair.probe_view, pair.gallery_view): sum(pair.hits.values()) / sum(pair.probes.values())
        for pair in result.pairs
    } == pytest.approx(shares)
    assert len(shares) == (3 if same_view else 6)
    assert result.rank1.value == pytest.approx(slow_mean(shares))
    assert 0.2 < result.rank1.low < result.rank1.value < result.rank1.high < 1


def test_with_equal_views_for_everybody_the_mean_of_means_is_the_plain_share():
    result = measured(APART, keys_of(), places(keys_of()), [])
    hits = sum(sum(pair.hits.values()) for pair in result.pairs)
    assert result.rank1.value == pytest.approx(hits / result.searches.total())
    assert result.searches == dict.fromkeys([f"{n:03d}" for n in range(8)], 2 * 6)
    unlike = uneven(keys_of())
    uneven_result = measured(APART, unlike, places(unlike), [])
    hits = sum(sum(pair.hits.values()) for pair in uneven_result.pairs)
    assert abs(uneven_result.rank1.value - hits / uneven_result.searches.total()) > 0.001


def test_intervals_draw_people_with_all_their_searches():
    keys = uneven(keys_of())
    subjects, means = resampled([measured(APART, keys, places(keys), [])])
    assert subjects == [f"{number:03d}" for number in range(6)], "two were seen from one view alone"
    drawn = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), size=2000)
    for mean, counts in zip(means[:25], drawn, strict=False):
        people = [person for person, count in zip(subjects, counts, strict=True) for _ in range(count)]
        assert mean == pytest.approx(slow_mean(slow_shares(keys, people, same_view=False)))


def test_pairs_that_cannot_be_measured_are_left_out_and_named():
    keys = [key for key in keys_of() if not (key.condition == "nm" and key.view == "054")]
    result = measured(APART, keys, places(keys), [])
    assert result.missing == (("000", "054"), ("090", "054"))
    assert result.mateless == 2 * 16
    assert result.rank1.value == pytest.approx(slow_mean(slow_shares(keys, list(result.searches), False)))


def test_a_view_that_a_cell_names_and_nobody_has_is_missing_and_no_search_failed_there():
    named = Selection(views=frozenset({*VIEWS, "180"}))
    cell = replace(APART, gallery=replace(PLAIN, views=named.views), probe=replace(COAT, views=named.views))
    result, without = (measured(each, keys_of(), places(keys_of()), []) for each in (cell, APART))
    assert set(result.missing) == {pair for view in VIEWS for pair in ((view, "180"), ("180", view))}
    assert (result.mateless, result.measures) == (without.mateless, without.measures)
    assert result.open_set == without.open_set


def test_a_view_of_which_everything_was_refused_is_missing_all_the_same():
    keys = [key for key in keys_of() if key.view != "090"]
    refused = [
        Refusal(key, "video", "0" * 64, ESTIMATOR, "no person", 9) for key in keys_of() if key.view == "090"
    ]
    result = measured(APART, keys, places(keys), refused)
    assert len(result.missing) == 4
    assert result.refused == len(refused)
    assert measured(APART, keys, places(keys), []).missing == ()


def test_views_that_a_selection_leaves_out_are_not_missing():
    cell = replace(APART, probe=replace(COAT, views=frozenset({"090"})))
    result = measured(cell, keys_of(), places(keys_of()), [])
    assert {(pair.probe_view, pair.gallery_view) for pair in result.pairs} == {("090", "000"), ("090", "054")}
    assert result.missing == ()


def test_without_any_other_view_nothing_is_measured():
    keys = [key for key in keys_of() if key.view == "000"]
    result = measured(APART, keys, places(keys), [])
    assert (result.rank1, result.pairs, result.searches) == (None, (), {})
    assert measured(TOGETHER, keys, places(keys), []).rank1 is not None


def test_a_clip_is_never_its_own_mate():
    keys = [replace(key, condition="nm") for key in keys_of(4) if key.track == key.condition.count("c")]
    alone = [key for key in keys if key.track == 0]
    cell = Cell("itself", PLAIN, PLAIN, view_pairs="equal")
    assert measured(cell, alone, places(alone), []).mateless == len(alone)


def test_every_cell_weighs_as_much_as_the_others_whatever_it_counted():
    nobody = open_set([], {})

    def result(label: str, hits: int, probes: int, pairs: int) -> CellResult:
        sums = {measure: {"anna": float(hits)} for measure in MEASURES}
        within = (hits,) * (CMC_RANKS - 1) + (probes,)
        views = tuple(ViewPair("000", str(n), {"anna": probes}, sums, within) for n in range(pairs))
        return CellResult(label, 1, 0, 0, 0.0, views, {}, (), nobody, ())

    both = [result("a", 1, 2, 7), result("b", 9, 10, 1)]
    assert {measure: share.value for measure, share in means(both).items()} == pytest.approx(
        dict.fromkeys(MEASURES, 0.7)
    )
    assert cmc(both) == pytest.approx([0.7] * (CMC_RANKS - 1) + [1.0])
    assert means([both[0], result("b", 0, 0, 0)]) == {}
    assert cmc([both[0], result("b", 0, 0, 0)]) == ()


def slow_ranks(keys: list[ClipKey]) -> dict[tuple[str, str], list[list[int]]]:
    """Of each pair of views, the ranks of all mates of each probe."""
    place = dict(zip(keys, places(keys), strict=True))
    ranks: dict[tuple[str, str], list[list[int]]] = {}
    for probe in keys:
        for view in VIEWS:
            gallery = [key for key in keys if key.condition == "nm" and key.view == view]
            if probe.condition != "cl" or probe.view == view:
                continue
            gallery.sort(key=lambda key: float(np.linalg.norm(place[key] - place[probe])))
            found = [n for n, key in enumerate(gallery, start=1) if key.subject == probe.subject]
            if found:
                ranks.setdefault((probe.view, view), []).append(found)
    return ranks


@pytest.mark.parametrize("keys", [keys_of(), uneven(keys_of())], ids=["even", "uneven"])
def test_every_measure_is_the_mean_of_means_of_what_the_double_loop_finds(keys):
    ranks = slow_ranks(keys)
    result = measured(APART, keys, places(keys), [])

    def slow(score) -> float:
        return slow_mean({pair: float(np.mean([score(r) for r in found])) for pair, found in ranks.items()})

    expected = {f"rank-{k}": slow(lambda r, k=k: r[0] <= k) for k in (1, 5, 10, 20)}
    expected["mAP"] = slow(lambda r: np.mean([place / rank for place, rank in enumerate(r, start=1)]))
    expected["mINP"] = slow(lambda r: len(r) / r[-1])
    assert {measure: share.value for measure, share in result.measures.items()} == pytest.approx(expected)
    assert result.cmc == pytest.approx([slow(lambda r, k=k: r[0] <= k) for k in range(1, CMC_RANKS + 1)])
    for share in result.measures.values():
        assert share.low <= share.value <= share.high


def test_the_table_of_views_has_a_share_for_every_pair_that_was_measured():
    keys = [key for key in keys_of() if not (key.condition == "nm" and key.view == "054")]
    table = measured(APART, keys, places(keys), []).view_table
    shares = slow_shares(keys, sorted({key.subject for key in keys}), same_view=False)
    assert (table.probe_views, table.gallery_views) == (VIEWS, VIEWS)
    for i, probe in enumerate(VIEWS):
        for j, gallery in enumerate(VIEWS):
            assert table.rank1[i][j] == (
                pytest.approx(shares[probe, gallery]) if (probe, gallery) in shares else None
            )


def test_failures_to_acquire_are_the_recordings_that_gave_no_clip():
    keys = keys_of()
    refused = [Refusal(key, "video", "0" * 64, ESTIMATOR, "no person", 9) for key in keys[:6]]
    elsewhere = replace(refused[0], key=replace(keys[0], condition="bg"))
    passer_by = replace(refused[0], key=replace(keys[-1], track=7), reason="another person")
    result = measured(APART, keys[6:], places(keys[6:]), [*refused, elsewhere, passer_by])
    assert (result.refused, result.failure_to_acquire) == (7, pytest.approx(6 / len(keys)))
    assert measured(APART, keys, places(keys), [passer_by]).failure_to_acquire == 0


def test_the_surest_mistakes_are_kept_one_a_subject():
    keys = keys_of()
    place = dict(zip(keys, places(keys), strict=True))
    result = measured(APART, keys, places(keys), [])
    found = result.mistakes
    assert [mistake.distance for mistake in found] == sorted(mistake.distance for mistake in found)
    assert len({mistake.probe.subject for mistake in found}) == len(found) == 6
    for probe, taken_for, distance, mate, mate_distance in found:
        assert probe.subject == mate.subject != taken_for.subject
        assert probe.condition == "cl"
        assert distance == pytest.approx(np.linalg.norm(place[probe] - place[taken_for]), abs=1e-5)
        assert (
            distance <= mate_distance == pytest.approx(np.linalg.norm(place[probe] - place[mate]), abs=1e-5)
        )


def test_blocks_of_probes_and_distances_that_are_there_already_change_nothing(monkeypatch):
    keys = uneven(keys_of())
    whole = measured(APART, keys, places(keys), [])
    monkeypatch.setattr("gaitheat.evaluation.searching.BLOCK", 3)
    assert measured(APART, keys, places(keys), []) == whole
    everyone = np.arange(len(keys))
    between = compared_by(places(keys))(everyone, everyone)
    assert counted(APART, keys, looked_up(between), [])[0] == whole
