"""Extraction into a packed file where neither Lance nor OpenVINO is installed."""

import os
import subprocess
import sys
from pathlib import Path

from fakes import DrawnVideo, Person, clock, record, walking

PROGRAM = """
    import sys
    for name in ("lance", "openvino"):
        sys.modules[name] = None
    from pathlib import Path
    from factories import make_key
    from fakes import BlobExtractor
    from gaitheat.packed import PackedClips
    from gaitheat.packed_sink import PackedSink
    from gaitheat.video.pool import extract_all
    from gaitheat.video.recordings import VideoRecording

    def main():
        video, packed = map(Path, sys.argv[1:])
        recordings = [VideoRecording(video, make_key(take=take)) for take in ("1", "2", "3")]
        for some, workers in ((recordings[:1], 1), (recordings, 2)):
            extract_all(some, PackedSink(packed), BlobExtractor(), workers, lambda done, total: None)
        clips = PackedClips(packed)
        for clip in clips.read([(info.key, None) for info in clips.infos()]):
            print(clip.key.take, len(clip))

    if __name__ == "__main__":
        main()
"""


def test_extraction_needs_neither_lance_nor_openvino(tmp_path: Path) -> None:
    video = record(DrawnVideo([Person(walking(30, 40))], clock(1)), tmp_path / "walk.avi")
    program = tmp_path / "program.py"
    program.write_text("\n".join(line.removeprefix("    ") for line in PROGRAM.splitlines()))
    tests = Path(__file__).parent
    paths = os.pathsep.join(map(str, (tests, tests.parent)))
    process = subprocess.run(
        [sys.executable, str(program), str(video), str(tmp_path / "clips.arrow")],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == ["1 25", "2 25", "3 25"]
