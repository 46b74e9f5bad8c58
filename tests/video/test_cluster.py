"""Extraction and import on a local Ray of two processes: nothing lost or twice, nothing told the network."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes import BlobExtractor, DrawnVideo, Person, clock, record, walking
from test_pool import recordings, run

from gaitheat.errors import GaitheatError
from gaitheat.importing.conversion import Importer
from gaitheat.importing.job import import_opengait
from gaitheat.store import ClipStore
from gaitheat.video.pool import extract_all
from importing.lookalikes import dump, poses, walk
from stored import assert_same_contents, contents

TESTS = Path(__file__).parent
COUNT = 8
PICKLES, PICKLE_FRAMES = 40, 150

EXTRACTION = """
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

IMPORT = """
    import sys
    from pathlib import Path
    from gaitheat.importing.job import import_opengait
    from gaitheat.store import ClipStore
    from test_cluster import RegisteredImporter

    def main():
        root, store, processes = sys.argv[1:4]
        summary = import_opengait(
            {None: Path(root)}, "casia-b", ClipStore.open_or_create(store),
            RegisteredImporter(processes=Path(processes)), workers=2,
            report=lambda done, total: print("read", done, total, flush=True), cluster=True,
        )
        print("made", summary.clips, summary.frames, summary.failed, flush=True)

    if __name__ == "__main__":
        main()
"""


@dataclass(frozen=True)
class RegisteredImporter(Importer):
    """Leaves the number of every process that imports in a folder."""

    processes: Path | None = None

    def parts(self, cores: int) -> None:
        assert self.processes is not None
        (self.processes / str(os.getpid())).touch()


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


class Work:
    """A process that works on a local Ray, slowly; its workers register in the folder ``processes``."""

    def __init__(self, script_text: str, source: Path, place: Path, *words: str) -> None:
        pytest.importorskip("ray", reason="needs the extra ray")
        self.store, self.processes, self.home = (place / name for name in ("store", "processes", "home"))
        self.mark = uuid.uuid4().hex
        for folder in (self.processes, self.home):
            folder.mkdir(exist_ok=True)
        script = place / "work.py"
        script.write_text(textwrap.dedent(script_text))
        settings = {
            "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent))),
            "HOME": str(self.home),
            "GAITHEAT_TEST": self.mark,
        }
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(source), str(self.store), str(self.processes), *words],
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
        pytest.fail(f"it ended early: {self.process.communicate()[1]}")

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


@contextlib.contextmanager
def working(work: Work) -> Iterator[Work]:
    try:
        yield work
    finally:
        work.process.kill()
        work.process.communicate()


@pytest.fixture
def extraction(videos: Path, tmp_path: Path) -> Iterator[Work]:
    with working(Work(EXTRACTION, videos, tmp_path)) as work:
        yield work


def kill_a_worker_and_wait(work: Work) -> str:
    """The last line of what it says, when it has come to its end all the same."""
    work.wait_for("read")
    first = work.workers()
    time.sleep(0.3)
    os.kill(min(first), signal.SIGKILL)
    output, complaints = work.process.communicate(timeout=300)
    assert work.process.returncode == 0, complaints
    assert work.workers() > first, "another worker did the job of the one that was killed"
    return str(output.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    extraction: Work, undisturbed: dict[str, np.ndarray]
) -> None:
    assert kill_a_worker_and_wait(extraction) == f"made {COUNT} {COUNT * 25} 0"
    assert_same_contents(contents(extraction.store), undisturbed)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
def test_an_import_whose_worker_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    root, here = tmp_path / "pickles", tmp_path / "here"
    for number in range(1, PICKLES + 1):
        dump(poses(walk(number, PICKLE_FRAMES)), root / f"{number:03d}" / "nm-01" / "000" / "000.pkl")
    import_opengait({None: root}, "casia-b", ClipStore.open_or_create(here), Importer())
    with working(Work(IMPORT, root, tmp_path)) as work:
        assert kill_a_worker_and_wait(work) == f"made {PICKLES} {PICKLES * PICKLE_FRAMES} 0"
        assert_same_contents(contents(work.store), contents(here))


HERE = {"0100007F", "0000000000000000FFFF00000100007F"}
NOWHERE = {"0" * 8, "0" * 32}
LISTENING = "0A"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
def test_it_keeps_to_this_machine_and_out_of_the_home(extraction: Work) -> None:
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
    extraction = Work(EXTRACTION, videos, tmp_path, "0")
    _, complaints = extraction.process.communicate(timeout=300)
    assert "GaitheatError: the Ray cluster has no CPU" in complaints


@pytest.mark.slow
def test_workers_that_always_die_are_one_line(videos: Path, tmp_path: Path) -> None:
    extraction = Work(EXTRACTION, videos, tmp_path, "deadly")
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
