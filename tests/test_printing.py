"""What the commands print: for people a table, for scripts JSON and CSV, and names as they are."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from factories import make_clip
from gaitheat.clips import Clip
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.embeddings import EMBEDDERS
from gaitheat.evaluation.evaluate import evaluate
from gaitheat.gallery.gallery import Match
from gaitheat.printing import (
    SHOWN,
    extraction_progress,
    person_row,
    print_reports,
    print_rows,
    print_summary,
    say,
)
from gaitheat.recognition.quality import Quality
from gaitheat.recognizer import Person
from gaitheat.video.pool import Summary
from training.walks import walks

NAMES = ["[bold]Anna[/bold]", "[/]", ":smile:", 'the "fast" one, really', "李小龍", "Zoë 🚶"]
ROWS = [{"name": name, "takes": number, "distance": 0.25, "seen": None} for number, name in enumerate(NAMES)]


def test_a_table_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "takes", "distance", "seen"]
    for line, row in zip(lines, ROWS, strict=True):
        assert line.startswith(row["name"])
        assert line.split()[-3:] == [str(row["takes"]), "0.250", "-"]


def test_json_and_csv_come_back_as_they_went(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS
    print_rows(ROWS, as_csv=True)
    out = capsys.readouterr().out
    assert "\r" not in out  # on Windows the stream adds it; twice would be an empty line in between
    assert [row["name"] for row in csv.DictReader(io.StringIO(out))] == NAMES


def test_nothing_is_said_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([])
    assert capsys.readouterr().out == "none\n"
    print_rows([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []
    print_rows([], as_csv=True)
    assert capsys.readouterr().out == ""


def test_a_line_is_not_broken_nor_interpreted(capsys: pytest.CaptureFixture[str]) -> None:
    text = "[red]" + 60 * "long " + ":tada:"
    say(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_a_person_as_a_row() -> None:
    nearest = [("Anna", 0.2, -4.1), ("Bo", 0.31239, -1.25), ("Cy", 0.4, 0.5), ("Di", 0.5, 0.6)]
    matches, clip = tuple(Match(*match) for match in nearest), make_clip(frames=26)
    quality = Quality(True, (), True, 1.0, 26, 180.0, "from the side", 0.9)
    person = Person(3, "Anna", "only 1 %", matches, clip=clip, quality=quality, false_alarm=0.01)
    row = person_row(Path("a b.mp4"), person, structured=False)
    assert row["nearest"] == "Anna -4.100, Bo -1.250, Cy 0.500"
    assert (row["name"], row["false_alarm"]) == ("Anna", 0.01)
    assert (row["video"], row["track"], row["seconds"], row["frames"]) == ("a b.mp4", 3, "0.0-1.0", 26)
    structured = person_row(Path("a b.mp4"), person, structured=True)
    assert structured["matches"][1] == {"name": "Bo", "distance": 0.31239, "score": -1.25}
    assert structured["quality"]["view"] == "from the side"
    nobody = person_row(Path("a.mp4"), Person(0, None, "not usable: no person (9 frames)"), structured=False)
    absent = ("seconds", "frames", "name", "false_alarm", "nearest")
    assert [nobody[key] for key in absent] == [None, None, None, None, ""]
    refused = person_row(Path("a.mp4"), Person(0, None, "not usable: no person (9 frames)"), structured=True)
    assert (refused["quality"], refused["matches"]) == (None, [])


def test_a_summary_counts_everything(capsys: pytest.CaptureFixture[str]) -> None:
    refusals = [f"drawn/anna/{number}: too short (3 frames)" for number in range(SHOWN + 2)]
    summary = Summary(
        20, 3, 7, 700, Counter({"too short": 36, "person flag low": 2}), refusals, ["a.mp4: cut"], 1
    )
    print_summary(summary, "store")
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "store: 7 clips, 700 frames, from 20 recordings (3 were there already)"
    assert lines[1] == "frames left out: too short 36, person flag low 2"
    assert lines[2] == f"refused: {SHOWN + 2}"
    assert len(lines) == 3 + SHOWN + 1
    assert lines[-1] == "  ... and 2 more"
    assert shown.err.splitlines() == ["problems: 1", "  a.mp4: cut"]


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with extraction_progress() as report:
        report(3, 10)
        report(0, 0)
    assert capsys.readouterr() == ("", "")


def test_reports_are_compared_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    source, cells = walks(subjects=6), (Cell("all", Selection(), Selection()),)
    protocol = Protocol("drawn", "drawn", cells, ("all",))
    good, poor = (
        evaluate(source, protocol, embed, name, distance="cos")
        for name, embed in [("good", EMBEDDERS["mean-skeleton"].embed_all), ("poor", alike)]
    )
    print_reports([good, poor], as_json=False)
    out = capsys.readouterr().out
    assert "\ngood: drawn, 6 subjects, 24 clips, cosine distance\n" in out
    assert re.search(r"\ngood - poor: \+\d+\.\d points, paired 95 % \+.* to \+.*: differ\n", out)
    print_reports([good, good], as_json=False)
    assert (
        "good - good: +0.0 points, paired 95 % +0.0 to +0.0: not shown to differ" in capsys.readouterr().out
    )
    nobody = replace(good, measures={})
    print_reports([nobody, poor], as_json=False)
    assert "points" not in capsys.readouterr().out, "not measurable is no mistake"
    print_reports([replace(good, adapted=good), replace(poor, adapted=poor)], as_json=False)
    assert "\nadapted good - adapted poor: +" in capsys.readouterr().out
    print_reports([good, poor], as_json=True)
    assert [report["embedding"] for report in json.loads(capsys.readouterr().out)] == ["good", "poor"]


def alike(clips: Sequence[Clip]) -> np.ndarray:
    """An embedding that tells nobody from anybody."""
    return np.ones((len(clips), 2), np.float32)
