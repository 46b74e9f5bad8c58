"""Several processes at once, and sudden death."""

import time

import lance
import numpy as np
import pytest

from gaitheat.gallery.gallery import Gallery
from gallery_walks import (
    DIMENSION,
    EMBEDDER,
    PROCESSES,
    Notes,
    embedding,
    enroll,
    enroll_many,
    holds,
    killed,
    noted,
    walk,
)


def test_two_processes_enrolling_at_once_lose_nothing_while_a_third_reads(tmp_path):
    folder, notes = tmp_path / "known", Notes(tmp_path / "notes")
    Gallery.create(folder, EMBEDDER, DIMENSION)
    writers = [PROCESSES.Process(target=enroll_many, args=(folder, who, 12, notes)) for who in (1, 2)]
    for writer in writers:
        writer.start()
    reader, seen = Gallery.open(folder), 0
    while any(writer.is_alive() for writer in writers):
        now = len(reader.search(embedding(1), EMBEDDER, 100))
        assert now >= seen
        seen = now
        time.sleep(0.01)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert reader.people() == {f"<{who}-{number}>": 1 for who in (1, 2) for number in range(12)}


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_gallery_killed_at_any_moment_loses_at_most_what_was_in_flight(tmp_path, kills):
    folder, notes = tmp_path / "known", Notes(tmp_path / "notes")
    random = np.random.default_rng(kills)
    for who in range(kills):
        killed(folder, who, notes, random.uniform(0, 0.15))
        people = Gallery.open(folder).people()
        gone, doubtful = noted(notes, "-"), noted(notes, "?")
        kept = noted(notes, "+") - doubtful
        # What was reported is so; what was in flight, at most one call a life, is done or not begun.
        assert kept <= people.keys()
        assert not gone & people.keys()
        assert all(takes == 1 for takes in people.values())
        assert len(people.keys() - kept) <= who + 1
        assert not any(holds(folder, name.encode()) for name in gone)
    gallery = Gallery.open(folder)
    enroll(gallery, "Anna", 1)
    assert gallery.search(embedding(1), EMBEDDER, 1)[0].name == "Anna"
    # The next writer has finished what the killed ones left undone.
    people = gallery.people()
    assert not any(holds(folder, name.encode()) for name in doubtful - people.keys())
    assert len(lance.dataset(folder).versions()) == 1


@pytest.mark.slow
def test_the_folder_grows_with_the_takes_and_not_with_their_square(tmp_path):
    gallery = Gallery.create(tmp_path / "known", EMBEDDER, DIMENSION)

    def size():
        files = [file for file in gallery.path.rglob("*") if file.is_file()]
        return sum(file.stat().st_size for file in files), len(files)

    sizes = []
    for half in range(2):
        for seed in range(60):
            gallery.enroll(f"person {half} {seed}", [walk(60 * half + seed)], EMBEDDER)
        sizes.append(size())
    (first, _), (second, files) = sizes
    assert second < 3 * first
    assert files < 40
