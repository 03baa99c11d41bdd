"""What a session may be called.

The rule for a new one is the runtime's own, as its refusals show it, with a length that leaves room
in a path, and without the names that Windows keeps for devices. Sessions that others made may have
dots in their IDs; those are read, but an ID never leads out of the folder of sessions, so every
path that is made from one is made after a check.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from copilot_magics.errors import InvalidSessionID, SessionExists

LONGEST = 100
SESSION_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")
RULE = f"An ID has 1 to {LONGEST} ASCII letters, digits, '-' and '_'."
_DEVICE = re.compile(r"con|prn|aux|nul|conin|conout|clock|(com|lpt)[0-9]", re.IGNORECASE)
_ON_DISK = re.compile(rf"(?=.{{1,{LONGEST}}}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def is_session_id(text: str) -> bool:
    """Say whether a session on disk may have this ID."""
    return _ON_DISK.fullmatch(text) is not None


def check_session_id(text: str) -> str:
    """Return an ID that a new session may have.

    Parameters
    ----------
    text : str
        What was asked for.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InvalidSessionID
        With the rule, and an ID that would do.
    """
    if not SESSION_ID.fullmatch(text):
        raise InvalidSessionID(
            f"{shown(text)} cannot be the ID of a session.", f"{RULE} Try {propose_id(text)!r}."
        )
    if _DEVICE.fullmatch(text):
        raise InvalidSessionID(
            f"{text!r} cannot be the ID of a session: on Windows it is the name of a device.",
            f"Try {propose_id(text)!r}.",
        )
    return text


def check_alone(text: str, known: Iterable[str]) -> None:
    """Refuse a new ID that differs from another in its case alone.

    A disk that ignores case would take one session for the other: that of a Mac or of Windows, to
    which this one's may be copied.

    Parameters
    ----------
    text : str
        The new ID.
    known : iterable of str
        The IDs there are.

    Raises
    ------
    SessionExists
        With the ID that it is too close to.
    """
    folded = text.casefold()
    if like := next((other for other in known if other.casefold() == folded and other != text), ""):
        raise SessionExists(
            f"{text!r} differs from the session {like!r} in its case alone.",
            f"Resume that one with `%copilot_session {like}`, or choose another ID.",
        )


def shown(text: str) -> str:
    """Return a name as an error shows it: quoted, and not endless."""
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r}…"


def propose_id(text: str) -> str:
    """Return a valid session ID that resembles a text.

    Parameters
    ----------
    text : str
        Anything: a title, a file's name, a refused ID.

    Returns
    -------
    str
        Its letters without their accents, ``-`` for what an ID cannot hold; ``session`` where
        nothing remains.
    """
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_only)
    name = words.strip("-_")[:LONGEST].rstrip("-_") or "session"
    return f"{name}-session" if _DEVICE.fullmatch(name) else name
