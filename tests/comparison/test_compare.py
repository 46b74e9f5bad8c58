"""A comparison as a whole: its folders, its table, and that it goes on where it was stopped."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparison.worlds import MAPS, POINTS, ROWS, TEST, TRAIN, plan, said, world
from gaitheat.clips import Clip
from gaitheat.comparison import training
from gaitheat.comparison.compare import NAME, compare
from gaitheat.comparison.measuring import frames_per_second, measured
from gaitheat.comparison.rows import trained_on_truth
from gaitheat.comparison.training import looked
from gaitheat.datasets import protocol_called
from gaitheat.errors import GaitheatError
from gaitheat.network_embeddings import NetworkEmbedder
from gaitheat.training.checkpoints import built
from gaitheat.training.watch import Watch


class StoppedError(Exception):
    """Stands for a kill."""


def timeless(folder: Path) -> list[dict[str, Any]]:
    lines = json.loads((folder / f"{NAME}.json").read_text("utf-8"))
    for line in lines:
        del line["cost"]["training_seconds"], line["cost"]["frames_per_second"]
    return lines


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison that was not stopped."""
    folder = tmp_path_factory.mktemp("whole")
    compare(ROWS, plan(folder), said)
    return folder


@pytest.mark.slow
def test_every_rate_is_tried_once_and_the_best_one_with_every_seed(whole: Path) -> None:
    for row, line in zip(ROWS, timeless(whole), strict=True):
        looks = {rate: looked(whole / row / rate / "0") for rate in ("0.001", "0.003")}
        best = max(looks, key=lambda rate: looks[rate])
        assert line["learning_rate"] == float(best)
        tried = {f"{folder.parent.name}/{folder.name}" for folder in (whole / row).glob("*/*")}
        assert tried == {"0.001/0", "0.003/0", f"{best}/1"}


@pytest.mark.slow
def test_the_table_holds_every_row(whole: Path) -> None:
    maps, points = timeless(whole)
    assert [maps["row"], points["row"]] == ["maps", "points"]
    assert maps["frames_seen"] == 4 * 2 * 2 * 4
    assert maps["scores"][TEST]["difference"] is None
    assert set(points["scores"][TEST]["cells"]) == {"NM", "BG", "CL"}
    assert len(points["scores"][TEST]["seeds"]) == 2
    value, low, high = points["scores"][TEST]["difference"]
    assert low <= value <= high
    assert points["scores"][TEST]["differs"] == (not low <= 0 <= high)
    text = (whole / f"{NAME}.md").read_text("utf-8")
    assert text.startswith("|  | NM | BG | CL | mean (95 % over subjects) |")
    assert (whole / f"{NAME}.png").stat().st_size > 10_000


@pytest.mark.slow
def test_what_is_done_is_not_done_again(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoppedError

    monkeypatch.setattr(training, "train", fail)
    monkeypatch.setattr(NetworkEmbedder, "embed_all", fail)
    before, told = timeless(whole), list[str]()
    compare(ROWS, plan(whole), told.append)
    assert timeless(whole) == before
    assert told[0].startswith("2 rows, 0 trainings to make: about")


@pytest.mark.slow
@pytest.mark.parametrize("stopped", [3, 9])
def test_stopped_while_training_it_ends_as_one_that_was_not(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, stopped: int
) -> None:
    made, go_on = 0, Watch.after

    def after(self: Watch, row: dict[str, Any]) -> None:
        nonlocal made
        go_on(self, row)
        made += 1
        if made == stopped:
            raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(Watch, "after", after)
        with pytest.raises(StoppedError):
            compare(ROWS, plan(tmp_path), said)
    assert not (tmp_path / f"{NAME}.md").exists()
    compare(ROWS, plan(tmp_path), said)
    assert timeless(tmp_path) == timeless(whole)


@pytest.mark.slow
def test_another_recipe_in_the_folder_is_refused(whole: Path) -> None:
    other = replace(MAPS, loss=replace(MAPS.loss, margin=0.3))
    with pytest.raises(GaitheatError, match=r"maps.0\.001.0.*another loss\.margin: take another folder"):
        compare({"maps": other}, plan(whole), said)
    with pytest.raises(GaitheatError, match=r"another optimisation\.steps"):
        compare(ROWS, plan(whole, steps=5), said)


@pytest.mark.slow
def test_stopped_while_testing_it_keeps_what_was_embedded(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    for file in (whole / "points" / "0.001" / "0").glob("gaitheat*"):
        (folder / file.name).write_bytes(file.read_bytes())
    embed, seen = NetworkEmbedder.embed_all, list[str]()

    def counted(self: NetworkEmbedder, clips: list[Clip]) -> Any:
        if len(seen) == 8:
            seen.append("stopped")
            raise StoppedError
        seen.extend(str(clip.key) for clip in clips)
        return embed(self, clips)

    monkeypatch.setattr("gaitheat.comparison.measuring.KEPT_EVERY", 8)
    monkeypatch.setattr(NetworkEmbedder, "embed_all", counted)
    source, protocol = world(), protocol_called(TEST)
    with pytest.raises(StoppedError):
        measured(source, protocol, folder, "points")
    report = measured(source, protocol, folder, "points")
    seen.remove("stopped")
    assert len(seen) == len(set(seen)) == report.clips == 32
    before = measured(source, protocol, whole / "points" / "0.001" / "0", "points")
    assert report == before


@pytest.mark.slow
def test_a_row_on_ground_truth_is_tested_on_ground_truth(tmp_path: Path) -> None:
    rows = {"points": POINTS, "points@truth": trained_on_truth(POINTS)}
    lines = compare(rows, plan(tmp_path, rates=(1e-3,), seeds=1, steps=1), said)
    assert [line.dataset for line in lines] == [TRAIN, f"{TRAIN}-truth"]
    assert [line.scores[TEST].protocol for line in lines] == [TEST, f"{TEST}-truth"]
    assert lines[1].scores[TEST].difference is not None
    assert f"tested by {TEST}-truth" in (tmp_path / f"{NAME}.md").read_text("utf-8")


def test_speeds_are_of_every_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitheat.comparison.measuring.ROUNDS", 1)
    speeds = frames_per_second({row: built(recipe.network, 0) for row, recipe in ROWS.items()})
    assert set(speeds) == set(ROWS)
    assert all(np.isfinite(speed) and speed > 0 for speed in speeds.values())


@pytest.mark.parametrize(
    ("rows", "knobs", "complaint"),
    [
        ({}, {}, "recipes: expected one or more"),
        ({"x": replace(MAPS, data=replace(MAPS.data, dataset="kth"))}, {}, "trained on 'kth', but the store"),
        ({"x": replace(MAPS, data=replace(MAPS.data, validation_subjects=0))}, {}, "holds no subjects out"),
        (ROWS, {"protocols": ("kth",)}, "clips of 'kth' in one of the stores, but got none"),
        (ROWS, {"protocols": ("kht",)}, "no protocol is called 'kht'"),
        (ROWS, {"seeds": 0}, "seeds: expected at least 1"),
        (ROWS, {"rates": ()}, "rates: expected one or more"),
        (ROWS, {"rates": (1e-3, 1e-3)}, "rates: expected different ones"),
    ],
)
def test_what_cannot_work_is_said_before_hours_pass(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[str, Any],
    knobs: dict[str, Any],
    complaint: str,
) -> None:
    monkeypatch.setattr(training, "train", None)
    with pytest.raises(GaitheatError, match=complaint):
        compare(rows, plan(tmp_path, **knobs), said)
    assert not list(tmp_path.iterdir())
