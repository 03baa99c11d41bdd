"""Full-text search over what was said, from the journals as they are.

There is no index: none has to be built, kept in step, kept private or cleared when a session is
deleted, and a gigabyte of journals is looked through in half a second. `narrowing` leaves out the
journals in which the text cannot stand; the others are searched as bytes, and only the lines that
hold the text are decoded, to see whether somebody said it: the system's prompt and the names of
JSON's fields do not count. It runs in processes of its own (``python -m`` this module), so that the
kernel stays free, and whoever has changed his mind ends them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.journal import decode, journal_path, open_journal
from copilot_magics.transcripts.narrowing import trace

_CHUNK = 4 * 1024 * 1024
_BEFORE, _AFTER = 40, 100
_SAID = frozenset(
    {
        "user.message",
        "assistant.message",
        "tool.execution_start",
        "tool.execution_complete",
        "session.error",
    }
)


class Hit(msgspec.Struct, frozen=True):
    """The first place in a session where a text was said.

    Attributes
    ----------
    session : str
        The session's ID.
    role : str
        Who said it: user, assistant, tool or session.
    text : str
        What stands around it, in one line.
    at, length : int
        Where in ``text`` it is, in characters.
    """

    session: str
    role: str
    text: str
    at: int
    length: int


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """One session more was read; the hit, where there is one."""

    hit: Hit | None = None


def first_hit(session: str, text: str) -> Hit | None:
    """Return the first place in a session where a text was said, in any case.

    Parameters
    ----------
    session : str
        The session's ID.
    text : str
        At least one character that is no white space.

    Returns
    -------
    Hit or None
        None also for a session that cannot be read.
    """
    lowered, pattern = text.lower(), re.compile(re.escape(text), re.IGNORECASE)
    try:
        with open_journal(journal_path(session)) as file:
            for line in _lines_with(file, text):
                for role, content in _said(line):
                    # The pattern alone would take ten times as long to see that it is not there.
                    if lowered in content.lower() and (found := pattern.search(content)):
                        return _hit(session, role, content, found)
    except OSError:
        pass
    return None


def _said(line: bytes) -> Iterator[tuple[str, str]]:
    """Return who said what in a line, which may hold several events."""
    for event in decode(line).events:
        if event.type in _SAID:
            content = reading.content_of(event.type, reading.payload_of(event))
            if content:
                yield reading.role_of(event.type), content


def _hit(session: str, role: str, content: str, found: re.Match[str]) -> Hit:
    start = max(found.start() - _BEFORE, 0)
    head = "…" if start else ""
    # One for one, so that the place stays the same.
    around = re.sub(r"\s", " ", content[start : found.end() + _AFTER])
    at = len(head) + found.start() - start
    return Hit(session, role, head + around, at, found.end() - found.start())


def _lines_with(file: BinaryIO, text: str) -> Iterator[bytes]:
    """Find the lines of a journal in which a text may stand."""
    find = _finder(text)
    while chunk := file.read(_CHUNK) + file.readline():
        lowered = chunk.lower()
        at = find(lowered, 0)
        while at >= 0:
            end = chunk.find(b"\n", at) + 1 or len(chunk)
            yield chunk[chunk.rfind(b"\n", 0, at) + 1 : end]
            at = find(lowered, end)


def _finder(text: str) -> Callable[[bytes, int], int]:
    """Return what finds, in lower-case bytes, where a text may stand, or -1."""
    strings = {string.encode().lower() for string in trace(text)}
    if len(strings) == 1:
        (only,) = strings
        return lambda lowered, start: lowered.find(only, start)
    either = re.compile(b"|".join(map(re.escape, strings)))

    def find(lowered: bytes, start: int) -> int:
        found = either.search(lowered, start)
        return found.start() if found else -1

    return find


def main() -> None:
    """Search for the text in standard input's first line, JSON, in the sessions that follow it.

    One ID a line; for each a `Progress` goes to standard output, in one line, as soon as it is
    known.
    """
    text = msgspec.json.decode(sys.stdin.buffer.readline(), type=str)
    encoder = msgspec.json.Encoder()
    for session in sys.stdin.buffer:
        line = encoder.encode(Progress(first_hit(session.decode().strip(), text)))
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
