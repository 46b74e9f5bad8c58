"""What a training tells: metrics.jsonl always, a bar where somebody looks, TensorBoard if asked."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gaitheat.errors import GaitheatError

METRICS = "metrics.jsonl"
"""In a training's folder: one JSON object a step."""

Row = dict[str, Any]


def rows_of(folder: Path) -> list[Row]:
    """What ``metrics.jsonl`` says of every step, less a half line at its end; nothing if there is none."""
    path = folder / METRICS
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in whole]


class Journal(AbstractContextManager["Journal"]):
    """Writes down every step once, even if it is made again because a run was stopped between two states.

    Args:
        folder: the training's folder.
        done: steps that the state on the disk has behind it: what was written of later ones is dropped.
        steps: how many there will be.
        tensorboard: whether to write events for TensorBoard as well.
    """

    def __init__(self, folder: Path, done: int, steps: int, tensorboard: bool = False) -> None:
        kept = [row for row in rows_of(folder) if row["step"] <= done]
        self._path = folder / METRICS
        part = self._path.with_suffix(".part")
        part.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
        part.replace(self._path)
        self._rank1 = next((row["rank1"] for row in reversed(kept) if "rank1" in row), None)
        self._open = ExitStack()
        self._file = self._open.enter_context(self._path.open("a", encoding="utf-8"))
        self._events = self._open.enter_context(_events(folder, done) if tensorboard else nullcontext())
        console = Console(stderr=True)
        columns = (
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}  rank-1 {task.fields[rank1]}  left"),
            TimeRemainingColumn(),
        )
        progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._progress = self._open.enter_context(progress)
        self._task = progress.add_task("", total=steps, completed=done, loss="-", rank1=_percent(self._rank1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def write(self, row: Row) -> None:
        """A step that was made: ``step``, counted from 1, ``loss``, and whatever else was measured."""
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        self._rank1 = row.get("rank1", self._rank1)
        loss, rank1 = f"{row['loss']:.3f}", _percent(self._rank1)
        self._progress.update(self._task, completed=row["step"], loss=loss, rank1=rank1)
        if self._events is not None:
            for name, value in row.items():
                if name != "step" and isinstance(value, int | float):
                    self._events.add_scalar(name, value, row["step"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


@contextmanager
def _events(folder: Path, done: int) -> Iterator[Any]:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise GaitheatError(
            "TensorBoard was asked for but is not installed: pip install 'gaitheat[tensorboard]'"
        ) from error
    with SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1) as writer:
        yield writer
