"""Large galleries: found by an index. Here 300 takes are large."""

import lance
import numpy as np
import pytest

from gaitheat.gallery import index as gallery_index
from gaitheat.gallery.gallery import Gallery, Match
from gallery_walks import DIMENSION, EMBEDDER, contents, embedding, holds, walk

PEOPLE, TAKES = 150, 4


def near(seed, other):
    """An embedding of the person with this number."""
    moved = embedding(seed) + np.float32(0.3) * embedding(100_000 + other)
    return moved / np.linalg.norm(moved)


def person(number):
    seeds = range(TAKES * number, TAKES * (number + 1))
    return [walk(seed, embedding=near(number, seed)) for seed in seeds]


@pytest.fixture(scope="module")
def carried(tmp_path_factory):
    """Takes of everybody, in one file."""
    everybody = Gallery.create(tmp_path_factory.mktemp("known") / "all", EMBEDDER, DIMENSION)
    names, takes = zip(*((f"<{n}>", take) for n in range(PEOPLE) for take in person(n)), strict=True)
    columns = {field: [getattr(take, field) for take in takes] for field in ("sha256", "source", "frames")}
    file = everybody.path.with_name("all.npz")
    np.savez(file, name=names, embedder=EMBEDDER, embedding=[take.embedding for take in takes], **columns)
    return file


@pytest.fixture
def indexed(tmp_path, carried, monkeypatch):
    monkeypatch.setattr(gallery_index, "EXACT_TAKES", 300)
    gallery = Gallery.create_like(tmp_path / "known", carried)
    gallery.merge(carried)
    assert gallery_index.has_index(lance.dataset(gallery.path))
    return gallery


def test_a_large_gallery_is_searched_by_its_index_and_finds_almost_everybody(indexed, monkeypatch):
    probes = [near(number, 7777 + number) for number in range(60)]
    exact = [indexed.everybody().nearest(probe, 3) for probe in probes]
    monkeypatch.setattr(Gallery, "everybody", None)  # nothing is read into memory
    found = [indexed.search(probe, EMBEDDER, 3) for probe in probes]
    assert np.mean([a[0] == b[0] for a, b in zip(exact, found, strict=True)]) > 0.95
    for right, answer in zip(exact, found, strict=True):
        assert len(answer) == 3
        assert [match.distance for match in answer] == sorted(match.distance for match in answer)
        known = {match.name: match for match in right}
        assert all(known.get(match.name, match) == match for match in answer)


def test_everybody_can_be_asked_for(indexed):
    assert len({match.name for match in indexed.search(embedding(1), EMBEDDER, 10 * PEOPLE)}) == PEOPLE


def test_who_comes_after_the_index_is_found_and_it_is_made_anew_when_they_are_many(indexed):
    def late():
        table = lance.dataset(indexed.path)
        return table.count_rows() - sum(index.num_rows_indexed for index in table.describe_indices())

    for number in range(PEOPLE, PEOPLE + 16):
        indexed.enroll(f"late {number}", person(number), EMBEDDER)
    assert late() == 16 * TAKES
    assert indexed.search(near(PEOPLE, PEOPLE * TAKES), EMBEDDER, 1) == [Match(f"late {PEOPLE}", 0.0, 0.0)]
    indexed.enroll("last", person(PEOPLE + 16), EMBEDDER)
    assert late() == 0
    assert len(lance.dataset(indexed.path).versions()) == 1


@pytest.mark.parametrize("way", ["forget", "replace"])
def test_no_byte_of_an_index_that_knew_a_person_outlives_them(indexed, way):
    before = {path for path in contents(indexed.path) if "_indices" in path}
    assert before
    if way == "forget":
        assert indexed.forget("<7>") == TAKES
    else:
        assert indexed.replace("<7>", [walk(999_999)], EMBEDDER) == TAKES
    assert gallery_index.has_index(lance.dataset(indexed.path))
    assert not before & contents(indexed.path).keys()
    assert not any(holds(indexed.path.parent, take.embedding.tobytes()) for take in person(7))
    assert indexed.search(person(7)[0].embedding, EMBEDDER, 1)[0].distance > 0.1
    assert indexed.search(person(8)[0].embedding, EMBEDDER, 1) == [Match("<8>", 0.0, 0.0)]


def test_a_gallery_that_shrinks_is_searched_exactly_again(indexed, monkeypatch):
    monkeypatch.setattr(gallery_index, "EXACT_TAKES", PEOPLE * TAKES - 1)
    indexed.forget("<7>")
    assert not any("_indices" in path for path in contents(indexed.path))
    assert indexed.search(person(8)[0].embedding, EMBEDDER, 1) == [Match("<8>", 0.0, 0.0)]
