"""Which runtime computes: the best that is installed, and an answer in one line where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from gaitheat.errors import GaitheatError
from gaitheat.inference import Network
from gaitheat.litert import LiteNetwork
from gaitheat.runtime import installed_runtime, load

SHAPE = (1, None, None, None)


def test_openvino_where_it_is_installed(assets: dict[str, Path]) -> None:
    assert installed_runtime() == "openvino"
    assert isinstance(load(assets["blazepose-detector"], SHAPE), Network)
    assert isinstance(load(assets["blazepose-detector"], SHAPE, runtime="litert"), LiteNetwork)


def test_litert_where_openvino_is_missing(assets: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert installed_runtime() == "litert"
    assert isinstance(load(assets["blazepose-detector"], SHAPE), LiteNetwork)


def test_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("openvino", "ai_edge_litert"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(GaitheatError, match="got neither: pip install") as caught:
        installed_runtime()
    assert "\n" not in str(caught.value)


def test_what_needs_openvino_says_so() -> None:
    program = "import sys; sys.modules['openvino'] = None; import gaitheat.inference"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "GaitheatError: this needs OpenVINO, which is missing: pip install openvino" in finished.stderr
