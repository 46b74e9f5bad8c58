import errno
import unicodedata

import lance
import numpy as np
import pyarrow as pa
import pytest
from filelock import FileLock

from gaitheat.errors import GaitheatError
from gaitheat.gallery import table as gallery_table
from gaitheat.gallery.gallery import Enrolled, Gallery, Match
from gallery_walks import DIMENSION, EMBEDDER, contents, embedding, enroll, holds, walk


@pytest.fixture
def gallery(tmp_path):
    return Gallery.create(tmp_path / "known", EMBEDDER, DIMENSION)


# Search


@pytest.mark.parametrize("seed", range(5))
def test_search_finds_what_a_double_loop_finds(tmp_path, seed):
    random = np.random.default_rng(seed)
    gallery = Gallery.create(tmp_path / "known", EMBEDDER, 6)
    takes = [walk(number, embedding=embedding(1000 * seed + number, 6)) for number in range(60)]
    names = [f"person {number}" for number in random.integers(0, 12, len(takes))]
    for name in set(names):
        gallery.enroll(name, [t for t, n in zip(takes, names, strict=True) if n == name], EMBEDDER)
    probe = embedding(7777 + seed, 6)
    smallest: dict[str, float] = {}
    for take, name in zip(takes, names, strict=True):
        squares = sum((float(a) - float(b)) ** 2 for a, b in zip(take.embedding, probe, strict=True))
        smallest[name] = min(smallest.get(name, np.inf), squares**0.5)
    expected = sorted((distance, name) for name, distance in smallest.items())
    for k in (1, 3, 100):
        found = gallery.search(probe, EMBEDDER, k)
        assert [match.name for match in found] == [name for _, name in expected[:k]]
        np.testing.assert_allclose(
            [match.distance for match in found], [d for d, _ in expected[:k]], rtol=1e-5
        )


def test_distances_far_below_the_rounding_of_a_matrix_product_are_told_apart(gallery):
    probe = embedding(0)
    for step in (3, 1, 2):
        near = probe.copy()
        near[0] += step * 1e-5
        gallery.enroll(f"{step} away", [walk(step, embedding=near)], EMBEDDER)
    found = gallery.search(probe, EMBEDDER)
    assert [match.name for match in found] == ["1 away", "2 away", "3 away"]
    np.testing.assert_allclose([match.distance for match in found], [1e-5, 2e-5, 3e-5], rtol=0.01)


def test_an_enrolled_take_is_at_distance_zero_and_an_empty_gallery_knows_nobody(gallery):
    assert gallery.search(embedding(1), EMBEDDER) == []
    assert gallery.people() == {}
    enroll(gallery, "Anna", 1, 2)
    assert gallery.search(embedding(1), EMBEDDER) == [Match("Anna", 0.0, 0.0)]


def test_a_gallery_sees_what_others_enrol_and_forget(gallery):
    other = Gallery.open(gallery.path)
    assert gallery.search(embedding(1), EMBEDDER) == []
    enroll(other, "Anna", 1)
    assert gallery.search(embedding(1), EMBEDDER) == [Match("Anna", 0.0, 0.0)]
    other.forget("Anna")
    assert gallery.search(embedding(1), EMBEDDER) == []


def test_reading_writes_nothing_and_needs_no_lock(gallery, monkeypatch):
    enroll(gallery, "Anna", 1)

    def refuse(*_):
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    before = {file: file.stat().st_mtime_ns for file in gallery.path.parent.rglob("*")}
    reader = Gallery.open(gallery.path)
    assert reader.search(embedding(1), EMBEDDER)[0].name == "Anna"
    assert reader.people() == {"Anna": 1}
    assert {file: file.stat().st_mtime_ns for file in gallery.path.parent.rglob("*")} == before


# Enrolment


def test_takes_gather_under_a_name_and_the_same_walk_counts_once(gallery):
    assert enroll(gallery, "Anna", 1, 2) == Enrolled(added=2, known=0)
    assert enroll(gallery, " Anna ", 2, 3, 3) == Enrolled(added=1, known=2)
    assert enroll(gallery, "Anna", 1) == Enrolled(added=0, known=1)
    enroll(gallery, "Abe", 4)
    assert list(gallery.people().items()) == [("Abe", 1), ("Anna", 3)]


