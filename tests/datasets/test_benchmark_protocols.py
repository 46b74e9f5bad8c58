"""The protocols of the field on a few clips on a line, whose figures are counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gaitheat.clips import ClipKey
from gaitheat.datasets import DATASETS, PROTOCOLS, ccpg, grew, protocol_called
from gaitheat.datasets.protocol import Cell
from gaitheat.datasets.sustech1k import ATTRIBUTES
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.cells import CellResult
from gaitheat.evaluation.counting import measured
from gaitheat.evaluation.searching import compared_by


def key(text: str) -> ClipKey:
    """From ``subject/condition/view/take``."""
    return ClipKey("there", *text.split("/"), 0)


def counted(cell: Cell, places: dict[str, float]) -> CellResult:
    """A cell's figures for clips that lie at these places on a line."""
    line = np.array(list(places.values()), np.float32)[:, None]
    return measured(cell, [key(text) for text in places], compared_by(line), [])[0]


def figures(result: CellResult, *names: str) -> list[float]:
    return [result.measures[name].value for name in names]


def cell_of(protocol: str, label: str) -> Cell:
    return next(cell for cell in protocol_called(protocol).cells if cell.label == label)


def test_casia_b_counts_pairs_of_different_views_and_reports_those_that_are_missing():
    places = {
        "a/nm/000/01": 0, "a/nm/018/01": 1, "b/nm/000/04": 10, "b/nm/018/04": 11,
        "a/nm/000/05": 0.4,  # in 018: a at 0.6, b at 10.6
        "a/nm/018/05": 5.9,  # in 000: a at 5.9, b at 4.1; the clips of its own view would say a
        "b/nm/000/06": 10, "b/nm/018/06": 11,
        "a/bg/000/01": 9,  # in 018: a at 8, b at 2
        "b/bg/000/02": 10,
    }  # fmt: skip
    plain = counted(cell_of("casia-b", "NM"), places)
    assert plain.gallery == 4
    assert {(pair.probe_view, pair.gallery_view): pair.rank1 for pair in plain.pairs if pair.probes} == {
        ("000", "018"): 1.0, ("018", "000"): 0.5
    }  # fmt: skip
    assert figures(plain, "rank-1") == [0.75]
    bag = counted(cell_of("casia-b", "BG"), places)
    assert figures(bag, "rank-1") == [0.5]
    assert ("018", "000") in bag.missing
    coat = counted(cell_of("casia-b", "CL"), places)
    assert coat.measures == {}
    assert ("018", "000") in coat.missing


def test_a_subject_of_casia_b_who_lacks_walks_costs_nobody_else():
    places = {"a/nm/000/01": 0, "b/nm/018/01": 5, "a/nm/018/05": 1, "b/nm/018/05": 6}
    result = counted(cell_of("casia-b", "NM"), places)
    assert (result.searches, result.mateless) == ({"a": 1}, 1)
    assert figures(result, "rank-1") == [1.0]


def test_oumvlp_enrols_the_second_walk():
    places = {
        "a/nm/000/01": 0, "a/nm/270/01": 0, "b/nm/000/01": 4, "b/nm/270/01": 4,
        "a/nm/000/00": 3, "a/nm/270/00": 1, "b/nm/000/00": 4, "b/nm/270/00": 4,
    }  # fmt: skip
    result = counted(cell_of("oumvlp", "NM"), places)
    assert result.gallery == 4
    assert figures(result, "rank-1") == [(1 / 2 + 2 / 2) / 2]


def test_grew_is_counted_without_its_unnamed_probes_which_only_the_list_to_hand_in_holds():
    others = {f"{name}/01/unknown/v{name}": 10.0 + number for number, name in enumerate("cdefg")}
    places = {"a/01/unknown/va": 0, "b/01/unknown/vb": 2, **others,
              "a/02/unknown/wa": 1.5,  # b, then a
              "b/02/unknown/wb": 2,
              "g/02/unknown/wg": 9,  # c, d, e, f, then g at rank 5 (b is at 7)
              "probe/03/unknown/p1": 0}  # fmt: skip
    result = counted(cell_of("grew", "02 in 01"), places)
    assert (result.gallery, result.searches.total(), result.mateless) == (7, 3, 0)
    assert figures(result, "rank-1", "rank-5") == pytest.approx([1 / 3, 1])
    probes = [text for text in places if key(text) in grew.SUBMISSION.probe]
    assert probes == ["probe/03/unknown/p1"]
    assert sum(key(text) in grew.SUBMISSION.gallery for text in places) == len(places) - 1


def test_gait3d_looks_for_the_listed_clips_among_all_others():
    places = {
        "b/videoid1_seq0/camid1/gallery": 1, "a/videoid1_seq0/camid2/gallery": 2,
        "c/videoid1_seq0/camid3/gallery": 3, "a/videoid2_seq0/camid4/gallery": 4,
        "a/videoid3_seq0/camid2/probe": 0,  # b a c a: AP (1/2 + 2/4) / 2, INP 2/4
        "b/videoid2_seq0/camid1/probe": 1.1,  # b first: AP 1, INP 1
        "d/videoid2_seq0/camid1/probe": 9,  # has no mate
    }  # fmt: skip
    result = counted(cell_of("gait3d", "probes"), places)
    assert (result.gallery, result.searches.total(), result.mateless) == (4, 2, 1)
    assert figures(result, "rank-1", "rank-5", "mAP", "mINP") == [0.5, 1, 0.75, 0.75]
    assert protocol_called("gait3d").measures == ("rank-1", "rank-5", "mAP", "mINP")


