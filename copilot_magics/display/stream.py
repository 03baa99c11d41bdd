"""The answer while it comes, and the one static output it ends as.

A notebook's front end can only replace an output whole, and sending a long answer again for every
few words would cost a hundred times its size. So a long answer streams as a row of Markdown blocks
of which only the last is still redrawn; at the end they give way to one output, which is what the
saved notebook keeps. The status and the tools stand above the answer and the quiet line below it,
so that the page does not jump when one goes and the other comes. The tools have an output of their
own, since one that is open would close whenever the clock ticks.

A front end may run what it is given, so nothing of a model, a tool or a file is drawn but through
`copilot_magics.display.inert`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from copilot_magics.display import prompts
from copilot_magics.display.along import along_line, along_markdown, lines_above
from copilot_magics.display.fences import closed, open_fence
from copilot_magics.display.inert import inert_line, inert_markdown, plain
from copilot_magics.display.tools import tool_line, tools_markdown
from copilot_magics.tools.capturing import show_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from copilot_magics.mentions.resolving import Along
    from copilot_magics.pending import Pending
    from copilot_magics.reply import Reply
    from copilot_magics.toolcall import ToolCall
    from copilot_magics.turn import Turn

_ALLOWANCE = 8_000
"""Characters that may be sent twice before an answer is split into blocks."""

_RATIO = 1.5
"""Characters sent while streaming, for each one of the answer."""

_NOTHING = {"text/plain": ""}

_PLAIN = 4_000
"""Characters of an answer that go into the output's plain text, for front ends without Markdown."""

_SHOWN = 200_000
"""Characters of an answer that are shown: a page that draws many more stands still."""

_OPENED, _KEPT = 12_000, 150_000
"""Characters that the tools' lines open to, all together: while they run, and in the end."""


class View(Protocol):
    """Where a turn is shown; called from the thread that waits for it."""

    @property
    def interval(self) -> float:
        """Seconds to leave between two drawings."""

    def draw(self, turn: Turn) -> None:
        """Show how far the turn is."""

    def ask(self, pending: Pending) -> None:
        """Put a permission or a question to the user; may block."""

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Show what it came to."""

    def clear(self) -> None:
        """Show nothing more: nothing was sent."""


class Silent:
    """Shows nothing but questions.

    Parameters
    ----------
    ask : callable
        How the user is asked.
    """

    interval = 1.0

    def __init__(self, ask: prompts.Asker) -> None:
        self.ask = ask

    def draw(self, turn: Turn) -> None:
        """Show nothing."""

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Show nothing."""


