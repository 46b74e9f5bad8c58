"""Recipes: what is written is read again, what is wrong is said in one line, and every knob is explained."""

import ast
import inspect
import json
import subprocess
import sys
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

import pytest
import torch

from gaitheat import cli, recipes
from gaitheat.datasets import dataset_called
from gaitheat.errors import GaitheatError
from gaitheat.knobs import differences
from gaitheat.losses import objective
from gaitheat.modalities import SHAPES
from gaitheat.networks import NETWORKS
from gaitheat.networks.types import Inputs
from gaitheat.recipe_table import PURPOSES, RECIPES
from gaitheat.recipes import Data, Loss, Network, Optimisation, Recipe, Sampling, from_json
from gaitheat.training.checkpoints import built


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_its_json(name: str) -> None:
    assert from_json(RECIPES[name].to_json()) == RECIPES[name]


def test_every_recipe_says_what_it_is_for_and_no_other_does() -> None:
    assert list(PURPOSES) == list(RECIPES)


def test_every_network_is_named_where_its_knob_is_explained() -> None:
    body = ast.parse(inspect.getsource(Network)).body[0]
    assert isinstance(body, ast.ClassDef)
    sentence = ast.unparse(body.body[2])
    assert [name for name in NETWORKS if name not in sentence] == []


COMPARED = [name for name in RECIPES if name in NETWORKS]


def test_whoever_is_compared_has_the_same_budget() -> None:
    assert len(COMPARED) == 8
    small = RECIPES["walkers-small"]
    fair = {"data.alignment.scale", "data.alignment.centre", "sampling.mode", "sampling.stride_jitter"}
    for name in COMPARED:
        recipe = RECIPES[name]
        assert recipe.network.name == name
        other = {knob for knob in differences(small, recipe) if knob.split(".")[0] not in ("network", "loss")}
        assert other <= fair | {"optimisation.precision"}, name


@pytest.mark.parametrize("name", COMPARED)
def test_the_loss_fits_the_network(name: str) -> None:
    torch.manual_seed(0)
    network = built(RECIPES[name].network, subjects=3).train()
    shapes = {name: (2, 2, *shape) for name, shape in SHAPES.items()}
    inputs = Inputs(
        **{name: torch.rand(shape) for name, shape in shapes.items()}, mask=torch.ones(2, 2).bool()
    )
    knobs = asdict(RECIPES[name].loss)
    terms = objective(network(inputs).heads, torch.tensor([0, 1]), **knobs)
    classified = RECIPES[name].loss.cross_entropy_weight > 0
    assert (terms.cross_entropy > 0) == classified


@pytest.mark.parametrize("dataset", ["casia-b", "oumvlp", "grew", "gait3d", "sustech1k", "ccpg"])
def test_benchmarks_are_trained_on_the_subjects_that_their_protocol_does_not_test(dataset: str) -> None:
    data = RECIPES[dataset].data
    assert data.dataset == f"{dataset}-train" != dataset_called(dataset).protocols[0].dataset
    assert data.subjects == ()


@pytest.mark.parametrize("name", RECIPES)
def test_the_network_of_every_recipe_can_be_built(name: str) -> None:
    with torch.device("meta"):
        built(RECIPES[name].network, subjects=3)


