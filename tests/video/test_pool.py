"""Many recordings into one store: nothing lost, nothing twice, whoever dies and whatever is broken."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from fakes import BlobEstimator, BlobExtractor, DrawnVideo, Person, clock, record, walking

from factories import make_key
from gaitheat.clips import Clip, ClipKey, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.store import ClipStore
from gaitheat.video.pool import Summary, extract_all
from gaitheat.video.protocols import Detector, PoseEstimator
from gaitheat.video.recordings import VideoRecording
from stored import assert_same_contents, contents

COUNT, FRAMES = 6, 25
TESTS = Path(__file__).parent
PATIENCE = 60.0
"""Seconds until a process that does not answer fails its test."""


def recordings(folder: Path, names: list[str] | None = None) -> list[VideoRecording]:
    """Every file of a folder, each with a key of its own."""
    paths = sorted(folder.iterdir()) if names is None else [folder / name for name in names]
    return [VideoRecording(path, make_key(take=path.name)) for path in paths]


def run(folder: Path, store: Path, workers: int = 1, **options: object) -> Summary:
    store_ = ClipStore.open_or_create(store)
    return extract_all(
        recordings(folder), store_, BlobExtractor(**options), workers, lambda done, total: None
    )


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for number in range(COUNT):
        person = Person(walking(30 + 5 * number, 40 + 5 * number))
        record(DrawnVideo([person], clock(1)), folder / f"{number}.avi")
    return folder


@pytest.fixture(scope="module")
def undisturbed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    summary = run(videos, store)
    assert (summary.recordings, summary.clips, summary.frames) == (COUNT, COUNT, COUNT * FRAMES)
    assert (summary.skipped, summary.failed, summary.problems, summary.refusals) == (0, 0, [], [])
    return contents(store)


def test_what_is_there_is_skipped(videos: Path, tmp_path: Path) -> None:
    store = ClipStore.open_or_create(tmp_path / "store")
    first = extract_all(recordings(videos)[:2], store, BlobExtractor(), 1, lambda done, total: None)
    assert first.clips == 2
    progress: list[tuple[int, int]] = []
    second = extract_all(recordings(videos)[:3], store, BlobExtractor(), 1, lambda *at: progress.append(at))
    assert (second.skipped, second.clips) == (2, 1)
    assert {total for _, total in progress} == {2 * FRAMES}
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    third = extract_all(recordings(videos)[:3], store, BlobExtractor(), 1, lambda *at: pytest.fail("work"))
    assert (third.skipped, third.clips) == (3, 0)


def test_another_preprocessing_is_another_estimator(videos: Path, tmp_path: Path) -> None:
    store = ClipStore.open_or_create(tmp_path / "store")
    one = recordings(videos)[:1]
    extract_all(one, store, BlobExtractor(), 1, lambda *at: None)
    with pytest.raises(GaitheatError, match="another recording already"):
        extract_all(one, store, BlobExtractor(preprocessing="heatmap"), 1, lambda *at: None)
    other = [replace(one[0], key=replace(one[0].key, condition="heatmap"))]
    assert extract_all(other, store, BlobExtractor(preprocessing="heatmap"), 1, lambda *at: None).clips == 1


@dataclass(frozen=True)
class OtherDetector(BlobExtractor):
    def detector_sha256(self) -> str:
        return "d" * 64


def test_another_detector_is_not_skipped_in_silence(videos: Path, tmp_path: Path) -> None:
    store = ClipStore.open_or_create(tmp_path / "store")
    one = recordings(videos)[:1]
    extract_all(one, store, BlobExtractor(), 1, lambda *at: None)
    with pytest.raises(GaitheatError, match="another recording already"):
        extract_all(one, store, OtherDetector(), 1, lambda *at: None)
    other = ClipStore.open_or_create(tmp_path / "other")
    assert extract_all(one, other, OtherDetector(), 1, lambda *at: None).clips == 1
    assert extract_all(one, other, OtherDetector(), 1, lambda *at: None).skipped == 1


@dataclass(frozen=True)
class DrawnWalk:
    """A recording that is no file: it is drawn, and knows what it shows if ``known``."""

    number: int
    known: bool = True
    alone: bool = False
    span: str = ""

    @property
    def name(self) -> str:
        return f"walk {self.number}"

    @property
    def key(self) -> ClipKey:
        return make_key(take=self.name)

    def open(self) -> DrawnVideo:
        people = [Person(walking(40, 30 + 5 * self.number)), Person(walking(140, 0, end=0.3), colour=1)]
        video = KnownVideo if self.known else DrawnVideo
        return video(people, clock(1), name=self.name)


class KnownVideo(DrawnVideo):
    def with_truth(self, item: Clip | Refusal) -> tuple[Clip | Refusal, Clip | Refusal]:
        assert self.readings > 0, "it is asked for while it is read"
        key = replace(item.key, dataset="truth")
        return item, replace(item, key=key, estimator=replace(item.estimator, name="truth"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_drawn_recording_gives_its_truth_as_well(tmp_path: Path, workers: int) -> None:
    walks = [DrawnWalk(0), DrawnWalk(1), DrawnWalk(2, known=False)]
    store = ClipStore.open_or_create(tmp_path / "store")
    summary = extract_all(walks, store, BlobExtractor(), workers, lambda *at: None)
    assert (summary.failed, summary.clips + len(summary.refusals)) == (0, 6), "their truths are not counted"
    for items in (store.infos(), store.refusals()):
        seen = [(item.key.take, item.estimator.name) for item in items if item.key.dataset == "drawn"]
        truths = [(item.key.take, item.estimator.name) for item in items if item.key.dataset == "truth"]
        assert seen == [(walk.name, BlobEstimator.identity.name) for walk in walks]
        assert truths == [(walk.name, "truth") for walk in walks[:2]]
    assert extract_all(walks, store, BlobExtractor(), 1, lambda *at: pytest.fail("work")).skipped == 3


@pytest.fixture
def broken(videos: Path, tmp_path: Path) -> Path:
    """Two good files, one text, one empty, one that is cut off, one without people, one that is too short."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for name in ("0.avi", "1.avi"):
        (folder / name).write_bytes((videos / name).read_bytes())
    (folder / "text.mp4").write_text("this is no video\n" * 100)
    (folder / "empty.mp4").touch()
    whole = (videos / "2.avi").read_bytes()
    (folder / "cut.avi").write_bytes(whole[: int(0.8 * len(whole))])
    record(DrawnVideo([], clock(1)), folder / "nobody.avi")
    record(DrawnVideo([Person(walking(80, 0))], clock(0.04)), folder / "one frame.avi")
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_files_are_reported_and_the_others_extracted(
    broken: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray], workers: int
) -> None:
    summary = run(broken, tmp_path / "store", workers)
    found = contents(tmp_path / "store")
    assert set(found) == {str(make_key(take=name)) for name in ("0.avi", "1.avi", "cut.avi")}
    for name in ("0.avi", "1.avi"):
        key = str(make_key(take=name))
        np.testing.assert_array_equal(found[key], undisturbed[key])
    assert (summary.recordings, summary.clips, summary.failed) == (7, 3, 2)
    problems = sorted(Path(problem.split(":")[0]).name for problem in summary.problems)
    assert problems == ["cut.avi", "empty.mp4", "text.mp4"]
    assert all("\n" not in problem for problem in summary.problems)
    assert sorted(refusal.split(": ")[1] for refusal in summary.refusals) == [
        "no person (25 frames)",
        "too short (1 frames)",
    ]
    reasons = {refusal.reason for refusal in ClipStore(tmp_path / "store").refusals()}
    assert reasons == {"no person", "too short"}
    again = run(broken, tmp_path / "store", workers=1)
    assert (again.skipped, again.clips, again.failed) == (5, 0, 2)


