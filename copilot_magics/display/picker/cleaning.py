"""What could be cleared away: sessions that nobody uses and that are empty, abandoned or old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from copilot_magics.display.picker.rows import Row


def proposals(rows: Iterable[Row], before: datetime) -> list[dict[str, object]]:
    """Return the sessions that could be deleted, each with the first reason that holds.

    Parameters
    ----------
    rows : iterable of Row
        Complete rows.
    before : datetime
        What was used last before then is old.

    Returns
    -------
    list of dict
        ``id``, ``title``, ``turns``, ``bytes``, ``modified`` of the row, and ``why``: ``"empty"``
        (no prompt), ``"abandoned"`` (no prompt was ever answered) or ``"old"``. A session in use,
        bound to a notebook or starred is none of them.
    """
    found = []
    for row in rows:
        if row.user or row.notebook or row.here or row.star or row.turns is None:
            continue
        if row.turns == 0:
            why = "empty"
        elif not row.answered:
            why = "abandoned"
        elif row.modified < before.timestamp() * 1000:
            why = "old"
        else:
            continue
        told = ("id", "title", "turns", "bytes", "modified")
        found.append({**{name: getattr(row, name) for name in told}, "why": why})
    return found
