"""The answer while it comes, and the one static output it ends as.

A notebook's front end can only replace an output whole, and sending a long answer again for every
few words would cost a hundred times its size. So a long answer streams as a row of Markdown blocks
of which only the last is still redrawn; at the end they give way to one output, which is what the
saved notebook keeps. The status stands above the answer and the quiet line below it, so that
the page does not jump when one goes and the other comes.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Protocol

from copilot_magics.display import prompts

if TYPE_CHECKING:
    from copilot_magics.reply import Reply
    from copilot_magics.turn import Pending, Turn

_ALLOWANCE = 8_000
"""Characters that may be sent twice before an answer is split into blocks."""

_RATIO = 1.5
"""Characters sent while streaming, for each one of the answer."""

_PLAIN = 4_000
"""Characters of an answer that go into the output's plain text, for front ends without Markdown."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n`]*)$", re.M)


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
            self._line(f"  · {call.name} {_visible(call.brief)}")
            self._tools += 1
        for notice in turn.notices[self._notices :]:
            self._line(f"  · {_visible(notice)}")
            self._notices += 1
        text = _visible(turn.text)
        if text != self._shown:
            self._clear_status()
            if not text.startswith(self._shown):
                print("\n  · the answer starts over")
                self._shown = ""
            print(text[len(self._shown) :], end="", flush=True)
            self._shown = text
        elif self._live and not (self._shown and turn.status == "answering"):
            line = _visible(turn.doing)
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
        self._block: Any = None
        self._frozen = 0
        self._opener = ""
        self._drawn = ""
        self._said = ""
        self._sent = 0

    @property
    def interval(self) -> float:
        """Seconds between two drawings: fewer for a long answer, and ever fewer for one block."""
        return 0.15 if self._whole_cell else max(0.15, self._sent / 1_000_000)

    def draw(self, turn: Turn) -> None:
        """Show the status and what is new of the answer."""
        if not self._live:
            return
        text = turn.text
        if self._status is None and text:
            # The answer came at once: one message for it and its status, until the next drawing.
            self._draw_status(f"{self._status_of(turn)}\n\n{closed(text)}")
            return
        self._draw_status(self._status_of(turn))
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

        bundle = final_bundle(reply, turn.notices)
        if self._whole_cell:
            if self._status is not None:
                clear_output(wait=True)
            display(bundle, raw=True)
            return
        if self._block is not None and self._status is not None:
            self._status.update({"text/plain": ""}, raw=True)
        handle = self._block or self._status
        if handle is None:
            display(bundle, raw=True)
        else:
            handle.update(bundle, raw=True)

    def clear(self) -> None:
        """Take the status away."""
        from IPython.display import clear_output

        if self._status is not None and self._whole_cell:
            clear_output()
        elif self._status is not None:
            self._status.update({"text/plain": ""}, raw=True)

    def _status_of(self, turn: Turn) -> str:
        lines = [f"*{_escaped(turn.doing)}*", *(f"> {_escaped(line)}" for line in turn.notices)]
        return "\n\n".join(lines)

    def _draw_status(self, said: str) -> None:
        if said != self._said:
            self._said = said
            self._status = _display(self._status, {"text/markdown": said})

    def _show(self, block: Any, text: str) -> Any:
        self._sent += len(text)
        return _display(block, {"text/markdown": closed(text)})

    def _freeze(self, tail: str, length: int) -> str:
        """Draw most of a tail for the last time, and return what a block of its own begins with."""
        at = split_point(tail)
        self._show(self._block, tail[:at])
        self._block = None
        self._frozen = length - (len(tail) - at)
        fence = open_fence(tail[:at])
        self._opener = f"{fence}\n" if fence else ""
        return self._opener + tail[at:] if tail[at:] else ""


def split_point(text: str) -> int:
    """Return where a Markdown text may be cut, close to its end: paragraph, line, else word."""
    fenced = bool(open_fence(text))
    for boundary in ("\n",) if fenced else ("\n\n", "\n", ". ", " "):
        at = text.rfind(boundary)
        if at > 0 and len(text) - at <= 200:
            return at + len(boundary)
    return len(text)


def open_fence(text: str) -> str:
    """Return the line that opened the code fence in which a Markdown text ends, or ``""``."""
    opener = ""
    for found in _FENCE.finditer(text):
        if not opener:
            opener = found[0]
        elif found[1].startswith(_marks(opener)) and not found[2].strip():
            opener = ""
    return opener


def closed(text: str) -> str:
    """Return a Markdown text with its last code fence closed."""
    fence = open_fence(text)
    return f"{text}\n{_marks(fence)}" if fence else text


def final_bundle(reply: Reply, notices: list[str]) -> dict[str, str]:
    """Return the static output of a reply: Markdown, and plain text for logs and consoles.

    Parameters
    ----------
    reply : Reply
        What the turn came to.
    notices : list of str
        Lines to keep above the answer.
    """
    above = "".join(f"> {_escaped(notice)}\n\n" for notice in notices)
    text = closed(reply.text)
    plain = text if len(text) <= _PLAIN else f"{text[:_PLAIN]}…"
    told = "".join(f"{notice}\n" for notice in notices)
    return {
        "text/markdown": f"{above}{text}\n\n<sub>{_escaped(reply.summary)}</sub>".lstrip(),
        "text/plain": f"{told}{plain}\n[{reply.summary}]".lstrip(),
    }


def _marks(fence: str) -> str:
    found = _FENCE.match(fence)
    return found[1] if found else ""


def _display(handle: Any, bundle: dict[str, str]) -> Any:
    from IPython.display import display

    if handle is None:
        return display(bundle, raw=True, display_id=True)
    handle.update(bundle, raw=True)
    return handle


def _escaped(line: str) -> str:
    """Return a line whose Markdown and HTML are shown, not obeyed; code in it stays code."""
    whole = " ".join(line.split())
    # Doubled backticks pair in other ways, and what is no code must be escaped.
    parts = [whole] if "``" in whole else re.split(r"(`[^`]+`)", whole)
    for outside in range(0, len(parts), 2):
        plain = parts[outside].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        parts[outside] = re.sub(r"([\\*_\[\]#|~$])", r"\\\1", plain)
    return "".join(parts)


def _visible(text: str) -> str:
    """Return text without the control characters by which it could drive a terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
