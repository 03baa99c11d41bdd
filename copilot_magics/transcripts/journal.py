"""A session's journal, ``events.jsonl``: its events in order, and what is wrong with it.

The whole file is decoded at once; only the envelope of an event is, its payload stays as the bytes
that were written, because most readers want few of the payloads. A journal is written by a process
that may die at any byte, so a file that does not decode as a whole is read line by line
(`salvage`): every intact event survives, and the damage is described and never raised. The journal
belongs to the runtime: nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from copilot_magics.config import session_state
from copilot_magics.ids import check_session_id, is_session_id
from copilot_magics.transcripts.salvage import Damage, Event, decode_lines, salvage

FILE = "events.jsonl"


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
    try:
        blob = journal_path(session_id, state).read_bytes()
    except FileNotFoundError:
        return Journal([], [])
    except OSError as error:
        return Journal([], [Damage(0, 0, 0, f"the file cannot be read: {error.strerror}")])
    return decode(blob)


def is_sound(session_id: str) -> bool:
    """Say whether a session's journal is what the runtime meant to write; quicker than reading."""
    try:
        return decode_lines(journal_path(session_id).read_bytes()) is not None
    except OSError:
        return False


def decode(blob: bytes) -> Journal:
    """Decode a journal's bytes.

    Parameters
    ----------
    blob : bytes
        The whole file, or whole lines of it.

    Returns
    -------
    Journal
        Its events and its damage.
    """
    events = decode_lines(blob)
    return Journal(*salvage(blob)) if events is None else Journal(events, [])


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
    lines = {_line(blob, at) for name in types for at in _occurrences(blob, f'"{name}"'.encode())}
    for start, end in sorted(lines):
        yield from (event for event in decode(blob[start:end]).events if event.type in types)


def _occurrences(blob: bytes, needle: bytes) -> Iterator[int]:
    at = blob.find(needle)
    while at >= 0:
        yield at
        at = blob.find(needle, at + len(needle))


def _line(blob: bytes, at: int) -> tuple[int, int]:
    end = blob.find(b"\n", at)
    return blob.rfind(b"\n", 0, at) + 1, end + 1 if end >= 0 else len(blob)
