"""The two doors between a notebook's thread and the runtime's loop: awaited and blocking.

Through the awaited door the kernel stays alive while the agent works, widgets included. Where
nothing can be awaited, the blocking door holds the main thread, with a SIGINT handler of its own,
since the kernel's would only schedule something on a loop that is held, and with nest-asyncio2, so
that the notebook's other tasks go on. Either way the waiting loop wakes ten times a second: an
interrupt is noticed although the model is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from types import FrameType
from typing import Any, TypeVar

from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent, View
from copilot_magics.errors import Interrupted
from copilot_magics.reply import Reply, failure_of
from copilot_magics.runtime.loop import loop as runtime_loop
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.process import runtime
from copilot_magics.turn import Turn

T = TypeVar("T")

_TICK = 0.1


def shell() -> Any:
    """Return the running IPython shell, or None."""
    import sys

    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


async def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Await work of the runtime's loop on this one."""
    future = submit(runtime().attended(work))
    try:
        await _until_done(future)
    except asyncio.CancelledError:
        future.cancel()
        raise
    return future.result()


def block(work: Coroutine[Any, Any, T]) -> T:
    """Wait for work of the runtime's loop.

    Raises
    ------
    Interrupted
        The user interrupted; the work is cancelled.
    """
    interrupted = threading.Event()
    future: Future[T] | None = None

    def interrupt() -> None:
        interrupted.set()
        if future is not None:
            future.cancel()

    # Before it is begun: the machine may be slow to come back to this thread.
    with _interrupts(interrupt):
        future = submit(runtime().attended(work))
        if interrupted.is_set():
            future.cancel()
        _run_here(_until_done(future))
        if interrupted.is_set():
            raise Interrupted("Interrupted before it was done; nothing was sent.")
    return future.result()


async def await_turn(
    turn: Turn, work: Coroutine[Any, Any, None], view: View | None = None
) -> Reply:
    """Follow a turn through the awaited door.

    Parameters
    ----------
    turn : Turn
        The turn.
    work : coroutine
        What brings it to its end, on the runtime's loop.
    view : View, optional
        Where it is shown.

    Raises
    ------
    asyncio.CancelledError
        The cell was interrupted; the turn has been aborted.
    TurnFailed, TurnTimedOut, TurnAborted
        It ended without a whole answer.
    """
    view = view or Silent(prompts.by_buttons)
    # A terminal's Ctrl-C does not reach an awaited coroutine; the kernel's interrupt does.
    in_terminal = shell() is not None and not hasattr(shell(), "kernel")
    task = asyncio.current_task()
    try:
        with _interrupts(task.cancel) if in_terminal and task else contextlib.nullcontext():
            future = submit(turn.run(work))
            await _follow(turn, future, view)
    except asyncio.CancelledError:
        await _abort(turn, future)
        view.finish(turn, Reply.of(turn))
        raise
    return _conclude(turn, future, view, interrupted=False)


def wait_for_turn(turn: Turn, work: Coroutine[Any, Any, None], view: View | None = None) -> Reply:
    """Follow a turn through the blocking door; as `await_turn`.

    Raises
    ------
    TurnInterrupted
        The user interrupted; the turn has been aborted.
    """
    view = view or Silent(prompts.by_input)
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread can take input.
        turn.watched = False
    interrupted = threading.Event()

    def interrupt() -> None:
        interrupted.set()
        runtime_loop().call_soon_threadsafe(turn.abort)

    # Before it is sent: the model may be asked before the machine comes back to this thread.
    with _interrupts(interrupt):
        future = submit(turn.run(work))
        _run_here(_follow(turn, future, view, interrupt))
        # In here too: a second interrupt must not cost what the first one left to be shown.
        return _conclude(turn, future, view, interrupted=interrupted.is_set())


def _conclude(turn: Turn, future: Future[None], view: View, *, interrupted: bool) -> Reply:
    if not turn.message_id and not interrupted:
        # Nothing was sent: what stopped it is an error of its own, not of the turn.
        wait_for_futures([future])
        if error := future.exception():
            view.clear()
            raise error
    reply = Reply.of(turn)
    view.finish(turn, reply)
    if error := failure_of(turn, reply, interrupted=interrupted):
        raise error
    return reply


async def _until_done(future: Future[Any]) -> None:
    wrapped = asyncio.wrap_future(future)
    while not wrapped.done():
        await asyncio.wait({wrapped}, timeout=_TICK)
    if not wrapped.cancelled():
        # Its error is raised from the future itself.
        wrapped.exception()


async def _follow(
    turn: Turn, future: Future[None], view: View, interrupt: Callable[[], object] | None = None
) -> None:
    """Show a turn until it ends."""
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    # What comes at once needs no word on what is being done before it.
    due = time.monotonic() + view.interval
    asked: set[int] = set()
    answering = False

    def pressing() -> bool:
        """Whether there is something to show now, and not with the next drawing."""
        return turn.outcome is not None or bool(turn.waiting) or (turn.answering and not answering)

    def changed() -> None:
        # Ten thousand pieces of an answer must not wake this loop ten thousand times.
        if time.monotonic() >= due or pressing():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(wake.set)

    turn.changed = changed
    try:
        while turn.outcome is None and not future.done():
            wake.clear()
            questions = [pending for pending in turn.waiting if id(pending) not in asked]
            if time.monotonic() >= due or (turn.answering and not answering) or questions:
                answering = turn.answering
                view.draw(turn)
                due = time.monotonic() + view.interval
            for pending in questions:
                asked.add(id(pending))
                try:
                    view.ask(pending)
                except KeyboardInterrupt:
                    if interrupt is None:
                        raise
                    interrupt()
            pause = due - time.monotonic()
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`, which loses a cancellation that comes together with the event.
                async with asyncio.timeout(min(_TICK, pause) if pause > 0 else _TICK):
                    await wake.wait()
    finally:
        turn.changed = lambda: None


async def _abort(turn: Turn, future: Future[None]) -> None:
    """Abort a turn and wait for its end, whatever else interrupts."""
    runtime_loop().call_soon_threadsafe(turn.abort)
    while turn.outcome is None and not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


def _run_here(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in this thread, whether or not a loop runs in it."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(work)
        finally:
            loop.close()
        return
    import nest_asyncio2

    nest_asyncio2.apply(running)
    running.run_until_complete(work)


@contextlib.contextmanager
def _interrupts(interrupt: Callable[[], object]) -> Iterator[None]:
    """Have SIGINT call a function, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        interrupt()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
