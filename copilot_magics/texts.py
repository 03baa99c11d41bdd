"""What is no text: halves of characters, paths that are no UTF-8, files of ours that are damaged.

Python holds such text, and JSON cannot: the runtime never answers a message with half a character
in it. So what is sent is checked, what is kept is spelled out, and what was damaged is not read.
"""

from __future__ import annotations

import re

import msgspec

from copilot_magics.errors import BadInput

DAMAGED = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding a file of ours raises: it is none of ours, no UTF-8, or nested without end."""

_ANEW = "Type it anew; of bytes make text with `data.decode(errors='replace')`."
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