def test_what_is_known_of_a_take_is_kept(gallery):
    enroll(gallery, "Anna", 1)
    (row,) = lance.dataset(gallery.path).to_table().to_pylist()
    np.testing.assert_array_equal(np.array(row["embedding"], np.float32), embedding(1))
    assert (row["name"], row["frames"], row["source"]) == ("Anna", 50, "walk 1.mp4")
    assert (row["sha256"], row["estimator"]) == (walk(1).sha256, walk(1).estimator)
    assert row["enrolled"].endswith("+00:00")


def test_a_walk_of_someone_else_is_refused_with_their_name_and_nothing_is_added(gallery):
    enroll(gallery, "Anna", 1)
    with pytest.raises(GaitheatError, match=r"cannot enrol 'Bo'.*walk 1\.mp4.*'Anna'"):
        enroll(gallery, "Bo", 2, 1)
    assert gallery.people() == {"Anna": 1}


def test_two_people_in_one_video_can_both_be_enrolled(gallery):
    gallery.enroll("Anna", [walk(1, part="track 1")], EMBEDDER)
    gallery.enroll("Bo", [walk(1, part="track 2", embedding=embedding(2))], EMBEDDER)
    assert gallery.people() == {"Anna": 1, "Bo": 1}


def test_other_takes_come_in_the_place_of_all_that_a_person_had(gallery):
    enroll(gallery, "Anna", 1, 2)
    enroll(gallery, "Bo", 3)
    assert gallery.replace(" Anna", [walk(2), walk(4), walk(5)], EMBEDDER) == 2
    assert gallery.people() == {"Anna": 3, "Bo": 1}
    assert not holds(gallery.path.parent, embedding(1).tobytes())
    assert gallery.search(embedding(2), EMBEDDER, 1) == [Match("Anna", 0.0, 0.0)]
    for name, seed, told in (("Anna", 3, "enrolled as 'Bo'"), ("Ana", 9, "did you mean 'Anna'")):
        with pytest.raises(GaitheatError, match=told):
            gallery.replace(name, [walk(seed)], EMBEDDER)
    assert gallery.people() == {"Anna": 3, "Bo": 1}


def test_everybody_is_the_same_object_until_the_gallery_changes(gallery):
    gallery.enroll("Anna", [walk(1, camera="door"), walk(2)], EMBEDDER)
    known = gallery.everybody()
    assert (known.names, known.cameras) == (["Anna"], ("door", ""))
    assert gallery.everybody() is known
    enroll(gallery, "Bo", 3)
    assert gallery.everybody().names == ["Anna", "Bo"]


NAMES = ["李 雷", "../../etc/passwd", 'O\'Brien; -- "x" %_ \\', "CON", "🚶🏽‍♀️ مریم‌", "a" * 3000]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_enrolled_found_and_forgotten_and_makes_no_file(gallery, name):
    enroll(gallery, name, 1)
    enroll(gallery, "Anna", 2)
    assert gallery.search(embedding(1), EMBEDDER)[0].name == name
    beside = {file.name for file in gallery.path.parent.iterdir()}
    assert beside == {"known", "known.lock"}
    assert all(name not in str(file.relative_to(gallery.path)) for file in gallery.path.rglob("*"))
    assert gallery.forget(name) == 1
    assert gallery.people() == {"Anna": 1}


def test_a_name_is_the_same_however_its_accents_are_typed(gallery):
    enroll(gallery, unicodedata.normalize("NFD", "Zoë"), 1)
    enroll(gallery, "Zoë", 2)
    assert gallery.people() == {"Zoë": 2}


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "nul\0", "\ud800"])
def test_a_name_that_is_no_line_of_text_is_refused(gallery, name):
    with pytest.raises(GaitheatError, match="one line"):
        enroll(gallery, name, 1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (embedding(1, 5), "48 numbers.*it has 5"),
        (embedding(1) * np.float32(1.01), "length is 1.01"),
        (np.full(DIMENSION, np.nan, np.float32), "finite"),
        (np.full(DIMENSION, 1e30, np.float32), "finite"),
        (np.zeros(DIMENSION, np.float32), "length is 0"),
    ],
)
def test_embeddings_that_are_no_unit_vectors_of_its_dimension_are_refused(gallery, wrong, told):
    with pytest.raises(GaitheatError, match=told):
        gallery.enroll("Anna", [walk(1), walk(2, embedding=wrong)], EMBEDDER)
    with pytest.raises(GaitheatError, match=told):
        gallery.search(wrong, EMBEDDER)
    assert gallery.people() == {}


def test_a_wish_for_nothing_is_refused(gallery):
    with pytest.raises(GaitheatError, match="at least one walk"):
        enroll(gallery, "Anna")
    with pytest.raises(GaitheatError, match="at least 1 person"):
        gallery.search(embedding(1), EMBEDDER, 0)


