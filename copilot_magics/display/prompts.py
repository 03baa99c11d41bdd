"""Questions to the user: buttons where widgets work, `input` where they do not.

Widgets answer while an awaited cell runs; in an ordinary cell, and in a terminal, the main thread
waits, and a line of input is all there is.
"""

from __future__ import annotations

import contextlib
import html
import signal
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_magics.permissions import Ask
    from copilot_magics.turn import Pending, Question

Asker = Callable[["Pending"], None]
"""Puts a question to the user; the answer goes into ``pending.answer``."""

_CHOICES = (
    ("Allow once", "once", "success"),
    ("Allow until this kernel stops", "until-stop", ""),
    ("Deny", "deny", "danger"),
)


def by_buttons(pending: Pending) -> None:
    """Ask with widgets; returns at once."""
    from IPython.display import display

    from copilot_magics.turn import Question

    about = pending.about
    box = _question(pending, about) if isinstance(about, Question) else _permission(pending, about)
    handle: Any = display(box, display_id=True)

    def gone(_answer: object) -> None:
        # An empty output in its place: nothing to click is left in the notebook.
        with contextlib.suppress(Exception):
            handle.update({"text/plain": ""}, raw=True)
            box.close()

    _on_this_loop(pending, gone)


def by_input(pending: Pending) -> None:
    """Ask with a line of input; returns when it was answered."""
    from copilot_magics.turn import Question

    about = pending.about
    # While a line is awaited, SIGINT must end the waiting: the ordinary handler does.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        answer = _typed_answer(about) if isinstance(about, Question) else _typed_permission(about)
    except EOFError:
        # Nobody is at the other end: what is not allowed is refused.
        pending.answer.cancel()
    else:
        _answer(pending, answer)
    finally:
        signal.signal(signal.SIGINT, before)


def _answer(pending: Pending, answer: str) -> None:
    # The turn may have ended in this very moment.
    with contextlib.suppress(InvalidStateError):
        pending.answer.set_result(answer)


def _on_this_loop(pending: Pending, then: Callable[[object], None]) -> None:
    """Call a function in this thread when the pending is answered or dropped."""
    import asyncio

    loop = asyncio.get_running_loop()
    pending.answer.add_done_callback(lambda answer: loop.call_soon_threadsafe(then, answer))


def _permission(pending: Pending, about: Ask) -> Any:
    import ipywidgets as widgets

    title = widgets.HTML(f"<b>Copilot wants to {html.escape(about.title)}:</b>")
    notes = [widgets.HTML(f"⚠ {html.escape(note)}") for note in about.notes]
    body = widgets.HTML(
        '<pre style="max-height:24em;overflow:auto;white-space:pre-wrap;'
        'overflow-wrap:anywhere;padding:.5em">' + html.escape(about.body) + "</pre>"
    )
    buttons = []
    for label, answer, style in _CHOICES:
        button = widgets.Button(
            description=label, button_style=style, layout=widgets.Layout(width="auto")
        )
        button.on_click(lambda _button, answer=answer: _answer(pending, answer))
        buttons.append(button)
    row = widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap"))
    return widgets.VBox([title, body, *notes, row])


def _question(pending: Pending, about: Question) -> Any:
    import ipywidgets as widgets

    parts: list[Any] = [widgets.HTML(f"<b>{html.escape(about.text)}</b>")]
    buttons = []
    for choice in about.choices:
        button = widgets.Button(description=choice, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _button, choice=choice: _answer(pending, choice))
        buttons.append(button)
    if buttons:
        parts.append(widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")))
    if about.free or not about.choices:
        field = widgets.Text(placeholder="Your answer", layout=widgets.Layout(width="70%"))
        send = widgets.Button(description="Answer", button_style="success")
        send.on_click(lambda _button: _answer(pending, field.value))
        parts.append(widgets.HBox([field, send]))
    return widgets.VBox(parts)


def _typed_permission(about: Ask) -> str:
    print(f"Copilot wants to {about.title}:\n{about.body}")
    for note in about.notes:
        print(f"Note: {note}")
    while True:
        typed = input("Allow? [y]es once, [k]ernel: until this kernel stops, [n]o: ")
        match typed.strip().lower():
            case "y" | "yes":
                return "once"
            case "k" | "kernel":
                return "until-stop"
            case "n" | "no":
                return "deny"
        print("Type y, k or n.")


def _typed_answer(about: Question) -> str:
    print(about.text)
    for number, choice in enumerate(about.choices, 1):
        print(f"  {number}. {choice}")
    while True:
        typed = input("Your answer: ").strip()
        if typed.isdecimal() and 0 < int(typed) <= len(about.choices):
            return about.choices[int(typed) - 1]
        if typed and (about.free or not about.choices or typed in about.choices):
            return typed
        print("Type one of the numbers." if about.choices else "Type an answer.")
