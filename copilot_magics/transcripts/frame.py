"""``get_messages()``: the history of sessions as one DataFrame, a row an event.

Columns are filled as plain lists, for all sessions together, and become a DataFrame once; their
dtypes do not depend on what is in them, so frames of any sessions, empty ones too, can be joined.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput, closest
from copilot_magics.ids import is_session_id
from copilot_magics.transcripts import reading
from copilot_magics.transcripts.catalog import find, known_ids, not_found
from copilot_magics.transcripts.journal import events_of, journal_path, read_journal, session_folder
from copilot_magics.transcripts.salvage import Event
from copilot_magics.transcripts.when import moment

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "session",
    "turn",
    "timestamp",
    "type",
    "role",
    "content",
    "tool",
    "tool_call_id",
    "model",
    "agent_id",
    "event_id",
    "parent_id",
    "data",
)
ALL = "*"

_Lists = dict[str, list[Any]]


def get_messages(
    sessions: str | list[str],
    *,
    types: str | list[str] | None = None,
    roles: str | list[str] | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    columns: str | list[str] | None = None,
) -> pd.DataFrame:
    """Return what was said in sessions, one row an event, in order, from the files alone.

    Parameters
    ----------
    sessions : str or list of str
        IDs, or titles that a person chose; ``"*"`` for every session on disk.
    types : str or list of str, optional
        Only events of these types, e.g. ``"assistant.message"``.
    roles : str or list of str, optional
        Only events of these roles: user, assistant, system, tool, session.
    since, until : datetime, date or str, optional
        Only events from then, or until then, both included. A string is an ISO date or time, or an
        age: ``"7d"``, ``"12h"``, ``"30m"``. What has no time zone is local time.
    columns : str or list of str, optional
        Only these columns, in this order.

    Returns
    -------
    DataFrame
        With the same dtypes whatever it holds. ``df.attrs["copilot"]["damage"]`` lists the places
        where a journal is damaged; each intact event is there all the same.

    Raises
    ------
    SessionNotFound
        Where no session has the ID; it names the closest.
    BadInput
        For an unknown role or column, or a moment that is none.
    """
    wanted = _known("column", _as_list(columns), COLUMNS)
    kept_roles = _known("role", _as_list(roles), reading.ROLES)
    kept_types = _as_list(types)
    begin = None if since is None else moment(since, "since")
    finish = None if until is None else moment(until, "until", ends=True)

    lists = _no_rows()
    damage: list[dict[str, Any]] = []
    for session in _resolve(sessions):
        journal = read_journal(session)
        _fill(lists, session, journal.events)
        damage += [
            {"session": session, "line": d.line, "start": d.start, "end": d.end, "what": d.what}
            for d in journal.damage
        ]

    frame = _build(lists)
    if kept_types is not None:
        frame = frame[frame["type"].isin(kept_types)]
    if kept_roles is not None:
        frame = frame[frame["role"].isin(kept_roles)]
    if begin is not None:
        frame = frame[frame["timestamp"] >= begin]
    if finish is not None:
        frame = frame[frame["timestamp"] <= finish]
    frame = frame.reset_index(drop=True)
    if wanted is not None:
        frame = frame[wanted]
    frame.attrs["copilot"] = {"damage": damage}
    if damage:
        warnings.warn(_warning(damage), stacklevel=2)
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
    lists = _no_rows()
    events = read_journal(session).events
    prompts = [
        (position, reading.message_of(payload))
        for position, event in enumerate(events)
        if event.type == "user.message"
        and reading.is_prompt(event, payload := reading.payload_of(event))
    ]
    edges = [position for position, _ in prompts] + [len(events)]
    for before, (start, sent_as) in enumerate(prompts):
        if message_id and sent_as == message_id:
            _fill(lists, session, events[start : edges[before + 1]], before)
    return _build(lists)


def has_message(session: str, message_id: str | None) -> bool:
    """Say whether a session's journal has the prompt that was sent under an ID."""
    try:
        blob = journal_path(session).read_bytes()
    except OSError:
        return False
    return message_id is not None and any(
        reading.message_of(reading.payload_of(event)) == message_id
        for event in events_of(blob, "user.message")
    )


