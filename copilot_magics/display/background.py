"""A turn in the background, shown in the cell that began it: live while it runs, static in the end.

What is live is one widget, since a widget is heard of by its page when no cell runs, and is there
again when the page is loaded anew. It shows the end of the answer alone: that is sent whole each
time. At the end one static output takes its place, which is what the saved notebook keeps. The
front end is told of that twice: by an update of the display, and, since a page that was loaded anew
knows of no display of the kernel's, through the widget itself, which stays for that, empty.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from copilot_magics.display import prompts
from copilot_magics.display.along import lines_above
from copilot_magics.display.fences import closed, open_fence
from copilot_magics.display.inert import inert_line, plain
from copilot_magics.display.stream import final_bundle
from copilot_magics.display.tools import tool_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from copilot_magics.pending import Pending
    from copilot_magics.reply import Reply
    from copilot_magics.turn import Turn

_TAIL = 4_000
"""Characters of the answer that are shown while it comes."""

_CALLS = 6
"""The newest calls of tools that are shown while it runs."""

_BOX = (
    "border-left: 3px solid var(--jp-border-color1, #bdbdbd); padding: 0 .8em; "
    "max-height: 22em; overflow: auto; display: flex; flex-direction: column-reverse"
)
_LEFT = "This worked in the background when its kernel ended: `%copilot_session` says how it went."


class Live:
    """The display of a turn in the background, in a notebook.

    Parameters
    ----------
    turn : Turn
        The turn.
    stop : callable
        What the Stop button does.
    """

    interval = 0.3

    def __init__(self, turn: Turn, stop: Callable[[], None]) -> None:
        import ipywidgets as widgets
        from IPython.display import display

        from copilot_magics.display.guard import Guard

        self._status, self._tools, self._text = (widgets.HTML() for _ in range(3))
        self._asks = widgets.VBox()
        button = widgets.Button(
            description="Stop",
            tooltip="End this turn; the session goes on.",
            layout=widgets.Layout(width="auto"),
        )
        button.on_click(lambda _button: stop())
        head = widgets.HBox([self._status, button], layout=widgets.Layout(flex_flow="row wrap"))
        parts = [head, self._tools, self._text, self._asks]
        self._root = widgets.VBox(parts)
        self._guard = Guard(root=self._root.model_id, left=_bundle(_LEFT))
        self._root.children = [*parts, self._guard]
        self.draw(turn)
        view = {"version_major": 2, "version_minor": 0, "model_id": self._root.model_id}
        shown = {"application/vnd.jupyter.widget-view+json": view}
        working = "This works in the background; its answer will stand here."
        self._handle: Any = display({**shown, "text/plain": working}, raw=True, display_id=True)

    def draw(self, turn: Turn) -> None:
        """Show the status, the newest tools and the end of the answer."""
        from copilot_magics.display.html import markdown_to_html, text_to_html

        lines = [f"<em>In the background: {text_to_html(turn.doing)}</em>"]
        lines += [f"<small>{text_to_html(notice)}</small>" for notice in lines_above(turn)]
        _set(self._status, "<br>".join(lines))
        calls = [tool_line(call) for call in list(turn.tools.values())[-_CALLS:]]
        _set(self._tools, "<br>".join(f"<code>{text_to_html(call)}</code>" for call in calls))
        text = turn.text
        if text:
            answer = markdown_to_html(closed(tail(text, _TAIL)))
            _set(self._text, f'<div style="{_BOX}"><div>{answer}</div></div>')

    def ask(self, pending: Pending) -> None:
        """Ask with buttons below what is shown."""
        from copilot_magics.display.boxes import box_for

        box = box_for(pending.about, lambda answer: prompts.take_answer(pending, answer))
        self._asks.children = [*self._asks.children, box]

        def gone(_answer: object) -> None:
            with contextlib.suppress(Exception):
                self._asks.children = [one for one in self._asks.children if one is not box]
                box.close()

        prompts.on_this_loop(pending, gone)

    def end(self, turn: Turn, reply: Reply, error: BaseException | None) -> None:
        """Leave one static output."""
        notices, calls = [*turn.notices, *_told(error)], list(turn.tools.values())
        bundle = final_bundle(reply, notices, calls, turn.along)
        for part in self._root.children[:-1]:
            part.close()
        self._root.children = [self._guard]
        self._guard.final = bundle
        self._handle.update(bundle, raw=True)

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Leave what is shown: `end` is its end."""

    def clear(self) -> None:
        """Leave what is shown: `end` is its end."""


class Hidden:
    """Shows nothing but questions, and why there is no answer.

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

    def end(self, turn: Turn, reply: Reply, error: BaseException | None) -> None:
        """Say why there is no answer, if there is none."""
        for line in _told(error):
            print(plain(line), file=sys.stderr, flush=True)

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Show nothing."""


class Lines(Hidden):
    """A terminal, where nobody can be asked in between: a line where one is needed."""

    def __init__(self, name: str) -> None:
        super().__init__(self._say_that_it_waits)
        self._name = name

    def _say_that_it_waits(self, _pending: Pending) -> None:
        print(
            f"The turn in the background waits for your answer: type {self._name}.wait().",
            flush=True,
        )

    def end(self, turn: Turn, reply: Reply, error: BaseException | None) -> None:
        """Say how it ended, and where its answer is."""
        told = " ".join(_told(error))
        print(
            plain(f"The turn in the background failed. {told}")
            if error
            else f"The turn in the background has its answer: {self._name}.text. "
            f"[{plain(reply.summary)}]",
            flush=True,
        )


def tail(text: str, length: int) -> str:
    """Return the end of a Markdown text, begun at a line, in a fence of its own where one is open.

    Parameters
    ----------
    text : str
        The text.
    length : int
        About how many characters of it.
    """
    if len(text) <= length:
        return text
    at = text.find("\n", len(text) - length) + 1 or len(text) - length
    fence = open_fence(text[:at])
    return "…\n\n" + (f"{fence.opener}\n" if fence else "") + text[at:]


def _told(error: BaseException | None) -> list[str]:
    return [f"{type(error).__name__}: {error}"] if error else []


def _bundle(line: str) -> dict[str, str]:
    return {"text/markdown": f"> {inert_line(line)}", "text/plain": line}


def _set(widget: Any, value: str) -> None:
    if widget.value != value:
        widget.value = value
