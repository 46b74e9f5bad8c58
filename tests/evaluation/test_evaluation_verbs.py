"""The commands that measure: which networks, which clips, by which rule, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from factories import ESTIMATOR, make_clip
from gaitheat.cli.cross_verbs import cross
from gaitheat.cli.evaluation_verbs import evaluate
from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.packed import pack
from training.walks import RECIPE, Memory, walks


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The folder of a network that knows two people and the estimator of their clips."""
    pytest.importorskip("torch")
    from gaitheat.networks import network_called
    from gaitheat.training.checkpoints import Checkpoint, save

    network = network_called("gaitheat-s").build(0, **RECIPE.network.settings())
    people = ("walkers-1-indoor/001", "drawn/002")
    save(tmp_path / "run", Checkpoint(RECIPE, people, network.state_dict(), {}, "another/rgb-1/00000000"))
    return tmp_path / "run"


def packed(path: Path, dataset: str) -> str:
    pack(walks(subjects=3, dataset=dataset), path)
    return str(path)


def test_networks_are_crossed_with_all_that_the_stores_hold(trained, tmp_path, capsys):
    stores = (packed(tmp_path / "a.arrow", "walkers-1-indoor"), packed(tmp_path / "b.arrow", "kth"))
    cross((trained,), stores, ("walkers-1-indoor",), as_json=True)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["network"].startswith(f"{trained}: gaitheat-s/")
    assert (row["trained_on"], row["protocol"]) == ("drawn", "walkers-1-indoor")
    assert row["remarks"] == [
        "1 of the people tested were trained on: these figures do not hold for strangers",
        f"trained on clips of another/rgb-1/00000000, tested on clips of {ESTIMATOR}",
    ]
    cross((trained,), stores[:1])
    table = capsys.readouterr().out
    assert table.startswith("| network | trained on | walkers-1-indoor |\n")
    assert "- [1] [2] |" in table, "no probes: the walks have but two takes"


def test_what_cannot_be_crossed_is_refused(trained, tmp_path):
    one, other = (packed(tmp_path / name, "walkers-1-indoor") for name in ("a.arrow", "b.arrow"))
    with pytest.raises(GaitheatError, match=r"in one of the stores, but it is in .*a\.arrow and .*b\.arrow"):
        cross((trained,), (one, other))
    with pytest.raises(GaitheatError, match="data set 'kth' in one of the stores, but it is in none"):
        cross((trained,), (one,), ("kth",))
    with pytest.raises(GaitheatError, match="with a protocol, got drawn"):
        cross((trained,), (packed(tmp_path / "c.arrow", "drawn"),))


def grew_store(path: Path) -> str:
    keys = [ClipKey("grew", f"{n:05d}", "01", "unknown", f"video{n}", 0) for n in range(20)]
    keys += [ClipKey("grew", "probe", "03", "unknown", name, 0) for name in ("x", "y")]
    pack(Memory([replace(make_clip(4, seed), key=key) for seed, key in enumerate(keys)]), path)
    return str(path)


def test_a_list_for_the_organisers_of_grew_is_written(tmp_path, capsys):
    store, path = grew_store(tmp_path / "grew.arrow"), tmp_path / "list.csv"
    evaluate(store=store, protocol="grew", embedding="mean-skeleton", submission=path)
    assert capsys.readouterr().out == f"{path}: 2 probes, each with 20 of 20 subjects\n"
    assert [line.split(",")[0] for line in path.read_text("utf-8").splitlines()] == ["videoId", "x", "y"]
    for wrong in ({"protocol": "kth"}, {"embedding": None}, {"adapt": True}, {"control": "one-frame"}):
        given = {"protocol": "grew", "embedding": "mean-skeleton"} | wrong
        with pytest.raises(GaitheatError, match="--submission goes with"):
            evaluate(store=store, submission=path, **given)


def test_of_two_protocols_one_is_chosen_and_both_are_named(tmp_path, capsys):
    store = packed(tmp_path / "ccpg.arrow", "ccpg")
    for unnamed in ("ccpg", None):
        with pytest.raises(
            GaitheatError, match="several protocols, whose figures differ: expected ccpg-gait"
        ):
            evaluate(store=store, protocol=unnamed, embedding="mean-skeleton")
    clips = [
        replace(make_clip(4, seed), key=ClipKey("ccpg", f"{seed:03d}", clothes, camera, "0", 0))
        for seed in range(3)
        for clothes in ("U0_D0", "U0_D0_BG")
        for camera in ("01", "02")
    ]
    pack(Memory(clips), tmp_path / "dressed.arrow")
    for name, other in (("ccpg-gait", "ccpg-reid"), ("ccpg-reid", "ccpg-gait")):
        evaluate(store=str(tmp_path / "dressed.arrow"), protocol=name, embedding="mean-skeleton")
        said = capsys.readouterr().out
        assert f"mean-skeleton: {name}, 3 subjects" in said
        assert other in said