@pytest.mark.parametrize(
    ("condition", "cells"),
    [
        ("00-nm", set()),
        ("01-nm", {"normal", "overall"}),
        ("02-nm", {"overall"}),
        ("01-bg", {"bag", "overall"}),
        ("03-cl-nt", {"clothing", "night", "overall"}),
        ("04-cr-ub-uf-oc", {"carrying", "umbrella", "uniform", "occlusion", "overall"}),
        ("05-bg", {"bag"}),
    ],
)
def test_sustech1k_finds_attributes_within_conditions(condition, cells):
    clip = key(f"a/{condition}/000/{condition[:2]}")
    found = PROTOCOLS["sustech1k"].cells
    assert {cell.label for cell in found if clip in cell.probe} == cells
    assert {clip in cell.gallery for cell in found} == {condition == "00-nm"}


def test_sustech1k_reports_rank_5_overall():
    others = {f"{name}/00-nm/180-far/00": float(number) for number, name in enumerate("bcdef", start=1)}
    places = {"a/00-nm/180-far/00": -4.5, **others, "a/01-bg/000/01": 0, "c/02-cl/000/02": 1.9}
    overall = counted(cell_of("sustech1k", "overall"), places)
    assert figures(overall, "rank-1", "rank-5") == [0.5, 1]  # of a only b, c, d, e are nearer
    assert figures(counted(cell_of("sustech1k", "bag"), places), "rank-1") == [0]
    assert PROTOCOLS["sustech1k"].measures == ("rank-1", "rank-5")
    assert len(PROTOCOLS["sustech1k"].cells) == len(ATTRIBUTES) + 1


def test_the_two_protocols_of_ccpg_differ_on_the_same_clips():
    places = {
        "a/U1_D1/01/0": 0.1,  # of the probe's view: ccpg-reid leaves it out
        "b/U1_D1/01/0": 1, "a/U2_D2/02/0": 5, "b/U3_D3/02/0": 7,
        "a/U0_D0/01/0": 0,
    }  # fmt: skip
    gait, reid = (counted(cell_of(name, "CL"), places) for name in ("ccpg-gait", "ccpg-reid"))
    assert figures(gait, "rank-1") == [1]
    assert figures(reid, "rank-1", "mAP", "mINP") == [0, 0.5, 0.5]
    assert {ccpg.GAIT.dataset, ccpg.REID.dataset} == {"ccpg"}
    for protocol in (ccpg.GAIT, ccpg.REID):
        assert all(name in protocol.note for name in ("ccpg-gait", "ccpg-reid"))


@pytest.mark.parametrize(
    ("label", "gallery", "probes"),
    [
        ("CL", {"U1_D1", "U2_D2", "U3_D3"}, {"U0_D0", "U0_D0_BG"}),
        ("UP", {"U0_D3"}, {"U3_D3"}),
        ("DN", {"U1_D1"}, {"U1_D0"}),
        ("BG", {"U0_D0"}, {"U0_D0_BG"}),
    ],
)
@pytest.mark.parametrize("protocol", ["ccpg-gait", "ccpg-reid"])
def test_ccpg_changes_clothes(protocol, label, gallery, probes):
    cell, worn = cell_of(protocol, label), {name: key(f"a/{name}/01/0") for name in ccpg.CLOTHES}
    assert {name for name in worn if worn[name] in cell.gallery} == gallery
    assert {name for name in worn if worn[name] in cell.probe} == probes


def test_protocols_are_called_by_their_own_names():
    assert protocol_called("ccpg-reid") is ccpg.REID
    assert all(protocol_called(name).name == name for name in PROTOCOLS)
    assert {protocol.dataset for protocol in PROTOCOLS.values()} == set(DATASETS)
    with pytest.raises(GaitheatError, match=r"ccpg has several protocols.*expected ccpg-gait or ccpg-reid"):
        protocol_called("ccpg")
    with pytest.raises(GaitheatError, match="no protocol is called 'casia': expected one of kth, casia-b"):
        protocol_called("casia")


@pytest.mark.parametrize(
    ("dataset", "clip", "camera"),
    [("casia-b", "a/nm/018/01", "018"), ("gait3d", "a/videoid2_seq0/camid3/probe", "camid3"),
     ("grew", "a/01/unknown/v", "unknown"), ("ccpg", "a/U0_D0/05/1", "05")],
)  # fmt: skip
def test_what_one_camera_saw_is_told_by_its_view(dataset, clip, camera):
    protocol = DATASETS[dataset].protocols[0]
    assert protocol.camera_of(replace(key(clip), dataset=dataset)) == camera
