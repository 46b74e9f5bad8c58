"""What a video is read as: every frame once, in order, in time, upright; and what is told of broken files."""

import hashlib
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from gaitheat.errors import GaitheatError
from gaitheat.frames import FrameSource
from gaitheat.video.pictures import ImageFolder
from gaitheat.video.reader import Clock, VideoFile, open_source

COUNT = 30


def picture(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Grey by frame number, with a red square in the top left corner: shows order, colour and rotation."""
    pixels = np.full((height, width, 3), 40 + 6 * number, np.uint8)
    pixels[: height // 3, : width // 3] = (250, 10, 10)
    return pixels


def encode(
    path: Path,
    codec: str,
    pixels: Iterable[np.ndarray],
    stamps: Sequence[int],
    b_frames: int = 2,
    **options: str,
) -> Path:
    """A tiny video; ``stamps`` are presentation times in units of 40 ms."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.gop_size, stream.max_b_frames = 10, b_frames
        stream.pix_fmt = "yuv420p"
        for array, stamp in zip(pixels, stamps, strict=True):
            if stamp == 0:
                stream.height, stream.width = array.shape[:2]
            frame = av.VideoFrame.from_ndarray(array, "rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def walk(path: Path, codec: str = "mpeg4", size: tuple[int, int] = (64, 48)) -> Path:
    return encode(path, codec, (picture(number, *size) for number in range(COUNT)), range(COUNT))


def noise(path: Path, codec: str = "mpeg4", **options: str) -> Path:
    """A video of noise: every frame has many bytes to lose."""
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 48, 64, 3), np.uint8)
    return encode(path, codec, pixels, range(COUNT), **options)


def half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def turned(path: Path, quarters: int) -> Path:
    """The same mp4 with the matrix in its track header by which a telephone says: turn me clockwise."""
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    # QuickTime: x' = ax + cy, y' = bx + dy with y downwards, 16.16 fixed point; the last one is 2.30.
    values = [cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30]
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    content[at : at + 36] = struct.pack(">9i", *values)
    path.write_bytes(content)
    return path


def message(raised: pytest.ExceptionInfo[GaitheatError]) -> str:
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
@pytest.mark.parametrize("ending", ["avi", "mp4", "mkv", "mov"])
def test_every_frame_comes_once_in_order_with_its_time_and_colours(tmp_path, codec, ending):
    source = open_source(walk(tmp_path / f"walk.{ending}", codec))
    frames = list(source)
    assert [frame.number for frame in frames] == list(range(COUNT))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(COUNT) / 25, atol=1e-3)
    for frame in frames:
        assert frame.rgb.shape == (48, 64, 3)
        assert frame.rgb[30:, 30:].mean() == pytest.approx(40 + 6 * frame.number, abs=6)
        np.testing.assert_allclose(frame.rgb[2:12, 2:16].mean((0, 1)), (250, 10, 10), atol=25)
    assert source.problem is None
    assert source.length() in (COUNT, None)
    assert isinstance(source, FrameSource)


def test_reading_again_gives_the_same_and_a_range_is_a_slice_of_the_whole(tmp_path):
    path = walk(tmp_path / "walk.mp4", "libx264")
    whole = list(VideoFile(path))
    again = VideoFile(path, 7, 19)
    for frames in (list(again), list(again)):
        assert [(f.number, f.time) for f in frames] == [(f.number, f.time) for f in whole[7:19]]
        assert all((a.rgb == b.rgb).all() for a, b in zip(frames, whole[7:19], strict=True))
    assert again.length() == 12
    assert again.problem is None
    assert VideoFile(path, 25, 99).length() == 5
    assert len(list(VideoFile(path, 25, 99))) == 5


def test_two_readings_of_one_source_do_not_disturb_each_other(tmp_path):
    source = VideoFile(walk(tmp_path / "walk.mp4"))
    for left, right in zip(source, source, strict=True):
        assert left.number == right.number
        assert (left.rgb == right.rgb).all()


def test_a_variable_frame_rate_keeps_its_times(tmp_path):
    stamps = [0, 1, 3, 4, 10, 25, 26, 100]
    for ending in ("mp4", "mkv", "avi"):
        path = encode(tmp_path / f"vfr.{ending}", "mpeg4", map(picture, range(8)), stamps, b_frames=0)
        source = VideoFile(path)
        np.testing.assert_allclose([f.time for f in source], np.array(stamps) / 25, atol=1e-3)
        assert source.problem is None


def clock_times(*stamps: float | None) -> list[float | None]:
    clock = Clock(step=0.5)
    return [clock.read(stamp) for stamp in stamps]


