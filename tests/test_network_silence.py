"""Nothing leaves the machine: a program that infers, and its workers, try no connection; home stays clean."""

import os
import subprocess
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

WATCHED_PROGRAM = """
import multiprocessing, os, socket, sys

LOG, MODEL, MISBEHAVE = sys.argv[1:4]
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg",
           "urllib.Request", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec")

def watch(event, arguments):
    if event in WATCHED:
        with open(LOG, "a") as log:
            log.write(f"{multiprocessing.current_process().name}: {event} {arguments}\\n")
        raise ConnectionRefusedError("not in this test")

sys.addaudithook(watch)

def work():
    import numpy
    from pathlib import Path
    from gaitheat.inference import Network
    Network(Path(MODEL), (1, 4))(numpy.ones((3, 4), numpy.float32))
    if MISBEHAVE == "connect":
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except ConnectionRefusedError:
            pass

if __name__ == "__main__":
    work()
    worker = multiprocessing.get_context("spawn").Process(target=work, name="worker")
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)
"""


def attempts(tmp_path: Path, misbehave: str = "no") -> str:
    """What the watched program tried, a line each; it must end well and leave its home empty."""
    graph = helper.make_graph(
        [helper.make_node("Relu", ["numbers"], ["positive"])],
        "small",
        [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("positive", TensorProto.FLOAT, ["batch", 4])],
    )
    model, program, log, home = (tmp_path / name for name in ("m.onnx", "program.py", "log.txt", "home"))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
    program.write_text(WATCHED_PROGRAM)
    log.touch()
    home.mkdir()
    # Telemetry holds its tongue where it believes to be in a test machine: it must not know.
    telling = ("CI", "TF_BUILD", "JENKINS_URL", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in telling}
    places = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "GAITHEAT_CACHE": tmp_path / "cache"}
    environment |= {name: str(place) for name, place in places.items()}
    command = [sys.executable, str(program), str(log), str(model), misbehave]
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert list((tmp_path / "cache").rglob("m-*")), "the program compiled nothing"
    assert list(home.rglob("*")) == []
    return log.read_text()


def test_inference_and_its_workers_try_no_connection(tmp_path: Path) -> None:
    assert attempts(tmp_path) == ""


def test_the_watch_sees_a_connection_of_the_program_and_of_its_worker(tmp_path: Path) -> None:
    seen = attempts(tmp_path, misbehave="connect")
    for process in ("MainProcess", "worker"):
        assert f"{process}: socket.connect" in seen or f"{process}: socket.getaddrinfo" in seen


def test_telemetry_cannot_be_imported_once_inference_is() -> None:
    program = "import gaitheat.inference, openvino_telemetry"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "openvino_telemetry" in finished.stderr
    assert finished.returncode != 0
