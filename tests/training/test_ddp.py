"""Two processes that share each batch learn what one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training import two_processes, walks


@pytest.mark.slow
def test_one_and_two_processes_make_equal_gradients(tmp_path: Path) -> None:
    tests = Path(walks.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    command = [sys.executable, "-W", "error::UserWarning", two_processes.__file__]
    together = subprocess.Popen([*command, str(tmp_path / "two"), "2"], env=environment)
    two_processes.weights_after(tmp_path / "one", 1)
    assert together.wait() == 0
    one, two = load_file(tmp_path / "one"), load_file(tmp_path / "two")
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6, msg=name)
