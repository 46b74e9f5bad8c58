"""The product as it is used: its commands, from a video to a name; and what is said to bad input.

Most tests see a drawn world through `video.fakes`; those that take `assets` or `demo_halves` see real people.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import lance
import numpy as np
import pytest

from gaitheat import cli, tables
from gaitheat.demo import HALF
from gaitheat.gallery import table as gallery_table
from gaitheat.packed import PackedClips, pack
from gaitheat.recognizer import Viewer
from gaitheat.skeleton import JOINTS
from gaitheat.store import ClipStore
from gaitheat.video.protocols import Detector, PoseEstimator, Poses
from gaitheat.video.reader import open_source
from halves import Halves
from video.fakes import BlobDetector, BlobEstimator, BlobExtractor, DrawnVideo, Person, clock, record, walking

VERBS = [verb.__name__.replace("_", "-") for verb in cli.VERBS]
WALK = [Person(walking(20, 30))]
TESTS = Path(__file__).parent


class Answer:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def complaint(self) -> str:
        """The one line of a refusal."""
        assert self.code == 2, self.err
        assert self.err.startswith("gaitheat: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.out == ""
        return self.err.removeprefix("gaitheat: ").strip()

    def rows(self) -> list[dict[str, Any]]:
        assert self.code == 0, self.err
        rows: list[dict[str, Any]] = json.loads(self.out)
        return rows


Gaitheat = Callable[..., Answer]


@pytest.fixture
def gaitheat(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Gaitheat:
    """Runs a command in this process."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["gaitheat", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Answer(int(ended.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extraction sees blobs."""
    see_with(monkeypatch, BlobEstimator())


def see_with(monkeypatch: pytest.MonkeyPatch, estimator: PoseEstimator) -> None:
    def parts(_: object, cores: int) -> tuple[Detector, PoseEstimator]:
        return BlobDetector(), estimator

    monkeypatch.setattr("gaitheat.video.extractor.Extractor", BlobExtractor)
    monkeypatch.setattr(BlobExtractor, "parts", parts)
    monkeypatch.setattr(Viewer, "_parts", (BlobDetector(), estimator))


