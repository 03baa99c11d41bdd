"""A journal from its end: the newest events first to hand, the earlier ones page by page.

Whoever looks at a conversation of fifty megabytes wants its last minutes, at once. So the file is
read from its end backwards, in whole lines, until there are enough events that a person would read.
A page is known by the byte at which it begins; what is appended later does not move that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, NamedTuple

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.journal import decode, journal_path, open_journal
from copilot_magics.transcripts.salvage import Event
from copilot_magics.transcripts.workspace import moment

_STEP = 64 * 1024
"""Bytes that are read at once, and twice as many each time that a line proves longer."""


class Page(NamedTuple):
    """A stretch of a journal.

    Attributes
    ----------
    events : list of Event
        In the file's order.
    start : int or None
        The byte at which it begins, to ask for the page before it; None at the file's beginning.
    """

    events: list[Event]
    start: int | None


def page_before(session: str, end: int | None, counts: Callable[[Event], bool], most: int) -> Page:
    """Return the events that end at a byte of a session's journal.

    Parameters
    ----------
    session : str
        The session's ID.
    end : int or None
        Where the page ends: the ``start`` of the page after it, or None for the file's end.
    counts : callable
        Says which events count.
    most : int
        Of how many of those a page is content; it holds whole stretches of lines, so it may have
        some more.

    Returns
    -------
    Page
        Empty where there is no journal. Damage is passed over: `read_journal` tells of it.
    """
    try:
        with open_journal(journal_path(session)) as file:
            size = file.seek(0, 2)
            return _page(file, size if end is None else min(end, size), counts, most)
    except OSError:
        return Page([], None)


def last_prompt(session: str) -> tuple[str, datetime | None] | None:
    """Return under which ID, and when, the newest prompt in a session's journal was sent."""
    page = page_before(session, None, lambda event: _message(event) is not None, 1)
    for event in reversed(page.events):
        if message := _message(event):
            return message, moment(event.timestamp)
    return None


def _message(event: Event) -> str | None:
    if event.type != "user.message":
        return None
    payload = reading.payload_of(event)
    return reading.message_of(payload) if reading.is_prompt(event, payload) else None


def _page(file: BinaryIO, end: int, counts: Callable[[Event], bool], most: int) -> Page:
    stretches: list[list[Event]] = []
    found = 0
    while end > 0 and found < most:
        lines = _lines_before(file, end)
        if not lines:
            # The file has shrunk meanwhile.
            break
        events = decode(lines, end - len(lines)).events
        found += sum(map(counts, events))
        stretches.append(events)
        end -= len(lines)
    return Page([event for stretch in reversed(stretches) for event in stretch], end or None)


def _lines_before(file: BinaryIO, end: int) -> bytes:
    """Return whole lines, at least one, that end at a byte."""
    step = _STEP
    while True:
        start = max(end - step, 0)
        file.seek(start)
        block = file.read(end - start)
        if start == 0:
            return block
        # The line that the step fell into begins further up.
        cut = block.find(b"\n", 0, len(block) - 1) + 1
        if cut or not block:
            return block[cut:]
        step *= 2
