"""Questions to the user: buttons where widgets work, `input` where they do not.

Widgets answer while an awaited cell runs; in an ordinary cell, and in a terminal, the main thread
waits, and a line of input is all there is. That wait ends too when the answer is given elsewhere or
is needed no more: nothing but a signal reaches a thread that waits for its user.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import InvalidStateError
from types import FrameType
from typing import TYPE_CHECKING, Any

from copilot_magics.display.inert import plain

if TYPE_CHECKING:
    from copilot_magics.pending import Pending, Question
    from copilot_magics.permissions import Ask

Asker = Callable[["Pending"], None]
"""Puts a question to the user; the answer goes into ``pending.answer``."""

_NOTHING = {"text/plain": ""}

_AGAIN = 0.05
"""Seconds after which a thread is woken again: what comes right before it waits wakes nobody."""


def by_buttons(pending: Pending) -> None:
    """Ask with widgets; returns at once."""
    from IPython.display import display

    from copilot_magics.display.boxes import box_for

    box = box_for(pending.about, lambda answer: take_answer(pending, answer))
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    # Who has no widgets, and whoever reads the notebook later, sees nothing in their place.
    handle: Any = display(
        {"application/vnd.jupyter.widget-view+json": view, **_NOTHING}, raw=True, display_id=True
    )

    def gone(_answer: object) -> None:
        # An empty output in its place: nothing to click is left in the notebook.
        with contextlib.suppress(Exception):
            handle.update(_NOTHING, raw=True)
            box.close()

    on_this_loop(pending, gone)


class _NoMore(BaseException):
    """The wait for a line is over; ipykernel goes on waiting after an `Exception`."""


def by_input(pending: Pending, seconds: float | None = None) -> None:
    """Ask with a line of input; returns when it was answered, here or elsewhere.

    Parameters
    ----------
    pending : Pending
        What is asked.
    seconds : float, optional
        How long to wait for the line.
    """
    from copilot_magics.pending import Question

    about = pending.about
    try:
        with _until_answered(pending, seconds):
            typed = _typed_answer if isinstance(about, Question) else _typed_permission
            answer = typed(about)  # type: ignore[arg-type]
    except _NoMore:
        print("Not waiting for a line any more.")
    except EOFError:
        # Nobody is at the other end: what is not allowed is refused.
        pending.answer.cancel()
    else:
        take_answer(pending, answer)


@contextlib.contextmanager
def _until_answered(pending: Pending, seconds: float | None) -> Iterator[None]:
    """Raise in the main thread, which waits for a line, once that is needed no more."""
    before = signal.getsignal(signal.SIGINT)
    waiting, changing = True, threading.Lock()
    answered, needless, over = threading.Event(), threading.Event(), threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal waiting
        if not waiting:
            return
        waiting = False
        if needless.is_set():
            raise _NoMore
        # Only the first ends the waiting: another must not meet what the first has set off.
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt

    def watch() -> None:
        answered.wait(seconds)
        needless.set()
        while not over.wait(_AGAIN):
            with changing:
                if waiting:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    signal.signal(signal.SIGINT, end)
    try:
        if hasattr(signal, "pthread_kill"):
            # Not `concurrent.futures.wait`, which hears of no cancellation.
            pending.answer.add_done_callback(lambda _answer: answered.set())
            threading.Thread(target=watch, name="copilot-magics-question", daemon=True).start()
        yield
    finally:
        with changing:
            waiting = False
        over.set()
        # What was sent until then is handled first, by the handler above.
        signal.signal(signal.SIGINT, before)


def take_answer(pending: Pending, answer: str) -> None:
    """Answer what waits, unless it does no longer."""
    # The turn may have ended in this very moment.
    with contextlib.suppress(InvalidStateError):
        pending.answer.set_result(answer)


def on_this_loop(pending: Pending, then: Callable[[object], None]) -> None:
    """Call a function in this thread when the pending is answered or dropped."""
    import asyncio

    loop = asyncio.get_running_loop()
    pending.answer.add_done_callback(lambda answer: loop.call_soon_threadsafe(then, answer))


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
    # In words of ours, so that no question looks like one for leave.
    print(f"Copilot asks: {plain(about.text)}")
    for number, choice in enumerate(about.choices, 1):
        print(f"  {number}. {plain(choice)}")
    while True:
        typed = input("Your answer: ").strip()
        if typed.isdecimal() and 0 < int(typed) <= len(about.choices):
            return about.choices[int(typed) - 1]
        if typed and (about.free or not about.choices or typed in about.choices):
            return typed
        print("Type one of the numbers." if about.choices else "Type an answer.")
