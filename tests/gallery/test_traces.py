"""What a gallery keeps beside its takes holds nothing of the people in it."""

import numpy as np
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.strangers import Strangers
from gaitheat.gallery.table import STRANGERS
from gaitheat.recognition.cameras import learn
from gallery_walks import DIMENSION, EMBEDDER, contents, embedding, enroll, holds, walk


@pytest.fixture
def gallery(tmp_path):
    gallery = Gallery.create(tmp_path / "known", EMBEDDER, DIMENSION)
    enroll(gallery, "Anna Karenina", 1, 2)
    enroll(gallery, "Bo", 3)
    learn(gallery.path, "door", np.stack([embedding(seed) for seed in (1, 2, *range(50, 80))]))
    return gallery


def strangers(*clips):
    """Clips given as (person, seed)."""
    people, seeds = zip(*clips, strict=True)
    embeddings = np.stack([embedding(seed) for seed in seeds])
    return Strangers(embeddings, np.array(people), tuple(f"camera {seed}" for seed in seeds))


def marks(*seeds):
    return [
        b"Anna Karenina",
        *(embedding(seed).tobytes() for seed in seeds),
        *(walk(s).sha256.encode() for s in seeds),
    ]


def test_who_is_forgotten_is_gone_from_strangers_and_cameras_too(gallery):
    strangers((0, 1), (0, 30), (1, 31), (1, 32)).save(gallery.path / STRANGERS)
    unfinished = gallery.path / f".{STRANGERS}.1234"  # a process was killed while it wrote
    unfinished.write_bytes(embedding(2).tobytes())
    gallery.forget("Anna Karenina")
    assert not any(holds(gallery.path.parent, mark) for mark in marks(1, 2, 30))
    for seed in (1, 2):
        numbers = embedding(seed).tobytes()
        assert not any(holds(gallery.path.parent, numbers[i : i + 8]) for i in range(0, len(numbers), 8))
    left = Strangers.load(gallery.path / STRANGERS)
    np.testing.assert_array_equal(left.embeddings, np.stack([embedding(31), embedding(32)]))
    assert (left.people.tolist(), left.cameras) == ([1, 1], ("camera 31", "camera 32"))
    assert any("cameras" in file for file in contents(gallery.path))


@pytest.mark.parametrize("way", ["enroll", "replace", "merge"])
def test_who_is_enrolled_is_no_stranger_any_more(gallery, tmp_path, way):
    strangers((0, 40), (0, 41), (1, 42)).save(gallery.path / STRANGERS)
    if way == "enroll":
        enroll(gallery, "Cy", 40)
    elif way == "replace":
        gallery.replace("Bo", [walk(40)], EMBEDDER)
    else:
        other = Gallery.create(tmp_path / "other", EMBEDDER, DIMENSION)
        enroll(other, "Cy", 40)
        gallery.merge(other.path)
    assert Strangers.load(gallery.path / STRANGERS).cameras == ("camera 42",)
    assert not holds(gallery.path, embedding(41).tobytes())
    enroll(gallery, "Di", 42)
    assert not (gallery.path / STRANGERS).exists()


def test_a_damaged_file_of_strangers_is_told_before_anything_changes(gallery):
    (gallery.path / STRANGERS).write_bytes(b"PK")
    with pytest.raises(GaitheatError, match="gaitheat calibrate"):
        gallery.forget("Bo")
    assert gallery.people() == {"Anna Karenina": 2, "Bo": 1}


def test_strangers_and_cameras_alone_leave_room_for_a_gallery(tmp_path):
    (tmp_path / "known" / "cameras" / "door").mkdir(parents=True)
    (tmp_path / "known" / "cameras" / "door" / "1.npz").write_bytes(b"")
    strangers((0, 1)).save(tmp_path / "known" / STRANGERS)
    enroll(Gallery.create(tmp_path / "known", EMBEDDER, DIMENSION), "Anna", 2)
    assert (tmp_path / "known" / STRANGERS).exists()
