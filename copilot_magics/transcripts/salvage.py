"""Events out of bytes: all at once where a journal is sound, line by line where it is not.

What goes wrong in real journals: a last line cut short; the next process appending to such a line;
two records without a line break between them; a stretch of NUL bytes after a power cut; bytes that
are no UTF-8; half of a surrogate pair, escaped, where a text was cut in its middle. Lines end at
``\\n`` alone: a U+2028 inside a string is no line break.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from copilot_magics.transcripts.nesting import fields

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r"
_NUL = b"\x00"
_REFUSALS = (msgspec.DecodeError, ValueError, RecursionError)

# An object inside a broken line counts as an event only if it has all of these; otherwise a piece
# of some payload, many of which have a "type", would be taken for one.
_ENVELOPE = {"type", "data", "id", "timestamp"}
_OPENING = re.compile(r'\{\s*"(?:type|data|id)"')
# Numbers stay text: Python refuses to read long ones.
_SCANNER = json.JSONDecoder(strict=False, parse_int=str)

# Inside JSON, no line that ends with a brace is followed by one that begins with a brace.
_BREAK = re.compile(rb"\n((?<=\}\n)\{)?")

_PIECE = 16 * 1024
_TOKEN = 32
# So that nothing takes for ever: the characters that may be read in vain, for a short line; how
# often JSON may prove too deep, which is no line of a journal any more; and how often it is then
# read to its end.
_EFFORT = 16 * 1024**2
_PATIENCE = 10_000
_DEEP = 10

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ODD = re.compile(
    r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F]..)|\\.|(?P<control>[\0-\x1f])",
    re.DOTALL,
)
_TEXTS = ("id", "timestamp", "parentId", "agentId")


class Event(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={"parent_id": "parentId", "agent_id": "agentId"},
):
    """One event of a session, its payload not yet decoded.

    Parameters
    ----------
    type : str
        The raw event type, known to us or not.
    data : msgspec.Raw
        The payload's JSON, as it was written.
    id, timestamp, parent_id, agent_id : str or None
        The rest of the envelope; `agent_id` is a sub-agent's.
    """

    type: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None
    timestamp: str | None = None
    parent_id: str | None = None
    agent_id: str | None = None


class Damage(msgspec.Struct, frozen=True):
    """One place where a journal is not sound.

    Parameters
    ----------
    line : int
        The line's number, from 1; 0 for the file as a whole.
    start, end : int
        The bytes of the file concerned, ``end`` not included.
    what : str
        What is wrong there.
    """

    line: int
    start: int
    end: int
    what: str


_decoder = msgspec.json.Decoder(Event)
_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_lines(blob: bytes) -> list[Event] | None:
    """Decode a sound journal at once; None for one that has to be read line by line."""
    try:
        # Payloads are skipped and not decoded, and skipping does not look at their UTF-8.
        if not blob.isascii():
            _check_utf8(blob)
        events = _decoder.decode_lines(blob)
    except _REFUSALS:
        return None
    # Their number alone would not do: two events on one line and a line without any may be as many.
    breaks = _BREAK.findall(blob)
    if blob.endswith(b"\n"):
        breaks.pop()
    is_sound = len(events) == len(breaks) + bool(blob) and b"" not in breaks
    return events if is_sound else None


_SMALL = 64 * 1024
"""Bytes up to which to ask Arrow takes longer than to decode."""


def _check_utf8(blob: bytes) -> None:
    # Where it has been imported, Arrow looks at gigabytes in the time in which str() is made of
    # megabytes; another thread may just be importing it.
    arrow: Any = sys.modules.get("pyarrow")
    ready = arrow is not None and not getattr(arrow.__spec__, "_initializing", False)
    if not ready or len(blob) < _SMALL:
        blob.decode()
    else:
        ends = arrow.py_buffer(struct.pack("@qq", 0, len(blob)))
        text = [None, ends, arrow.py_buffer(blob)]
        arrow.Array.from_buffers(arrow.large_string(), 1, text).validate(full=True)


def salvage(blob: bytes, offset: int = 0, lines: int = 0) -> tuple[list[Event], list[Damage]]:
    """Return each intact event of a journal, and what is wrong with the rest.

    Parameters
    ----------
    blob : bytes
        A journal, sound or not, or whole lines of it.
    offset, lines : int
        How many bytes and lines of the journal are before them.

    Returns
    -------
    tuple of list of Event, list of Damage
        Both in the file's order.
    """
    events: list[Event] = []
    damage: list[Damage] = []
    start = len(_BOM) if offset == 0 and blob.startswith(_BOM) else 0
    number = lines
    while start < len(blob):
        number += 1
        end = blob.find(b"\n", start)
        unreadable = "no event can be read here" if end >= 0 else "the last line was cut short"
        end = end if end >= 0 else len(blob)
        for first, last, event, what in _pieces(blob[start:end], unreadable):
            if event is not None:
                events.append(event)
            if what:
                place = offset + start
                damage.append(Damage(number, place + first, place + last, what))
        start = end + 1
    return events, damage


# A stretch of a line: its two ends, the event there if any, and what is wrong with it if anything.
_Piece = tuple[int, int, Event | None, str]


def _pieces(line: bytes, unreadable: str) -> Iterator[_Piece]:
    done = 0
    for start, end, event, what in _events(line):
        yield from _gap(line, done, start, unreadable)
        yield start, end, event, what or ("no line break before this event" if done else "")
        done = end
    yield from _gap(line, done, len(line), unreadable)


def _gap(line: bytes, start: int, end: int, unreadable: str) -> Iterator[_Piece]:
    rest = line[start:end].strip(_BLANK)
    if rest:
        yield start, end, None, unreadable if rest.strip(_BLANK + _NUL) else "NUL bytes"


def _events(line: bytes) -> Iterator[_Piece]:
    body = line.strip(_BLANK + _NUL)
    start = line.find(body)
    try:
        yield start, start + len(body), *_event(body)
    except _REFUSALS:
        yield from _scattered_events(line)


def _scattered_events(line: bytes) -> Iterator[_Piece]:
    # One character a byte: JSON's own characters are ASCII, and the offsets stay true.
    text = line.decode("latin-1")
    # An event after which no timestamp comes was cut short; most broken lines end the search here.
    last = max(text.rfind('"timestamp"'), 0)
    position = spent = too_deep = 0
    while too_deep < _PATIENCE and (opening := _OPENING.search(text, position, last)):
        start = opening.start()
        try:
            try:
                value, end = _object(text, start)
            except RecursionError:
                if too_deep >= _DEEP:
                    raise
                value, end = fields(line, start)
            event = _event(line[start:end]) if value.keys() >= _ENVELOPE else None
        except json.JSONDecodeError as error:
            position = start + 1
            spent += error.pos
            if spent > _EFFORT + 8 * len(text):
                # Objects in objects, none of which ends before this.
                position, spent = max(position, start + error.pos - 1), 0
            continue
        except _REFUSALS:
            position = start + 1
            too_deep += 1
            continue
        if event is not None:
            yield start, end, *event
        position = end


def _object(text: str, start: int) -> tuple[Any, int]:
    """Decode the JSON that begins somewhere in a text, and say where it ends.

    An error is dear in a long text, because it counts the lines before it; so a short piece is
    tried first, and a longer one only where what is wrong may be that it ends.
    """
    size = _PIECE
    while True:
        piece = text[start : start + size]
        try:
            value, length = _SCANNER.raw_decode(piece)
            return value, start + length
        except json.JSONDecodeError as error:
            is_whole = len(piece) < size
            may_go_on = error.pos > size - _TOKEN or error.msg.startswith("Unterminated string")
            if is_whole or not may_go_on:
                raise
        size *= 8


def _event(text: bytes) -> tuple[Event, str]:
    try:
        text.decode()
        return _strict(text), ""
    except _REFUSALS:
        return _lenient(text), "an event with text that is not Unicode, or an odd envelope"


def _strict(text: bytes) -> Event:
    try:
        return _decoder.decode(text)
    except RecursionError:
        return _made(_deep(text))


def _lenient(text: bytes) -> Event:
    mended = _STRING.sub(_mended, text.decode(errors="replace")).encode()
    try:
        found = _envelope.decode(mended)
    except RecursionError:
        found = _deep(mended)
    odd = {name for name in _TEXTS if name in found and not bytes(found[name]).startswith(b'"')}
    return _made({name: value for name, value in found.items() if name not in odd})


def _deep(text: bytes) -> dict[str, msgspec.Raw]:
    found, end = fields(text)
    if end != len(text):
        raise ValueError("something after the object")
    return found


def _made(found: dict[str, msgspec.Raw]) -> Event:
    envelope = {name: found[name] for name in ("type", *_TEXTS) if name in found}
    event = _decoder.decode(msgspec.json.encode(envelope))
    return msgspec.structs.replace(event, data=found.get("data", event.data))


def _mended(string: re.Match[str]) -> str:
    return _ODD.sub(_mended_sign, string[0])


def _mended_sign(sign: re.Match[str]) -> str:
    if sign["half"]:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\u{ord(sign[0]):04x}" if sign["control"] else sign[0]
