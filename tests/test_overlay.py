"""What the videos show, where, and when."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest

from factories import make_clip, make_key
from gaitheat.clips import Clip
from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame
from gaitheat.labels import Plate, paint_words
from gaitheat.overlay import CROPS, crops_video, film_strip, film_strips, overlay_video, recording_of
from gaitheat.painting import BACKGROUND, JOINT_COLOURS
from gaitheat.video.reader import VideoFile

GREY = 120
FRAMES = 8


class Corridor:
    """A grey recording with uneven times."""

    name = "corridor"
    problem = None

    def __init__(self, height: int = 480, width: int = 640, times: np.ndarray | None = None) -> None:
        self.height, self.width = height, width
        self.times = np.arange(FRAMES) / 25 if times is None else times

    def sha256(self) -> str:
        return "0" * 64

    def length(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Frame]:
        picture = np.full((self.height, self.width, 3), GREY, np.uint8)
        for number, time in enumerate(self.times):
            yield Frame(number, float(time), lambda: picture)


def played(path: Path) -> list[Frame]:
    return list(VideoFile(path))


def walker(track: int = 0, times: np.ndarray | None = None) -> Clip:
    """Somebody whose wrists are in a picture of 640 x 480."""
    clip = make_clip(FRAMES, seed=3, key=make_key(track=track))
    crop = np.tile(np.array([[0.2, 0, -20], [0, 0.2, -16]], np.float32), (FRAMES, 1, 1))
    points = clip.keypoints_on_maps()
    points[..., :2] = (points[..., :2] - crop[:, None, :, 2]) / 0.2
    return replace(clip, crop=crop, keypoints=points, times=clip.times if times is None else times)


@pytest.mark.parametrize(("size", "factor"), [((480, 640), 1), ((481, 641), 1), ((240, 321), 2)])
def test_joints_have_their_colour_at_their_place(tmp_path: Path, size: tuple[int, int], factor: int) -> None:
    clip = walker()
    if factor > 1:
        half = clip.keypoints * np.float32([0.5, 0.5, 1]) - np.float32([0.25, 0.25, 0])
        doubled = clip.crop.copy()
        doubled[:, :, :2] *= 2
        doubled[:, :, 2] += 0.1
        clip = replace(clip, keypoints=half, crop=doubled)
    overlay_video(Corridor(*size), [clip], tmp_path / "overlay.mp4", {0: "Anna 0.21"})
    frames = played(tmp_path / "overlay.mp4")
    even = tuple(pixels * factor + pixels * factor % 2 for pixels in size)
    assert len(frames) == FRAMES
    for at, frame in enumerate(frames):
        assert frame.rgb.shape == (*even, 3)
        for joint in (9, 10, 13, 14, 15, 16):
            x, y = np.rint((clip.keypoints[at, joint, :2] + 0.5) * factor - 0.5).astype(int)
            assert np.abs(frame.rgb[y, x].astype(int) - JOINT_COLOURS[joint]).max() < 60
        assert np.abs(frame.rgb[5:40, 400:].astype(int) - GREY).max() < 8


def test_people_are_shown_only_at_their_own_times_and_times_are_kept(tmp_path: Path) -> None:
    times = np.array([0, 0.04, 0.1, 0.11, 0.5, 1.0, 1.04, 1.08, 1.9])
    some = walker().take(np.array([1, 2]))
    some = replace(some, times=times[[2, 5]])
    overlay_video(Corridor(times=times), [some], tmp_path / "overlay.mp4")
    frames = played(tmp_path / "overlay.mp4")
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-4)
    painted = [bool((np.abs(frame.rgb.astype(int) - GREY) > 30).any()) for frame in frames]
    assert np.flatnonzero(painted).tolist() == [2, 5]
    with av.open(str(tmp_path / "overlay.mp4")) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert container.duration is not None
        assert container.duration / av.time_base >= 1.9


def test_a_recording_that_changes_its_size_is_one_film(tmp_path: Path) -> None:
    class Changing(Corridor):
        def __iter__(self) -> Iterator[Frame]:
            for frame in super().__iter__():
                width = 500 if frame.number > 3 else 640
                picture = np.full((480, width, 3), GREY, np.uint8)
                yield replace(frame, convert=lambda picture=picture: picture)

    overlay_video(Changing(), [walker()], tmp_path / "overlay.mp4")
    assert {frame.rgb.shape for frame in played(tmp_path / "overlay.mp4")} == {(480, 640, 3)}


def test_clips_of_another_recording_are_an_error_and_leave_nothing(tmp_path: Path) -> None:
    late = walker(times=walker().times + 100)
    with pytest.raises(GaitheatError, match="no frames at the times of that clip"):
        overlay_video(Corridor(), [late], tmp_path / "overlay.mp4")
    with pytest.raises(GaitheatError, match="no frames at the times of that clip"):
        film_strip(Corridor(), late, 3)
    assert list(tmp_path.iterdir()) == []


def test_clips_of_two_recordings_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(GaitheatError, match=r"clips of one recording.*bert\.avi"):
        overlay_video(
            Corridor(),
            [walker(), replace(walker(1), source="bert.avi", sha256="f" * 64)],
            tmp_path / "overlay.mp4",
        )


def test_no_clips_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GaitheatError, match="at least one clip, got none"):
        overlay_video(Corridor(), [], tmp_path / "overlay.mp4")
    with pytest.raises(GaitheatError, match="at least one clip, got none"):
        crops_video([], tmp_path / "crops.mp4")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GaitheatError, match="cannot write a video there"):
        crops_video([walker()], tmp_path / "file" / "crops.mp4")


def test_crops_are_side_by_side_until_they_end(tmp_path: Path) -> None:
    short = walker(1).take(slice(0, 3))
    crops_video([walker(), short, *[walker(2)] * 3], tmp_path / "crops.mp4", unseen=2)
    frames = played(tmp_path / "crops.mp4")
    assert len(frames) == FRAMES
    assert frames[0].rgb.shape == (2 * 384, 4 * 288, 3)
    body = (slice(40, 380), slice(300, 570))
    assert (np.abs(frames[1].rgb[body].astype(int) - BACKGROUND) > 40).any()
    assert not (np.abs(frames[-1].rgb[body].astype(int) - BACKGROUND) > 40).any()
    more = frames[0].rgb[2 * 384 - 20 :, 4 * 288 - 60 :]
    assert (more > 200).any()


def test_no_more_crops_than_fit(tmp_path: Path) -> None:
    crops_video([walker().take(slice(0, 2))] * (CROPS + 3), tmp_path / "crops.mp4")
    assert played(tmp_path / "crops.mp4")[0].rgb.shape == (2 * 384, 4 * 288, 3)


def test_a_film_strip_shows_the_person() -> None:
    strip = film_strip(Corridor(), walker(), 3)
    assert [crop.shape for crop in strip] == [(256, 192, 3)] * 3
    assert all(abs(int(crop[128, 96, 0]) - GREY) <= 1 for crop in strip)


def test_film_strips_of_several_people_are_read_at_once() -> None:
    source = Bright()
    late = walker(1).take(slice(4, FRAMES))
    first, second = film_strips(source, [walker(), late], 2)
    assert source.readings == 1
    # evenly spaced: of 8 frames the numbers 2 and 6, of the last 4 the numbers 5 and 7
    assert [int(crop[128, 96, 0]) for crop in first] == pytest.approx([20, 60], abs=1)
    assert [int(crop[128, 96, 0]) for crop in second] == pytest.approx([50, 70], abs=1)
    assert film_strips(source, [], 2) == []


class Bright(Corridor):
    """A recording whose frames tell their number by their brightness, and which counts its readings."""

    readings = 0

    def __iter__(self) -> Iterator[Frame]:
        self.readings += 1
        for frame in super().__iter__():
            picture = np.full((self.height, self.width, 3), 10 * frame.number, np.uint8)
            yield replace(frame, convert=lambda picture=picture: picture)


def test_labels_have_the_colour_of_their_answer(tmp_path: Path) -> None:
    green, red = (0, 200, 60), (230, 30, 20)
    apart = walker(1)
    apart = replace(apart, crop=apart.crop - np.array([[0, 0, 60], [0, 0, 0]], np.float32))
    labels = {0: "Anna\nscore 0.21", 1: "unknown\nnobody known"}
    overlay_video(Corridor(), [walker(), apart], tmp_path / "overlay.mp4", labels, {0: green, 1: red})
    picture = played(tmp_path / "overlay.mp4")[2].rgb.astype(int)
    redder = picture[..., 0] - picture[..., 1]
    above_left, above_right = redder[40:76, 98:200], redder[40:76, 398:500]
    assert (above_left < -50).sum() > 20 > (above_left > 50).sum()
    assert (above_right > 50).sum() > 20 > (above_right < -50).sum()


def test_a_name_is_not_hidden_by_another_body(tmp_path: Path) -> None:
    labels = {0: "Anna\nscore 0.21", 1: ""}
    overlay_video(Corridor(), [walker()], tmp_path / "alone.mp4", labels)
    overlay_video(Corridor(), [walker(), walker(1)], tmp_path / "both.mp4", labels)
    alone, both = (played(tmp_path / f"{name}.mp4")[0].rgb for name in ("alone", "both"))
    bright = (alone > 200).all(2) & (np.indices(alone.shape[:2])[0] < 60)
    assert bright.sum() > 20
    assert np.median(both[bright]) > 180


def test_labels_keep_clear_of_one_another() -> None:
    picture = np.full((120, 300, 3), GREY, np.uint8)
    taken: list[Plate] = []
    for text in ("Anna\nscore 0.21", "Bo", "a long name that reaches far", "Cy"):
        paint_words(picture, text, 40.0, 90.0, 14, taken=taken)
    assert not any(one.touches(other) for one, other in combinations(taken, 2))
    assert all(place.top >= 0 and place.bottom <= 120 and place.right <= 300 for place in taken)
    aside = list(taken)
    paint_words(picture, "Di", 270.0, 90.0, 14, taken=aside)
    assert aside[-1].top == 90, "where there is room, words stay at their place"
    full = [Plate(0, 0, 120, 300)]
    paint_words(picture, "Ed", 40.0, 90.0, 14, taken=full)
    assert full[-1].top == 90, "where there is none, they stay as well"


def test_the_recording_is_found_as_long_as_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "walk.mp4"
    crops_video([walker()], path)
    clip = replace(walker(), source=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    found = recording_of(clip)
    assert found is not None
    assert found.name == str(path)
    assert recording_of(replace(clip, sha256="0" * 64)) is None
    path.unlink()
    assert recording_of(clip) is None
