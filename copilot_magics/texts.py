"""What is no text or no JSON: halves of characters, NaN, paths that are no UTF-8, damaged files.

Python holds such things, and JSON cannot: the runtime never answers a message with one in it. So
what is sent is checked, what is kept is spelled out, and what was damaged is not read.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import msgspec

from copilot_magics.errors import BadInput

DAMAGED = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding a file of ours raises: it is none of ours, no UTF-8, or nested without end."""

_ANEW = "Type it anew; of bytes make text with `data.decode(errors='replace')`."
_DEEPEST = 64
"""Levels of a value. The runtime reads 128 of a message, of which the value is a part."""

_HALF = re.compile("[\ud800-\udfff]")


def as_text(path: str) -> str:
    """Return a path as a file can hold it: what is no Unicode in it is spelled out."""
    return path.encode(errors="backslashreplace").decode()


def check_text(text: str, what: str, mend: str = _ANEW) -> str:
    """Return a text that may be sent to the runtime.

    Parameters
    ----------
    text : str
        The text.
    what : str
        What it is, for the error.
    mend : str
        What to do about it.

    Raises
    ------
    BadInput
        It holds half a character, as bytes that were read in the wrong encoding do.
    """
    if found := _HALF.search(text):
        raise BadInput(
            f"{what} holds half a character ({found[0]!a}, at place {found.start() + 1}).",
            mend,
        )
    return text


def can_be_sent(value: object, levels: int = _DEEPEST) -> bool:
    """Say whether the runtime can read a value as JSON.

    Parameters
    ----------
    value : object
        Any object.
    levels : int
        How deep it may be.
    """
    match value:
        case str():
            return as_text(value) == value
        case None | bool():
            return True
        case int() | float():
            # What is not a number is not below one either.
            return abs(value) <= sys.float_info.max
        case dict():
            parts = (*value, *value.values())
            return all(type(key) is str for key in value) and _all_can(parts, levels)
        case list() | tuple():
            return _all_can(value, levels)
    return False


def _all_can(values: Any, levels: int) -> bool:
    return levels > 0 and all(can_be_sent(one, levels - 1) for one in values)