@pytest.fixture
def remembered(demo_halves: Halves, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video that is the demo's: it was looked at before."""

    def people(_: object, video: Path, start: int = 0, *__: object) -> Iterator[object]:
        yield from demo_halves.second if start == HALF else demo_halves.first

    monkeypatch.setattr(Viewer, "people", people)
    return Path("demo.mp4")


def drawn_video(path: Path, people: list[Person] | None = None, seconds: float = 2.0, **kind: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return record(DrawnVideo(WALK if people is None else people, clock(seconds), **kind), path)


# --- help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS)], ids=str)
def test_help(gaitheat: Gaitheat, verb: list[str]) -> None:
    answer = gaitheat(*verb, "--help")
    assert answer.code == 0
    assert answer.err == ""
    for word in verb or VERBS:
        assert word in answer.out


def test_help_loads_nothing_heavy() -> None:
    heavy = ["av", "cv2", "lance", "matplotlib", "numpy", "openvino", "pyarrow", "torch"]
    program = (
        "import atexit, sys; from gaitheat.cli import main; sys.argv = ['gaitheat', 'identify', '--help'];"
        f"atexit.register(lambda: print('loaded:', sorted(set({heavy}) & set(sys.modules)))); main()"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip().endswith("loaded: []")


def test_what_is_misspelt_is_answered_with_the_right_word(gaitheat: Gaitheat) -> None:
    for arguments, right in [
        (["identify", "gallery", "video", "--treshold", "0.3"], "--threshold"),
        (["identity", "gallery", "video"], "identify"),
        (["assets", "fetsch"], "fetch"),
        ([], "extract"),
    ]:
        answer = gaitheat(*arguments)
        assert answer.code == 2
        assert right in answer.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["evaluate", "--store", "{store}", "--protocol", "kht"], "is called 'kht': expected one of kth"),
        (["evaluate", "--store", "{store}", "--protocol", "kth", "--embedding", "a"], "is called 'a': exp"),
        (["evaluate", "--store", "{store}", "--protocol", "kth"], "expects clips of data set 'kth', but got"),
        (["evaluate", "--store", "{store}"], "expected --protocol with a data set's name"),
        (["evaluate", "{new}", "--store", "{store}", "--protocol", "kth"], "expected a checkpoint, but"),
        (["show", "{store}", "--masks", "{new}"], "begins with '': it holds no clips"),
        (["extract", "{folder}", "--store", "{new}", "--dataset", "casia"], "expected one of kth"),
        (["extract", "{folder}", "--store", "{new}", "--dataset", "kth"], "expected the KTH list"),
        (["extract", "{video}", "--store", "{folder}"], "is no clip store: it holds walk.avi"),
        (["extract", "{video}", "--store", "{video}"], "is a file, but a clip store is a folder"),
        (["extract", "{new}", "--store", "{new}"], "is no file: check the spelling"),
        (["extract", "{video}", "--store", "{new}", "--onnx", "a", "--vitpose", "b"], "one estimator"),
        (["show", "{folder}"], "is no clip store"),
        (["show", "{new}"], "there is no clip store at"),
        (["show", "{video}"], "is no file of packed clips"),
        (["show", "{store}", "anna"], "begins with 'anna': it holds no clips"),
        (["pack", "{store}", "{video}"], "exists: remove it first"),
        (["pack", "{new}", "a.arrow"], "there is no clip store at"),
        (["identify", "{new}", "{video}"], "no gallery at"),
        (["identify", "{new}", "{folder}"], "no gallery at"),
        (["identify", "{store}", "{video}"], "no gallery at"),
        (["enroll", "{new}", "{video}", "--as", "a\nb"], "a person's name must be some text in one line"),
        (["enroll", "{new}", "{video}", "--as", "a", "--embedding", "mean"], "no embedding is called 'mean'"),
        (["enroll", "{new}", "{video}", "--as", "a", "--start", "5", "--stop", "5"], "expected frames"),
        (["enroll", "{new}", "{video}", "--as", "a", "--start", "999"], "expected frames from number 999 on"),
        (["enroll", "{new}", "{video}", "--as", "a"], "expected a person who walks, but found none"),
        (["verify", "{video}", "{new}", "--threshold", "nan"], "a threshold is a distance from 0 to 2"),
        (["people", "{folder}"], "no gallery at"),
        (["forget", "{new}", "Anna"], "no gallery at"),
        (["export-gallery", "{new}", "a.npz"], "no gallery at"),
        (["merge", "{new}", "{folder}"], "no gallery at"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(
    gaitheat: Gaitheat, drawn: None, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    places = {"video": tmp_path / "in" / "walk.avi", "folder": tmp_path / "in", "new": tmp_path / "new"}
    drawn_video(places["video"])
    store = tmp_path / "store"
    if "{store}" in arguments:
        ClipStore.open_or_create(store)
    answer = gaitheat(*(argument.format(store=store, **places) for argument in arguments))
    assert expected in answer.complaint
    assert [item.name for item in places["folder"].iterdir()] == ["walk.avi"]


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gaitheat", "people", str(tmp_path)]
    plain, debug = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=False)
        for more in ([], ["--debug"])
    )
    assert plain.returncode == 2
    assert "Traceback" not in plain.stderr
    assert debug.returncode == 1
    assert "Traceback" in debug.stderr
    assert "GaitheatError: no gallery at" in debug.stderr


# --- from a video to a name -------------------------------------------------------------------------------


@pytest.mark.slow
def test_from_a_video_to_a_name(gaitheat: Gaitheat, assets: dict[str, Path], tmp_path: Path) -> None:
    video, gallery = assets["demo-video"], tmp_path / "gallery"
    walker = ("--as", "the walker", "--embedding", "mean-heatmap")
    enrolled = gaitheat("enroll", gallery, video, *walker, "--start", 60, "--stop", HALF)
    assert enrolled.out == "the walker: enrolled\n"
    (person,) = gaitheat("identify", gallery, video, "--start", HALF, "--json").rows()
    assert person["name"] == person["matches"][0]["name"] == "the walker"


@pytest.mark.slow
def test_a_stream_gives_the_same_name(
    gaitheat: Gaitheat, assets: dict[str, Path], remembered_gallery: Path
) -> None:
    second_half = ("identify", remembered_gallery, assets["demo-video"], "--start", HALF, "--json")
    (person,), (streamed,) = gaitheat(*second_half).rows(), gaitheat(*second_half, "--stream").rows()
    assert streamed["name"] == person["name"] == "the walker"
    assert streamed["matches"][0]["distance"] == pytest.approx(person["matches"][0]["distance"], abs=0.15)


@pytest.mark.slow
def test_from_a_video_to_pictures(gaitheat: Gaitheat, assets: dict[str, Path], tmp_path: Path) -> None:
    video, store, packed = tmp_path / "short.mp4", tmp_path / "store", tmp_path / "clips.arrow"
    first_packets(assets["demo-video"], 60, video)
    first = gaitheat("extract", video, "--store", store)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith(f"{store}: 2 clips, ")
    assert gaitheat("extract", video, "--store", store).out.endswith("(1 were there already)\n")

    assert gaitheat("pack", store, packed).out.startswith(f"{packed}: ")
    keys = [info.key for info in ClipStore(store).infos()]
    assert [info.key for info in PackedClips(packed).infos()] == keys
    pictures = gaitheat("show", packed, keys[0], "--out", tmp_path / "out").out.splitlines()
    assert [Path(line).stat().st_size > 10_000 for line in pictures] == [True, True]


def first_packets(video: Path, count: int, path: Path) -> None:
    """The beginning of a video, copied without decoding."""
    with av.open(str(video)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in islice(source.demux(video=0), count):
            packet.stream = stream
            target.mux(packet)


def test_people_are_known_until_they_are_forgotten(
    gaitheat: Gaitheat, remembered: Path, tmp_path: Path
) -> None:
    gallery, name = tmp_path / "a gallery", "Zoë / 李小龍 🚶"
    gaitheat("enroll", gallery, remembered, "--as", f" {name} ", "--embedding", "mean-heatmap")
    again = gaitheat("enroll", gallery, remembered, "--as", name)
    assert again.out == f"{name}: enrolled by this video already, nothing changed\n"
    assert "is enrolled as" in gaitheat("enroll", gallery, remembered, "--as", "Bo").complaint
    assert gaitheat("people", gallery, "--json").rows() == [{"name": name, "takes": 1}]

    answer = gaitheat("identify", gallery, remembered, "--csv")
    standing, walking_by = sorted(csv.DictReader(io.StringIO(answer.out)), key=lambda row: row["name"])
    assert walking_by["name"] == name
    assert standing["reason"].startswith("not walking: feet move 0.")
    assert name in gaitheat("identify", gallery, remembered).out
    unknown = gaitheat("identify", gallery, remembered, "--start", HALF, "--threshold", "0", "--json").rows()
    assert [row["name"] for row in unknown] == [None]

    assert "did you mean" in gaitheat("forget", gallery, "Zoe / 李小龍").complaint
    assert gaitheat("forget", gallery, name).out == f"{name}: forgotten, 1 takes\n"
    left = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert name.encode() not in left
    assert gaitheat("people", gallery).out == "none\n"
    (nobody,) = gaitheat("identify", gallery, remembered, "--start", HALF, "--json").rows()
    assert nobody["reason"] == "nobody is enrolled"


def test_every_video_of_a_folder_is_enrolled_and_the_others_are_reported(
    gaitheat: Gaitheat, demo_halves: Halves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def people(_: object, video: Path, *__: object) -> Iterator[object]:
        open_source(video)
        yield from demo_halves.first

    monkeypatch.setattr(Viewer, "people", people)
    drawn_video(tmp_path / "anna" / "a.avi")
    (tmp_path / "anna" / "b.avi").write_text("no video")
    who = ("--as", "Anna", "--embedding", "mean-heatmap")
    enrolled = gaitheat("enroll", tmp_path / "gallery", tmp_path / "anna", *who, "--json")
    assert enrolled.code == 2
    assert "b.avi: expected a video" in enrolled.err
    video = str(tmp_path / "anna" / "a.avi")
    assert json.loads(enrolled.out) == [{"name": "Anna", "video": video, "added": 1, "known": 0}]
    assert gaitheat("forget", tmp_path / "gallery", "Anna", "--json").rows() == [{"name": "Anna", "takes": 1}]


def test_verify(gaitheat: Gaitheat, remembered: Path) -> None:
    both = ("verify", remembered, remembered, "--embedding", "mean-heatmap")
    (row,) = gaitheat(*both, "--json").rows()
    assert row["same"] is True
    assert row["distance"] == pytest.approx(0, abs=1e-6)
    (row,) = csv.DictReader(io.StringIO(gaitheat(*both, "--csv").out))
    assert row["same"] == "True"


def test_assets_are_listed_and_checked(
    gaitheat: Gaitheat, assets: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gaitheat("assets", "verify").code == 0
    monkeypatch.setenv("GAITHEAT_CACHE", str(tmp_path))
    assert gaitheat("assets").code == 0
    missing = gaitheat("assets", "verify")
    assert missing.code == 2
    assert missing.out.count("missing") == len(assets)


def test_a_data_set_is_extracted_and_evaluated(gaitheat: Gaitheat, drawn: None, tmp_path: Path) -> None:
    folder, store, lines = tmp_path / "kth", tmp_path / "store", []
    for subject in (1, 2, 3):
        for scenario in (1, 2, 3, 4):
            name = f"person{subject:02}_walking_d{scenario}"
            drawn_video(folder / f"{name}_uncomp.avi", [Person(walking(20 + subject, 30, height=50))], 1.2)
            lines.append(f"{name}\tframes\t1-15, 16-30")
    (folder / "00sequences.txt").write_text("\n".join(lines))
    extracted = gaitheat("extract", folder, "--store", store, "--dataset", "kth", "--workers", 1)
    assert extracted.out.startswith(f"{store}: 24 clips, 360 frames, from 24 recordings\n")
    reports = gaitheat("evaluate", "--store", store, "--json").rows()
    assert [report["embedding"] for report in reports] == ["mean-heatmap", "mean-silhouette", "mean-skeleton"]
    page = tmp_path / "page.html"
    few = ("--store", store, "--protocol", "kth", "--embedding", "mean-skeleton")
    table = gaitheat("evaluate", *few, "--distance", "cos", "--control", "one-frame", "--report", page)
    assert table.code == 0
    assert "mean-skeleton: kth, 3 subjects, 24 clips, cosine distance, control: one-frame" in table.out
    assert "d1 -> d4" in table.out
    assert table.err == f"page: {page}\n"
    assert "mean-skeleton on kth" in page.read_text("utf-8")


def test_a_checkpoint_is_evaluated_and_looked_at(gaitheat: Gaitheat, tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    from gaitheat.networks import network_called
    from gaitheat.training.checkpoints import Checkpoint, save
    from training.walks import RECIPE, walks

    pack(walks(subjects=4, dataset="walkers-1-indoor"), tmp_path / "clips.arrow")
    network = network_called("gaitheat-s").build(0, **RECIPE.network.settings())
    people = ("walkers-1-indoor/001", "somewhere/002")
    save(tmp_path / "run", Checkpoint(RECIPE, people, network.state_dict(), {}))
    kept = ("--store", tmp_path / "clips.arrow", "--embedding", "mean-skeleton", "--adapt", "--json")
    table = gaitheat("evaluate", tmp_path / "run", *kept)
    assert "1 of the people tested were trained on" in table.err
    network_report, other = table.rows()
    assert network_report["embedding"].startswith("gaitheat-s/")
    assert other["embedding"] == "mean-skeleton"
    assert network_report["adapted"]["adaptation"].startswith("camera means, whitening")
    shown = gaitheat("show", tmp_path / "clips.arrow", "--masks", tmp_path / "run", "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    assert shown.out.count("_") >= len(JOINTS) - 1  # a line a channel: left_eye, right_eye, ...
    assert cv2.imread(str(tmp_path / "out" / "masks.png")) is not None


def test_extraction_into_one_file(gaitheat: Gaitheat, drawn: None, tmp_path: Path) -> None:
    folder, packed = tmp_path / "videos", tmp_path / "clips.arrow"
    drawn_video(folder / "a.avi")
    assert gaitheat("extract", folder, "--store", packed).out.startswith(f"{packed}: 1 clips")
    drawn_video(folder / "b.avi", [Person(walking(30, 25))])
    assert "(1 were there already)" in gaitheat("extract", folder, "--store", packed).out
    assert len(PackedClips(packed).infos()) == 2
    assert "clips.png" in gaitheat("show", packed, "--out", tmp_path / "out").out
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["clips.arrow", "out", "videos"]


# --- bad videos -------------------------------------------------------------------------------------------


def audio(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return path


def cut_off(path: Path) -> Path:
    content = drawn_video(path).read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    return path


BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty.mp4": (lambda path: path.write_bytes(b""), "expected a video, got an empty file"),
    "text.mp4": (lambda path: path.write_text("once upon a time"), "got a file that cannot be read as one"),
    "audio.mp4": (audio, "expected a video stream that can be decoded, got only: audio"),
}


def test_one_bad_file_does_not_stop_the_others(gaitheat: Gaitheat, drawn: None, tmp_path: Path) -> None:
    videos, store = tmp_path / "videos", tmp_path / "store"
    drawn_video(videos / "good.avi")
    drawn_video(videos / "nobody.avi", [])
    cut_off(videos / "cut.avi")
    for name, (make, _) in BAD.items():
        make(videos / name)
    answer = gaitheat("extract", videos, "--store", store, "--workers", 1)
    assert answer.code == 2
    assert answer.out.startswith(f"{store}: 2 clips, ")
    assert "from 6 recordings\n" in answer.out
    assert "no person (50 frames)" in answer.out
    assert "problems: 4" in answer.err
    assert "cut.avi: " in answer.err
    assert "Traceback" not in answer.err
    for name, (_, reason) in BAD.items():
        assert any(name in line and reason in line for line in answer.err.splitlines())
    again = gaitheat("extract", videos, "--store", store, "--workers", 1)
    assert again.out.startswith(f"{store}: 0 clips, 0 frames, from 6 recordings (3 were there already)\n")
    assert again.code == 2


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_alone(
    gaitheat: Gaitheat, drawn: None, remembered_gallery: Path, tmp_path: Path, name: str
) -> None:
    make, reason = BAD[name]
    make(tmp_path / name)
    assert reason in gaitheat("identify", remembered_gallery, tmp_path / name).complaint
    assert reason in gaitheat("enroll", remembered_gallery, tmp_path / name, "--as", "Anna").complaint
    answer = gaitheat("extract", tmp_path / name, "--store", tmp_path / "store")
    assert answer.code == 2
    assert reason in answer.err
    assert "Traceback" not in answer.err


@pytest.fixture
def remembered_gallery(demo_halves: Halves, tmp_path: Path) -> Path:
    from gaitheat.recognizer import Recognizer

    Recognizer(tmp_path / "gallery", "mean-heatmap").enroll_clip(demo_halves.walker, "the walker")
    return tmp_path / "gallery"


def test_a_folder_of_videos_is_identified(
    gaitheat: Gaitheat, drawn: None, remembered_gallery: Path, tmp_path: Path
) -> None:
    drawn_video(tmp_path / "videos" / "deep" / "a.avi")
    (tmp_path / "videos" / "b.mp4").write_text("no video")
    drawn_video(tmp_path / "videos" / "c.avi", [])
    answer = gaitheat("identify", remembered_gallery, tmp_path / "videos", "--json")
    assert answer.code == 2
    assert "b.mp4: expected a video" in answer.err
    rows = json.loads(answer.out)
    assert [Path(row["video"]).name for row in rows] == ["c.avi", "a.avi"]
    assert rows[0]["reason"] == "not usable: no person (50 frames)"
    assert rows[1]["reason"].startswith("not walking: feet move 0.00")


def test_pictures_of_an_answer_look_at_the_video_once(
    gaitheat: Gaitheat, drawn: None, remembered_gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, looks, people = drawn_video(tmp_path / "in" / "a b.avi"), [], Viewer.people

    def counted(viewer: Viewer, *rest: Any) -> Any:
        looks.append(rest)
        return people(viewer, *rest)

    monkeypatch.setattr(Viewer, "people", counted)
    overlay, report = tmp_path / "new" / "out.mp4", tmp_path / "new" / "page.html"
    pictures = ("--overlay", overlay, "--report", report)
    (person,) = gaitheat("identify", remembered_gallery, video, *pictures, "--json").rows()
    assert len(looks) == 1
    assert len(list(open_source(overlay))) == len(list(open_source(video)))
    page = report.read_text("utf-8")
    for words in ("a b.avi", person["reason"], "1 people, 1 takes", "mean-heatmap", "--overlay"):
        assert escape(words) in page


def test_pictures_are_of_one_video_with_somebody_in_it(
    gaitheat: Gaitheat, drawn: None, remembered_gallery: Path, tmp_path: Path
) -> None:
    empty = drawn_video(tmp_path / "in" / "empty.avi", [])
    overlay, report = tmp_path / "out.mp4", tmp_path / "page.html"
    pictures = ("--overlay", overlay, "--report", report)
    answer = gaitheat("identify", remembered_gallery, empty, *pictures)
    assert answer.code == 0
    assert answer.err == f"{empty}: nobody was followed, so {overlay} was not written\n"
    assert not overlay.exists()
    assert "no person (50 frames)" in report.read_text("utf-8")
    drawn_video(tmp_path / "in" / "other.avi")
    several = gaitheat("identify", remembered_gallery, tmp_path / "in", *pictures)
    assert "are of one video, but" in several.complaint


def test_a_gallery_goes_into_a_file_and_into_another_gallery(
    gaitheat: Gaitheat, remembered_gallery: Path, tmp_path: Path
) -> None:
    file, other = tmp_path / "people.npz", tmp_path / "other"
    assert gaitheat("export-gallery", remembered_gallery, file).out.startswith(f"{file}: 1 takes, ")
    assert gaitheat("merge", other, file).out == f"{other}: 1 takes added, 0 were there already\n"
    (merged,) = gaitheat("merge", other, remembered_gallery, "--json").rows()
    assert (merged["added"], merged["known"]) == (0, 1)
    assert gaitheat("people", other, "--json").rows() == [{"name": "the walker", "takes": 1}]


def test_what_was_found_before_ctrl_c_is_printed(
    gaitheat: Gaitheat, drawn: None, remembered_gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        drawn_video(tmp_path / "videos" / f"{name}.avi")
    people = Viewer.people

    def stopped(viewer: Viewer, video: Path, *rest: Any) -> Any:
        if video.name == "b.avi":
            raise KeyboardInterrupt
        return people(viewer, video, *rest)

    monkeypatch.setattr(Viewer, "people", stopped)
    answer = gaitheat("identify", remembered_gallery, tmp_path / "videos", "--json")
    assert answer.code == 130
    assert answer.err == "gaitheat: stopped; what was finished is kept\n"
    assert [Path(row["video"]).name for row in json.loads(answer.out)] == ["a.avi"]


def slim(moment: float) -> tuple[float, float, float]:
    """Half a person: the other half is outside the picture."""
    return 160.0, 60.0, 60.0


@pytest.mark.parametrize(
    ("people", "kind", "seconds", "said"),
    [
        ([], {}, 2, "no person (50 frames)"),
        (WALK, {}, 0.04, "too short (1 frames)"),
        ([Person(slim)], {}, 2, "no person (50 frames)"),
        ([Person(walking(40, 20, begin=0.5, end=1.5))], {}, 2, "1 clips, "),
        pytest.param(
            [Person(walking(1900, 900, y=1000, height=1200))],
            {"size": (3840, 2160)},
            0.52,
            "1 clips, 13 frames",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["nobody", "one frame", "half a person", "somebody comes and goes", "4k"],
)
def test_odd_videos(
    gaitheat: Gaitheat,
    drawn: None,
    tmp_path: Path,
    people: list[Person],
    kind: Any,
    seconds: float,
    said: str,
) -> None:
    video, store = drawn_video(tmp_path / "odd.avi", people, seconds, **kind), tmp_path / "store"
    answer = gaitheat("extract", video, "--store", store)
    assert (answer.code, answer.err) == (0, "")
    assert said in answer.out
    assert "(1 were there already)" in gaitheat("extract", video, "--store", store).out


@pytest.mark.parametrize(
    "name",
    [
        "[bold] :smile: 李小龍 🚶.avi",
        "-v.avi",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("a b.avi", "%d.avi", "a:b.avi", "'.avi")),
    ],
)
def test_any_file_name(gaitheat: Gaitheat, drawn: None, tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and ":" in name:
        pytest.skip("Windows has no such file names")
    drawn_video(tmp_path / "walk.avi").rename(tmp_path / name)
    answer = gaitheat("extract", tmp_path / name, "--store", tmp_path / "store")
    assert (answer.code, answer.err) == (0, "")
    (info,) = ClipStore(tmp_path / "store").infos()
    assert info.source == str(tmp_path / name)
    assert gaitheat("show", tmp_path / "store", str(info.key), "--out", tmp_path / "out").code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_file_name_that_is_no_text_is_one_line(gaitheat: Gaitheat, drawn: None, tmp_path: Path) -> None:
    video = drawn_video(tmp_path / "walk.avi").rename(os.fsdecode(bytes(tmp_path) + b"/\xff.avi"))
    answer = gaitheat("extract", video, "--store", tmp_path / "store")
    assert "expected a name that is text" in answer.complaint


def test_hidden_folders_and_copies(gaitheat: Gaitheat, drawn: None, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    content = drawn_video(videos / "a" / "walk.avi").read_bytes()
    for folder in ("b", ".trash"):
        (videos / folder).mkdir()
        (videos / folder / "walk.avi").write_bytes(content)
    answer = gaitheat("extract", videos, "--store", tmp_path / "store")
    assert answer.code == 0
    assert "1 clips, " in answer.out
    assert "from 1 recordings" in answer.out
    assert answer.err == "copies of another video, not extracted again: 1\n"


class Faulty(BlobEstimator):
    """Loses its head now and then."""

    def __init__(self, every: int, value: float) -> None:
        super().__init__()
        self.every, self.value = every, value

    def __call__(self, crops: np.ndarray) -> Poses:
        before = self.crops
        poses = super().__call__(crops)
        bad = np.arange(before, self.crops) % self.every == 0
        poses.keypoints[bad] = self.value
        return poses


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_estimator_that_fails_on_some_frames(
    gaitheat: Gaitheat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: float
) -> None:
    video, store = drawn_video(tmp_path / "walk.avi"), tmp_path / "store"
    see_with(monkeypatch, Faulty(5, value))
    answer = gaitheat("extract", video, "--store", store)
    assert (answer.code, answer.err) == (0, "")
    assert "keypoints not finite" in answer.out
    (info,) = ClipStore(store).infos()
    assert len(info) >= 30
    (clip,) = ClipStore(store).read([(info.key, None)])
    assert np.isfinite(clip.keypoints).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_estimator_that_fails_on_all_frames(
    gaitheat: Gaitheat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: float
) -> None:
    see_with(monkeypatch, Faulty(1, value))
    answer = gaitheat("extract", drawn_video(tmp_path / "walk.avi"), "--store", tmp_path / "store")
    assert (answer.code, answer.err) == (0, "")
    assert "0 clips" in answer.out
    assert "refused: 1" in answer.out


def altered(video: Path, path: Path, alter: Callable[[np.ndarray], np.ndarray], frames: slice) -> Path:
    """Some frames of a video with other pixels."""
    with av.open(str(video)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("h264", rate=30, options={"preset": "ultrafast"})
        for frame in islice(source.decode(video=0), frames.start, frames.stop):
            pixels = np.ascontiguousarray(alter(frame.to_ndarray(format="rgb24")))
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        target.mux(stream.encode(None))
    return path


def noise(pixels: np.ndarray) -> np.ndarray:
    return np.random.default_rng(int(pixels[0, 0, 0])).integers(0, 256, (240, 320, 3), np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alter", "frames", "said"),
    [
        (noise, slice(0, 30), "no person (30 frames)"),
        (lambda pixels: pixels[460:800], slice(85, 115), "partly outside the picture"),
        (lambda pixels: cv2.resize(pixels, (3840, 2160)), slice(80, 110), " 60 frames"),
    ],
    ids=["noise", "half a person", "4k"],
)
def test_odd_videos_for_real(
    gaitheat: Gaitheat, assets: dict[str, Path], tmp_path: Path, alter: Any, frames: slice, said: str
) -> None:
    video = altered(assets["demo-video"], tmp_path / "odd.mp4", alter, frames)
    answer = gaitheat("extract", video, "--store", tmp_path / "store")
    assert (answer.code, answer.err) == (0, "")
    assert said in answer.out


# --- bad places -------------------------------------------------------------------------------------------


def test_of_another_version(
    gaitheat: Gaitheat, remembered_gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ClipStore.open_or_create(tmp_path / "store")
    monkeypatch.setattr(tables, "FORMAT", 3)
    monkeypatch.setattr(gallery_table, "FORMAT", "99")
    assert "format" in gaitheat("show", tmp_path / "store").complaint
    assert "but this gaitheat reads format 99" in gaitheat("people", remembered_gallery).complaint


def test_a_full_disk_loses_nothing(
    gaitheat: Gaitheat, drawn: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    first = drawn_video(tmp_path / "first.avi")
    gaitheat("extract", first, "--store", store)
    second = drawn_video(tmp_path / "second.avi", [Person(walking(30, 25))])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lance, "write_dataset", full)
        assert "cannot write to the store" in gaitheat("extract", second, "--store", store).complaint
        complaint = gaitheat("extract", second, "--store", tmp_path / "new").complaint
        assert "No space left on device" in complaint
    assert len(ClipStore(store).infos()) == 1
    assert "1 clips" in gaitheat("extract", second, "--store", store).out
    assert len(ClipStore(store).infos()) == 2


def test_a_place_that_cannot_be_written(
    gaitheat: Gaitheat, drawn: None, remembered: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    video = drawn_video(tmp_path / "walk.avi")
    for arguments in (
        ["extract", video, "--store", file / "store"],
        ["enroll", file / "gallery", remembered, "--as", "Anna"],
    ):
        assert str(file) in gaitheat(*arguments).complaint
    assert file.read_text() == "not a folder"


# --- many at once, and stopped ----------------------------------------------------------------------------

PROGRAM = """
import sys
from functools import partial
import gaitheat.video.extractor
from gaitheat.cli import main
from video.fakes import BlobExtractor

if __name__ == "__main__":
    gaitheat.video.extractor.Extractor = partial(BlobExtractor, pause=float(sys.argv.pop(1)))
    main()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a command that sees blobs, with a pause at each crop, as a process of its own."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    started: list[subprocess.Popen[str]] = []

    def run(pause: float, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(program), str(pause), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for others")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "seconds"),
    [(1, 1.0), (2, 0.2), (2, 3.0)],
    ids=["alone", "while workers start", "with workers"],
)
def test_ctrl_c_keeps_what_was_finished(
    gaitheat: Gaitheat, drawn: None, start: Callable[..., Any], tmp_path: Path, workers: int, seconds: float
) -> None:
    videos, store = tmp_path / "videos", tmp_path / "store"
    for number in range(6):
        drawn_video(videos / f"{number}.avi", [Person(walking(20 + number, 30))])
    process = start(0.02, "extract", videos, "--store", store, "--workers", workers)
    while not (store / "clips.lance").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "gaitheat: stopped; what was finished is kept\n"
    kept = len(ClipStore(store).infos())
    assert kept < 6
    answer = gaitheat("extract", videos, "--store", store, "--workers", 1)
    assert f"{6 - kept} clips" in answer.out
    assert len(ClipStore(store).infos()) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for others")
def test_ctrl_c_ends_it_however_many_videos_wait(start: Callable[..., Any], tmp_path: Path) -> None:
    content = drawn_video(tmp_path / "walk.avi").read_bytes()
    (tmp_path / "videos").mkdir()
    for number in range(200):  # more than a pipe between processes holds
        (tmp_path / "videos" / f"{number}-{'x' * 200}.avi").write_bytes(content)
    process = start(0.01, "extract", tmp_path / "videos", "--store", tmp_path / "store", "--workers", 2)
    while not (tmp_path / "store" / "clips.lance").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "gaitheat: stopped; what was finished is kept\n")


def test_two_extractions_into_one_store(start: Callable[..., Any], tmp_path: Path) -> None:
    for number in range(3):
        drawn_video(tmp_path / "videos" / f"{number}.avi", [Person(walking(20 + number, 30))])
    command = ("extract", tmp_path / "videos", "--store", tmp_path / "store", "--workers", 1)
    processes = [start(0.001, *command) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
    store = ClipStore(tmp_path / "store")
    assert len(store.read([(info.key, None) for info in store.infos()])) == 3


def test_walkers_without_their_extra_are_one_line() -> None:
    program = (
        "import sys; sys.modules['numba'] = None; sys.argv = ['gaitheat', 'walkers', 'tiny', '--store', 'x'];"
        "from gaitheat.cli import main; main()"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert said.stderr.splitlines() == [
        "gaitheat: walkers need numba, which the core has not: pip install 'gaitheat[walkers]'"
    ]