class Terminal:
    """Plain text for a terminal or a log: the answer as it comes, tools and notices as lines."""

    interval = 0.05

    def __init__(self, ask: prompts.Asker) -> None:
        self._ask = ask
        self._live = sys.stdout.isatty()
        self._shown = ""
        self._notices = 0
        self._tools = 0
        self._status = False

    def draw(self, turn: Turn) -> None:
        """Print what is new."""
        for call in list(turn.tools.values())[self._tools :]:
            self._line(f"  {tool_line(call)}")
            self._tools += 1
        for notice in lines_above(turn)[self._notices :]:
            self._line(f"  · {plain(notice)}")
            self._notices += 1
        text = plain(turn.text)
        if text != self._shown:
            self._clear_status()
            if not text.startswith(self._shown):
                print("\n  · the answer starts over")
                self._shown = ""
            print(text[len(self._shown) :], end="", flush=True)
            self._shown = text
        elif turn.at_work:
            # What it prints stands in lines of its own.
            self._clear_status()
        elif self._live and not (self._shown and turn.status == "answering"):
            line = plain(turn.doing)
            print(f"\r\x1b[2K{'' if self._at_start() else ' '}{line}"[:120], end="", flush=True)
            self._status = True

    def ask(self, pending: Pending) -> None:
        """Put a question, on lines of its own."""
        self._clear_status()
        print()
        self._ask(pending)

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Print the rest and end the line."""
        self.draw(turn)
        self._clear_status()
        if not self._at_start():
            print(flush=True)
        if reply.drawn:
            print(plain(reply.drawn.printed))
        for note in reply.notes:
            print(f"  · {plain(note)}", flush=True)

    def clear(self) -> None:
        """End the line."""
        self._clear_status()

    def _at_start(self) -> bool:
        return not self._shown or self._shown.endswith("\n")

    def _line(self, line: str) -> None:
        self._clear_status()
        print(line if self._at_start() else f"\n{line}", flush=True)
        # What follows continues the answer on a line of its own.

    def _clear_status(self) -> None:
        if self._status:
            print("\r\x1b[2K", end="", flush=True)
            self._status = False


class Notebook:
    """Markdown in a cell.

    Parameters
    ----------
    ask : callable
        How the user is asked.
    whole_cell : bool
        Whether the cell holds nothing else, so that its output may be cleared at the end, and the
        answer may stream in several blocks.
    live : bool
        Whether somebody sees the answer come.
    """

    def __init__(self, ask: prompts.Asker, *, whole_cell: bool, live: bool) -> None:
        self.ask = ask
        self._whole_cell = whole_cell
        self._live = live
        self._status: Any = None
        self._tools: Any = None
        self._block: Any = None
        self._frozen = 0
        self._opener = ""
        self._drawn = ""
        self._said = ""
        self._used: list[bool | None] = []
        self._sent = 0

    @property
    def interval(self) -> float:
        """Seconds between two drawings: fewer for a long answer, and ever fewer for one block."""
        return 0.15 if self._whole_cell else max(0.15, self._sent / 1_000_000)

    def draw(self, turn: Turn) -> None:
        """Show the status, the tools, and what is new of the answer."""
        if not self._live:
            return
        text = turn.text[:_SHOWN]
        self._draw_status(self._status_of(turn))
        # Before the answer there must be room for the tools that may come after its beginning.
        if turn.tools or text:
            self._draw_tools(list(turn.tools.values()))
        if text[: self._frozen] != self._drawn[: self._frozen]:
            # The answer started over: everything again, in the block that is there.
            self._frozen, self._opener = 0, ""
        if text == self._drawn:
            return
        self._drawn = text
        tail = self._opener + text[self._frozen :]
        if self._whole_cell and self._sent + len(tail) > _ALLOWANCE + _RATIO * len(text):
            tail = self._freeze(tail, len(text))
        if tail:
            self._block = self._show(self._block, tail)

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Leave one static output."""
        from IPython.display import clear_output, display

        bundle = final_bundle(reply, turn.notices, list(turn.tools.values()), turn.along)
        if self._whole_cell:
            if self._status is not None:
                clear_output(wait=True)
                show_again(turn.shown)
            display(bundle, raw=True)
            return
        drawn = [handle for handle in (self._status, self._tools, self._block) if handle]
        # The answer stands below what tools have shown on the way to it.
        last = drawn.pop() if drawn and not any(turn.shown) else None
        for handle in drawn:
            handle.update(_NOTHING, raw=True)
        _display(last, bundle)

    def clear(self) -> None:
        """Take the status away."""
        from IPython.display import clear_output

        if self._status is not None and self._whole_cell:
            clear_output()
        elif self._status is not None:
            self._status.update(_NOTHING, raw=True)

    def _status_of(self, turn: Turn) -> str:
        lines = [f"*{inert_line(turn.doing)}*", *(f"> {inert_line(n)}" for n in lines_above(turn))]
        return "\n\n".join(lines)

    def _draw_status(self, said: str) -> None:
        if said != self._said:
            self._said = said
            self._status = _display(self._status, {"text/markdown": said})

    def _draw_tools(self, calls: list[ToolCall]) -> None:
        used = [call.succeeded for call in calls]
        if used != self._used or self._tools is None:
            self._used = used
            shown = {"text/markdown": tools_markdown(calls, _OPENED)} if calls else _NOTHING
            self._tools = _display(self._tools, shown)

    def _show(self, block: Any, text: str) -> Any:
        shown = inert_markdown(closed(text))
        self._sent += len(shown)
        return _display(block, {"text/markdown": shown})

    def _freeze(self, tail: str, length: int) -> str:
        """Draw most of a tail for the last time, and return what a block of its own begins with."""
        at = split_point(tail)
        self._show(self._block, tail[:at])
        self._block = None
        self._frozen = length - (len(tail) - at)
        fence = open_fence(tail[:at])
        self._opener = f"{fence.opener}\n" if fence else ""
        return self._opener + tail[at:] if tail[at:] else ""


def split_point(text: str) -> int:
    """Return where a Markdown text may be cut, close to its end: paragraph, line, else word."""
    for boundary in ("\n",) if open_fence(text) else ("\n\n", "\n", ". ", " "):
        at = text.rfind(boundary)
        if at > 0 and len(text) - at <= 200:
            return at + len(boundary)
    return len(text)


def final_bundle(
    reply: Reply,
    notices: Sequence[str] = (),
    tools: Sequence[ToolCall] = (),
    along: Along | None = None,
) -> dict[str, str]:
    """Return the static output of a reply: Markdown, and plain text for logs and consoles.

    Parameters
    ----------
    reply : Reply
        What the turn came to.
    notices : sequence of str
        Lines to keep above the answer.
    tools : sequence of ToolCall
        What was called on the way, to keep above the answer too.
    along : Along, optional
        What was sent along with the prompt, to be opened above all else.
    """
    text = reply.drawn.plain if reply.drawn else closed(reply.text[:_SHOWN])
    parts = [along_markdown(along)] if along else []
    parts += [f"> {inert_line(notice)}" for notice in notices]
    parts += [tools_markdown(tools, _KEPT, ended=True)]
    parts += [reply.drawn.markdown if reply.drawn else inert_markdown(text)]
    if not reply.drawn and (length := len(reply.text)) > _SHOWN:
        parts.append(
            f"> The first {_SHOWN:,} of {length:,} characters; the reply's `.text` has all of them."
        )
    parts += [f"> {inert_line(note)}" for note in reply.notes]
    lines = [along_line(along) if along else "", *notices, *map(tool_line, tools)]
    lines.append(text if len(text) <= _PLAIN else f"{text[:_PLAIN]}…")
    lines += reply.notes
    return {
        "text/markdown": "\n\n".join(
            [*(part for part in parts if part), f"<sub>{inert_line(reply.summary)}</sub>"]
        ),
        "text/plain": plain("\n".join([*(line for line in lines if line), f"[{reply.summary}]"])),
    }


def _display(handle: Any, bundle: dict[str, str]) -> Any:
    from IPython.display import display

    if handle is None:
        return display(bundle, raw=True, display_id=True)
    handle.update(bundle, raw=True)
    return handle
