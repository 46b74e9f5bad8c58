"""The page of an evaluation: everything is inside, nothing is loaded, and the figures are the report's."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from factories import make_clip
from gaitheat.adaptation import CohortAdaptation
from gaitheat.clips import Clip, ClipKey
from gaitheat.datasets.protocol import Cell, Protocol, Selection
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.evaluate import Report, evaluate
from gaitheat.pages.page import evaluation_page, write_page
from training.walks import Memory

VOID = {"meta", "img", "br", "line"}
GALLERY, PROBE = Selection(takes=frozenset({"01"})), Selection(takes=frozenset({"02"}))
PROTOCOL = Protocol(
    "drawn",
    "drawn",
    (
        Cell("across <views>", GALLERY, PROBE, view_pairs="different"),
        Cell("same view", GALLERY, PROBE, view_pairs="equal"),
        Cell("pooled", GALLERY, PROBE),
    ),
    ("across <views>",),
    note="Drawn people & no others.",
)
VIEWS = ("000", "045", "090")


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += f"{data} "

    def count(self, tag: str, **attributes: str) -> int:
        return sum(name == tag and attributes.items() <= found.items() for name, found in self.tags)


def embed(clips: Sequence[Clip]) -> np.ndarray:
    """A subject's place and noise, so that some searches go wrong."""
    rows = []
    for clip in clips:
        place = np.random.default_rng(int(clip.key.subject)).normal(size=4)
        noise = np.random.default_rng(list(str(clip.key).encode())).normal(size=4)
        rows.append(place + noise)
    return np.array(rows, np.float32)


@pytest.fixture(scope="module")
def source() -> Memory:
    clips = {subject: make_clip(5, subject, silhouettes=subject % 2 == 0) for subject in range(10)}
    keys = [
        ClipKey("drawn", f"{subject:03d}", "nm", view, take, 0)
        for subject in clips
        for view in VIEWS
        for take in ("01", "02")
    ]
    return Memory([replace(clips[int(key.subject)], key=key) for key in keys])


@pytest.fixture(scope="module")
def report(source: Memory) -> Report:
    adaptation = CohortAdaptation()
    return evaluate(source, PROTOCOL, embed, "noisy", adaptation=adaptation)


def test_one_report(source: Memory, report: Report) -> None:
    page = evaluation_page([report], source, "gaitheat evaluate 'a & b'", [("checkpoint", "net/<1>")])
    read = Page(page)
    for words in ("noisy on drawn", "gaitheat evaluate 'a & b'", "net/<1>", "Drawn people & no others."):
        assert words in read.words
    assert report.headline is not None
    assert f"{100 * report.headline.value:.1f} %" in read.words
    for title in ("Curves", "Recognition", "Pairs of views", "Nearest mistakes", "Adapted to the camera"):
        assert title in read.words
    assert read.count("div", **{"class": "mistake"}) > 0
    assert read.count("img") == 3 * read.count("div", **{"class": "mistake"})
    assert all(attributes["alt"] for tag, attributes in read.tags if tag == "img")


def test_nothing_is_loaded_from_elsewhere(source: Memory, report: Report) -> None:
    page = evaluation_page([report], source, "command", [])
    assert "script" not in page
    assert not re.search(r"(?:https?:)?//", re.sub(r"base64,[\w+/=]+", "", page))
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)


def test_matrices_show_each_pair_of_views(source: Memory, report: Report) -> None:
    page = evaluation_page([report], source, "command", [])
    across, same = re.findall(r'<table class="heat".*?</table>', page)
    shares = [float(share) for share in re.findall(r"--share:([\d.]+)", across)]
    expected = [share for row in report.cells[0].view_table.rank1 for share in row if share is not None]
    assert shares == pytest.approx(expected, abs=6e-4)
    assert len(shares) == len(VIEWS) * (len(VIEWS) - 1)
    assert same.count("--share") == len(VIEWS)


def test_a_gallery_of_one_view_has_a_matrix_as_well(source: Memory) -> None:
    frontal = Cell("frontal", replace(GALLERY, views=frozenset({"000"})), PROBE, view_pairs="different")
    protocol = replace(PROTOCOL, cells=(frontal,), headline=("frontal",))
    page = evaluation_page([evaluate(source, protocol, embed, "noisy")], source, "command", [])
    (matrix,) = re.findall(r'<table class="heat".*?</table>', page)
    assert matrix.count("--share") == len(VIEWS) - 1


def test_adapted_embeddings_have_their_own_tables(source: Memory, report: Report) -> None:
    read = Page(evaluation_page([report], source, "command", []))
    assert report.adapted is not None
    assert report.adapted.headline is not None
    words = read.words.split("Adapted to the camera")[1]
    assert "camera means, whitening" in words
    assert f"{100 * report.adapted.headline.value:.1f}" in words
    assert words.count("One clip against") == 2


def test_several_reports_are_compared(source: Memory, report: Report) -> None:
    other = evaluate(source, PROTOCOL, lambda clips: embed(clips)[:, :1], "poor")
    read = Page(evaluation_page([report, other], source, "command", []))
    for words in ("against noisy", "poor: Recognition", "noisy: Recognition"):
        assert words in read.words
    assert read.count("svg") == 2


def test_what_is_not_measurable_is_said(source: Memory) -> None:
    nobody = replace(
        PROTOCOL, cells=(Cell("none", GALLERY, Selection(takes=frozenset({"09"}))),), headline=("none",)
    )
    page = Page(evaluation_page([evaluate(source, nobody, embed, "noisy")], source, "command", []))
    assert "not measurable" in page.words
    assert "no probe has a mate" in page.words
    assert "Nearest mistakes" not in page.words


def test_it_is_written_into_new_folders_or_refused(tmp_path: Path) -> None:
    write_page("<p>ü</p>", tmp_path / "new" / "page.html")
    assert (tmp_path / "new" / "page.html").read_text("utf-8") == "<p>ü</p>"
    with pytest.raises(GaitheatError, match="cannot write a page there"):
        write_page("", tmp_path)
