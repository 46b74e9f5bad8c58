"""Walkers through the real estimator into a store, by any number of processes, with the truth beside them."""

import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from gaitheat.clips import Clip
from gaitheat.packed import PackedClips
from gaitheat.packed_sink import PackedSink
from gaitheat.video.extractor import Extractor
from gaitheat.video.pool import Summary, extract_all
from gaitheat.walkers.accuracy import all_errors, summary
from gaitheat.walkers.report import write_report
from gaitheat.walkers.walk import Walk

pytestmark = pytest.mark.usefixtures("assets")

WALKS = [
    Walk("walkers-1-indoor", "0001", "nm", "01", 18, 14),
    Walk("walkers-1-indoor", "0002", "bg", "01", 90, 14),
    Walk("walkers-1-indoor", "0003", "cl", "01", 162, 14),
]

WITHOUT = """
import sys
for name in ("lance", "openvino"):
    sys.modules[name] = None
from pathlib import Path
from test_generation import WALKS, generate

if __name__ == "__main__":
    generate(Path(sys.argv[1]), 1, WALKS[:1])
"""


def generate(path: Path, workers: int, walks: list[Walk]) -> Summary:
    return extract_all(walks, PackedSink(path), Extractor(), workers, lambda done, total: None)


def clips(path: Path) -> list[Clip]:
    source = PackedClips(path)
    return source.read([(info.key, None) for info in source.infos()])


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walkers") / "walkers.arrow"
    generate(path, 1, WALKS)
    return path


def test_every_walk_gives_a_clip_and_its_truth(generated: Path) -> None:
    found = {(clip.key.dataset, clip.key.subject, clip.estimator.name) for clip in clips(generated)}
    assert found == {
        (f"walkers-1-indoor{suffix}", f"000{number}", name)
        for number in (1, 2, 3)
        for suffix, name in (("", "blazepose-full"), ("-truth", "truth"))
    }


def test_the_estimator_finds_the_joints_where_they_are(generated: Path) -> None:
    figures = summary("all", list(all_errors(PackedClips(generated))), [])
    assert figures.detected == 1
    assert figures.median < 5  # pixels of a person 150 pixels tall
    assert figures.overlap > 0.85


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(generated: Path, tmp_path: Path) -> None:
    generate(tmp_path / "two.arrow", 2, WALKS[::-1])
    for one, two in zip(clips(generated), clips(tmp_path / "two.arrow"), strict=True):
        assert one.key == two.key
        assert np.array_equal(one.heatmaps, two.heatmaps)
        assert np.array_equal(one.keypoints, two.keypoints)
        assert np.array_equal(one.phase, two.phase) or one.phase is two.phase is None


def test_what_is_there_is_not_made_again(generated: Path) -> None:
    again = generate(generated, 1, WALKS)
    assert (again.skipped, again.clips) == (3, 0)


@pytest.mark.slow
def test_the_report_has_a_table_and_pictures(generated: Path, tmp_path: Path) -> None:
    table, views, strips, video = write_report(PackedClips(generated), tmp_path)
    text = table.read_text()
    assert "synthetic" in text
    assert all(f"| {row} |" in text for row in ("all", "nm", "bg", "cl", "view 018", "view 090", "view 162"))
    assert views.stat().st_size > 10_000
    assert strips.stat().st_size > 10_000
    with av.open(str(video)) as film:
        assert len(list(film.decode(video=0))) == 14


@pytest.mark.slow
def test_it_needs_neither_lance_nor_openvino(generated: Path, tmp_path: Path) -> None:
    program, path = tmp_path / "program.py", tmp_path / "without.arrow"
    program.write_text(WITHOUT)
    folders = os.pathsep.join(map(str, (Path(__file__).parent, Path(__file__).parents[1])))
    command = [sys.executable, str(program), str(path)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": folders}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ours, theirs = clips(generated)[0], clips(path)[0]
    assert ours.key == theirs.key
    assert len(ours) == len(theirs)
    # Another runtime and another detector: the crops differ by fractions of a pixel, and so do the joints.
    apart = np.linalg.norm(ours.keypoints[..., :2] - theirs.keypoints[..., :2], axis=2)
    assert np.median(apart) < 2
