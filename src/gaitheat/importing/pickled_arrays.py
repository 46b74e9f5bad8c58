"""Numeric arrays as pickles describe them: made of a type, a shape and bytes, by nobody but this file.

The names that numpy writes into its pickles are known here, and each stands for a function of this file.
numpy's own are not used: they would take objects, structured types and whatever else numpy can hold.
"""

import math
import operator
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NUMERIC = re.compile(r"b1|[iu][1248]|f[248]")
_LATIN = "latin1"
MOST_DIMENSIONS = 32
"""Of any array of numpy 1."""
_ORDERS = frozenset({"<", ">", "|", "="})


class RefusedError(Exception):
    """More than plain data is asked for."""


@dataclass(eq=False)
class UnfinishedType:
    """A numeric type; its byte order comes later."""

    code: str
    order: str = "="

    def finish(self, state: Any) -> None:
        """Set the byte order; RefusedError if the type has parts."""
        _, order, *parts = state
        if order not in _ORDERS or any(part is not None for part in parts[:3]):
            raise RefusedError("it holds an array of a structured type")
        self.order = order

    def finished(self) -> np.dtype[Any]:
        """The type."""
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class UnfinishedArray:
    """An array whose content comes later; ``slots`` are the places of the memo that wait for it."""

    slots: list[int] = field(default_factory=list)

    def finished(self, state: Any) -> NDArray[Any]:
        """The array; RefusedError if it is not numeric."""
        *_, shape, dtype, fortran, data = state
        return _array(data, dtype, shape, "F" if fortran else "C")


def _array(data: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any]:
    """The array of these bytes; a shape that promises more than them is none."""
    if not isinstance(dtype, UnfinishedType):
        raise RefusedError("it holds an array without a numeric type")
    if not isinstance(data, bytes | bytearray | str):
        raise RefusedError("it holds an array of objects")
    content = data.encode(_LATIN) if isinstance(data, str) else data
    made = dtype.finished()
    sizes = tuple(map(operator.index, shape))
    # Not multiplied before: the product of thousands of long integers takes hours.
    if len(sizes) > MOST_DIMENSIONS or not all(0 <= size <= sys.maxsize for size in sizes):
        raise ValueError(f"an array of {len(sizes)} dimensions, or of sizes beyond all bounds")
    if math.prod(sizes) * made.itemsize != len(content):
        raise ValueError(f"an array of shape {list(sizes)[:8]} in {len(content)} bytes")
    return np.frombuffer(content, made).reshape(sizes, order="F" if order == "F" else "C")


def _dtype(code: Any, *_: Any) -> UnfinishedType:
    text = _text(code)
    if text.startswith("O"):
        raise RefusedError("it holds an array of objects")
    if not _NUMERIC.fullmatch(text):
        raise RefusedError(f"it holds an array of type {text[:20]!r}")
    return UnfinishedType(text)


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> NDArray[Any]:
    array = _array(data, dtype, shape, order)
    return array if axes is None else array.transpose(list(map(operator.index, axes)))


def _scalar(dtype: Any, data: Any) -> Any:
    return _array(data, dtype, (), "C").item()


def _encode(text: Any, encoding: Any) -> bytes:
    """How bytes are written where pickles have no bytes (before protocol 3)."""
    if encoding != _LATIN:
        raise RefusedError(f"it holds bytes that are written as {_text(encoding)[:20]!r}")
    return _text(text).encode(_LATIN)


def _text(value: Any) -> str:
    """Text is bytes in the pickles of Python 2."""
    if isinstance(value, bytes):
        return value.decode(_LATIN)
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _numpy(path: str) -> tuple[str, str]:
    """The same name before and since numpy 2."""
    return f"numpy.core.{path}", f"numpy._core.{path}"


CALLS: dict[str, Callable[..., Any]] = {
    "numpy.dtype": _dtype,
    "_codecs.encode": _encode,
    **dict.fromkeys(("builtins.bytes", "__builtin__.bytes"), lambda: b""),
    **dict.fromkeys(_numpy("multiarray._reconstruct"), lambda *_: UnfinishedArray()),
    **dict.fromkeys(_numpy("multiarray.scalar"), _scalar),
    **dict.fromkeys(_numpy("numeric._frombuffer"), _frombuffer),
}
"""What stands for the names that a pickle may call."""
NAMES = frozenset({"numpy.ndarray", *CALLS})
"""What a pickle may name."""
