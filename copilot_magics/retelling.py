"""A session's turns as they are told again: the prompt, what was called, said, and went wrong.

What is read is the journal, through the same DataFrame that `get_messages` gives; nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_magics.toolcall import ToolCall
from copilot_magics.transcripts import reading
from copilot_magics.transcripts.analysis.talk import Called, Said, talks
from copilot_magics.words import one_line

if TYPE_CHECKING:
    import pandas as pd

_BRIEF = 80

_AT_ONCE = 100
"""Turns that are read together: to read one costs nearly as much as to read them all."""


class Retold(NamedTuple):
    """One turn.

    Attributes
    ----------
    turn : int
        Its number, as in the column ``turn`` of `get_messages`.
    event : str
        The ID of its first event.
    when : datetime or None
        When it was asked, in UTC.
    prompt : str
        What was typed.
    parts : list of Said or ToolCall
        What followed, in order: answers, calls and errors.
    rows : DataFrame
        Its events.
    """

    turn: int
    event: str
    when: datetime | None
    prompt: str
    parts: list[Said | ToolCall]
    rows: pd.DataFrame

    @property
    def message(self) -> str:
        """Under which ID it was sent, or an empty string."""
        return reading.message_of(self._payload) or ""

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """What was sent along, as the journal has it."""
        found = self._payload.get("attachments")
        return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []

    @property
    def _payload(self) -> reading.Payload:
        told = reading.decoded(self.rows["data"].iloc[0])
        return told if isinstance(told, dict) else {}

    @property
    def calls(self) -> list[ToolCall]:
        """The calls of tools."""
        return [part for part in self.parts if isinstance(part, ToolCall)]

    @property
    def answer(self) -> str:
        """All that was answered, blank lines between its messages."""
        said = (p.text for p in self.parts if isinstance(p, Said) and p.kind == "answer")
        return "\n\n".join(text for text in said if text.strip())

    @property
    def errors(self) -> list[str]:
        """What went wrong."""
        return [p.text for p in self.parts if isinstance(p, Said) and p.kind == "error"]


def retold(frame: pd.DataFrame, turns: list[int]) -> Iterator[Retold]:
    """Return turns of one session, in the order in which they are asked for.

    Parameters
    ----------
    frame : DataFrame
        The session's messages, all columns.
    turns : list of int
        Which turns.

    Yields
    ------
    Retold
        One for each.
    """
    places = frame.groupby("turn", sort=False).indices
    for some in (turns[at : at + _AT_ONCE] for at in range(0, len(turns), _AT_ONCE)):
        found: dict[int | None, list[Said | Called]] = {}
        for _session, told in talks(frame[frame["turn"].isin(some)]):
            for part in told:
                found.setdefault(part.turn, []).append(part)
        for turn in some:
            yield _retold(turn, frame.iloc[places[turn]], found.get(turn, []))


def _retold(turn: int, rows: pd.DataFrame, parts: list[Said | Called]) -> Retold:
    asked = next((p for p in parts if isinstance(p, Said) and p.kind == "prompt"), None)
    return Retold(
        turn=turn,
        event=str(rows["event_id"].iloc[0]) if rows["event_id"].notna().iloc[0] else "",
        when=asked.when if asked else None,
        prompt=asked.text if asked else "",
        parts=[_call(p) if isinstance(p, Called) else p for p in parts if p is not asked],
        rows=rows,
    )


def attached(attachment: dict[str, Any]) -> str:
    """Return what an attachment is called: its path, else its name, in one line."""
    for name in ("path", "displayName", "title", "type"):
        if (told := attachment.get(name)) and isinstance(told, str):
            return one_line(told, 200)
    return "something"


def turn_numbers(frame: pd.DataFrame) -> list[int]:
    """Return the numbers of the turns in a session's messages, in order."""
    return [int(turn) for turn in frame["turn"].dropna().unique()]


def _call(called: Called) -> ToolCall:
    about = one_line(called.about, _BRIEF)
    return ToolCall(called.tool, about, called.arguments, called.success, called.result)
