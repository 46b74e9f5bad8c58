"""metrics.jsonl: one line a step, also after a kill between two states, and never a step twice."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gaitheat.training.journal import METRICS, Journal, rows_of


def row(step: int, loss: float = 1.0, **more: float) -> dict[str, Any]:
    return {"step": step, "loss": loss, **more}


def test_every_step_is_written_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, 3) as journal:
        journal.write(row(1, rank1=0.5))
        assert rows_of(tmp_path) == [row(1, rank1=0.5)]
        journal.write(row(2))
    lines = (tmp_path / METRICS).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def test_steps_that_are_made_again_are_written_once(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, 5) as journal:
        for step in (1, 2, 3, 4):
            journal.write(row(step))
    with (tmp_path / METRICS).open("a") as file:
        file.write('{"step": 5, "lo')  # killed while writing
    with Journal(tmp_path, 2, 5) as journal:
        assert rows_of(tmp_path) == [row(1), row(2)]
        for step in (3, 4, 5):
            journal.write(row(step, loss=2.0))
    assert [each["step"] for each in rows_of(tmp_path)] == [1, 2, 3, 4, 5]
    assert [each["loss"] for each in rows_of(tmp_path)] == [1, 1, 2, 2, 2]


def test_an_exception_closes_the_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0, 5)
    with suppress(KeyboardInterrupt), journal:
        journal.write(row(1))
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="closed"):
        journal.write(row(2))
    assert rows_of(tmp_path) == [row(1)]


def test_no_journal_is_no_rows(tmp_path: Path) -> None:
    assert rows_of(tmp_path) == []


@pytest.mark.slow
def test_tensorboard_gets_the_same_figures(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Journal(tmp_path, 0, 2, tensorboard=True) as journal:
        journal.write(row(1, loss=3.0))
        journal.write(row(2, loss=2.0, residual=0.5))
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(1, 3.0), (2, 2.0)]
    assert [event.step for event in events.Scalars("residual")] == [2]
