"""``get_messages()``: the history of sessions as one DataFrame, a row an event.

Here is what a user calls; how journals become rows is in `gathering`, and rows a frame in `schema`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from copilot_magics.errors import BadInput, CopilotError
from copilot_magics.folders import session_state
from copilot_magics.ids import is_session_id
from copilot_magics.transcripts import reading
from copilot_magics.transcripts.catalog import find, known_ids, not_found
from copilot_magics.transcripts.damage import Place, places, warn
from copilot_magics.transcripts.gathering import Rows, Told, gather
from copilot_magics.transcripts.journal import (
    events_of,
    journal_path,
    open_journal,
    read_journal,
    session_folder,
)
from copilot_magics.transcripts.parallel import PAYS, Found, gather_all, size_of
from copilot_magics.transcripts.progress import Progress
from copilot_magics.transcripts.recent import Recent
from copilot_magics.transcripts.restrictions import Restrictions, as_list, restrictions
from copilot_magics.transcripts.schema import Piece, unpack

if TYPE_CHECKING:
    import pandas as pd

ALL = "*"
ENGINES = ("pandas", "dask")
_FEW = 32

_recent = Recent()


def get_messages(
    session: str | Iterable[str],
    *,
    types: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    columns: str | Iterable[str] | None = None,
    engine: str = "pandas",
) -> pd.DataFrame:
    """Return what was said in sessions, one row an event, in order, from the files alone.

    What takes longer than a second shows a bar. Large journals are read on all cores, and of one
    that was read before only what is new is.

    Parameters
    ----------
    session : str or list of str
        IDs, or titles that a person chose, each once; ``"*"`` for every session on disk.
    types : str or list of str, optional
        Only events of these types, e.g. ``"assistant.message"``.
    roles : str or list of str, optional
        Only events of these roles: user, assistant, system, tool, session.
    since, until : datetime, date or str, optional
        Only events from then, or until then, both included. A string is an ISO date or time, or an
        age: ``"7d"``, ``"12h"``, ``"30m"``. What has no time zone is local time.
    columns : str or list of str, optional
        Only these columns, in this order.
    engine : {"pandas", "dask"}
        ``"dask"`` for a Dask DataFrame of the same rows, read when it is computed.

    Returns
    -------
    pandas.DataFrame or dask.dataframe.DataFrame
        With the same dtypes whatever it holds. ``df.attrs["copilot"]["damage"]`` lists the places
        where a journal is damaged; each intact event is there all the same. A Dask DataFrame does
        not tell of damage: that is known only once a journal is read.

    Raises
    ------
    SessionNotFound
        Where no session has the ID; it names the closest.
    BadInput
        For an unknown role, column or engine, or a moment that is none.
    CopilotError
        The folder of sessions cannot be read.

    Warns
    -----
    UserWarning
        Once, with the places that could not be read; see `copilot_magics.transcripts.damage`.
    """
    wanted = restrictions(types, roles, since, until, columns)
    if engine not in ENGINES:
        raise BadInput(f"There is no engine {engine!r}.", f"There are: {', '.join(ENGINES)}.")
    found = resolve(session)
    if engine == "dask":
        from copilot_magics.transcripts import distributed

        # It has the methods of a pandas DataFrame, which is what a caller's checker should see.
        return cast("pd.DataFrame", distributed.messages(session_state(), found, wanted))
    pieces, damage = _read(session_state(), found, wanted, is_all=is_all(session))
    warn(damage)
    return to_frame(pieces, damage, wanted)


def _read(state: Path, sessions: list[str], wanted: Restrictions, *, is_all: bool) -> Found:
    sizes = [size_of(state, session) for session in sessions]
    total = sum(sizes)
    with Progress(total, "Reading sessions") as progress:
        # Those that are named are looked at again and again; all of them are not.
        if is_all or len(sessions) > _FEW or (len(sessions) > 1 and total >= PAYS):
            return gather_all(state, sessions, wanted, progress.advance, sizes=sizes)
        found = Found([], [])
        for session in sessions:
            pieces, damage = _recent.gather(state, session, wanted, progress.advance)
            found.pieces.extend(pieces)
            found.damage.extend(places(session, damage))
        return found


def session_frame(state: Path, session: str, restrictions: Restrictions) -> pd.DataFrame:
    """Return what was said in one session, with no configuration but what is given.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    session : str
        The session's ID; one without a journal has no rows.
    restrictions : Restrictions
        What is wanted of it.

    Returns
    -------
    DataFrame
        As of `get_messages`, damage in its ``attrs``; there is no warning.
    """
    rows = Rows(restrictions)
    damage = gather(state, session, rows, lambda read: None)
    return to_frame(rows.pieces, places(session, damage), restrictions)


def to_frame(pieces: list[Piece], damage: list[Place], wanted: Restrictions) -> pd.DataFrame:
    """Return what was gathered as a DataFrame, within the limits of time to the microsecond."""
    frame = unpack(pieces, wanted.needed)
    if wanted.since is not None:
        frame = frame[frame["timestamp"] >= wanted.since]
    if wanted.until is not None:
        frame = frame[frame["timestamp"] <= wanted.until]
    if wanted.is_bounded or wanted.needed != wanted.columns:
        frame = frame[list(wanted.columns)].reset_index(drop=True)
    frame.attrs["copilot"] = {"damage": damage}
    return frame


def get_turn(session: str, message_id: str | None) -> pd.DataFrame:
    """Return one turn of a session, in the columns of `get_messages`.

    Parameters
    ----------
    session : str
        The session's ID.
    message_id : str or None
        Under which the turn's prompt was sent.

    Returns
    -------
    DataFrame
        From the prompt's event to the next prompt; empty where the journal does not have it.
    """
    rows = Rows(Restrictions())
    events = read_journal(session).events
    prompts: dict[str | int, tuple[int, str | None]] = {}
    for position, event in enumerate(events):
        if event.type == "user.message":
            payload = reading.payload_of(event)
            if reading.is_prompt(event, payload):
                # What a damaged journal repeats begins no turn.
                prompts.setdefault(event.id or position, (position, reading.message_of(payload)))
    edges = [position for position, _ in prompts.values()] + [len(events)]
    for before, (start, sent_as) in enumerate(prompts.values()):
        if message_id and sent_as == message_id:
            rows.add(session, Told(before), events[start : edges[before + 1]])
    return unpack(rows.pieces)


def has_message(session: str, message_id: str | None) -> bool:
    """Say whether a session's journal has the prompt that was sent under an ID."""
    try:
        with open_journal(journal_path(session)) as file:
            blob = file.read()
    except OSError:
        return False
    return message_id is not None and any(
        reading.message_of(reading.payload_of(event)) == message_id
        for event in events_of(blob, "user.message")
    )


def resolve(sessions: str | Iterable[str]) -> list[str]:
    """Return the IDs that IDs, titles or ``"*"`` mean, each once.

    Raises
    ------
    SessionNotFound
        Where nothing has one of them; it names the closest.
    CopilotError
        The folder of sessions cannot be read.
    """
    _check_readable(session_state())
    if is_all(sessions):
        return known_ids()
    found = (_existing(session) for session in as_list(sessions, "session's ID") or ())
    return list(dict.fromkeys(found))


def is_all(sessions: str | Iterable[str]) -> bool:
    """Say whether all sessions are meant; an array of names would compare each of its own."""
    return isinstance(sessions, str) and sessions == ALL


def _check_readable(state: Path) -> None:
    try:
        os.scandir(state).close()
    except FileNotFoundError:
        # Nobody has held a session yet.
        return
    except OSError as error:
        raise CopilotError(
            f"The folder of sessions {state} cannot be read: {error.strerror or error}.",
            "Make it readable for you.",
        ) from error


def _existing(session: str) -> str:
    # A session that was created and never prompted may have its folder only.
    if is_session_id(session) and session_folder(session).is_dir():
        return session
    found = find(session)
    if found is None:
        raise not_found(session)
    return found
