"""The table of hand-made reports, and its picture."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comparison.worlds import TEST, world
from gaitheat.clips import ClipKey
from gaitheat.comparison.figure import draw, front
from gaitheat.comparison.table import Cost, Line, Reports, scores, to_json, to_markdown
from gaitheat.datasets import protocol_called
from gaitheat.evaluation.evaluate import Report, difference, evaluate_embeddings

KEYS = [info.key for info in world(subjects=12).infos() if info.key.dataset == TEST]
COST = Cost(1_500_000, 6e7, 250.0, 600.0)


def report(known: int, seed: int = 0, keys: list[ClipKey] = KEYS) -> Report:
    """The first so many subjects are always found; the others, whose embeddings are noise, hardly ever."""
    random = np.random.default_rng(seed)
    subjects = sorted({key.subject for key in keys})
    vectors = random.normal(size=(len(keys), len(subjects))).astype(np.float32)
    for row, key in enumerate(keys):
        place = subjects.index(key.subject)
        if place < known:
            vectors[row] = 100 * np.eye(len(subjects), dtype=np.float32)[place]
    return evaluate_embeddings(keys, vectors, protocol_called(TEST), f"knows {known}")


GOOD, BAD = [report(12), report(11, 1)], [report(2), report(2, 1)]


def line(row: str, reports: Reports, first: Reports | None, cost: Cost = COST, frames: int = 512) -> Line:
    where, rates = "walkers-train-indoor", (1e-3, 3e-3)
    return Line(row, "coordinates", where, 1e-3, rates, frames, cost, scores(reports, first))


def test_a_score_is_the_mean_over_seeds() -> None:
    score = scores({TEST: GOOD}, None)[TEST]
    assert score.seeds == tuple(one.headline.value for one in GOOD if one.headline)
    assert score.headline is not None
    assert score.headline.value == pytest.approx(np.mean(score.seeds))
    assert score.headline.low <= score.headline.value <= score.headline.high
    assert score.spread == pytest.approx(np.std(score.seeds, ddof=1))
    assert score.cells["BG"] == pytest.approx(np.mean([one.cells[1].rank1.value for one in GOOD]))  # type: ignore[union-attr]
    assert score.difference is None
    assert not score.differs
    assert scores({TEST: GOOD[:1]}, None)[TEST].spread is None


def test_only_an_interval_without_0_is_a_difference() -> None:
    better = scores({TEST: GOOD}, {TEST: BAD})[TEST]
    assert better.difference == difference(GOOD, BAD)
    assert better.differs
    same = scores({TEST: BAD}, {TEST: BAD})[TEST]
    assert same.difference is not None
    assert same.difference.value == 0
    assert not same.differs


def test_a_twin_is_compared_subject_by_subject() -> None:
    twin = [replace(one, protocol=f"{TEST}-truth") for one in GOOD]
    score = scores({TEST: twin}, {TEST: BAD})[TEST]
    assert score.protocol == f"{TEST}-truth"
    assert score.difference == difference(GOOD, BAD)


def test_what_is_not_measurable_is_said() -> None:
    without_coats = [report(12, keys=[key for key in KEYS if key.condition != "cl"])]
    score = scores({TEST: without_coats}, {TEST: BAD})[TEST]
    assert (score.headline, score.cells["CL"], score.difference) == (None, None, None)
    text = to_markdown([line("a", {TEST: without_coats}, None)])
    assert "| not measurable |" in text


def test_markdown() -> None:
    good, bad = ([replace(one, protocol="kth") for one in reports] for reports in (GOOD, BAD))
    first: Reports = {TEST: BAD, "kth": bad}
    lines = [line("one", first, None), line("other", {TEST: GOOD, "kth": good}, first)]
    head, rule, one, other, _, about, _, rates = to_markdown(lines).splitlines()
    assert head.count("|") == rule.count("|") == one.count("|") == other.count("|") == 15
    assert "| kth |" in head
    assert "| 1.50 M | 0.06 | 250 | 10 min | 0.001 |" in one
    value, low, high = (100 * bound for bound in difference(GOOD, BAD))
    assert other.count(f"**{value:+.1f}** ({low:+.1f} to {high:+.1f})") == 2
    assert "+" not in one
    assert "mean of 2 seeds" in about
    assert "chosen from 0.001, 0.003 by training people held out" in rates
    alone = to_markdown([replace(line("one", {TEST: GOOD[:1]}, None), rates=(1e-3,))])
    assert "seeds;" not in alone
    assert "were not searched" in alone
    assert "Every row was trained on 512 frames." in about
    longer = line("longer", {TEST: GOOD}, None, frames=1024)
    assert "512 to 1024 frames: they did not have the same budget" in to_markdown([*lines[:1], longer])


def test_json_holds_what_the_table_says() -> None:
    first: Reports = {TEST: BAD}
    lines = [line("one", first, None), line("other", {TEST: GOOD}, first)]
    one, other = json.loads(to_json(lines))
    assert one["cost"]["frames_per_second"] == 250
    assert one["scores"][TEST]["difference"] is None
    assert other["scores"][TEST]["differs"] is True
    assert other["scores"][TEST]["headline"] == list(lines[1].scores[TEST].headline or ())
    assert other["scores"][TEST]["spread"] == lines[1].scores[TEST].spread


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_shows_every_row(tmp_path: Path, ending: str) -> None:
    first: Reports = {TEST: BAD}
    cheap = COST._replace(flops=1e6, frames_per_second=9000.0)
    path = tmp_path / f"figure.{ending}"
    draw([line("one", first, None), line("other", {TEST: GOOD}, first, cheap)], path)
    assert path.stat().st_size > 10_000
    assert list(tmp_path.iterdir()) == [path]
    if ending == "svg":
        text = path.read_text("utf-8")
        assert "<!-- 1  one -->" in text
        assert "<!-- 2  other -->" in text


def test_the_front_is_beaten_by_nobody() -> None:
    points = [(3.0, 30.0), (1.0, 10.0), (2.0, 9.0), (2.0, 20.0), (4.0, 30.0), (5.0, 31.0)]
    assert front(points) == [(1, 10), (2, 20), (3, 30), (5, 31)]
