"""Pickles: arrays come back as they were, whoever wrote them; payloads are named and do nothing."""

import copyreg
import io
import os
import pickle
import struct
import tracemalloc
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaitheat.errors import GaitheatError
from gaitheat.importing.pickles import loads

RANDOM = np.random.default_rng(0)
ARRAYS = [
    RANDOM.integers(0, 255, (3, 64, 64)).astype(np.uint8),
    RANDOM.normal(size=(4, 17, 3)),
    RANDOM.random((2, 17, 8, 6)).astype(np.float16),
    np.asfortranarray(RANDOM.normal(size=(3, 4)).astype(np.float32)),
    RANDOM.normal(size=(3, 4, 5)).transpose(1, 0, 2),
    RANDOM.integers(-9, 9, (5, 2)).astype(">i4"),
    RANDOM.random((4, 5)) < 0.5,
    np.zeros((0, 17, 3)),
    np.array(2.5),
]
PROTOCOLS = range(6)
PLAIN: list[Any] = [
    [1, -7, 2**40, -(10**30), 2.5, None, True, False],
    {"frames": (1, 2, 3), "more": {"deep": [[], {}, ()]}, 5: b"\x00\xff", "ü": "\u4eba"},
    [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), bytearray(b"abc"), "x" * 300, b"y" * 300],
]


def check(value: Any, pickled: bytes) -> None:
    found = loads(pickled, "here")
    np.testing.assert_equal(found, value)
    if isinstance(value, np.ndarray):
        assert (found.dtype, found.shape) == (value.dtype, value.shape)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("python", [pickle.dumps, pickle._dumps])  # type: ignore[attr-defined]
def test_arrays_and_containers_of_every_protocol(python: Any, protocol: int) -> None:
    for array in ARRAYS:
        check(array, python(array, protocol))
    same = ARRAYS[1]
    check(
        {"poses": same, "again": [same, (same, ARRAYS[0])]},
        python({"poses": same, "again": [same, (same, ARRAYS[0])]}, protocol),
    )
    for value in PLAIN[: 2 if protocol < 5 else 3]:
        check(value, python(value, protocol))
    assert loads(python(np.float32(1.5), protocol), "here") == 1.5


def test_what_older_numpy_and_python_2_wrote() -> None:
    """Numpy 1 calls its modules otherwise, and Python 2 writes bytes as text."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    for protocol in PROTOCOLS:
        pickled = pickle.dumps(array, protocol)
        if protocol < 4:
            check(array, pickled.replace(b"numpy._core", b"numpy.core"))
    python2 = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x18" + array.tobytes() + b"tb."
    )
    np.testing.assert_array_equal(pickle.loads(python2, encoding="latin1"), array)  # noqa: S301
    check(array, python2)


class Call:
    """Unpickles as whatever its function returns."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.what = function, arguments

    def __reduce__(self) -> Any:
        return self.what


class Built:
    """Has a state to be set."""


def named(module: str, name: str, *arguments: str) -> bytes:
    """A pickle that calls a function which need not exist here."""
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(f"V{a}\n".encode() for a in arguments) + b"tR."


