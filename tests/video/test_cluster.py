"""Extraction on a local Ray of two processes: nothing lost, nothing twice, nothing said to the network."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import BlobExtractor, DrawnVideo, Person, clock, record, walking
from test_pool import assert_same, contents, recordings, run

from gaitheat.errors import GaitheatError
from gaitheat.store import ClipStore
from gaitheat.video.pool import extract_all

TESTS = Path(__file__).parent
COUNT = 8

SCRIPT = """
    import sys
    from pathlib import Path
    from fakes import BlobExtractor
    from gaitheat.store import ClipStore
    from gaitheat.video.pool import extract_all
    from test_pool import recordings

    def main():
        videos, store, processes = sys.argv[1:4]
        extractor = BlobExtractor(pause=0.02, deadly="deadly" in sys.argv, processes=Path(processes))
        summary = extract_all(
            recordings(Path(videos)), ClipStore.open_or_create(store), extractor, 0 if "0" in sys.argv else 2,
            lambda done, total: print("read", done, total, flush=True), cluster=True,
        )
        print("made", summary.clips, summary.frames, summary.failed, flush=True)

    if __name__ == "__main__":
        main()
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for number in range(COUNT):
        record(DrawnVideo([Person(walking(30 + 5 * number, 40))], clock(1)), folder / f"{number}.avi")
    return folder


@pytest.fixture(scope="module")
def undisturbed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    run(videos, store)
    return contents(store)


class Extraction:
    """A process that extracts on a local Ray, slowly; its workers register in the folder ``processes``."""

    def __init__(self, videos: Path, place: Path, *words: str) -> None:
        pytest.importorskip("ray", reason="needs the extra ray")
        self.store, self.processes, self.home = (place / name for name in ("store", "processes", "home"))
        self.mark = uuid.uuid4().hex
        for folder in (self.processes, self.home):
            folder.mkdir(exist_ok=True)
        script = place / "extraction.py"
        script.write_text(textwrap.dedent(SCRIPT))
        settings = {
            "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent))),
            "HOME": str(self.home),
            "GAITHEAT_TEST": self.mark,
        }
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(videos), str(self.store), str(self.processes), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | settings,
        )

    def wait_for(self, beginning: str) -> None:
        """Until it says something that begins like this."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(beginning):
                return
        pytest.fail(f"the extraction ended early: {self.process.communicate()[1]}")

    def workers(self) -> set[int]:
        return {int(path.name) for path in self.processes.iterdir()}

    def all_processes(self) -> Iterator[Path]:
        """What /proc says of everything that it started."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (process / "environ").read_bytes():
                    yield process
            except OSError:
                continue  # it has ended


@pytest.fixture
def extraction(videos: Path, tmp_path: Path) -> Iterator[Extraction]:
    extraction = Extraction(videos, tmp_path)
    yield extraction
    extraction.process.kill()
    extraction.process.communicate()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    extraction: Extraction, undisturbed: dict[str, np.ndarray]
) -> None:
    extraction.wait_for("read")
    first = extraction.workers()
    time.sleep(0.3)
    os.kill(min(first), signal.SIGKILL)
    output, complaints = extraction.process.communicate(timeout=120)
    assert extraction.process.returncode == 0, complaints
    assert output.splitlines()[-1] == f"made {COUNT} {COUNT * 25} 0"
    assert extraction.workers() > first, "another worker did the job of the one that was killed"
    assert_same(contents(extraction.store), undisturbed)


HERE = {"0100007F", "0000000000000000FFFF00000100007F"}
NOWHERE = {"0" * 8, "0" * 32}
LISTENING = "0A"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
def test_it_keeps_to_this_machine_and_out_of_the_home(extraction: Extraction) -> None:
    extraction.wait_for("read")
    processes = list(extraction.all_processes())
    assert len(processes) > 5
    connections = list(connections_of(processes))
    assert connections
    for local, remote, state in connections:
        assert local in HERE or (local in NOWHERE and state != LISTENING)
        assert remote in HERE | NOWHERE
    assert list(extraction.home.rglob("*")) == []


def connections_of(processes: list[Path]) -> Iterator[tuple[str, str, str]]:
    """Local and remote address (in hexadecimal, backwards) and state of all sockets of these processes."""
    sockets = set()
    for descriptor in (path for process in processes for path in (process / "fd").iterdir()):
        with contextlib.suppress(OSError):  # closed meanwhile
            sockets.add(str(descriptor.readlink()))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, remote, state, *_, inode = line.split()[:10]
            if f"socket:[{inode}]" in sockets:
                yield local.split(":")[0], remote.split(":")[0], state


@pytest.mark.slow
def test_a_cluster_without_cores_is_one_line(videos: Path, tmp_path: Path) -> None:
    extraction = Extraction(videos, tmp_path, "0")
    _, complaints = extraction.process.communicate(timeout=300)
    assert "GaitheatError: the Ray cluster has no CPU" in complaints


@pytest.mark.slow
def test_workers_that_always_die_are_one_line(videos: Path, tmp_path: Path) -> None:
    extraction = Extraction(videos, tmp_path, "deadly")
    _, complaints = extraction.process.communicate(timeout=300)
    assert extraction.process.returncode != 0
    assert "GaitheatError: a job was given up, its workers died 4 times" in complaints
    assert contents(extraction.store) == {}


def test_without_ray_it_says_what_to_install(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    before = dict(os.environ)
    with pytest.raises(GaitheatError, match=r"Ray is missing: pip install 'gaitheat\[ray\]'"):
        extract_all(
            recordings(videos),
            ClipStore.open_or_create(tmp_path / "store"),
            BlobExtractor(),
            2,
            lambda done, total: None,
            cluster=True,
        )
    assert dict(os.environ) == before
