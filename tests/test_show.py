"""`gaitheat show`: which clips it takes, and that the pictures can be opened."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import pytest

from factories import make_clip, make_key
from gaitheat.clips import Clip, Refusal
from gaitheat.errors import GaitheatError
from gaitheat.packed import PackedClips, pack
from gaitheat.report import SHEET_CLIPS
from gaitheat.rows import encode
from gaitheat.show import show_clips
from gaitheat.sources import ClipInfo, Request


class Clips:
    """A ClipSource in memory."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = {clip.key: clip for clip in clips}

    def infos(self) -> list[ClipInfo]:
        items = [encode(clip).item for clip in self.clips.values()]
        return sorted((item for item in items if isinstance(item, ClipInfo)), key=lambda info: info.key)

    def refusals(self) -> list[Refusal]:
        return []

    def read(self, requests: Sequence[Request]) -> list[Clip]:
        return [self.clips[key] for key, _ in requests]


def film(path: Path) -> tuple[int, int]:
    """Frames and width of a video."""
    with av.open(str(path)) as container:
        widths = [frame.width for frame in container.decode(video=0)]
    return len(widths), widths[0]


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[Sequence[Clip]], PackedClips]:
    def make(clips: Sequence[Clip]) -> PackedClips:
        pack(Clips(clips), tmp_path / "clips.arrow")
        return PackedClips(tmp_path / "clips.arrow")

    return make


def test_pictures_of_some_clips(packed: Callable[[Sequence[Clip]], PackedClips], tmp_path: Path) -> None:
    subjects = ["anna", "anna", "bo"]
    clips = [make_clip(seed=i, frames=14, key=make_key(name, i)) for i, name in enumerate(subjects)]
    source = packed(clips)
    everything = show_clips(source, "", tmp_path / "all")
    annas = show_clips(source, "drawn/anna", tmp_path / "new" / "folder")
    assert [path.name for path in everything] == [path.name for path in annas] == ["clips.png", "clips.mp4"]
    assert all(path.is_file() for path in [*everything, *annas])
    whole, part = (cv2.imread(str(paths[0])) for paths in (everything, annas))
    assert whole is not None
    assert part is not None
    assert part.shape[0] < whole.shape[0]
    (frames, three), (_, two) = film(everything[1]), film(annas[1])
    assert frames == 14
    assert two < three


def test_a_beginning_that_fits_nothing_shows_how_keys_look(tmp_path: Path) -> None:
    source = Clips([make_clip(frames=13, key=make_key("anna"))])
    with pytest.raises(GaitheatError, match="begins with 'carl': keys begin like drawn/anna/walking/90/01/0"):
        show_clips(source, "carl", tmp_path / "out")
    with pytest.raises(GaitheatError, match="begins with '': it holds no clips"):
        show_clips(Clips([]), "", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_as_many_clips_are_read_as_are_shown(tmp_path: Path) -> None:
    clip = make_clip(frames=12)
    source = Clips([clip])
    key, read = clip.key, []
    infos = source.infos() * (SHEET_CLIPS + 5)
    source.infos = lambda: infos  # type: ignore[method-assign]
    source.read = lambda requests: read.extend(requests) or [clip] * len(requests)  # type: ignore[method-assign]
    show_clips(source, str(key), tmp_path)
    assert len(read) == SHEET_CLIPS


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((GaitheatError, OSError)) as caught:
        show_clips(Clips([make_clip(frames=12)]), "", tmp_path / "file" / "out")
    assert "\n" not in str(caught.value)
