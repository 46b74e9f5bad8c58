"""Cameras and streams: the newest picture for whoever is slow, an end with a reason, no password in sight."""

import io
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import numpy as np
import pytest
from fakes import DrawnVideo, Person, clock, record, walking

from gaitheat.errors import GaitheatError
from gaitheat.frames import Frame, FrameSource
from gaitheat.video import live
from gaitheat.video.live import LiveSource, ReadAhead, open_stream
from gaitheat.video.reader import open_source

VIDEO = DrawnVideo([Person(walking(20, 30))], clock(2))


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    """The drawn video as a stream of the network, picture by picture."""
    sent = io.BytesIO()
    with av.open(sent, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"b": "2000000", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        parts = []
        for frame in [*VIDEO, None]:
            picture = None if frame is None else av.VideoFrame.from_ndarray(frame.rgb, "rgb24")
            container.mux(stream.encode(picture))
            parts.append(sent.tell())
    edges = [0, *parts[:-1], len(sent.getvalue())]
    return [sent.getvalue()[begin:end] for begin, end in itertools.pairwise(edges)]


@contextmanager
def sender(packets: list[bytes], pause: float) -> Iterator[str]:
    """The address at which the first who asks gets the packets, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def send() -> None:
            with server.accept()[0] as connection, suppress(OSError):
                for packet in packets:
                    connection.sendall(packet)
                    time.sleep(pause)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield "tcp://{}:{}".format(*server.getsockname())
        finally:
            thread.join()


def test_a_stream_of_the_network_is_seen_to_its_end(packets: list[bytes]) -> None:
    with sender(packets, pause=0.02) as address:
        source = open_stream(address)
        frames = list(source)
    assert isinstance(source, FrameSource)
    assert frames[-1].number >= 45
    times = np.array([frame.time for frame in frames])
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(frames[-1].number / 25, abs=0.05)
    assert frames[0].rgb.shape == (120, 160, 3)
    assert np.abs(frames[0].rgb.astype(int) - VIDEO.draw(frames[0].time)).mean() < 3


def test_who_is_slow_gets_the_newest_picture_and_the_rest_is_counted(packets: list[bytes]) -> None:
    with sender(packets, pause=0.02) as address:
        source, numbers = LiveSource(address), []
        for frame in source:
            numbers.append(frame.number)
            time.sleep(0.2)
    assert 2 <= len(numbers) < 30
    assert np.diff(numbers).max() > 1
    dropped = numbers[-1] + 1 - len(numbers)
    assert source.problem == f"{dropped} of {numbers[-1] + 1} pictures came too fast and were dropped"


def test_whoever_has_seen_enough_may_leave(packets: list[bytes]) -> None:
    with sender(packets, pause=0.01) as address:
        for frame in LiveSource(address):
            assert frame.rgb.shape == (120, 160, 3)
            break


def test_a_stream_that_breaks_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> Iterator[Frame]:
        yield Frame(0, 0.0, lambda: VIDEO.draw(0))
        raise av.error.ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(live, "_pictures", breaking)
    source = LiveSource("rtsp://door")
    assert [frame.number for frame in source] == [0]
    assert source.problem == "it broke off after 1 pictures (Connection reset by peer)"


def test_where_nothing_answers_that_is_said_without_the_password() -> None:
    source = open_stream("tcp://guard:secret@127.0.0.1:1")
    assert source.name == "tcp://127.0.0.1:1"
    with pytest.raises(
        GaitheatError, match=r"^tcp://127.0.0.1:1: expected pictures, but none came \("
    ) as error:
        list(source)
    assert "secret" not in str(error.value)


def test_a_camera_that_is_not_there_is_one_line() -> None:
    with pytest.raises(GaitheatError, match="camera:97: "):
        list(open_stream("camera:97"))


@pytest.mark.parametrize("address", ["camera:", "camera:front", "camera:-1"])
def test_a_camera_has_a_number(address: str) -> None:
    with pytest.raises(GaitheatError, match="expected a camera by its number, such as camera:0"):
        open_stream(address)


def test_two_recordings_of_one_camera_are_not_the_same() -> None:
    first, second = LiveSource("rtsp://door"), LiveSource("rtsp://door")
    assert first.sha256() == first.sha256() != second.sha256()
    assert first.length() is None


def test_a_file_read_ahead_is_the_same_file(tmp_path: Path) -> None:
    path = record(VIDEO, tmp_path / "walk.mkv")
    ahead, plain = open_stream(str(path)), open_source(path)
    assert isinstance(ahead, ReadAhead)
    assert (ahead.name, ahead.sha256(), ahead.length()) == (plain.name, plain.sha256(), plain.length())
    for ours, theirs in zip(ahead, plain, strict=True):
        assert (ours.number, ours.time) == (theirs.number, theirs.time)
        np.testing.assert_array_equal(ours.rgb, theirs.rgb)
    assert ahead.problem is None


def test_reading_ahead_does_not_run_away() -> None:
    video = DrawnVideo([], clock(20), size=(16, 16))
    for _ in ReadAhead(video):
        time.sleep(0.001)
    assert video.most_alive <= live.AHEAD + 3


def test_an_error_of_the_file_comes_where_it_is_read(tmp_path: Path) -> None:
    path = record(VIDEO, tmp_path / "walk.mkv")
    with pytest.raises(GaitheatError, match="expected frames from number 60 on"):
        list(ReadAhead(open_source(path, 60)))
    with pytest.raises(GaitheatError, match="no file"):
        open_stream(str(tmp_path / "nothing.mp4"))


@pytest.mark.parametrize(
    ("platform", "given"),
    [("linux", ("/dev/video2", "v4l2")), ("darwin", ("2", "avfoundation"))],
)
def test_cameras_are_called_as_each_system_calls_them(
    monkeypatch: pytest.MonkeyPatch, platform: str, given: tuple[str, str]
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    opened: list[tuple[str, str | None]] = []

    def refuse(address: str, format: str | None = None, **_: object) -> Callable[[], None]:  # noqa: A002
        opened.append((address, format))
        raise OSError(19, "No such device")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(GaitheatError, match=r"camera:2: expected pictures, but none came \(No such device\)"):
        list(LiveSource("camera:2"))
    assert opened == [given]