def test_what_json_leaves_out_keeps_its_default() -> None:
    recipe = from_json('{"optimisation": {"steps": 3, "learning_rate": 1}, "data": {"subjects": ["a", "b"]}}')
    assert recipe == Recipe(data=Data(subjects=("a", "b")), optimisation=Optimisation(3, 1.0))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"optimisation": {"step": 3}}, "did you mean optimisation.steps?"),
        ({"optimization": {}}, "did you mean optimisation?"),
        ({"data": {"alignment": {"center": "frame"}}}, "did you mean data.alignment.centre?"),
        ({"augmentation": {"lost_joint": 0.1}}, "did you mean augmentation.lost_joints?"),
        ({"optimisation": {"steps": "3"}}, "optimisation.steps: expected int, but got '3'"),
        ({"optimisation": {"steps": True}}, "optimisation.steps: expected int, but got True"),
        ({"optimisation": {"steps": 0}}, "optimisation.steps: expected at least 1, but got 0"),
        ({"optimisation": {"schedule": "linear"}}, "expected one of cosine, steps, but got 'linear'"),
        ({"data": {"subjects": "a"}}, "data.subjects: expected a list, but got 'a'"),
        ({"data": {"variant": "guessed"}}, "'guessed'"),
        ({"seed": -1}, "seed: expected at least 0, but got -1"),
        ({"network": {"columns": -1}}, "network.columns: expected at least 0, but got -1"),
        ({"network": {"dims": 0}}, "network.dims: expected at least 1, but got 0"),
        ([], "recipe: expected an object, but got []"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(values: object, complaint: str) -> None:
    with pytest.raises(GaitheatError) as error:
        from_json(json.dumps(values))
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Data(validation_subjects=1),
        lambda: Sampling(subjects=1),
        lambda: Sampling(stride_jitter=1.0),
        lambda: Loss(triplet_weight=0.0, cross_entropy_weight=0.0),
        lambda: Loss(smoothing=1.0),
        lambda: Loss(contrastive_weight=-1.0),
        lambda: Loss(temperature=0.0),
        lambda: Optimisation(clip_norm=0.0),
        lambda: Optimisation(milestones=(0.5, 2.0)),
        lambda: Optimisation(ema_decay=1.0),
    ],
)
def test_a_knob_out_of_its_range_is_refused_when_made(make: Any) -> None:
    with pytest.raises(GaitheatError, match="expected"):
        make()


def test_differences_are_named_by_their_owner() -> None:
    ours = Recipe()
    theirs = replace(ours, seed=3, optimisation=Optimisation(steps=7))
    assert differences(ours, theirs) == ["optimisation.steps", "seed"]
    assert differences(ours, from_json(json.dumps(asdict(ours)))) == []


def test_every_knob_has_a_sentence_under_it() -> None:
    for name, kind in inspect.getmembers(recipes, lambda each: inspect.isclass(each) and is_dataclass(each)):
        body = ast.parse(inspect.getsource(kind)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, under in zip(body.body, [*body.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and not any(map(is_dataclass, _defaults(kind, field))):
                assert isinstance(under, ast.Expr), f"{name}.{ast.unparse(field.target)}"
                assert ast.unparse(under).rstrip("'\"").endswith("."), f"{name}.{ast.unparse(field.target)}"


def _defaults(kind: Any, field: ast.AnnAssign) -> list[Any]:
    return [knob.default for knob in fields(kind) if knob.name == ast.unparse(field.target)]


def test_recipes_need_no_torch() -> None:
    program = "import sys, gaitheat.recipe_table, gaitheat.training.run; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def _said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    monkeypatch.setattr(sys, "argv", ["gaitheat", "train", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    assert ended.value.code in (0, 2)
    return captured.out + captured.err


def test_every_knob_is_an_option_and_a_misspelt_one_is_answered_with_the_right_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    helped = _said(monkeypatch, capsys, "walkers-small", "--help")
    for option in (
        "--optimisation.steps",
        "--loss.contrastive-weight",
        "--augmentation.scale",
        "--seed",
        "--devices",
        "--store",
    ):
        assert option in helped
    where = ("--store", "a", "--out", "b")
    said = _said(monkeypatch, capsys, "walkers-small", *where, "--optimization.step", "3")
    assert "--optimisation.steps" in said
    assert "walkers-small" in _said(monkeypatch, capsys, "walker-small", *where)
    said = _said(monkeypatch, capsys, "walkers-small", *where, "--optimisation.steps", "0")
    assert "at least 1, but got 0" in " ".join(said.split())