# What it is bound to


def test_another_embedder_is_refused_by_both_names(gallery):
    other = "mean-silhouette-1/vitpose/rgb-1/00000000"
    both = f"'{EMBEDDER}'.*'{other}'"
    for attempt in (
        lambda: gallery.enroll("Anna", [walk(1)], other),
        lambda: gallery.search(embedding(1), other),
        lambda: Gallery.create(gallery.path, other, DIMENSION),
    ):
        with pytest.raises(GaitheatError, match=both):
            attempt()


def test_create_opens_what_is_there_but_not_of_another_dimension(gallery):
    enroll(gallery, "Anna", 1)
    again = Gallery.create(gallery.path, EMBEDDER, DIMENSION)
    assert (again.people(), again.embedder, again.dimension) == ({"Anna": 1}, EMBEDDER, DIMENSION)
    with pytest.raises(GaitheatError, match="48 numbers, but 49"):
        Gallery.create(gallery.path, EMBEDDER, 49)


def test_a_gallery_that_was_replaced_while_open_is_not_confused_with_the_old_one(gallery):
    enroll(gallery, "Anna", 1)
    gallery.path.rename(gallery.path.with_name("old"))
    Gallery.create(gallery.path, EMBEDDER, DIMENSION)
    for attempt in (gallery.people, lambda: enroll(gallery, "Bo", 2)):
        with pytest.raises(GaitheatError, match="replaced"):
            attempt()


def foreign(folder, kind):
    """Makes something that is no gallery at ``folder``."""
    if kind == "a file":
        folder.write_text("Anna")
    elif kind in ("an empty folder", "a folder of pictures", "a clip store"):
        folder.mkdir()
    if kind == "a folder of pictures":
        (folder / "1.png").write_bytes(b"\x89PNG")
    if kind == "a clip store":
        lance.write_dataset(pa.table({"subject": ["Anna"]}), folder / "clips.lance")
    if kind == "a table":
        lance.write_dataset(pa.table({"name": ["Anna"]}), folder)
    if kind == "a later format":
        table = pa.table({"name": ["Anna"]}).replace_schema_metadata({"gaitheat.gallery": "99"})
        lance.write_dataset(table, folder)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "there is nothing"),
        ("a file", "that is a file"),
        ("an empty folder", "the folder is empty"),
        ("a folder of pictures", "something else"),
        ("a clip store", "something else"),
        ("a table", "another kind of table"),
        ("a later format", "format 99.*reads format 2: use"),
    ],
)
def test_what_is_no_gallery_is_named_and_left_alone(tmp_path, kind, told):
    folder = tmp_path / "place"
    foreign(folder, kind)
    before = contents(tmp_path)
    with pytest.raises(GaitheatError, match=told) as caught:
        Gallery.open(folder)
    assert "\n" not in str(caught.value)
    if kind not in ("nothing", "an empty folder"):
        with pytest.raises(GaitheatError, match=told):
            Gallery.create(folder, EMBEDDER, DIMENSION)
        assert {**contents(tmp_path), **before}.keys() <= {*before, str(tmp_path / "place.lock")}
        assert before.items() <= contents(tmp_path).items()


