"""What could not be read of journals, with its bytes.

A DataFrame of messages says in its ``attrs`` where its journals are damaged, as plain JSON, because
bytes there would break ``to_parquet``; the bytes are read from the journals when asked for.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO

from copilot_magics.errors import BadInput
from copilot_magics.transcripts.journal import journal_path, open_journal, read_stretches
from copilot_magics.transcripts.salvage import Damage

if TYPE_CHECKING:
    import pandas as pd

Place = dict[str, Any]
"""Where one journal is damaged: session, line, start, end and what, as in `damage`."""


def places(session: str, found: Iterable[Damage]) -> list[Place]:
    """Return the damage of a session's journal as plain JSON."""
    return [
        {"session": session, "line": d.line, "start": d.start, "end": d.end, "what": d.what}
        for d in found
    ]


def warn(found: list[Place]) -> None:
    """Warn, once and where the package was called, of what could not be read and where.

    Parameters
    ----------
    found : list of dict
        The places; none: no warning.
    """
    if found:
        warnings.warn(warning(found), stacklevel=stack_depth())


def warning(found: list[Place]) -> str:
    """Say in one sentence what could not be read and where.

    Parameters
    ----------
    found : list of dict
        The places, at least one.

    Returns
    -------
    str
        The first few of them, and how to list them all.
    """
    most = 3
    told = "; ".join(
        f"{place['session']!r} line {place['line']}, bytes {place['start']} to {place['end']}:"
        f" {place['what']}"
        for place in found[:most]
    )
    more = f"; and {len(found) - most:,} more" if len(found) > most else ""
    number = f"{len(found):,} place{'s' if len(found) > 1 else ''}"
    return (
        f"Journals are damaged in {number}, every intact event is here: {told}{more}."
        " df.copilot.damage() lists what could not be read."
    )


def damage(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what could not be read of the journals that a DataFrame of messages comes from.

    Parameters
    ----------
    frame : DataFrame
        Of `get_messages`. One that was put together of several, which do not share their
        ``attrs``, needs the column ``session``: the journals of those sessions are read again.

    Returns
    -------
    DataFrame
        One row a place: ``session`` (string), ``line`` (Int64, from 1; 0 for the file as a whole),
        ``start`` and ``end`` (Int64, the bytes of the journal, ``end`` not included), ``what``
        (string, what is wrong there), ``raw`` (object, the bytes that stand there now; None where
        the journal is gone). The same columns where nothing is damaged.

    Raises
    ------
    BadInput
        Where the frame neither says what was damaged nor has a column ``session``.
    """
    import pandas as pd

    found = _places(frame)
    columns = ("session", "line", "start", "end", "what")
    dtypes = dict(zip(columns, ("string", "Int64", "Int64", "Int64", "string"), strict=True))
    listed = {
        name: pd.Series([place[name] for place in found], dtype=dtypes[name]) for name in columns
    }
    return pd.DataFrame({**listed, "raw": pd.Series(_raw(found), dtype="object")})


def _places(frame: pd.DataFrame) -> list[Place]:
    told = frame.attrs.get("copilot")
    if told is not None:
        return list(told["damage"])
    if "session" not in frame:
        raise BadInput(
            "This DataFrame does not say what was damaged.",
            "Ask one of get_messages(), with the column 'session' where several are put together.",
        )
    return [
        place
        for session in frame["session"].dropna().unique()
        for stretch in read_stretches(journal_path(session))
        for place in places(session, stretch.damage)
    ]


def _raw(found: list[Place]) -> list[bytes | None]:
    raw: list[bytes | None] = []
    for session, group in groupby(found, key=lambda place: str(place["session"])):
        spans = [(place["start"], place["end"]) for place in group]
        try:
            with open_journal(journal_path(session)) as file:
                raw += [_read(file, start, end) for start, end in spans]
        except OSError:
            raw += [None] * len(spans)
    return raw


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def stack_depth() -> int:
    """Return the stack level of whoever called this package, for a warning that points there."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        "copilot_magics."
    ):
        depth, frame = depth + 1, frame.f_back
    return depth