def test_a_missing_file_is_reported(videos: Path, tmp_path: Path) -> None:
    store = ClipStore.open_or_create(tmp_path / "store")
    wanted = recordings(videos, ["0.avi", "gone.avi"])
    summary = extract_all(wanted, store, BlobExtractor(), 1, lambda *at: None)
    assert (summary.clips, summary.failed) == (1, 1)
    assert "gone.avi" in summary.problems[0]


def test_a_worker_that_dies_is_one_line(videos: Path, tmp_path: Path) -> None:
    with pytest.raises(GaitheatError, match=r"worker process died \(exit code 7\)") as caught:
        run(videos, tmp_path / "store", workers=2, deadly=True)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path / "store") == {}


@dataclass(frozen=True)
class WithoutWeights(BlobExtractor):
    def parts(self, cores: int) -> tuple[Detector, PoseEstimator]:
        raise GaitheatError("cannot fetch the weights: no network")


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_cannot_begin_say_why(
    videos: Path, tmp_path: Path, workers: int, capfd: pytest.CaptureFixture[str]
) -> None:
    store = ClipStore.open_or_create(tmp_path / "store")
    with pytest.raises(GaitheatError, match="cannot fetch the weights"):
        extract_all(recordings(videos), store, WithoutWeights(), workers, lambda *at: None)
    assert "Traceback" not in capfd.readouterr().err


