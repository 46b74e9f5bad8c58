"""Takes carried from gallery to gallery, and from files that others wrote."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Enrolled, Gallery, Match
from gallery_walks import DIMENSION, EMBEDDER, contents, embedding, enroll, walk

KINDS = ["parquet", "npz"]


@pytest.fixture
def gallery(tmp_path):
    gallery = Gallery.create(tmp_path / "known", EMBEDDER, DIMENSION)
    gallery.enroll("Anna", [walk(1, camera="door", part="track 2"), walk(2)], EMBEDDER)
    enroll(gallery, "Zoë 李", 3)
    return gallery


def everything(gallery):
    rows = gallery._read()[1].drop_columns(["id"]).to_pylist()
    return sorted(rows, key=lambda row: row["sha256"])


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_everything_that_is_known_arrives_in_another_gallery_once(gallery, tmp_path, kind):
    carried = gallery.path
    if kind != "folder":
        carried = tmp_path / f"people.{kind}"
        assert gallery.export(carried) == 3
        assert gallery.export(carried) == 3  # in the place of the first
    other = Gallery.create_like(tmp_path / "other", carried)
    assert other.merge(carried) == Enrolled(added=3, known=0)
    assert everything(other) == everything(gallery)
    assert Gallery.create_like(tmp_path / "other", carried).merge(carried) == Enrolled(added=0, known=3)
    assert other.search(embedding(3), EMBEDDER, 1) == [Match("Zoë 李", 0.0, 0.0)]
    beside = {item.name for item in tmp_path.iterdir()} - {"known", "known.lock", "other", "other.lock"}
    assert beside == ({carried.name} if kind != "folder" else set())


def test_a_merged_gallery_adds_takes_to_people_of_the_same_name(gallery, tmp_path):
    other = Gallery.create(tmp_path / "other", EMBEDDER, DIMENSION)
    enroll(other, "Anna", 2, 4)
    enroll(other, "Bo", 5)
    assert gallery.merge(other.path) == Enrolled(added=2, known=1)
    assert gallery.people() == {"Anna": 3, "Bo": 1, "Zoë 李": 1}


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_a_walk_under_two_names_is_said_and_nothing_is_merged(gallery, tmp_path, kind):
    other = Gallery.create(tmp_path / "other", EMBEDDER, DIMENSION)
    enroll(other, "Bo", 5, 2)
    carried = other.path
    if kind != "folder":
        carried = tmp_path / f"people.{kind}"
        other.export(carried)
    before = contents(gallery.path)
    with pytest.raises(GaitheatError, match=r"cannot enrol 'Bo': this walk in walk 2\.mp4.*'Anna'"):
        gallery.merge(carried)
    assert contents(gallery.path) == before


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_embeddings_of_others_are_refused(gallery, tmp_path, kind):
    other = Gallery.create(tmp_path / "other", "gaitheat-s-00000000/vitpose/rgb-1/00000000", DIMENSION)
    other.enroll("Bo", [walk(5)], other.embedder)
    carried = other.path
    if kind != "folder":
        carried = tmp_path / f"people.{kind}"
        other.export(carried)
    for attempt in (lambda: gallery.merge(carried), lambda: Gallery.create_like(gallery.path, carried)):
        with pytest.raises(GaitheatError, match=r"mean-heatmap-1.*cannot be compared.*gaitheat-s-00000000"):
            attempt()
    assert "Bo" not in gallery.people()


def plain(count=3):
    """The least that a file must have."""
    embeddings = np.stack([embedding(seed) for seed in range(10, 10 + count)])
    return {"name": [f" person {n}" for n in range(count)], "embedding": embeddings, "embedder": EMBEDDER}


def written(path, columns):
    """By the libraries that others would take."""
    if path.suffix == ".npz":
        np.savez(path, **columns)
    else:
        count = len(columns["name"])
        lists = {**columns, "embedding": list(columns["embedding"])}
        pq.write_table(
            pa.table({n: [v] * count if isinstance(v, str) else v for n, v in lists.items()}), path
        )
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_people_are_enrolled_from_embeddings_that_others_wrote(tmp_path, kind):
    file = written(tmp_path / f"people.{kind}", plain() | {"camera": ["door", "", "gate"]})
    gallery = Gallery.create_like(tmp_path / "known", file)
    assert (gallery.embedder, gallery.dimension) == (EMBEDDER, DIMENSION)
    assert gallery.merge(file) == Enrolled(added=3, known=0)
    assert gallery.merge(file) == Enrolled(added=0, known=3)  # equal embeddings are the same walk
    assert gallery.people() == {f"person {n}": 1 for n in range(3)}
    assert gallery.everybody().cameras == ("door", "", "gate")
    assert {row["source"] for row in everything(gallery)} == {file.name}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"embedding": plain()["embedding"] * np.float32(2)}, "length 1, but its length is 2"),
        ({"embedding": plain()["embedding"][:, :5]}, "48 numbers"),
        ({"name": ["Anna", "  ", "Bo"]}, "one line"),
        ({"camera": ["door", "", "two\nlines"]}, "a camera's name must be"),
        ({"colour": ["a", "b", "c"]}, "also has colour"),
        ({"frames": [1.5, 2, 3]}, "frames in .* must be integers"),
        ({"embedder": [EMBEDDER, "another", EMBEDDER]}, "several embedders"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(gallery, tmp_path, kind, change, told):
    file = written(tmp_path / f"people.{kind}", plain() | change)
    with pytest.raises(GaitheatError, match=told) as caught:
        gallery.merge(file)
    assert "\n" not in str(caught.value)
    assert gallery.people() == {"Anna": 2, "Zoë 李": 1}


def lacking(name):
    columns = plain()
    del columns[name]
    return columns


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (lacking("embedder"), "lacks embedder"),
        (lacking("embedding"), "lacks embedding"),
        (plain() | {"name": ["Anna"]}, "3 embeddings, so expected as many of name"),
        (plain() | {"name": np.array(["Anna", "Bo", 3], object)}, "cannot read"),
        (plain() | {"embedding": np.ones((3, DIMENSION), int)}, "fractions"),
        (plain() | {"embedding": np.ones((0, DIMENSION)), "name": []}, "at least one take"),
    ],
)
def test_arrays_that_are_no_takes_are_told_in_one_line(gallery, tmp_path, columns, told):
    np.savez(tmp_path / "people.npz", **columns)
    with pytest.raises(GaitheatError, match=told):
        gallery.merge(tmp_path / "people.npz")


def test_what_holds_no_takes_is_named(gallery, tmp_path):
    for name, told in (
        ("people.csv", r"named \.parquet or \.npz"),
        ("a.npz", "cannot read"),
        ("b.parquet", "read"),
    ):
        (tmp_path / name).write_bytes(b"Anna")
        with pytest.raises(GaitheatError, match=told):
            gallery.merge(tmp_path / name)
    with pytest.raises(GaitheatError, match="there is nothing"):
        gallery.merge(tmp_path / "nowhere")
    uneven = pa.table({"name": ["a", "b"], "embedder": [EMBEDDER] * 2, "embedding": [[1.0], [0.6, 0.8]]})
    pq.write_table(uneven, tmp_path / "uneven.parquet")
    with pytest.raises(GaitheatError, match="different lengths"):
        gallery.merge(tmp_path / "uneven.parquet")


def test_an_export_is_refused_before_it_writes_what_cannot_be_read_again(gallery, tmp_path):
    with pytest.raises(GaitheatError, match=r"named \.parquet or \.npz"):
        gallery.export(tmp_path / "people.csv")
    with pytest.raises(GaitheatError, match="nothing to export"):
        Gallery.create(tmp_path / "empty", EMBEDDER, DIMENSION).export(tmp_path / "people.npz")
    assert not list(tmp_path.glob("people*"))
