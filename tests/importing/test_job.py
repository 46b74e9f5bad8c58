"""Look-alikes of data sets into stores: nothing lost, nothing twice, nothing run, whatever is broken."""

import json
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import lookalikes
import numpy as np
import pytest

from gaitheat import cli
from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.importing.conversion import Importer
from gaitheat.importing.job import import_opengait
from gaitheat.importing.layout import Roots
from gaitheat.packed import PackedClips
from gaitheat.packed_sink import PackedSink
from gaitheat.sinks import ClipSink
from gaitheat.store import ClipStore
from gaitheat.video.pool import Summary
from stored import assert_same_contents, contents

TESTS = Path(__file__).parent
PATIENCE = 60.0


def run(
    roots: Path | Roots, store: Path | ClipSink, importer: Importer | None = None, **options: Any
) -> Summary:
    roots = {None: roots} if isinstance(roots, Path) else roots
    sink = ClipStore.open_or_create(store) if isinstance(store, Path) else store
    return import_opengait(roots, options.pop("dataset", "casia-b"), sink, importer or Importer(), **options)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lookalikes.casia_b(tmp_path_factory.mktemp("casia-b"), lookalikes.fastposegait)


@pytest.fixture(scope="module")
def undisturbed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    summary = run(root, store)
    assert (summary.recordings, summary.clips, summary.frames) == (8, 8, 96)
    assert (summary.skipped, summary.failed, summary.problems, summary.refusals) == (0, 0, [], [])
    return contents(store)


def test_folders_become_clips(undisturbed: dict[str, np.ndarray]) -> None:
    assert sorted(undisturbed) == sorted(
        str(ClipKey("casia-b", subject, "nm", view, take, 0))
        for subject in ("075", "076")
        for take in ("01", "05")
        for view in ("000", "090")
    )
    expected = lookalikes.walk(1, 12).heatmaps.astype(int)
    assert np.abs(undisturbed["casia-b/076/nm/090/05/0"] - expected).max() <= 1


@pytest.mark.parametrize("packed", [False, True])
def test_processes_make_the_same_and_what_is_there_is_skipped(
    root: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray], packed: bool
) -> None:
    path = tmp_path / ("store.arrow" if packed else "store")
    progress: list[tuple[int, int]] = []
    sink = PackedSink(path) if packed else ClipStore.open_or_create(path)
    first = run(root, sink, workers=2, report=lambda *at: progress.append(at))
    assert (first.clips, first.skipped) == (8, 0)
    assert progress[-1] == (8, 8)
    source = PackedClips(path) if packed else ClipStore(path)
    for info in source.infos():
        (clip,) = source.read([(info.key, None)])
        np.testing.assert_array_equal(clip.heatmaps, undisturbed[str(info.key)])
    again = run(root, sink, report=lambda *at: pytest.fail("work"))
    assert (again.clips, again.skipped) == (0, 8)


def test_what_came_later_is_added(root: Path, tmp_path: Path) -> None:
    some = lookalikes.casia_b(tmp_path / "data", lookalikes.fastposegait, subjects=("075",))
    assert run(some, tmp_path / "store").clips == 4
    lookalikes.casia_b(some, lookalikes.fastposegait)
    summary = run(some, tmp_path / "store")
    assert (summary.clips, summary.skipped) == (4, 4)


def test_other_settings_or_content_are_not_skipped_in_silence(root: Path, tmp_path: Path) -> None:
    run(root, tmp_path / "store")
    for importer in (Importer(rate=30.0), Importer(estimator="hrnet")):
        with pytest.raises(GaitheatError, match="another recording already"):
            run(root, tmp_path / "store", importer)
    changed = lookalikes.casia_b(tmp_path / "data", lookalikes.fastposegait, frames=10)
    with pytest.raises(GaitheatError, match="another recording already"):
        run(changed, tmp_path / "store")


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return open, (str(self.mark), "w")