def test_a_gallery_can_be_made_in_an_empty_folder_and_below_folders_that_do_not_exist(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a b" / "c%20d #1 é"):
        gallery = Gallery.create(str(folder), EMBEDDER, DIMENSION)
        enroll(gallery, "Anna", 1)
        assert Gallery.open(str(folder)).people() == {"Anna": 1}


# Forgetting


def test_forgetting_removes_every_byte_of_a_person_and_of_nobody_else(gallery):
    for seed in range(40):
        enroll(gallery, f"Somebody Else {seed}", seed)
    enroll(gallery, "Anna Karenina", 100, 101)
    enroll(gallery, "Last One", 200)
    marks = [b"Anna Karenina", embedding(100).tobytes(), embedding(101).tobytes(), walk(100).sha256.encode()]
    assert all(holds(gallery.path.parent, mark) for mark in marks)
    assert gallery.forget(" Anna Karenina") == 2
    assert not any(holds(gallery.path.parent, mark) for mark in marks)
    # Nor parts of them: no eight bytes of the embedding are left.
    numbers = embedding(100).tobytes()
    assert not any(holds(gallery.path.parent, numbers[i : i + 8]) for i in range(0, len(numbers), 8))
    assert gallery.people() == {**{f"Somebody Else {seed}": 1 for seed in range(40)}, "Last One": 1}
    assert gallery.search(embedding(7), EMBEDDER, 1) == [Match("Somebody Else 7", 0.0, 0.0)]
    assert len(lance.dataset(gallery.path).versions()) == 1


def test_the_last_person_can_be_forgotten_and_enrolled_again(gallery):
    enroll(gallery, "Anna", 1)
    assert gallery.forget("Anna") == 1
    assert gallery.people() == {}
    assert not holds(gallery.path.parent, b"Anna")
    assert enroll(gallery, "Anna", 1) == Enrolled(added=1, known=0)


def test_an_unknown_name_is_answered_with_close_ones(gallery):
    enroll(gallery, "Anna Karenina", 1)
    with pytest.raises(GaitheatError, match="called 'ana karenina'; did you mean 'Anna Karenina'"):
        gallery.forget("ana karenina")
    with pytest.raises(GaitheatError, match=r"called 'Xi'$"):
        gallery.forget("Xi")


@pytest.mark.parametrize("next_write", ["forget", "enrol"])
def test_a_forgetting_that_was_cut_short_is_finished_by_the_next_write(gallery, monkeypatch, next_write):
    enroll(gallery, "Bo", 2)
    enroll(gallery, "Anna Karenina", 1)

    def die_before_sweeping(path, rows):
        lance.write_dataset(rows, path, mode="overwrite")
        raise OSError("power failure")

    with monkeypatch.context() as cut:
        cut.setattr(gallery_table, "rewrite", die_before_sweeping)
        with pytest.raises(GaitheatError, match="power failure"):
            gallery.forget("Anna Karenina")
    assert holds(gallery.path, b"Anna Karenina")
    if next_write == "forget":
        with pytest.raises(GaitheatError, match="nobody"):
            gallery.forget("Anna Karenina")
    else:
        enroll(gallery, "Bo", 2)
    assert not holds(gallery.path, b"Anna Karenina")
    assert not holds(gallery.path, embedding(1).tobytes())
    assert gallery.people() == {"Bo": 1}


def test_forgetting_says_so_when_a_file_could_not_be_deleted(gallery, monkeypatch):
    enroll(gallery, "Anna", 1)
    monkeypatch.setattr(lance.LanceDataset, "cleanup_old_versions", lambda *_, **__: None)
    with pytest.raises(GaitheatError, match=r"'Anna' is not found by these takes any more, but.*\.lance"):
        gallery.forget("Anna")


# The disk


@pytest.mark.parametrize("refusal", [OSError(errno.ENOSPC, "No space left on device"), PermissionError("no")])
def test_a_disk_that_refuses_loses_nothing(gallery, monkeypatch, refusal):
    enroll(gallery, "Anna", 1)

    def refuse(*_, **__):
        raise refusal

    for place, name in ((lance, "write_dataset"), (FileLock, "acquire")):
        with monkeypatch.context() as full:
            full.setattr(place, name, refuse)
            for attempt in (lambda: enroll(gallery, "Bo", 2), lambda: gallery.forget("Anna")):
                with pytest.raises(GaitheatError, match=r"cannot be written.*make room or allow"):
                    attempt()
    assert gallery.people() == {"Anna": 1}
    enroll(gallery, "Bo", 2)


def test_a_writer_that_never_ends_is_not_waited_for_forever(gallery, monkeypatch):
    monkeypatch.setattr(gallery_table, "LOCK_SECONDS", 0.05)
    with (
        FileLock(gallery.path.with_name("known.lock")),
        pytest.raises(GaitheatError, match="another process"),
    ):
        enroll(gallery, "Anna", 1)


def test_damaged_bytes_are_noticed(gallery):
    enroll(gallery, "Anna", 1)
    enroll(gallery, "Bo", 2)
    (file,) = (file for file in gallery.path.rglob("*.lance") if embedding(1).tobytes() in file.read_bytes())
    file.write_bytes(file.read_bytes().replace(embedding(1)[:1].tobytes(), b"\xff\xff\xff\x7f"))
    with pytest.raises(GaitheatError, match=r"damaged.*'Anna'"):
        gallery.search(embedding(2), EMBEDDER)


def test_a_missing_file_is_told_in_one_line(gallery):
    enroll(gallery, "Anna", 1)
    for file in gallery.path.rglob("*.lance"):
        file.unlink()
    for attempt in (gallery.people, lambda: gallery.search(embedding(1), EMBEDDER)):
        with pytest.raises(GaitheatError, match="cannot be read") as caught:
            attempt()
        assert "\n" not in str(caught.value)
