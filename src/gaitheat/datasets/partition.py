"""Whom to train on and whom to test on: a benchmark's lists of subjects, from a file or by a rule."""

import json
from pathlib import Path
from typing import NamedTuple

from gaitheat.errors import GaitheatError

TRAIN_SUFFIX = "-train"
"""Behind a data set's name: its clips of subjects to train on. So no protocol needs a list of subjects."""
_LISTS = ("TRAIN_SET", "TEST_SET", "PROBE_SET")


class Partition(NamedTuple):
    """The lists of a benchmark."""

    train: frozenset[str]
    """Subjects."""
    test: frozenset[str]
    """Subjects, none of whom is to train on."""
    probe: frozenset[str] = frozenset()
    """Clips that are asked for, as ``subject-kind-view``, where a benchmark lists them."""


def read_partition(path: Path) -> Partition:
    """The lists TRAIN_SET, TEST_SET and, where there is one, PROBE_SET of a JSON file, as OpenGait has them.

    Raises:
        GaitheatError: no such file, or other content, or a subject in both lists of subjects.
    """
    try:
        lists = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise GaitheatError(f"{path}: expected a partition file, but {error.strerror}") from error
    except ValueError as error:
        raise GaitheatError(f"{path}: expected a partition file in JSON, got {error}") from error
    if not isinstance(lists, dict) or not {"TRAIN_SET", "TEST_SET"} <= lists.keys():
        raise GaitheatError(
            f'{path}: expected {{"TRAIN_SET": [...], "TEST_SET": [...]}}, got something else; '
            "take the partition file of the data set"
        )
    partition = Partition(*(_names(lists.get(name, []), name, path) for name in _LISTS))
    both = sorted(partition.train & partition.test)
    if both:
        raise GaitheatError(
            f"{path}: expected nobody in both TRAIN_SET and TEST_SET, got {len(both)}, first {both[0]}"
        )
    return partition


def _names(names: object, called: str, path: Path) -> frozenset[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise GaitheatError(f"{path}: expected {called} to be a list of texts in quotes, got something else")
    return frozenset(names)


def without_partition(dataset: str) -> GaitheatError:
    """What to say where a data set's lists are not given."""
    return GaitheatError(
        f"data set {dataset}: expected its partition file, which lists the subjects to train and to test "
        "on, got none; add --partition FILE"
    )


def split(dataset: str, subject: str, partition: Partition | None) -> str:
    """The data set's name for clips of a subject: ``dataset`` to test on, ``dataset-train`` to train on.

    Raises:
        GaitheatError: the subject is on neither list, or there are no lists.
    """
    if partition is None:
        raise without_partition(dataset)
    if subject in partition.test:
        return dataset
    if subject in partition.train:
        return dataset + TRAIN_SUFFIX
    raise GaitheatError(
        f"data set {dataset}: expected a subject to train on ({len(partition.train)} are listed) or to test "
        f"on ({len(partition.test)}), got {subject!r}, who is on neither list: move it away, or list it"
    )
