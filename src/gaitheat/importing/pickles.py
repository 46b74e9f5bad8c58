"""Pickles of numeric arrays and plain containers, read without running anything that they ask for.

A pickle is a program: it names functions of any module, and loading it calls them. Here it is only looked at.
The instructions that build plain values are carried out by this file, the few names that stand for numeric
arrays are known (``pickled_arrays``), and every other name or instruction ends the reading. No module is
imported and no object is ever asked to set its own state, so there is nothing that a crafted pickle could
reach; and what is made of it is no larger than a few times the file. (The instructions are those of protocols
0 to 5, as listed in the standard library's ``pickletools``.)
"""

import pickletools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gaitheat.errors import GaitheatError
from gaitheat.importing.pickled_arrays import CALLS, NAMES, RefusedError, UnfinishedArray, UnfinishedType

COPIES = 2
"""How often the file's bytes may be in what is made of it: once as bytes, and once as an array."""
MOST_PARTS = 9
"""Arguments of a call, or parts of a state: numpy's types have nine. A small file may name long ones so often
that to unpack them takes hours."""


def loads(content: bytes, name: str) -> Any:
    """What a pickle holds: numbers, text, bytes, None, lists, tuples, dicts, and numeric numpy arrays.

    Args:
        content: the whole file.
        name: what to call it in a message, its path as a rule.

    Raises:
        GaitheatError: it asks for anything else, or it is truncated or no pickle.
    """
    machine = _Machine(COPIES * len(content))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in text that is damaged
            for opcode, argument, _ in pickletools.genops(content):
                machine.step(opcode.name, argument)
        return machine.stack.pop()
    except RefusedError as error:
        raise GaitheatError(
            f"{name}: refused and not run, {error}: expected a pickle of numeric arrays and plain containers"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:100]
        raise GaitheatError(
            f"{name}: expected a whole pickle, got one that is truncated or none ({reason}); copy it again"
        ) from error


class _Name(NamedTuple):
    """A function or class that a pickle names; it is known, but never looked up."""

    dotted: str


_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
"""Instructions that push the value which they carry."""
_NOTHING = frozenset({"PROTO", "FRAME", "STOP"})


class _Machine:
    """A stack and a memo; ``below`` are the stacks below the marks, ``left`` the bytes that it may make."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carry out one instruction; RefusedError if it is none that builds plain data."""
        if name in _VALUES:
            self.push(argument)
        elif name in _CONSTANTS:
            self.push(_CONSTANTS[name])
        elif name in _TUPLES:
            items = [self.stack.pop() for _ in range(_TUPLES[name])]
            self.push(tuple(items[::-1]))
        elif name in _INSTRUCTIONS:
            _INSTRUCTIONS[name](self, argument)
        elif name not in _NOTHING:
            raise RefusedError(f"it holds the instruction {name}")

    def push(self, value: Any) -> None:
        """Put a value on top."""
        self.stack.append(value)

    def mark(self) -> None:
        """Begin a new stack on top of this one."""
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        """Everything above the last mark, taken off."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def pop(self) -> None:
        """Drop the value, or the mark, on top."""
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def put(self, slot: int | None) -> None:
        """Remember the value on top, as the next one if no slot is given."""
        slot = len(self.memo) if slot is None else slot
        self.memo[slot] = self.stack[-1]
        if isinstance(self.stack[-1], UnfinishedArray):
            self.stack[-1].slots.append(slot)

    def extend(self, items: list[Any]) -> None:
        """Add to the list on top."""
        if type(self.stack[-1]) is not list:
            raise RefusedError("it extends something that is no list")
        self.stack[-1].extend(items)

    def update(self, items: list[Any]) -> None:
        """Add keys and values by turns to the dict on top."""
        if type(self.stack[-1]) is not dict:
            raise RefusedError("it fills something that is no dict")
        self.stack[-1].update(_pairs(items))

    def name(self, module: Any, name: Any) -> None:
        """Push a name, if it is a known one."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a name that is no text")
        dotted = f"{module}.{name}"
        if dotted not in NAMES:
            raise RefusedError(f"it names {dotted[:100]!r}")
        self.push(_Name(dotted))

    def call(self) -> None:
        """Call what stands for a name."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Name) or function.dotted not in CALLS:
            raise RefusedError("it calls something that is no function")
        self.push_made(CALLS[function.dotted](*_few(arguments)))

    def push_made(self, value: Any) -> None:
        """Push what was made; RefusedError if all that was is more than the file could hold."""
        if isinstance(value, bytes | np.ndarray):
            self.left -= len(value) if isinstance(value, bytes) else value.nbytes
        if self.left < 0:
            raise RefusedError("it makes more of its bytes than there are")
        self.push(value)

    def build(self) -> None:
        """Finish the type or array on top."""
        state, unfinished = self.stack.pop(), self.stack.pop()
        if isinstance(unfinished, UnfinishedType):
            unfinished.finish(_few(state))
            self.push(unfinished)
        elif isinstance(unfinished, UnfinishedArray):
            array = unfinished.finished(_few(state))
            self.memo.update(dict.fromkeys(unfinished.slots, array))
            unfinished.slots.clear()
            self.push_made(array)
        else:
            raise RefusedError("it sets the state of something that is no array")


def _few(parts: Any) -> tuple[Any, ...]:
    """The arguments of a call, or the parts of a state; RefusedError if they are more than any array has."""
    if not isinstance(parts, tuple) or len(parts) > MOST_PARTS:
        raise RefusedError("it describes an array in more parts than one has")
    return parts


def _pairs(items: list[Any]) -> dict[Any, Any]:
    """RefusedError for keys such as tuples: to hash one that is deep enough ends the process."""
    if not all(map(_is_key, items[::2])):
        raise RefusedError("it holds a dict whose keys are neither text nor numbers of 64 bits")
    return dict(zip(items[::2], items[1::2], strict=True))


def _is_key(value: Any) -> bool:
    """Not a long integer: to hash one takes long, and crafted ones have the same hash."""
    if isinstance(value, int):
        return value.bit_length() <= 64
    return value is None or isinstance(value, str | bytes | float)


_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], Any]] = {
    "MARK": lambda machine, _: machine.mark(),
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.push(machine.stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, slot: machine.push(machine.memo[slot])),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: machine.push(_pairs(machine.since_mark())),
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.update([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine, _: machine.update(machine.since_mark()),
    "GLOBAL": lambda machine, names: machine.name(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.name(machine.stack.pop(-2), machine.stack.pop()),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
"""What else is carried out. Not here: classes (INST, OBJ, NEWOBJ), the copy registry (EXT), PERSID, sets."""