def _no_rows() -> _Lists:
    return {name: [] for name in COLUMNS}


def _as_list(value: str | Iterable[str] | None) -> list[str] | None:
    if value is None:
        return None
    return [value] if isinstance(value, str) else list(dict.fromkeys(value))


def _known(kind: str, names: list[str] | None, known: tuple[str, ...]) -> list[str] | None:
    for name in names or ():
        if name not in known:
            raise BadInput(
                f"There is no {kind} {name!r}.",
                f"{closest(str(name), known)} There are: {', '.join(known)}.".lstrip(),
            )
    return names


def _resolve(sessions: str | list[str]) -> list[str]:
    if sessions == ALL:
        return known_ids()
    found = (_existing(session) for session in _as_list(sessions) or ())
    return list(dict.fromkeys(found))


def _existing(session: str) -> str:
    # A session that was created and never prompted may have its folder only.
    if is_session_id(session) and session_folder(session).is_dir():
        return session
    found = find(session)
    if found is None:
        raise not_found(session)
    return found


def _fill(lists: _Lists, session: str, events: list[Event], before: int = 0) -> None:
    payloads = [reading.payload_of(event) for event in events]
    calls = [reading.call_of(payload) for payload in payloads]
    lists["session"] += [session] * len(events)
    lists["turn"] += _turns(events, payloads, before)
    lists["timestamp"] += [event.timestamp for event in events]
    lists["type"] += [event.type for event in events]
    lists["role"] += [reading.role_of(event.type) for event in events]
    lists["content"] += map(reading.content_of, [event.type for event in events], payloads)
    lists["tool"] += _tools(calls, payloads)
    lists["tool_call_id"] += calls
    lists["model"] += map(reading.model_of, payloads)
    lists["agent_id"] += [event.agent_id for event in events]
    lists["event_id"] += [event.id for event in events]
    lists["parent_id"] += [event.parent_id for event in events]
    lists["data"] += [str(event.data, "utf-8") for event in events]


def _turns(events: list[Event], payloads: list[reading.Payload], turn: int) -> Iterator[int | None]:
    for event, payload in zip(events, payloads, strict=True):
        turn += reading.is_prompt(event, payload)
        yield turn or None


def _tools(calls: list[str | None], payloads: list[reading.Payload]) -> list[str | None]:
    # Results do not name their tool; the call does.
    tools = list(map(reading.tool_of, payloads))
    named = {call: tool for call, tool in zip(calls, tools, strict=True) if call and tool}
    return [tool or named.get(call or "") for call, tool in zip(calls, tools, strict=True)]


def _build(lists: _Lists) -> pd.DataFrame:
    import pandas as pd

    from copilot_magics.transcripts import accessor  # noqa: F401  registers df.copilot

    special: dict[str, Any] = {
        "turn": lambda values: pd.array(values, dtype="Int64"),
        "timestamp": lambda values: pd.to_datetime(
            pd.Series(values, dtype="object"), utc=True, format="ISO8601", errors="coerce"
        ).astype("datetime64[us, UTC]"),
        "role": lambda values: pd.Categorical(values, categories=list(reading.ROLES)),
    }
    return pd.DataFrame({name: special.get(name, _text)(values) for name, values in lists.items()})


def _text(values: list[str | None]) -> Any:
    import pandas as pd

    try:
        import pyarrow as pa
    except ImportError:
        return pd.array(values, dtype="string")
    # Where pandas keeps strings in Arrow, Arrow's own conversion takes half the time of pandas'.
    return pd.array(pa.array(values, type=pa.large_string()), dtype="string")


def _warning(damage: list[dict[str, Any]]) -> str:
    sessions = list(dict.fromkeys(repr(place["session"]) for place in damage))
    places = f"{len(damage)} place{'s' if len(damage) > 1 else ''}"
    return (
        f"The journal of {', '.join(sessions)} is damaged in {places}; every intact event is here. "
        'See .attrs["copilot"]["damage"].'
    )
