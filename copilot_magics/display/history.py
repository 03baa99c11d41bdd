"""A conversation as one static output: what was asked and answered, the calls of tools folded.

It is as long as a notebook should hold, the newest turns first to be kept, and says what it leaves
out. All of it is a person's, a model's or a tool's text, and goes through
`copilot_magics.display.inert`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from copilot_magics.display.fences import closed
from copilot_magics.display.inert import inert_line, inert_markdown, plain
from copilot_magics.display.tools import tool_line, tools_markdown
from copilot_magics.retelling import Retold, attached, retold, turn_numbers
from copilot_magics.toolcall import ToolCall
from copilot_magics.words import counted, local_time, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from copilot_magics.transcripts.analysis.talk import Said

_ROOM = 200_000
"""Characters of a conversation that are shown: a page that draws many more stands still."""

_OPENED = 12_000
"""Characters that one turn's tools open to."""

_PLAIN = 4_000
"""Characters that go into the output's plain text, for front ends without Markdown."""


class History:
    """A conversation to be shown.

    Parameters
    ----------
    session : str
        The session's ID.
    frame : DataFrame
        Its messages, all columns.
    last : int, optional
        Only so many turns, the newest.
    """

    def __init__(self, session: str, frame: pd.DataFrame, last: int | None = None) -> None:
        turns = turn_numbers(frame)
        wanted = turns[-last:] if last else turns
        found: list[tuple[Retold, str]] = []
        room = _ROOM
        for told in retold(frame, wanted[::-1]):
            shown = "\n\n".join(_markdown(told))
            room -= len(shown)
            if room < 0 and found:
                break
            found.insert(0, (told, shown))
        self._shown = found
        self._session = session
        self._left_out = len(turns) - len(found)

    @property
    def bundle(self) -> dict[str, str]:
        """The output: Markdown, and the end of it as plain text."""
        parts = [f"> {inert_line(line)}" for line in self._notices()]
        for _told, shown in self._shown:
            parts += ["---", shown] if parts else [shown]
        text = self.text
        return {
            "text/markdown": "\n\n".join([*parts, f"<sub>{inert_line(self._foot)}</sub>"]),
            "text/plain": text if len(text) <= _PLAIN else f"…{text[-_PLAIN:]}",
        }

    @property
    def text(self) -> str:
        """The conversation as plain text, for a terminal."""
        lines = [*self._notices()]
        for told, _shown in self._shown:
            lines += _plain(told)
        return plain("\n".join([*lines, f"[{self._foot}]"]))

    @property
    def _foot(self) -> str:
        return f"{self._session} · {counted(len(self._shown) + self._left_out, 'turn')}"

    def _notices(self) -> Iterator[str]:
        if not self._shown:
            yield f"Nothing was said in {self._session} yet."
        elif self._left_out:
            first = self._shown[0][0].turn
            yield (
                f"Shown from turn {first} on; {counted(self._left_out, 'turn')} before it left "
                f"out: `get_messages({self._session!r})` has all of them."
            )


def _markdown(told: Retold) -> Iterator[str]:
    yield f"**You** · {inert_line(_head(told))}"
    yield inert_markdown(closed(shortened(told.prompt)))
    if told.attachments:
        yield f"With {inert_line(', '.join(map(attached, told.attachments)))}"
    for is_call, parts in groupby(told.parts, lambda part: isinstance(part, ToolCall)):
        if is_call:
            yield tools_markdown([p for p in parts if isinstance(p, ToolCall)], _OPENED, ended=True)
            continue
        for said in parts:
            assert not isinstance(said, ToolCall)
            if said.kind == "error":
                yield f"> ⚠ {inert_line(shortened(said.text))}"
            elif said.text.strip():
                yield f"**{inert_line(said.who or 'Copilot')}**"
                yield inert_markdown(closed(shortened(said.text)))


def _plain(told: Retold) -> Iterator[str]:
    yield f"You · {_head(told)}\n{shortened(told.prompt)}\n"
    if told.attachments:
        yield f"With {', '.join(map(attached, told.attachments))}\n"
    for part in told.parts:
        yield f"{tool_line(part)}\n" if isinstance(part, ToolCall) else _said(part)


def _said(said: Said) -> str:
    if said.kind == "error":
        return f"! {shortened(said.text)}\n"
    return f"{said.who or 'Copilot'}\n{shortened(said.text)}\n"


def _head(told: Retold) -> str:
    when = f" · {local_time(told.when)}" if told.when else ""
    return f"turn {told.turn}{when}"
