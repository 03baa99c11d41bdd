"""The fields of an object whose JSON is nested too deep to be decoded.

Decoders call themselves for what is nested, and refuse what is deeper than the stack of the moment
allows. Here nothing does: brackets are counted, and each object and each list is checked without
what is in it.
"""

from __future__ import annotations

import re

import msgspec

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"

_sound = msgspec.json.Decoder(msgspec.Raw)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def fields(text: bytes, start: int = 0) -> tuple[dict[str, msgspec.Raw], int]:
    """Return the fields of an object, however deep what is in them.

    Parameters
    ----------
    text : bytes
        JSON in UTF-8.
    start : int
        Where the object begins in it.

    Returns
    -------
    tuple of dict and int
        The JSON of each field as it was written, by name; and where the object ends.

    Raises
    ------
    ValueError
        Where no object begins there, it does not end, or it is no JSON.
    """
    # What is open, the outermost first: where each begins, and its text without what is in it.
    begun: list[int] = []
    shells: list[bytearray] = []
    inner: list[bytes] = []
    done = start
    for token in _TOKEN.finditer(text, start):
        sign, first, end = token[0], *token.span()
        if sign in _OPENING:
            if shells:
                shells[-1] += text[done:first]
            elif first != start:
                break
            begun.append(first)
            shells.append(bytearray())
            done = first
        elif not shells or sign == b'"':
            break
        elif sign in _CLOSING:
            shell, first = shells.pop() + text[done:end], begun.pop()
            if not shells:
                return {name: _whole(value, inner) for name, value in _of(shell).items()}, end
            _sound.decode(shell)
            if len(shells) == 1:
                inner.append(text[first:end])
            # A list of one number stands for it; the object's other lists have been cut out too.
            shells[-1] += b"[%d]" % (len(inner) - 1 if len(shells) == 1 else 0)
            done = end
    raise ValueError("no object that ends")


def _of(shell: bytearray) -> dict[str, msgspec.Raw]:
    return _object.decode(bytes(shell))


def _whole(value: msgspec.Raw, inner: list[bytes]) -> msgspec.Raw:
    text = bytes(value)
    return msgspec.Raw(inner[int(text[1:-1])] if text.startswith(b"[") else text)
