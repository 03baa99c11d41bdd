"""Values in few words: bounded in length, in depth and in work, whatever they hold.

Builtin containers are walked here, some items of each; Python's own ``repr`` would write all of a
list of a million. What is none of Python's own kinds is handed to whoever asked, since writing it
may run anybody's code.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from copilot_magics.mentions.naming import (
    bases_of,
    class_name,
    full_name,
    is_class,
    is_from,
    loaded,
    module_of,
    plain_kind,
)

Foreign = Callable[[object, int], str]
"""Writes an object of a kind that is not Python's own, in at most so many characters."""

IsSecret = Callable[[object, object], bool]
"""Says of a key in a mapping, and of its value, whether the value is left out."""

_DEPTH = 5
_ITEMS = (40, 12, 6, 4, 3)
"""Items that are shown of a container, by how deep it lies."""
_WORDS = 60
"""Characters of what is said of that which was cut."""
_DIGITS = 10_000
"""Bits of the longest number that is written out: more take ever longer."""

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
    dict: ("{", "}"),
    OrderedDict: ("OrderedDict({", "})"),
    defaultdict: ("defaultdict({", "})"),
    Counter: ("Counter({", "})"),
}
_MAPPINGS = (dict, OrderedDict, defaultdict, Counter)
_UNORDERED = (set, frozenset)
_PLAIN = (
    bool,
    float,
    complex,
    type(None),
    type(...),
    type(NotImplemented),
    range,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PosixPath,
    pathlib.WindowsPath,
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
)
"""Kinds whose own ``repr`` is short, and runs nothing but the interpreter's and its library's."""

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def without_addresses(text: str) -> str:
    """Return a text without places in memory, which differ from run to run and tell nothing."""
    return _ADDRESS.sub("", text)


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters and a few, its end replaced by how many went."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} more characters)"


def render(value: object, most: int, foreign: Foreign, is_secret: IsSecret | None = None) -> str:
    """Return a value in about so many characters.

    Parameters
    ----------
    value : object
        The value.
    most : int
        Characters to write.
    foreign : callable
        Writes what is not of Python's own kinds.
    is_secret : callable, optional
        Says what is left out of mappings; else it is nothing.
    """
    # What was cut already says so itself, and may be a few words longer for it.
    text = "".join(_pieces(value, _Room(most, is_secret), foreign, 0))
    return text if len(text) <= most + _WORDS else cut(text, most)


class _Room:
    """How much may still be written, and what may not."""

    def __init__(self, most: int, is_secret: IsSecret | None) -> None:
        self.left = most
        self.is_secret = is_secret

    def take(self, text: str) -> str:
        self.left -= len(text)
        return text


def _pieces(value: Any, room: _Room, foreign: Foreign, depth: int) -> Iterator[str]:
    if plain_kind(value) in _BRACKETS:
        yield from _container(value, room, foreign, depth)
    else:
        yield room.take(_atom(value, max(room.left, 20), foreign, depth))


def _container(value: Any, room: _Room, foreign: Foreign, depth: int) -> Iterator[str]:
    kind = type(value)
    before, after = _BRACKETS[kind]
    count = len(value)
    if not count and kind in _UNORDERED:
        yield room.take(f"{class_name(kind)}()")
        return
    yield room.take(before)
    if depth >= _DEPTH:
        yield room.take("…" if count else "")
    else:
        shown = 0
        for shown, item in enumerate(_items(value, kind, depth), 1):
            if shown > 1:
                yield room.take(", ")
            if room.left <= 0:
                shown -= 1
                break
            if kind in _MAPPINGS:
                key, entry = item
                yield from _pieces(key, room, foreign, depth + 1)
                yield room.take(": ")
                if room.is_secret and room.is_secret(key, entry):
                    yield room.take(f"<{full_name(type(entry))}, not told>")
                else:
                    yield from _pieces(entry, room, foreign, depth + 1)
            else:
                yield from _pieces(item, room, foreign, depth + 1)
        if shown < count:
            yield room.take(f"{', ' if shown else ''}… {count - shown:,} more")
        elif kind is tuple and count == 1:
            yield room.take(",")
    yield room.take(after)


def _items(value: Any, kind: type, depth: int) -> Iterable[Any]:
    most = _ITEMS[min(depth, len(_ITEMS) - 1)]
    if kind in _MAPPINGS:
        return islice(dict.items(value), most)
    if kind in _UNORDERED and len(value) <= 10_000 and all(type(one) is str for one in value):
        # Their order changes from kernel to kernel.
        return sorted(value)[:most]
    return islice(value, most)


def _atom(value: Any, most: int, foreign: Foreign, depth: int) -> str:
    kind = plain_kind(value)
    if kind is str or kind is bytes or kind is bytearray:
        shown = most if depth == 0 else min(most, 200)
        if len(value) <= shown:
            return repr(value)
        unit = "characters" if kind is str else "bytes"
        ending = f"… ({len(value):,} {unit} in all)"
        # What is written with escapes may be four times as long.
        return repr(value[: max(10, shown - len(ending) - 2)])[:shown] + ending
    if kind is int:
        if int.bit_length(value) > _DIGITS:
            return f"<int of about {int.bit_length(value) * 30103 // 100000:,} digits>"
        return repr(value)
    if own(value):
        return repr(value)
    if kind in (types.FunctionType, types.BuiltinFunctionType, types.BuiltinMethodType):
        return f"<function {value.__name__}>"
    if kind is types.ModuleType:
        return f"<module {types.ModuleType.__getattribute__(value, '__name__')}>"
    if is_class(value):
        return f"<class {full_name(value)}>"
    return foreign(value, most)


def own(value: object) -> bool:
    """Whether a value is short and of a kind that is known to write itself in a moment."""
    kind = type(value)
    if plain_kind(value) in _PLAIN or (kind is datetime.datetime and _zone_is_known(value)):
        return True
    if is_from(kind, "numpy"):
        bases = [loaded("numpy", name) for name in ("number", "bool_", "datetime64", "timedelta64")]
        return any(base is one for base in bases_of(kind) for one in bases)
    if module_of(kind).partition(".")[0] == "pandas":
        names = ("Timestamp", "Timedelta", "Period", "Interval")
        known = [loaded("pandas", name) for name in names]
        singles = [loaded("pandas", name) for name in ("NaT", "NA")]
        return any(kind is one for one in known) or any(value is one for one in singles)
    return False


def _zone_is_known(value: Any) -> bool:
    zone = value.tzinfo
    return zone is None or is_from(type(zone), "datetime", "zoneinfo")
