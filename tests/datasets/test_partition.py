"""Whom to train on is said by a file or a rule, and never guessed."""

import json
from pathlib import Path

import pytest

from gaitheat.datasets.partition import Partition, read_partition, split
from gaitheat.errors import GaitheatError

LISTS = {"TRAIN_SET": ["0001"], "TEST_SET": ["0002", "0003"]}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize("probes", [[], ["0002-camid0_videoid1-seq0"]])
def test_a_file_lists_whom_to_train_and_to_test_on_and_maybe_probes(tmp_path, probes):
    partition = read_partition(write(tmp_path / "lists.json", {**LISTS, "PROBE_SET": probes}))
    assert partition == Partition(frozenset({"0001"}), frozenset({"0002", "0003"}), frozenset(probes))
    assert split("there", "0001", partition) == "there-train"
    assert split("there", "0003", partition) == "there"


def test_a_file_need_not_list_probes(tmp_path):
    assert read_partition(write(tmp_path / "lists.json", LISTS)).probe == frozenset()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected a partition file in JSON"),
        (["0001"], "TRAIN_SET.*got something else"),
        ({"TRAIN_SET": ["0001"]}, "TEST_SET.*got something else"),
        ({**LISTS, "TEST_SET": [2]}, "TEST_SET to be a list of texts in quotes"),
        ({**LISTS, "PROBE_SET": "0002"}, "PROBE_SET to be a list"),
        ({**LISTS, "TRAIN_SET": ["0001", "0003"]}, "nobody in both .*got 1, first 0003"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, content, message):
    with pytest.raises(GaitheatError, match=message) as told:
        read_partition(write(tmp_path / "lists.json", content))
    assert str(told.value).startswith(str(tmp_path / "lists.json"))
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(GaitheatError, match="expected a partition file, but No such file"):
        read_partition(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        (Partition(frozenset({"0001"}), frozenset({"0002"})), "got '005', who is on neither list"),
        (None, "add --partition FILE"),
    ],
)
def test_nobody_is_put_anywhere_by_guess(partition, message):
    with pytest.raises(GaitheatError, match=message):
        split("there", "005", partition)
