"""Frozen dataclasses of knobs, nested by owner: checked, made of JSON, compared."""

from dataclasses import asdict, is_dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gaitheat.errors import GaitheatError

Knobs = TypeVar("Knobs")


def expect(fine: bool, knob: str, expected: str, got: object) -> None:
    """GaitheatError unless the knob has a fine value."""
    if not fine:
        raise GaitheatError(f"{knob}: expected {expected}, but got {got!r}")


def made(kind: type[Knobs], values: Any, place: str) -> Knobs:
    """The dataclass with these values of JSON, and what is nested in it; what is left out keeps its default.

    Args:
        kind: the dataclass.
        values: an object, as JSON gives it.
        place: what to put before the names of knobs in errors, such as ``optimisation.``.

    Raises:
        GaitheatError: a knob that is not known, or a value of another type.
    """
    expect(isinstance(values, dict), place.rstrip(".") or "recipe", "an object", values)
    hints = get_type_hints(kind)
    for name in values:
        if name not in hints:
            close = get_close_matches(name, hints, n=1, cutoff=0)[0]
            raise GaitheatError(f"no knob is called {place}{name}: did you mean {place}{close}?")
    return kind(**{name: _read(hints[name], value, place + name) for name, value in values.items()})


def _read(hint: Any, value: Any, knob: str) -> Any:
    """A value of JSON as what the hint says."""
    if isinstance(hint, type) and is_dataclass(hint):
        return made(hint, value, f"{knob}.")
    origin, choices = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):  # T | None
        return None if value is None else _read(choices[0], value, knob)
    if origin is tuple:  # tuple[T, ...]
        expect(isinstance(value, list), knob, "a list", value)
        return tuple(_read(choices[0], item, knob) for item in value)
    if origin is Literal:
        expect(value in choices, knob, f"one of {', '.join(choices)}", value)
        return value
    if hint is float and type(value) is int:
        return float(value)
    expect(type(value) is hint, knob, hint.__name__, value)
    return value


def differences(ours: Any, theirs: Any) -> list[str]:
    """The knobs whose values differ in two dataclasses of one kind, such as ``optimisation.steps``."""
    first, second = flat(asdict(ours)), flat(asdict(theirs))
    return [knob for knob in first if first[knob] != second[knob]]


def flat(values: dict[str, Any], place: str = "") -> dict[str, Any]:
    """Nested knobs by their whole names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found.update(flat(value, f"{place}{name}.") if isinstance(value, dict) else {place + name: value})
    return found
