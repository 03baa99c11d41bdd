"""Rows out of journals: which events are wanted, and what stands in their columns.

A journal is read in one go, a stretch at a time, and what is not wanted of a stretch is forgotten
with it: memory goes with the result and not with the journals. What is not wanted still counts
where it must: prompts make turns, and calls name the tools of their results. Rows become a piece
(`schema.pack`) every few thousand, so that they lie close together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import compress, repeat
from pathlib import Path
from typing import Any, BinaryIO

from copilot_magics.transcripts import schema
from copilot_magics.transcripts.telling import Facts, facts_of
from copilot_magics.transcripts.journal import journal_path, stretches, unreadable
from copilot_magics.transcripts.reading import may_name_tool, role_of
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.salvage import Damage, Event

Tell = Callable[[int], None]
"""Takes how many bytes more have been read."""

_PIECE = 8192
_OF_PAYLOADS = frozenset({"content", "tool", "tool_call_id", "model"})
_NO_FACTS: Facts = (None, None, None, None, False)


@dataclass
class Told:
    """What the events of a session so far say about those to come.

    Parameters
    ----------
    turn : int
        How many prompts there were.
    tools : dict of str to str
        The tool of each call.
    """

    turn: int = 0
    tools: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Told:
        """Return the same, to go on with separately."""
        return Told(self.turn, dict(self.tools))


class Rows:
    """Rows under way, of one session after another.

    Parameters
    ----------
    wanted : Restrictions
        What is wanted of the sessions. The limits of time are kept to a millisecond or so; whoever
        has the pieces looks closer (`schema.unpack`).
    """

    def __init__(self, wanted: Restrictions) -> None:
        self._wanted = wanted
        self._columns = wanted.needed
        self._all = wanted.types is None and wanted.roles is None and not wanted.is_bounded
        self._takes = _ByType(wanted.takes)
        self._counts = _ByType(self._looks_at)
        self._pieces: list[schema.Piece] = []
        self._lists: dict[str, list[Any]] = {name: [] for name in self._columns}
        self._waiting = 0

    @property
    def pieces(self) -> list[schema.Piece]:
        """All rows so far."""
        if self._waiting:
            self._pieces.append(schema.pack(self._lists))
            self._lists = {name: [] for name in self._columns}
            self._waiting = 0
        return self._pieces

    def add(self, session: str, told: Told, events: list[Event]) -> None:
        """Take in the next events of a session.

        Parameters
        ----------
        session : str
            The session's ID.
        told : Told
            What the events before say; what these say is added.
        events : list of Event
            In the journal's order.
        """
        chosen = None if self._all else list(map(self._chooses, events))
        facts = self._facts(events, chosen)
        turns, tools = _follow(told, facts)
        if chosen is not None:
            events, facts = list(compress(events, chosen)), list(compress(facts, chosen))
            turns, tools = list(compress(turns, chosen)), list(compress(tools, chosen))
        if events:
            self._append(session, events, facts, turns, tools)

    def _append(
        self,
        session: str,
        events: list[Event],
        facts: list[Facts],
        turns: list[int | None],
        tools: list[str | None],
    ) -> None:
        contents, calls, _, models, _ = zip(*facts, strict=True)
        values: dict[str, Callable[[], Iterable[Any]]] = {
            "session": lambda: repeat(session, len(events)),
            "turn": lambda: turns,
            "timestamp": lambda: [event.timestamp for event in events],
            "type": lambda: [event.type for event in events],
            "role": lambda: [role_of(event.type) for event in events],
            "content": lambda: contents,
            "tool": lambda: tools,
            "tool_call_id": lambda: calls,
            "model": lambda: models,
            "agent_id": lambda: [event.agent_id for event in events],
            "event_id": lambda: [event.id for event in events],
            "parent_id": lambda: [event.parent_id for event in events],
            "data": lambda: [bytes(event.data) for event in events],
        }
        for name in self._columns:
            self._lists[name].extend(values[name]())
        self._waiting += len(events)
        if self._waiting >= _PIECE:
            _ = self.pieces

    def _chooses(self, event: Event) -> bool:
        return self._takes[event.type] and self._wanted.may_take(event.timestamp)

    def _facts(self, events: list[Event], chosen: list[bool] | None) -> list[Facts]:
        """Return the facts of the events that matter, and none of the others."""
        if chosen is None and not _OF_PAYLOADS.isdisjoint(self._columns):
            return facts_of(events)
        matter = [self._counts[event.type] for event in events]
        if chosen is not None and not _OF_PAYLOADS.isdisjoint(self._columns):
            matter = [one or other for one, other in zip(matter, chosen, strict=True)]
        found = iter(facts_of(list(compress(events, matter))))
        return [next(found) if one else _NO_FACTS for one in matter]

    def _looks_at(self, event_type: str) -> bool:
        """Say whether events of a type matter also where they are not wanted."""
        if event_type == "user.message":
            return "turn" in self._columns
        return "tool" in self._columns and may_name_tool(event_type)


class Cursor:
    """Where the reading of a session's journal stands.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    session : str
        The session's ID.
    """

    def __init__(self, state: Path, session: str) -> None:
        self.session = session
        self.path = journal_path(session, state)
        self.offset = 0
        self.damage: list[Damage] = []
        self._lines = 0
        self._told = Told()

    def read(self, file: BinaryIO, rows: Rows, last: Rows, tell: Tell) -> list[Damage]:
        """Read on to the journal's end.

        Parameters
        ----------
        file : BinaryIO
            The journal.
        rows : Rows
            Takes the events of all lines that have ended.
        last : Rows
            Takes those of a last line that has not; the next time that line is read again.
        tell : callable
            Called after each stretch.

        Returns
        -------
        list of Damage
            That of a last line that has not ended; that of all others is in ``damage``.
        """
        file.seek(self.offset)
        for stretch in stretches(file, self.offset, self._lines):
            tell(stretch.end - self.offset)
            if not stretch.ended:
                last.add(self.session, self._told.copy(), stretch.events)
                return stretch.damage
            rows.add(self.session, self._told, stretch.events)
            self.damage += stretch.damage
            self.offset, self._lines = stretch.end, stretch.lines
        return []


def gather(state: Path, session: str, rows: Rows, tell: Tell) -> list[Damage]:
    """Read one session.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    session : str
        The session's ID; one without a journal has no rows.
    rows : Rows
        Takes its events.
    tell : callable
        Called after each stretch.

    Returns
    -------
    list of Damage
    """
    cursor = Cursor(state, session)
    try:
        with cursor.path.open("rb") as file:
            return cursor.damage + cursor.read(file, rows, rows, tell)
    except FileNotFoundError:
        return []
    except OSError as error:
        return [*cursor.damage, unreadable(error)]


def _follow(told: Told, facts: list[Facts]) -> tuple[list[int | None], list[str | None]]:
    """Return the turn and the tool of each event."""
    turn, names = told.turn, told.tools
    turns: list[int | None] = []
    tools: list[str | None] = []
    for _, call, tool, _, is_prompt in facts:
        if is_prompt:
            turn += 1
        turns.append(turn or None)
        if call:
            if tool:
                names[call] = tool
            else:
                # Results do not name their tool; the call did.
                tool = names.get(call)
        tools.append(tool)
    told.turn = turn
    return turns, tools


class _ByType(dict[str, bool]):
    """An answer for each event type, found once."""

    def __init__(self, answer: Callable[[str], bool]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, event_type: str) -> bool:
        return self.setdefault(event_type, self._answer(event_type))
