"""The page: what it does and says without a browser; and, where there is one, all of it as a user sees it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factories import make_clip
from gaitheat import embeddings
from gaitheat.app import cards, desk, server
from gaitheat.app.desk import Desk, Look
from gaitheat.clips import Refusal
from gaitheat.demo import HALF, stranger_clips
from gaitheat.errors import GaitheatError
from gaitheat.film import film_at
from gaitheat.recognizer import Recognizer
from gaitheat.video.reader import open_source
from video.fakes import BlobDetector, BlobEstimator, DrawnVideo, clock, record, walking
from video.fakes import Person as Blob

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NAME = "Anna <b> {{x}} ${1 + 1}"
"""Would be markup, or a place to fill in, for who takes text for that."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty, of an embedding that needs no network, and with real passers-by as strangers."""
    path = tmp_path_factory.mktemp("galleries") / "gallery"
    clips = list(stranger_clips())
    Recognizer(path, "mean-heatmap").calibrate(clips[2:])
    return path


@pytest.fixture
def shop(gallery: Path, tmp_path: Path) -> Desk:
    return Desk(Path(shutil.copytree(gallery, tmp_path / "gallery")))


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Of a gallery that is not there yet, and that needs no network; its videos show blobs."""
    monkeypatch.setattr(desk, "Recognizer", partial(Recognizer, embedding="mean-heatmap"))
    made = Desk(tmp_path / "new")
    made.recognizer.viewer.__dict__["_parts"] = BlobDetector(), BlobEstimator()
    return made


@pytest.fixture
def look(shop: Desk) -> Look:
    return shop.look_at_clip(next(stranger_clips()), "door.mp4")


def test_a_walk_is_named_once_it_is_enrolled_and_forgotten_for_good(shop: Desk, look: Look) -> None:
    assert [person.name for person in shop.identify(look, 0.5)] == [None]
    assert "is remembered" in shop.enroll(look.seen[0], " Anna ")
    assert [person.name for person in shop.identify(look, 0.5)] == ["Anna"]
    assert shop.people() == {"Anna": 1}
    assert "already" in shop.enroll(look.seen[0], "Anna")
    assert "Anna is forgotten" in shop.forget("Anna")
    assert [person.name for person in shop.identify(look, 0.5)] == [None]
    assert shop.people() == {}


def test_the_rate_changes_the_answer_and_nothing_is_computed_anew(
    shop: Desk, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.enroll(look.seen[0], "Anna")
    other = shop.look_at_clip(list(stranger_clips())[1], "yard.mp4")
    (person,) = shop.identify(other, 0.5)
    assert person.false_alarm is not None

    def forbidden(*_: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(embeddings.Moments, "embed", forbidden)
    monkeypatch.setattr(shop.recognizer.viewer, "people", forbidden)
    answers = [shop.identify(other, far)[0].name for far in (person.false_alarm - 0.01, 0.99)]
    assert answers == [None, "Anna"]


def test_a_rate_that_cannot_be_told_is_said_on_the_card(shop: Desk, look: Look) -> None:
    shop.enroll(look.seen[0], "Anna")
    (person,) = shop.identify(look, 0.001)
    assert person.name is None
    assert "strangers" in person.reason
    assert "strangers" in cards.tracks(look, [person], 0.001)


def test_only_strangers_of_ones_own_promise_a_rate(fresh: Desk, shop: Desk) -> None:
    assert not fresh.calibrated
    assert "1 virtual walker in 20" in cards.rate_in_words(0.05, fresh.calibrated)
    assert "gaitheat calibrate" in cards.rate_in_words(0.05, fresh.calibrated)
    assert shop.calibrated
    assert "1 stranger in 20" in cards.rate_in_words(0.05, shop.calibrated)


def test_a_new_gallery_knows_nobody_and_is_not_made_by_looking(fresh: Desk) -> None:
    look = fresh.look_at_clip(next(stranger_clips()), "door.mp4")
    (person,) = fresh.identify(look, 0.05)
    assert (person.name, person.reason) == (None, "nobody is known yet")
    assert person.quality is not None
    assert fresh.people() == {}
    assert not fresh.recognizer.path.exists()


def test_a_video_shows_everybody_and_leaves_only_its_name(fresh: Desk, tmp_path: Path) -> None:
    blobs = [Blob(walking(30, 10)), Blob(walking(110, 10), 1)]
    (tmp_path / "upload-4711").mkdir()
    video = record(DrawnVideo(blobs, clock(2)), tmp_path / "upload-4711" / "door.avi")
    look = fresh.look(video)
    assert look.name == "door.avi"
    assert [seen.clip.source for seen in look.seen] == ["door.avi"] * 2
    assert all("data:image" in seen.film for seen in look.seen)
    video.unlink()
    fresh.enroll(look.seen[0], "Anna")
    files = [file for file in fresh.recognizer.path.rglob("*") if file.is_file()]
    assert any(b"door.avi" in file.read_bytes() for file in files)
    assert not any(b"upload-4711" in file.read_bytes() for file in files)


def test_a_crowd_is_cut_and_counted(fresh: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "SHOWN_TRACKS", 1)
    blobs = [Blob(walking(30, 10)), Blob(walking(110, 10, begin=0.5), 1)]
    look = fresh.look(record(DrawnVideo(blobs, clock(2)), tmp_path / "crowd.avi"))
    assert ([seen.clip.key.track for seen in look.seen], look.rest) == ([0], 1)
    assert "crowd.avi: 2 people followed" in cards.tracks(look, fresh.identify(look, 0.5), 0.5)


def test_what_is_no_video_is_one_line(fresh: Desk, tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear Anna")
    with pytest.raises(GaitheatError, match=r"^letter\.mp4: "):
        fresh.look(tmp_path / "letter.mp4")


def test_cards_escape_what_they_are_given(shop: Desk) -> None:
    look = shop.look_at_clip(next(stranger_clips()), "<i>.mp4")
    shop.enroll(look.seen[0], NAME)
    page = (
        cards.tracks(look, shop.identify(look, 0.9), 0.9) + cards.known(shop.people()) + cards.message(NAME)
    )
    assert "Anna &lt;b&gt;" in page
    assert "<b> {{" not in page
    assert "<i>.mp4" not in page


def test_a_refused_track_says_why(shop: Desk) -> None:
    clip = make_clip()
    refusal = Refusal(replace(clip.key, track=3), "door.mp4", clip.sha256, clip.estimator, "too short", 9)
    page = cards.tracks(Look("door.mp4", (), (refusal,)), [], 0.05)
    assert "Not usable" in page
    assert "too short: 9 frames left out" in page


def test_a_track_that_is_not_shown_is_an_error(look: Look) -> None:
    with pytest.raises(GaitheatError, match="no track 77"):
        look.track(77)


def test_a_taken_port_and_a_missing_extra_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(server, "find_spec", lambda name: None)
        with pytest.raises(GaitheatError, match=re.escape('pip install "gaitheat[app]"')):
            server.serve(None, 0, print)
    monkeypatch.setattr(server, "find_spec", lambda name: "there")
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(GaitheatError, match=f"port {port} .*--port"):
            server.serve(None, port, print)


WATCHED_PROGRAM = """
import socket, sys