def test_bad_files_are_counted_and_the_others_imported(
    tmp_path: Path, undisturbed: dict[str, np.ndarray]
) -> None:
    root = lookalikes.casia_b(tmp_path / "data", lookalikes.fastposegait)
    first, second, third = (root / "075" / name for name in ("nm-01/000", "nm-01/090", "nm-05/000"))
    mark = tmp_path / "mark"
    lookalikes.dump({"poses": np.zeros((30, 17, 3)), "x": Malicious(mark)}, first / "pose_000.pkl")
    whole = (second / "float_090.pkl").read_bytes()
    (second / "float_090.pkl").write_bytes(whole[: len(whole) // 2])
    lookalikes.dump(lookalikes.poses(lookalikes.walk(0, 11)), third / "pose_000.pkl")
    lookalikes.dump(np.zeros((3, 2, 64, 64)), root / "075" / "nm-05" / "090" / "0_heatmap.pkl")
    lookalikes.dump(np.zeros((3, 17, 3)), root / "076" / "nm-01" / "000" / "000.pkl")
    lookalikes.casia_b(root, lookalikes.fastposegait, ("999", "075"), ("nm-09",), ("000",))
    summary = run(root, tmp_path / "store", workers=2)
    assert not mark.exists()
    assert (summary.recordings, summary.clips, summary.failed) == (10, 3, 4)
    assert sorted(refusal.split(": ", 1)[1] for refusal in summary.refusals) == [
        "maps of another type or size than floats, 17 x 64 x 48 (0 frames)",
        "several files of poses (0 frames)",
        "unequal lengths (12 frames)",
    ]
    assert summary.refused_frames["unequal lengths"] == 12
    said = "\n".join(sorted(summary.problems))
    assert all("\n" not in problem for problem in summary.problems)
    for expected in [
        f"{first / 'pose_000.pkl'}: refused and not run, it names 'io.open'",
        f"{second / 'float_090.pkl'}: expected a whole pickle",
        "075/nm-05/000: unequal lengths, poses 11, heatmaps 12",
        "0_heatmap.pkl holds float64 [3, 2, 64, 64]: maps of another type or size",
        "075/nm-09/000",
        "999/nm-09/000",
    ]:
        assert expected in said
    found = contents(tmp_path / "store")
    assert_same_contents(found, {key: undisturbed[key] for key in found})
    assert len(ClipStore(tmp_path / "store").refusals()) == 3

    # What could not be read is tried again, and the mended file imported.
    (second / "float_090.pkl").write_bytes(whole)
    again = run(root, tmp_path / "store")
    assert (again.clips, again.skipped, again.failed) == (1, 6, 3)


def test_parallel_roots(tmp_path: Path) -> None:
    one = lookalikes.casia_b(tmp_path / "sils", lookalikes.opengait_silhouettes)
    other = lookalikes.casia_b(tmp_path / "poses", lookalikes.opengait_poses, views=("000",))
    lookalikes.dump(lookalikes.silhouettes(lookalikes.walk()), other / "076" / "nm-05" / "000" / "000.pkl")
    summary = run({"silhouettes": one, "poses": other}, tmp_path / "store")
    assert summary.clips == 3
    reasons = sorted(refusal.reason for refusal in ClipStore(tmp_path / "store").refusals())
    assert reasons == [*["no poses"] * 4, "silhouettes instead of poses"]


def test_a_data_set_with_a_partition_file(tmp_path: Path) -> None:
    root = tmp_path / "Gait3D"
    for subject in ("0000", "0001"):
        for kind in ("camid0_videoid2", "camid1_videoid5"):
            lookalikes.opengait_poses(root / subject / kind / "seq0", "seq0", lookalikes.walk())
    lists = {"TRAIN_SET": ["0000"], "TEST_SET": ["0001"], "PROBE_SET": ["0001-camid0_videoid2-seq0"]}
    partition = tmp_path / "Gait3D.json"
    partition.write_text(json.dumps(lists))
    with pytest.raises(GaitheatError, match="add --partition FILE"):
        run(root, tmp_path / "store", dataset="gait3d")
    assert run(root, tmp_path / "store", dataset="gait3d", partition=partition).clips == 4
    keys = [info.key for info in ClipStore(tmp_path / "store").infos()]
    assert [(key.dataset, key.take) for key in keys] == [
        ("gait3d", "probe"), ("gait3d", "gallery"), ("gait3d-train", "gallery"), ("gait3d-train", "gallery")
    ]  # fmt: skip


def test_data_sets_without_such_folders(root: Path, tmp_path: Path) -> None:
    for dataset in ("kth", "walkers-indoor"):
        with pytest.raises(GaitheatError, match=r"extract its videos instead|no data set is called"):
            run(root, tmp_path / "store", dataset=dataset)


SCRIPT = """
    import sys, time
    from pathlib import Path
    import gaitheat.sinks
    from gaitheat.importing.conversion import Importer
    from gaitheat.importing.job import import_opengait
    from gaitheat.store import ClipStore

    def main():
        root, store = sys.argv[1:]
        gaitheat.sinks.COMMIT_CLIPS = 1
        import_opengait(
            {None: Path(root)}, "casia-b", ClipStore.open_or_create(store), Importer(), workers=2,
            report=lambda done, total: print(done, flush=True),
        )

    if __name__ == "__main__":
        main()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
def test_killed_it_goes_on_where_it_was(
    root: Path, tmp_path: Path, undisturbed: dict[str, np.ndarray]
) -> None:
    script, store = tmp_path / "import.py", tmp_path / "store"
    script.write_text(textwrap.dedent(SCRIPT))
    whole = 0
    for clips in (1, 3):
        process = subprocess.Popen(
            [sys.executable, str(script), str(root), str(store)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= clips:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        found = contents(store)
        assert len(found) >= whole
        whole = len(found)
        assert_same_contents(found, {key: undisturbed[key] for key in found})
    time.sleep(0.1)
    summary = run(root, store)
    assert summary.skipped == whole
    assert summary.clips == 8 - whole
    assert_same_contents(contents(store), undisturbed)


# --- as a command ------------------------------------------------------------------------------------------


def gaitheat(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["gaitheat", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_from_pickles_to_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = lookalikes.casia_b(
        tmp_path / "data", lookalikes.fastposegait, kinds=("nm-01", "nm-05", "bg-01", "cl-01")
    )
    store = tmp_path / "store"
    command = ("import", "opengait", root, "--dataset", "casia-b", "--store", store, "--workers", 1)
    assert gaitheat(monkeypatch, *command) == 0
    assert "16 clips, 192 frames, from 16 recordings" in capfd.readouterr().out
    assert gaitheat(monkeypatch, "evaluate", "--store", store, "--embedding", "mean-heatmap", "--json") == 0
    (report,) = json.loads(capfd.readouterr().out)
    assert report["protocol"] == "casia-b"
    assert report["subjects"] == 2


def test_mistakes_are_one_line(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    there = ("--dataset", "casia-b", "--store", tmp_path / "store")
    for arguments, expected in [
        (there, "expected either ROOT, or some of --silhouettes"),
        ((root, "--poses", root, *there), "expected either ROOT"),
        ((tmp_path, *there), "expected files <subject>/<kind>/<view>/*.pkl below it"),
        ((root, "--rate", 0, *there), "expected a rate above 0"),
        ((root, "--dataset", "casia", "--store", tmp_path / "store"), "no data set is called 'casia'"),
    ]:
        assert gaitheat(monkeypatch, "import", "opengait", *arguments) == 2
        said = capfd.readouterr().err
        assert expected in said
        assert said.count("\n") == 1
    assert not (tmp_path / "store").exists() or ClipStore(tmp_path / "store").infos() == []


def test_a_malicious_pickle_is_named_and_the_exit_code_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = lookalikes.casia_b(tmp_path / "data", lookalikes.opengait_poses, ("075",), ("nm-01",))
    bad = root / "075" / "nm-01" / "000" / "000.pkl"
    bad.write_bytes(pickle.dumps(Malicious(tmp_path / "mark")))
    store = tmp_path / "store"
    assert (
        gaitheat(
            monkeypatch, "import", "opengait", root, "--dataset", "casia-b", "--store", store, "--workers", 1
        )
        == 2
    )
    answer = capfd.readouterr()
    assert "1 clips, 12 frames, from 2 recordings" in answer.out
    assert f"{bad}: refused and not run, it names 'io.open'" in answer.err
    assert not (tmp_path / "mark").exists()