def payloads(mark: Path) -> dict[str, Any]:
    """Each would leave a file behind, if it ran."""
    touch = f"touch {mark}"
    code = f"open({str(mark)!r}, 'w')"
    opened = Call(open, str(mark), "w")
    hidden = np.empty(2, object)
    hidden[:] = [Call(os.system, touch), 1]
    structured = np.zeros(2, [("x", "f4"), ("y", "O")])
    structured["y"] = opened
    return {
        "os.system": Call(os.system, touch),
        "eval": Call(eval, code),
        "exec": Call(exec, code),
        "open": opened,
        "in a list": [1, [2, (3, opened)]],
        "in a dict": {"poses": ARRAYS[0], "other": opened},
        "a key of a dict": {(1, Call(tuple, [1])): 2},
        "behind an array": [ARRAYS[1], opened],
        "array of objects": hidden,
        "structured array": structured,
        "object": Built(),
        "class": OrderedDict,
        "set": {1, 2},
        "complex array": np.zeros(3, complex),
        "text array": np.array(["a"]),
        "array of dates": np.array(["2020-01-01"], "M8[D]"),
        "subclass of arrays": np.ma.masked_array([1, 2]),
        "getattr": Call(getattr, "x", "upper"),
        "import": Call(__import__, "os"),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_payloads_are_refused_and_do_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    for name, payload in payloads(mark).items():
        pickled = pickle.dumps(payload, protocol)
        with pytest.raises(GaitheatError, match=r"somewhere/x\.pkl: refused and not run, it ") as caught:
            loads(pickled, "somewhere/x.pkl")
        assert "\n" not in str(caught.value), name
        assert not mark.exists(), name
    with pytest.raises(GaitheatError, match=r"it names 'posix.system'|it names 'nt.system'"):
        loads(pickle.dumps(Call(os.system, "true"), protocol), "x")


GADGETS = [
    ("numpy.testing._private.utils", "runstring"),
    ("numpy.f2py.diagnose", "run_command"),
    ("numpy.f2py.crackfortran", "getlincoef"),
    ("numpy.distutils.exec_command", "exec_command"),
    ("numpy", "load"),
    ("numpy", "fromfile"),
    ("numpy", "memmap"),
    ("numpy", "poly1d"),
    ("numpy", "__builtins__"),
    ("numpy.core.multiarray", "add_docstring"),
    ("numpy._core.multiarray", "_reconstruct.__globals__"),
    ("numpy.core.numeric", "fromfunction"),
    ("numpy.lib.npyio", "load"),
    ("numpy.ctypeslib", "load_library"),
    ("operator", "attrgetter"),
    ("functools", "partial"),
    ("importlib", "import_module"),
    ("pickle", "loads"),
    ("_codecs", "lookup"),
    ("codecs", "encode"),
    ("copyreg", "_reconstructor"),
    ("builtins", "bytearray"),
    ("pydoc", "pipepager"),
    ("asyncio.unix_events", "_UnixSubprocessTransport"),
    ("torch", "load"),
]


@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_known_ways_around_lists_of_modules(module: str, name: str) -> None:
    with pytest.raises(GaitheatError, match="refused and not run, it names"):
        loads(named(module, name, "id"), "x")
    stacked = (
        b"\x80\x04"
        + b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
        + b"\x93."
    )
    with pytest.raises(GaitheatError, match="refused and not run, it names"):
        loads(stacked, "x")


DTYPE = b"cnumpy\ndtype\n(Vf4\nI0\nI1\ntR"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR"


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (b"\x82\x01.", "EXT1"),
        (b"Pid\n.", "PERSID"),
        (b"K\x01Q.", "BINPERSID"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cnumpy\nndarray\no.", "OBJ"),
        (b"cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"\x97.", "NEXT_BUFFER"),
        (b"cnumpy\ndtype\n}(Vx\nI1\nub.", "sets the state of something"),
        (b"cnumpy.core.multiarray\nscalar\n}b.", "sets the state of something"),
        (b"]}b.", "sets the state of something"),
        (b"cnumpy\nndarray\n)R.", "calls something"),
        (b"K\x01)R.", "calls something"),
        (DTYPE + b"K\x01a.", "no list"),
        (b")K\x01K\x02s.", "no dict"),
        (DTYPE + b"(I3\nV|\n(VO\nI1\ntNNI-1\nI-1\nI63\ntb.", "structured"),
        (b"cnumpy\ndtype\n(VV8\ntR.", "type 'V8'"),
        (b"cnumpy\ndtype\n(VO8\ntR.", "array of objects"),
        (b"cnumpy\ndtype\n(Vf4,O\ntR.", "type 'f4,O'"),
        (b"cnumpy\ndtype\n(Vf16\ntR.", "type 'f16'"),
        (ARRAY + b"(I1\n(I2\nt" + DTYPE + b"I00\n(I1\nI2\nltb.", "array of objects"),
        (b"c_codecs\nencode\n(Vaa\nVrot13\ntR.", "written as 'rot13'"),
    ],
)  # fmt: skip
def test_crafted_instructions_are_refused(pickled: bytes, reason: str) -> None:
    with pytest.raises(GaitheatError, match=f"x: refused and not run, .*{reason}"):
        loads(pickled, "x")


def test_the_copy_registry_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading takes an extension's object from a cache without asking whether it may."""
    copyreg.add_extension("os", "system", 200)
    try:
        with pytest.raises(GaitheatError, match="refused"):
            loads(b"\x82\xc8(Vtrue\ntR.", "x")
    finally:
        copyreg.remove_extension("os", "system", 200)


def array_of(shape: bytes, data: bytes) -> bytes:
    return ARRAY + b"(I1\n" + shape + DTYPE + b"I00\n" + data + b"tb."


BOMBS = [
    array_of(b"(I1000000000\nI1000000000\nt", b"C\x04abcd"),
    array_of(b"(L99999999999999999999999\nt", b"C\x00"),
    array_of(b"(I0\nL99999999999999999999999\nt", b"C\x00"),
    array_of(b"(I-1\nI-1\nt", b"C\x04abcd"),
    array_of(b"(" + b"I1\n" * 100 + b"t", b"C\x04abcd"),
    b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"short.",
    b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"short.",
    b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"\x8d" + struct.pack("<Q", 1 << 62) + b".",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_promises_of_much_memory_are_not_kept(bomb: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(GaitheatError, match="truncated or none"):
        loads(bomb, "x")
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


TEXT = b"X" + struct.pack("<I", 1 << 20) + b"a" * (1 << 20)
REPEATED = [
    TEXT + b"q\x000c_codecs\nencode\nq\x010(" + b"h\x01(h\x00Vlatin1\ntR" * 1000 + b"l.",
    TEXT + b"q\x000" + DTYPE + b"q\x010(" + (ARRAY + b"(I1\n(I262144\nth\x01I00\nh\x00tb") * 1000 + b"l.",
]


@pytest.mark.parametrize("bomb", REPEATED, ids=["bytes", "arrays"])
def test_the_same_bytes_are_not_made_over_and_over(bomb: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(GaitheatError, match="refused and not run, it makes more of its bytes than there are"):
        loads(bomb, "x")
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()


LONG = b"\x8b" + struct.pack("<I", 1 << 13) + b"\x01" * (1 << 13) + b"q\x000"
MANY = b"(" + b"N" * (1 << 13) + b"tq\x000"
STALLS = [
    LONG + array_of(b"(" + b"h\x00" * (1 << 13) + b"t", b"C\x00"),
    MANY + b"cnumpy.core.multiarray\n_reconstruct\nq\x010" + b"h\x01h\x00R0" * (1 << 13) + b"N.",
    MANY + (ARRAY + b"h\x00b0") * (1 << 10) + b"N.",
    LONG + b"}" + b"h\x00Ns" * (1 << 13) + b".",
    b"}("
    + b"".join(b"\x8a\x0a" + (i * ((1 << 61) - 1)).to_bytes(10, "little") + b"N" for i in range(9, 1 << 13))
    + b"u.",
]


@pytest.mark.parametrize("crafted", STALLS, ids=["shape", "arguments", "state", "key", "collisions"])
def test_nothing_keeps_it_busy_for_hours(crafted: bytes) -> None:
    with pytest.raises(GaitheatError, match=r"in more parts|64 bits|beyond all bounds"):
        loads(crafted, "x")


def test_depth_ends_no_process() -> None:
    deep = b")" + b"\x85" * 5_000
    loads(deep + b".", "x")
    with pytest.raises(GaitheatError, match="keys are neither text nor numbers"):
        loads(b"}" + deep + b"Ns.", "x")
    for crafted in (deep + b"Vx\n\x93.", b"c_codecs\nencode\n(Va\n" + deep + b"tR."):
        with pytest.raises(GaitheatError, match="truncated or none"):
            loads(crafted, "x")


def test_a_far_memo_takes_no_memory() -> None:
    """Loading makes room for all places of the memo up to the one that is named."""
    tracemalloc.start()
    assert loads(b"\x80\x02Nr\xff\xff\xff\xff.", "x") is None
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_every_truncation_is_said_in_a_line() -> None:
    whole = pickle.dumps({"a": ARRAYS[1], "b": [1.5, "x"]})
    for end in [*range(200), *range(200, len(whole), 97)]:
        with pytest.raises(GaitheatError, match=r"x\.pkl: expected a whole pickle") as caught:
            loads(whole[:end], "x.pkl")
        assert "\n" not in str(caught.value)
    for other in (b"\x1f\x8b\x08gzip", b"\x93NUMPY\x01\x00v", b"PK\x03\x04", b"\0" * 100, b"...."):
        with pytest.raises(GaitheatError, match="truncated or none"):
            loads(other, "x.pkl")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_the_bytes_nothing_but_one_kind_of_error_comes_out(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps({"a": ARRAYS[6], "b": [1.5, "x"]}, data.draw(st.sampled_from(PROTOCOLS))))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(GaitheatError):
        loads(bytes(whole), "x")


def test_reading_does_what_a_file_would(tmp_path: Path) -> None:
    """What is behind the end is not looked at, as when a file is loaded."""
    file = io.BytesIO()
    pickle.dump(ARRAYS[0], file)
    pickle.dump(Call(os.system, "true"), file)
    check(ARRAYS[0], file.getvalue())
