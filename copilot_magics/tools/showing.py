"""What is shown of code's value and of its figures, whatever the value's class is like.

A value's own ``repr`` is asked for in a child first, unless its class is known to be harmless: only
what answers there is shown as IPython would show it, and that for a limited time.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from copilot_magics.mentions.guarded import guarded_repr
from copilot_magics.mentions.naming import full_name, is_a
from copilot_magics.tools.capturing import spelled_out

_SECONDS = 5.0
"""How long a value may take to say how it is shown."""

_KNOWN = (
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("pandas", "Index"),
    ("numpy", "ndarray"),
    ("polars", "DataFrame"),
    ("polars", "Series"),
    ("matplotlib.figure", "Figure"),
)


class TooLong(BaseException):
    """It took too long; no `Exception`, so that nobody on the way takes it for his own."""


def show(shell: Any, value: object) -> str:
    """Show a value as a cell shows that of its last line, and return it as text.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that shows it.
    value : object
        Any object.
    """
    harmless = any(is_a(value, module, name) for module, name in _KNOWN)
    told = "" if harmless else guarded_repr(value)
    name = full_name(type(value))
    data, metadata = {"text/plain": told}, {}
    if harmless or not told.startswith(f"<{name}: "):
        try:
            with limited():
                data, metadata = map(spelled_out, shell.display_formatter.format(value))
        except TooLong:
            data = {"text/plain": told or f"<{name}: to show it took too long>"}
    if not data:
        # It has shown itself.
        return told
    shell.display_pub.publish(data, metadata)
    text = data.get("text/plain")
    return text if isinstance(text, str) else told


@contextlib.contextmanager
def new_figures() -> Iterator[None]:
    """Show the figures that are drawn in here, as the end of a cell does; no others.

    A figure that the user has begun in his cell, before the agent was asked, stays open.
    """
    before = set(_figures())
    yield
    figures = _figures()
    drawn = [number for number in figures if number not in before]
    if not drawn or "inline" not in sys.modules["matplotlib"].get_backend():
        return
    from IPython.display import display

    for number in drawn:
        display(figures[number].canvas.figure)
        sys.modules["matplotlib._pylab_helpers"].Gcf.destroy(number)


def _figures() -> dict[int, Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return dict(helpers.Gcf.figs) if helpers else {}


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Have `TooLong` raised in what takes too long here; nothing where signals cannot do that."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return
    running = True

    def late(_number: int, _frame: FrameType | None) -> None:
        if running:
            raise TooLong

    before = signal.signal(signal.SIGALRM, late)
    # Again and again: what catches everything once may not catch it in the next moment.
    timer = signal.setitimer(signal.ITIMER_REAL, _SECONDS, 0.01)
    try:
        try:
            yield
        finally:
            running = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
