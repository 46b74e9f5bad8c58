"""Random numbers by name: the same wherever they are asked for, and nothing in common between two names."""

import subprocess
import sys

import numpy as np
import pytest

from gaitheat.walkers.seeds import generator


def test_the_same_names_give_the_same_numbers_whatever_was_drawn_before() -> None:
    first = generator("walkers-1", "007", 3).random(8)
    generator("walkers-1", "008", 3).random(1000)
    assert np.array_equal(generator("walkers-1", "007", 3).random(8), first)


@pytest.mark.parametrize("number", ["1", "np.int64(1)"])
def test_another_process_gives_the_same_numbers(number: str) -> None:
    imports = "import numpy as np; from gaitheat.walkers.seeds import generator"
    program = f"{imports}; print(generator('a', {number}).integers(2**62))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(ended.stdout) == generator("a", 1).integers(2**62)


def test_the_numbers_never_change() -> None:
    """The frozen worlds depend on it."""
    assert generator("walkers-1", "001", "nm", 1).integers(1000, size=4).tolist() == [738, 236, 608, 352]


def test_names_that_look_alike_are_not() -> None:
    names: list[tuple[str | int, ...]] = [
        (), ("ab",), ("a", "b"), ("a", "b", ""), ("a, b",), ("a', 'b",), (1,), ("1",), (1, 1), (11,),
    ]  # fmt: skip
    firsts = {generator(*name).integers(2**62) for name in names}
    assert len(firsts) == len(names)


def test_neighbours_are_independent() -> None:
    draws = np.array([generator("x", number).standard_normal(50) for number in range(400)])
    between = np.corrcoef(draws)[np.triu_indices(400, 1)]
    assert abs(between.mean()) < 0.002
    assert abs(between.std() - 1 / np.sqrt(49)) < 0.005
