"""Rows out of journals: which events are wanted, and what stands in their columns.

A journal is read in one go, a stretch at a time, and what is not wanted of a stretch is forgotten
with it: memory goes with the result and not with the journals. What is not wanted still counts
where it must: prompts make turns, and calls name the tools of their results. Rows become a piece
(`schema.pack`) every few thousand, so that they lie close together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from copilot_magics.transcripts import schema
from copilot_magics.transcripts.journal import (
    journal_path,
    open_journal,
    stretches,
    unreadable,
)
from copilot_magics.transcripts.reading import ROLES, may_have_call, may_name_tool, role_of
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.salvage import Damage, Event
from copilot_magics.transcripts.telling import Facts, facts_of

T = TypeVar("T")

Tell = Callable[[int], None]
"""Takes how many bytes more have been read."""

_PIECE = 4096
_OF_PAYLOADS = frozenset({"content", "tool", "tool_call_id", "model"})


@dataclass
class Told:
    """What the events of a session so far say about those to come.

    Parameters
    ----------
    turn : int
        How many prompts there were.
    prompts : set of str
        The IDs of their events: one that is written twice is one prompt.
    tools : dict of str to str
        The tool of each call of the agent itself.
    others : dict of tuple to str
        The tool of each call of a sub-agent, by its ID and the call's, for agents number their
        calls each for itself; and that of the latest such call, by None and the call's.
    """

    turn: int = 0
    prompts: set[str] = field(default_factory=set)
    tools: dict[str, str] = field(default_factory=dict)
    others: dict[tuple[str | None, str], str] = field(default_factory=dict)

    def copy(self) -> Told:
        """Return the same, to go on with separately."""
        return Told(self.turn, set(self.prompts), dict(self.tools), dict(self.others))

    def turns(self, events: Sequence[Event], facts: Facts) -> list[int | None]:
        """Return the turn of each of the next events."""
        turns: list[int | None] = []
        for place, is_prompt in enumerate(facts.prompts):
            if is_prompt:
                written = events[place].id
                if written not in self.prompts:
                    self.turn += 1
                if written is not None:
                    self.prompts.add(written)
            turns.append(self.turn or None)
        return turns

    def tools_of(self, events: Sequence[Event], facts: Facts) -> list[str | None]:
        """Return the tool of each of the next events; results do not name theirs, the call did."""
        tools, own, others = list(facts.tools), self.tools, self.others
        for place, call in enumerate(facts.calls):
            if call:
                tool, agent = tools[place], events[place].agent_id
                if not tool:
                    known = own.get(call) if agent is None else others.get((agent, call))
                    tools[place] = known or own.get(call) or others.get((None, call))
                elif agent is None:
                    own[call] = tool
                else:
                    others[agent, call] = others[None, call] = tool
        return tools


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
        self._names_tools = "tool" in self._columns and (
            wanted.types is None or any(map(may_have_call, wanted.types))
        )
        self._reads = not _OF_PAYLOADS.isdisjoint(self._columns)
        self._all = wanted.types is None and wanted.roles is None and not wanted.is_bounded
        self._roles = _ByType(lambda event_type: ROLES.index(role_of(event_type)))
        self._takes = _ByType(wanted.takes)
        self._counts = _ByType(self._looks_at)
        self._pieces: list[schema.Piece] = []
        self._begin()

    def _begin(self) -> None:
        self._lists: dict[str, list[Any]] = {name: [] for name in self._columns}
        self._waiting = 0

    @property
    def pieces(self) -> list[schema.Piece]:
        """All rows so far."""
        return [*self._pieces, schema.pack(self._lists)] if self._waiting else [*self._pieces]

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
        if not self._all:
            events = [e for e in events if self._counts[e.type] or self._chooses(e)]
        facts = self._facts(events)
        turns, tools = told.turns(events, facts), told.tools_of(events, facts)
        contents, calls, models = facts.contents, facts.calls, facts.models
        if not self._all:
            lists: list[Sequence[Any]] = [events, turns, tools, contents, calls, models]
            chosen = list(map(self._chooses, events))
            events, turns, tools, contents, calls, models = (
                list(compress(values, chosen)) for values in lists
            )
        if not events:
            return
        values: dict[str, Callable[[], Iterable[Any]]] = {
            "session": lambda: [session] * len(events),
            "turn": lambda: turns,
            "timestamp": lambda: [event.timestamp for event in events],
            "type": lambda: [event.type for event in events],
            "role": lambda: [self._roles[event.type] for event in events],
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
            self._pieces.append(schema.pack(self._lists))
            self._begin()

    def _chooses(self, event: Event) -> bool:
        return self._takes[event.type] and self._wanted.may_take(event.timestamp)

    def _facts(self, events: list[Event]) -> Facts:
        if self._reads:
            return facts_of(events)
        counts = [self._counts[event.type] for event in events]
        found = facts_of(list(compress(events, counts)))
        return Facts(*(_spread(values, counts) for values in found))

    def _looks_at(self, event_type: str) -> bool:
        """Say whether events of a type matter also where they are not wanted."""
        if event_type == "user.message":
            return "turn" in self._columns
        return self._names_tools and may_name_tool(event_type)


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
        with open_journal(cursor.path) as file:
            return cursor.damage + cursor.read(file, rows, rows, tell)
    except FileNotFoundError:
        return []
    except OSError as error:
        return [*cursor.damage, unreadable(error)]


def _spread(values: Sequence[Any], places: list[bool]) -> list[Any]:
    """Return the values at the places that are true, and None at the others."""
    following = iter(values)
    return [next(following) if place else None for place in places]


class _ByType(dict[str, T]):
    """An answer for each event type, found once."""

    def __init__(self, answer: Callable[[str], T]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, event_type: str) -> T:
        return self.setdefault(event_type, self._answer(event_type))
