"""The page of a look at a video: who, why, how near; it stands alone, and a name is text whatever it is."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from factories import make_clip, make_key
from gaitheat.clips import Clip
from gaitheat.gallery.search import KnownPeople, Match
from gaitheat.pages.identity import STRIP_FRAMES, identity_page, write_identity_page
from gaitheat.pages.scores import Rule, axis_of, rule_of, score_figure
from gaitheat.recognition.quality import Quality
from gaitheat.recognition.scoring import calibrated
from gaitheat.recognition.verdicts import WALKERS, ByDistance, ByFalseAlarms
from gaitheat.recognizer import Person
from pages.test_page import Page
from test_overlay import Corridor

NAME = '<b onclick="x">Anna</b> & Co'
GOOD = Quality(True, (), True, 2.4, 60, 200.0, "from the side", 0.87)
STRANGERS = np.random.default_rng(0).normal(-1, 0.5, 99).astype(np.float32)
RULE = Rule(-1.9, 0.05, STRANGERS, 33)


def clip(track: int, frames: int = 12) -> Clip:
    return make_clip(frames, seed=track, key=make_key(track=track))


def seen() -> list[Person]:
    """Somebody known, somebody unknown, somebody who stands, and a track that was refused."""
    matches = (Match(NAME, 0.3, -3.1), Match("Bo", 0.5, -1.2))
    standing = GOOD._replace(usable=False, walking=False, reasons=("not walking: feet move 0.1",))
    return [
        Person(0, None, "not walking: feet move 0.1", clip=clip(0), quality=standing),
        Person(1, None, "nobody known: the nearest, Bo", matches[1:], None, clip(1), GOOD, 0.4),
        Person(2, NAME, "only 1 % of strangers", matches, None, clip(2), GOOD, 0.01),
        Person(3, None, "not usable: too short <i>"),
    ]


@pytest.fixture(scope="module")
def text() -> str:
    return page(seen())


def page(people: list[Person], rule: Rule = RULE) -> str:
    return identity_page(
        "door & gate.mp4", people, {}, rule, "gaitheat identify 'a & b'", [("gallery", "<g>")]
    )


def test_everybody_is_told_the_most_telling_first(text: str) -> None:
    read = Page(text)
    for words in (NAME, "door & gate.mp4", "only 1 % of strangers", "gaitheat identify 'a & b'", "<g>"):
        assert words in read.words
    assert "not usable: too short <i>" in read.words
    articles = [attributes for tag, attributes in read.tags if tag == "article"]
    assert [(each["class"], each["id"]) for each in articles] == [
        ("known", "track-2"),
        ("unknown", "track-1"),
        ("unusable", "track-0"),
    ]
    tally = read.words.split("who is that?")[1][:200]
    assert re.findall(r"(\d) +(named|unknown|without)", tally) == [
        ("1", "named"),
        ("1", "unknown"),
        ("2", "without"),
    ]
    for fact in ("200 pixels tall", "from the side", "2.4 s, 60 frames", "0.87 of 1"):
        assert fact in read.words


def test_film_strips_show_the_person_and_the_maps(text: str) -> None:
    read = Page(text)
    assert read.count("img") == 3 * 2 * STRIP_FRAMES
    assert all(attributes["alt"] for tag, attributes in read.tags if tag == "img")


def test_nothing_is_loaded_and_nothing_runs(text: str) -> None:
    bare = re.sub(r"base64,[\w+/=]+", "", text)
    assert "<script" not in text
    assert "<b onclick" not in text
    assert not re.search(r"(?:https?:)?//|@import|url\(", bare)
    assert all(
        link.startswith(("#track-", "data:image/")) for link in re.findall(r'(?:src|href)="([^"]*)"', text)
    )
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_longer_bars_are_nearer_and_the_threshold_is_between_the_named_and_the_others() -> None:
    matches = seen()[2].matches
    text = score_figure(matches, RULE, axis_of(RULE, matches), named=True)
    assert "gaitheat calibrate" not in text
    bars = [float(place) for place in re.findall(r"--to:([\d.]+)", text)]
    at, limit = (float(re.findall(rf"--{name}:([\d.]+)", text)[0]) for name in ("at", "limit"))
    assert bars[0] == at > limit > bars[1] > 0
    assert "5 % false alarms" in text
    assert "99 searches of this gallery by 33 strangers" in text
    assert "None of them came as near" in text
    walkers = score_figure(matches, RULE._replace(crowd=WALKERS), axis_of(RULE, matches), named=True)
    assert "by 33 virtual walkers" in walkers
    assert "gaitheat calibrate" in walkers


def test_the_hill_is_cut_at_the_threshold() -> None:
    """The share of the area beyond the threshold is the share of strangers that come so near."""
    text = score_figure(seen()[2].matches, RULE, axis_of(RULE, []), named=True)
    areas = []
    for name in ("refused", "passed"):
        (outline,) = re.findall(rf'<polygon class="{name}" points="([^"]*)"', text)
        x, y = np.array([point.split(",") for point in outline.split()], float).T
        areas.append(float(np.trapezoid(40 - y, x)))
    beyond = float((RULE.threshold >= STRANGERS).mean())
    assert areas[1] / sum(areas) == pytest.approx(beyond, abs=0.05)


def test_without_strangers_the_threshold_is_a_distance() -> None:
    matches = (Match("Bo", 0.3, 0.3), Match("Cy", 0.45, 0.45))
    rule = rule_of(ByDistance(KnownPeople([], np.empty((0, 2), np.float32)), 0.385))
    text = score_figure(matches, rule, axis_of(rule, matches), named=True)
    assert "threshold 0.39" in text
    assert "gaitheat calibrate" in text
    assert "<svg" not in text


def test_the_rule_is_the_recogniser_s() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(46, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known = KnownPeople(["Anna", "Bo"], vectors[:2])
    found = calibrated(vectors[:2], vectors[2:], np.arange(44) // 2)
    judge = ByFalseAlarms(known, found, 0.1, WALKERS)
    rule = rule_of(judge)
    assert (rule.far, rule.people, len(rule.strangers), rule.crowd) == (0.1, 22, 44, WALKERS)
    for probe in (vectors[0], vectors[5]):
        verdict = judge.verdict(probe)
        assert (verdict.matches[0].score < rule.threshold) == (verdict.name is not None)


def test_strangers_who_are_all_alike_and_a_threshold_nobody_misses() -> None:
    rule = Rule(float("inf"), 0.9, np.full(5, -1, np.float32), 5)
    text = score_figure(seen()[2].matches, rule, axis_of(rule, seen()[2].matches), named=True)
    assert "nan" not in text
    assert "inf" not in text


def test_who_does_not_fit_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitheat.pages.identity.SHOWN", 2)
    people = [replace(seen()[1], track=number, clip=clip(number, 1)) for number in range(4)]
    read = Page(page(people))
    assert read.count("article") == 2
    assert "track 3" in read.words
    assert "Seen, but not shown" in read.words


def test_in_an_empty_gallery_nobody_is_near() -> None:
    empty = Rule(float("inf"), 0.05, people=33)
    nobody = Person(1, None, "nobody is enrolled", (), None, clip(1), GOOD)
    assert "nobody is enrolled" in Page(page([nobody], empty)).words


def test_nobody_was_seen() -> None:
    read = Page(page([]))
    assert "Nobody was seen." in read.words
    assert read.count("article") == 0


def test_it_is_written_with_crops_of_the_recording(tmp_path: Path) -> None:
    short = replace(clip(0, 4), times=np.arange(4) / 25)
    write_identity_page(
        tmp_path / "new" / "page.html", Corridor(), [Person(0, None, "why", clip=short)], RULE, "c", []
    )
    read = Page((tmp_path / "new" / "page.html").read_text("utf-8"))
    assert "corridor" in read.words
    assert read.count("img") == 2 * 4
