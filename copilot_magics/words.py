"""Numbers and moments in the words a person reads."""

from __future__ import annotations

from datetime import datetime

_LONGEST = 20_000
"""Characters of one prompt or answer on a page of many."""


def counted(count: int, what: str) -> str:
    """Return a number of things: ``1 turn``, ``2 turns``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Return a number of bytes: ``12 kB``, ``1.2 GB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def local_time(moment: datetime) -> str:
    """Return a moment in the user's own time zone, to the minute."""
    # A pandas Timestamp is a datetime whose `astimezone` is not.
    return f"{datetime.fromtimestamp(moment.timestamp()):%Y-%m-%d %H:%M}"


def one_line(text: str, width: int = 100) -> str:
    """Return a text in one line of limited width."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def shortened(text: str) -> str:
    """Return a prompt or an answer for a page of many, where a very long one is cut and says so."""
    if len(text) <= _LONGEST:
        return text
    more = len(text) - _LONGEST
    return f"{text[:_LONGEST]}\n\n… {more:,} characters more; get_messages() has all of them."
