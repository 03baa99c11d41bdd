"""What a session may be called.

The rule is the runtime's own, as its refusals show it, with a length that leaves room in a path.
It is also what keeps an ID from leading out of the folder of sessions, so every path that is made
from an ID is made after `check_session_id`.
"""

from __future__ import annotations

import re
import unicodedata

from copilot_magics.errors import InvalidSessionID

LONGEST = 100
SESSION_ID = re.compile(rf"(?=.{{1,{LONGEST}}}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
RULE = (
    f"An ID has 1 to {LONGEST} ASCII letters, digits, '-', '_' and '.', "
    "with no '.' at either end and no two of them together."
)


def is_session_id(text: str) -> bool:
    """Say whether the runtime would take this as a session's ID."""
    return SESSION_ID.fullmatch(text) is not None


def check_session_id(text: str) -> str:
    """Return a session ID that keeps the rule.

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
    if not is_session_id(text):
        raise InvalidSessionID(
            f"{text!r} cannot be the ID of a session.", f"{RULE} Try {propose_id(text)!r}."
        )
    return text


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
    single_dots = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9_.-]+", "-", ascii_only))
    return single_dots.strip("-_.")[:LONGEST].rstrip("-_.") or "session"
