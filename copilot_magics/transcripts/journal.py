"""A session's journal, ``events.jsonl``: its events in order, and what is wrong with it.

Whole lines are decoded at once, a stretch at a time that fits into the processor's cache; only the
envelope of an event is, its payload stays as the bytes that were written, because most readers want
few of the payloads. A journal is written by a process that may die at any byte, so a stretch that
does not decode as a whole is read line by line (`salvage`): every intact event survives, and the
damage is described and never raised. The journal belongs to the runtime: nothing here writes.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NamedTuple

import msgspec

from copilot_magics.errors import BadInput
from copilot_magics.folders import session_state
from copilot_magics.ids import check_session_id, is_session_id
from copilot_magics.transcripts.salvage import Damage, Event, decode_lines, salvage

FILE = "events.jsonl"
_STRETCH = 256 * 1024


class Journal(msgspec.Struct, frozen=True):
    """What a journal holds.

    Parameters
    ----------
    events : list of Event
        Every intact event, in the file's order.
    damage : list of Damage
        Where the file is not what the runtime meant to write; empty for nearly all.
    """

    events: list[Event]
    damage: list[Damage]


class Stretch(NamedTuple):
    """Whole lines of a journal.

    Attributes
    ----------
    events : list of Event
        The intact ones, in the file's order.
    damage : list of Damage
        What is wrong with the rest.
    end : int
        How many bytes of the journal end with it.
    lines : int
        How many lines of the journal do.
    ended : bool
        Whether it ends with a line break; what does not may still be written.
    """

    events: list[Event]
    damage: list[Damage]
    end: int
    lines: int
    ended: bool


def session_folder(session_id: str, state: Path | None = None) -> Path:
    """Return where a session lies, whether or not it exists.

    Parameters
    ----------
    session_id : str
        Its ID; checked, so that the path cannot lead elsewhere.
    state : Path, optional
        The folder that holds one folder a session; the configured one where left out.

    Returns
    -------
    Path
        The session's folder.
    """
    if not is_session_id(session_id):
        check_session_id(session_id)
    return (state or session_state()) / session_id


def check_place(session_id: str) -> None:
    """Refuse to have a session written or deleted that lies elsewhere: links would be followed.

    Raises
    ------
    BadInput
        It is no ID, or what lies there is a link.
    """
    folder = session_folder(session_id)
    if link := next(filter(os.path.islink, (folder, folder / FILE)), None):
        raise BadInput(
            f"{link} is a link, which may lead out of the folder of sessions.",
            "Move there what it leads to, or remove it.",
        )


def journal_path(session_id: str, state: Path | None = None) -> Path:
    """Return where a session's journal lies, whether or not it exists; as `session_folder`."""
    return session_folder(session_id, state) / FILE


def read_journal(session_id: str, state: Path | None = None) -> Journal:
    """Read a session's journal.

    Parameters
    ----------
    session_id : str
        The session's ID.
    state : Path, optional
        The folder that holds one folder a session; the configured one where left out.

    Returns
    -------
    Journal
        Empty where there is no journal yet; a file that cannot be read is damage too.
    """
    journal = Journal([], [])
    for stretch in read_stretches(journal_path(session_id, state)):
        journal.events.extend(stretch.events)
        journal.damage.extend(stretch.damage)
    return journal


def read_stretches(path: Path) -> Iterator[Stretch]:
    """Read a journal a stretch at a time, so that no more of it is in memory.

    Parameters
    ----------
    path : Path
        The journal.

    Yields
    ------
    Stretch
        In the file's order; none where there is no journal. A file that cannot be read is damage.
    """
    try:
        with open_journal(path) as file:
            yield from stretches(file)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Stretch([], [unreadable(error)], 0, 0, False)


def journal_status(path: str | Path) -> os.stat_result:
    """Return the status of a journal, or of another file of a session.

    Raises
    ------
    OSError
        Where it cannot be had, or there is no file: from a pipe or a device nothing may ever come,
        or no end.
    """
    status = os.stat(path)
    if not S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file")
    return status


def open_journal(path: str | Path) -> BinaryIO:
    """Open a journal, or another file of a session, to read it; as `journal_status`."""
    # Asked before, because to open a pipe is to wait for whoever writes to it.
    journal_status(path)
    return open(path, "rb")


def unreadable(error: OSError) -> Damage:
    """Say that a journal cannot be read."""
    return Damage(0, 0, 0, f"the file cannot be read: {error.strerror}")


def stretches(file: BinaryIO, offset: int = 0, lines: int = 0) -> Iterator[Stretch]:
    """Read a journal on from where a file stands, to the end it has when that is reached.

    Parameters
    ----------
    file : BinaryIO
        The journal.
    offset, lines : int
        How many bytes and lines are before.

    Yields
    ------
    Stretch
        One that has not ended is the last: what comes after it belongs to its line.
    """
    # The end of its last line is the runtime's sign that an event has been written whole.
    while blob := file.read(_STRETCH) + file.readline():
        cut = len(blob) if blob.endswith(b"\n") else blob.rfind(b"\n") + 1
        for part in (blob[:cut], blob[cut:]):
            if part:
                ended = part.endswith(b"\n")
                events, damage = decode_lines(part), list[Damage]()
                if events is None:
                    events, damage = salvage(part, offset, lines)
                    lines += part.count(b"\n")
                else:
                    # A sound line is an event.
                    lines += len(events)
                offset += len(part)
                yield Stretch(events, damage, offset, lines, ended)
                if not ended:
                    return


def is_sound(session_id: str) -> bool:
    """Say whether a session's journal is what the runtime meant to write."""
    return not any(stretch.damage for stretch in read_stretches(journal_path(session_id)))


def decode(blob: bytes, offset: int = 0) -> Journal:
    """Decode a journal's bytes.

    Parameters
    ----------
    blob : bytes
        The whole file, or whole lines of it.
    offset : int
        How many bytes of the file are before them.

    Returns
    -------
    Journal
        Its events and its damage.
    """
    events = decode_lines(blob)
    return Journal(*salvage(blob, offset)) if events is None else Journal(events, [])


def events_of(blob: bytes, *types: str) -> Iterator[Event]:
    """Find the events of a few types without decoding the others.

    Parameters
    ----------
    blob : bytes
        The whole journal.
    *types : str
        The types.

    Yields
    ------
    Event
        In the file's order.
    """
    # Inside a string the quotes would be escaped, so prose is not taken for a type.
    places = merge(*(_occurrences(blob, f'"{name}"'.encode()) for name in types))
    lines: list[bytes] = []
    first, done, enough = 0, 0, 1
    for at in places:
        if at < done:
            continue
        start, done = _line(blob, at)
        first = first if lines else start
        lines.append(blob[start:done])
        # The first at once, since some want no more; many together take a third of the time.
        if len(lines) == enough:
            yield from _events_among(lines, types, first)
            lines, enough = [], 4 * enough
    yield from _events_among(lines, types, first)


def _events_among(lines: list[bytes], types: tuple[str, ...], first: int) -> list[Event]:
    return [event for event in decode(b"".join(lines), first).events if event.type in types]


def _occurrences(blob: bytes, needle: bytes) -> Iterator[int]:
    at = blob.find(needle)
    while at >= 0:
        yield at
        at = blob.find(needle, at + len(needle))


def _line(blob: bytes, at: int) -> tuple[int, int]:
    end = blob.find(b"\n", at)
    return blob.rfind(b"\n", 0, at) + 1, end + 1 if end >= 0 else len(blob)