def test_times_increase_whatever_the_stamps_say():
    assert clock_times(7.0, 7.5, 8.0) == [0.0, 0.5, 1.0], "times count from the first picture"
    assert clock_times(None, None, None) == [0.0, 0.5, 1.0], "a file without stamps has its nominal rate"
    assert clock_times(0.0, 0.25, 0.25, 0.125, 0.75) == [0.0, 0.25, None, None, 0.75], "repeats are refused"
    assert clock_times(0.0, 5.0, 0.0, 1.0) == [0.0, 5.0, 5.5, 6.5], "a restarted clock goes on"


def test_repeated_times_are_counted(tmp_path, monkeypatch):
    source = VideoFile(walk(tmp_path / "walk.mp4"))
    monkeypatch.setattr(Clock, "read", lambda clock, stamp: stamp if stamp != 0.4 else None)
    assert [frame.number for frame in source] == [n for n in range(COUNT) if n != 10]
    assert source.problem is not None
    assert source.problem.startswith("1 frames were left out")


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
def test_a_clock_that_starts_late_starts_at_zero_and_nothing_is_missing(tmp_path, ending):
    late = 10_000 * 25
    path = tmp_path / f"late.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = 48, 64
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(number), "rgb24")
            frame.pts, frame.time_base = late + number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    source = open_source(path)
    np.testing.assert_allclose([frame.time for frame in source], np.arange(COUNT) / 25, atol=1e-3)
    assert source.problem is None


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_rotation_flag_turns_the_picture(tmp_path, quarters):
    path = turned(walk(tmp_path / "telephone.mp4"), quarters)
    plain = next(iter(VideoFile(walk(tmp_path / "plain.mp4")))).rgb
    for frame in VideoFile(path, 0, 3):
        assert frame.rgb.shape == ((48, 64, 3), (64, 48, 3))[quarters % 2]
        assert frame.rgb.flags.c_contiguous
    first = next(iter(VideoFile(path))).rgb
    np.testing.assert_array_equal(first, np.rot90(plain, -quarters))