def test_a_picture_that_may_not_be_read_is_reported(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(path: Path) -> bytes:
        if path.suffix == ".png":
            raise PermissionError(13, "Permission denied", str(path))
        return sha256(path.read_bytes()).digest()

    monkeypatch.setattr("gaitheat.video.pictures.digest", digest)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0.png").touch()
    store = ClipStore.open_or_create(tmp_path / "store")
    wanted = [VideoRecording(tmp_path / "pictures", make_key()), *recordings(videos)[:1]]
    summary = extract_all(wanted, store, BlobExtractor(), 1, lambda *at: None)
    assert (summary.clips, summary.failed) == (1, 1)
    assert "0.png" in summary.problems[0]


SCRIPT = """
    import sys
    from pathlib import Path
    import gaitheat.sinks
    from fakes import BlobExtractor
    from gaitheat.store import ClipStore
    from gaitheat.video.pool import extract_all
    from test_pool import recordings

    def main():
        videos, store, processes, workers, commit = sys.argv[1:]
        gaitheat.sinks.COMMIT_CLIPS = int(commit)
        extractor = BlobExtractor(pause=0.01, processes=Path(processes))
        extract_all(
            recordings(Path(videos)), ClipStore.open_or_create(store), extractor, int(workers),
            lambda done, total: print(done, flush=True),
        )

    if __name__ == "__main__":
        main()
"""


@contextmanager
def extraction(
    videos: Path, store: Path, workers: int, commit: int = 64
) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process that extracts slowly, in a group of its own, and the folder where its workers register."""
    place = store.parent
    script, processes = place / "extraction.py", place / "processes"
    script.write_text(textwrap.dedent(SCRIPT))
    processes.mkdir(exist_ok=True)
    command = [
        sys.executable,
        str(script),
        str(videos),
        str(store),
        str(processes),
        str(workers),
        str(commit),
    ]
    paths = os.pathsep.join(map(str, (TESTS, TESTS.parent)))
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
        start_new_session=True,
    )
    try:
        yield process, processes
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def wait_for(process: "subprocess.Popen[str]", frames: int) -> None:
    """Until so many frames were read."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.strip().isdigit() and int(line) >= frames:
            return
    pytest.fail(f"the extraction ended early: {''.join(lines)}")


def wait_until_gone(processes: Path) -> None:
    """Until no worker that registered is alive."""
    deadline = time.monotonic() + PATIENCE
    alive = {int(path.name) for path in processes.iterdir()}
    while alive := {number for number in alive if is_alive(number)}:
        assert time.monotonic() < deadline, f"workers {alive} outlive their parent"
        time.sleep(0.05)


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")  # an orphan that nobody waits for stays as a zombie
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not state.parent.parent.is_dir()


posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")


def killed_and_continued(videos: Path, store: Path, kills: int) -> None:
    """Every run gets a little further and is killed; each time the store holds whole clips only."""
    whole = 0
    for kill in range(kills):
        with extraction(videos, store, workers=2, commit=1) as (process, processes):
            wait_for(process, 16 * (1 + kill % 4))
            time.sleep(0.1 * (kill % 3))
            process.kill()
            process.wait()
            wait_until_gone(processes)
        found = len(contents(store))
        assert found >= whole
        whole = found


@posix
def test_a_killed_extraction_goes_on_where_it_was(
    videos: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray]
) -> None:
    killed_and_continued(videos, tmp_path / "store", kills=2)
    whole = len(contents(tmp_path / "store"))
    summary = run(videos, tmp_path / "store")
    assert summary.skipped == whole
    assert_same_contents(contents(tmp_path / "store"), undisturbed)


@posix
@pytest.mark.slow
def test_twenty_kills(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(40):
        record(DrawnVideo([Person(walking(30 + number, 40))], clock(1)), folder / f"{number:02}.avi")
    run(folder, tmp_path / "undisturbed")
    killed_and_continued(folder, tmp_path / "store", kills=20)
    run(folder, tmp_path / "store")
    assert_same_contents(contents(tmp_path / "store"), contents(tmp_path / "undisturbed"))


@posix
def test_ctrl_c_commits_what_is_done_and_ends_the_workers(
    videos: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray]
) -> None:
    with extraction(videos, tmp_path / "store", workers=2) as (process, processes):
        wait_for(process, 5 * 16)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
        process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        wait_until_gone(processes)
    found = contents(tmp_path / "store")
    assert 0 < len(found) < COUNT
    assert run(videos, tmp_path / "store").skipped == len(found)
    assert_same_contents(contents(tmp_path / "store"), undisturbed)


@pytest.mark.slow
def test_two_extractions_into_one_store_at_once(
    videos: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray]
) -> None:
    store = tmp_path / "store"
    with (
        extraction(videos, store, workers=1, commit=1) as (first, _),
        extraction(videos, store, workers=1, commit=1) as (second, _),
    ):
        for process in (first, second):
            output, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, output
    assert_same_contents(contents(store), undisturbed)