LOG = sys.argv.pop(1)

def watch(event, arguments):
    if event not in ("socket.getaddrinfo", "socket.connect"):
        return
    place = arguments[event == "socket.connect"]
    host = place[0] if isinstance(place, tuple) else place
    if host not in (None, "127.0.0.1", "localhost"):
        with open(LOG, "a") as log:
            log.write(f"{event} {arguments}\\n")

sys.addaudithook(watch)
from gaitheat.cli import main
main()
"""
"""The command line, which notes down whom it wants to talk to beyond this machine."""


@pytest.fixture
def site(gallery: Path, assets: dict[str, Path], tmp_path: Path) -> Iterator[str]:
    """The address of the page, served by a program of its own; it reaches out to nobody and cleans up."""
    pytest.importorskip("gradio")
    program, log, temporary = tmp_path / "program.py", tmp_path / "log.txt", tmp_path / "temporary"
    program.write_text(WATCHED_PROGRAM)
    log.touch()
    temporary.mkdir()
    folder = shutil.copytree(gallery, tmp_path / "gallery")
    command = [sys.executable, str(program), str(log), "app", "--port", "0", "--gallery", str(folder)]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        try:
            yield served.stdout.readline().split()[0]
        finally:
            served.send_signal(signal.SIGTERM)
    assert log.read_text() == ""
    assert not list(temporary.glob("gaitheat-*"))


@pytest.fixture
def page(site: str) -> Iterator[Any]:
    """The page in a browser without a window, which loads nothing from elsewhere and shows no fault."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.set_default_timeout(180_000)
        asked: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(site)
        page.wait_for_selector("#known .hint")
        yield page
        assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
        assert faults == []
        browser.close()


@pytest.mark.slow
def test_a_user_enrols_identifies_and_refuses_in_a_browser(
    page: Any, assets: dict[str, Path], tmp_path: Path, shot: Callable[[str], None]
) -> None:
    shot("start")
    video = tmp_path / "anna.mp4"
    with film_at(video) as film:
        for frame in open_source(assets["demo-video"], 60, HALF):
            film.add(frame.rgb, frame.time)
    page.set_input_files("#upload input[type=file]", video)
    page.wait_for_selector("#tracks article.unknown")
    shot("seen")
    assert not list((tmp_path / "temporary").rglob("*.mp4"))

    page.wait_for_selector("#tracks article.unknown >> text=but there are 6")
    slide(page, 20)
    page.click("#remember")
    page.wait_for_selector("#said >> text=must be some text")
    page.fill("#name input, #name textarea", NAME)
    page.click("#remember")
    page.wait_for_selector("#tracks article.known")
    assert page.inner_text("#known li b") == NAME
    assert page.inner_text("#tracks article.known h4") == NAME
    shot("enrolled")

    page.click("#sample >> text=street, second half")
    page.wait_for_selector("#tracks >> text=street, second half")
    assert page.locator("#tracks article.known").count() == 1
    shot("identified")

    page.click("#sample >> text=a passer-by")
    page.wait_for_selector("#tracks >> text=a passer-by")
    page.wait_for_selector("#tracks article.unknown >> text=20 % are allowed")
    shot("unknown")
    slide(page, 50)
    page.wait_for_selector("#tracks article >> text=50 % are allowed")
    shot("other rate")

    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Anna")
    page.set_input_files("#upload input[type=file]", letter)
    page.wait_for_selector("#said >> text=letter.mp4")
    assert "Traceback" not in page.inner_text("body")
    shot("trouble")

    page.click("#goner input")
    page.click(f"[role=option] >> text={NAME}")
    page.click("#forget")
    page.wait_for_selector("#known .hint")
    shot("forgotten")


def slide(page: Any, percent: int) -> None:
    number = page.locator("#far input[type=number]")
    number.fill(str(percent))
    number.press("Enter")


@pytest.fixture
def shot(page: Any) -> Callable[[str], None]:
    """Takes a picture of the page, where GAITHEAT_SHOTS names a folder for them."""
    folder = os.environ.get("GAITHEAT_SHOTS")

    def take(name: str) -> None:
        if folder:
            page.wait_for_timeout(500)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take