def test_grey_video_is_rgb_with_equal_channels(tmp_path):
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 3 + 30, (48, 1))
    with av.open(str(tmp_path / "grey.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(ramp, "gray")))
        container.mux(stream.encode(None))
    (frame,) = VideoFile(tmp_path / "grey.mkv")
    np.testing.assert_allclose(frame.rgb.astype(int), np.repeat(ramp[..., None], 3, 2), atol=1)


@pytest.mark.parametrize("size", [(61, 47), (64, 45), (2, 2)])
def test_odd_sizes_are_kept(tmp_path, size):
    width, height = size
    path = encode(tmp_path / "odd.avi", "mpeg4", [picture(3, width, height)] * 3, range(3))
    assert {frame.rgb.shape for frame in VideoFile(path)} == {(height, width, 3)}


def test_4k(tmp_path):
    path = encode(tmp_path / "4k.mp4", "mpeg4", [picture(3, 3840, 2160)] * 2, range(2))
    assert [frame.rgb.shape for frame in VideoFile(path)] == [(2160, 3840, 3)] * 2


@pytest.mark.parametrize("name", ["with space.mp4", "Zoë läuft — 歩く.mp4", "10:30 %03d #1?.mp4", "-i.mp4"])
def test_any_name_will_do(tmp_path, name):
    if ":" in name and sys.platform == "win32":
        pytest.skip("Windows knows no such names")
    source = VideoFile(walk(tmp_path / name))
    assert len(list(source)) == COUNT
    assert source.name == str(tmp_path / name)


def test_the_digest_is_of_the_bytes_wherever_they_lie(tmp_path):
    path = walk(tmp_path / "a.mp4")
    copy = tmp_path / "b.mov"
    copy.write_bytes(path.read_bytes())
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert VideoFile(path).sha256() == VideoFile(copy, 3, 9).sha256() == expected


def test_no_file_stays_open(tmp_path):
    path = walk(tmp_path / "walk.mp4")
    reading = iter(VideoFile(path))
    next(reading)
    reading.close()
    path.rename(tmp_path / "moved.mp4")  # Windows refuses that while somebody reads
    with pytest.raises(GaitheatError, match="is no file"):
        next(reading := iter(VideoFile(path)))


def test_files_that_are_no_videos_are_told_in_one_line(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("This was once a shopping list.\n" * 100)
    half(noise(tmp_path / "half.mp4"))
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    unknown = noise(tmp_path / "unknown.avi")
    unknown.write_bytes(unknown.read_bytes().replace(b"FMP4", b"QQQQ"))
    for name, words in {
        "missing.mp4": "is no file",
        "empty.mp4": "empty file",
        "text.mp4": "cannot be read",
        "half.mp4": "cut off",
        "sound.mp4": "only: audio",
        "unknown.avi": "can be decoded",
    }.items():
        with pytest.raises(GaitheatError, match=words) as raised:
            open_source(tmp_path / name)
        assert name in message(raised)


@pytest.mark.parametrize("ending", ["avi", "mkv", "mp4"])
@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_half_a_file_gives_its_first_frames_and_says_how_many_are_missing(tmp_path, codec, ending):
    options = {"movflags": "faststart"} if ending == "mp4" else {}
    path = noise(tmp_path / f"cut.{ending}", codec, **options)
    whole = list(VideoFile(path))
    source = VideoFile(half(path))
    read = list(source)
    assert 0 < len(read) < COUNT
    assert all((a.rgb == b.rgb).all() for a, b in zip(read[:3], whole[:3], strict=True))
    assert source.problem is not None
    missing, rest = source.problem.split(" ", 1)
    assert int(missing) == COUNT - len(read)
    assert rest.startswith("frames are missing after the first")
    assert len(list(source)) == len(read)

    before = VideoFile(path, 0, len(read) - 1)
    assert len(list(before)) == len(read) - 1
    assert before.problem is None, "what lies behind the range is nobody's loss"
    with pytest.raises(GaitheatError, match="from number 28 on, got") as raised:
        list(VideoFile(path, 28))
    assert "cut." in message(raised)


def test_damage_in_mid_stream_ends_the_reading_and_is_told(tmp_path):
    path = noise(tmp_path / "damaged.mp4", "libx264", movflags="faststart")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 6000] = b"\xff" * 6000
    path.write_bytes(content)
    source = VideoFile(path)
    read = len(list(source))
    assert 0 < read < COUNT
    assert source.problem is not None
    assert source.problem.startswith(
        f"{COUNT - read} frames are missing after the first {read} (Invalid data"
    )


def test_a_range_must_be_one(tmp_path):
    path = walk(tmp_path / "walk.mp4")
    for start, stop in ((-1, None), (5, 5), (9, 3)):
        with pytest.raises(GaitheatError, match="0 <= start < stop") as raised:
            open_source(path, start, stop)
        message(raised)


def test_a_folder_of_pictures_in_natural_order(tmp_path):
    for number in (10, 9, 1, 2, 100):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), picture(number % 30)[..., ::-1])
    cv2.imwrite(str(tmp_path / "Frame3.JPG"), np.full((20, 31), 77, np.uint8))
    (tmp_path / "._frame1.png").write_bytes(b"left by a Mac")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "more.png").mkdir()
    source = open_source(tmp_path)
    frames = list(source)
    assert [f.number for f in frames] == list(range(6))
    assert [f.time for f in frames] == [number / 25 for number in range(6)]
    for frame, number in zip(frames, (1, 2, None, 9, 10, 10), strict=True):
        np.testing.assert_array_equal(
            frame.rgb, np.full((20, 31, 3), 77, np.uint8) if number is None else picture(number)
        )
    assert source.length() == 6
    assert isinstance(source, FrameSource)
    part = open_source(tmp_path, 2, 4)
    assert [(f.number, f.time) for f in part] == [(2, 2 / 25), (3, 3 / 25)]
    assert part.length() == 2
    assert part.sha256() == source.sha256()
    assert [f.time for f in ImageFolder(tmp_path, rate=10.0)][:3] == [0.0, 0.1, 0.2]


def test_the_digest_of_a_folder_follows_its_pictures_and_their_order(tmp_path):
    digests = set()
    for names in (("1.png", "2.png"), ("2.png", "1.png"), ("a.png", "b.png")):
        folder = tmp_path / names[0] / names[1]
        folder.mkdir(parents=True)
        for number, name in enumerate(names):
            cv2.imwrite(str(folder / name), picture(number))
        digests.add(ImageFolder(folder).sha256())
    assert len(digests) == 2


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def test_folders_that_cannot_be_read_are_told_in_one_line(tmp_path):
    with pytest.raises(GaitheatError, match="got 0 in all") as raised:
        open_source(tmp_path)
    message(raised)
    cv2.imwrite(str(tmp_path / "0.png"), picture(0))
    (tmp_path / "1.png").write_text("no picture")
    (tmp_path / "2.png").touch()
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 60_000, 60_000, 8, 2, 0, 0, 0))
    (tmp_path / "3.png").write_bytes(header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b""))
    with pytest.raises(GaitheatError, match=r"1\.png: expected a picture") as raised:
        [frame.rgb for frame in open_source(tmp_path)]
    message(raised)
    with pytest.raises(GaitheatError, match=r"2\.png: expected a picture"):
        [frame.rgb for frame in open_source(tmp_path, 2)]
    with pytest.raises(GaitheatError, match=r"3\.png: expected a picture"):
        [frame.rgb for frame in open_source(tmp_path, 3)]
    with pytest.raises(GaitheatError, match="from number 4 on, got 4"):
        open_source(tmp_path, 4)
    with pytest.raises(GaitheatError, match="is no folder"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(GaitheatError, match="rate above 0"):
        ImageFolder(tmp_path, rate=0.0)
