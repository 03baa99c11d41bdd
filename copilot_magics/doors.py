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
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from types import FrameType
from typing import Any, TypeVar

from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent, View
from copilot_magics.errors import Interrupted, TurnInterrupted
from copilot_magics.reply import Reply, failure_of
from copilot_magics.runtime.loop import loop as runtime_loop
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.process import runtime
from copilot_magics.tools.work import Bench, check_outside
from copilot_magics.turn import Turn

T = TypeVar("T")

_TICK = 0.1

_SPARED = 15.0
"""How much longer than a drawing takes the pause behind it is: on a machine that has no time to
spare, drawing must not slow down what is drawn."""

_WHOLE_PATIENCE = 2.0
"""Seconds that an interrupt waits for the end of what must not be left half done."""

_SAME = 0.5
"""Seconds within which a second interrupt is the first one: who presses a button twice wants one
thing, and what is being shown of it must not be lost."""

_PASSES = 3
"""Rounds of the kernel's loop until it has cancelled a cell that it was told to interrupt."""

_SILENT = "The Copilot runtime does not answer; wait, or stop the cell to end it."


def shell() -> Any:
    """Return the running IPython shell, or None."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


async def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Await work of the runtime's loop on this one."""
    _check_outside("", work)
    future = submit(runtime().attended(work))
    try:
        await _until_done(future)
    except asyncio.CancelledError:
        future.cancel()
        raise
    return future.result()


def block(work: Coroutine[Any, Any, T], *, whole: bool = False) -> T:
    """Wait for work of the runtime's loop.

    Parameters
    ----------
    work : coroutine
        What to do.
    whole : bool
        Whether it must not be left half done: an interrupt waits for its end, though not for long.

    Raises
    ------
    Interrupted
        The user interrupted; the work is cancelled, or was done in that moment.
    """
    _check_outside("", work)
    interrupted = threading.Event()
    future: Future[T] | None = None
    worker, patience = runtime_loop(), _WHOLE_PATIENCE if whole else 0.0

    def interrupt() -> None:
        interrupted.set()
        if future is not None:
            worker.call_soon_threadsafe(worker.call_later, patience, future.cancel)

    # Before it is begun: the machine may be slow to come back to this thread.
    with interrupts(interrupt):
        future = submit(runtime().attended(_to_its_end(work) if whole else work))
        if interrupted.is_set():
            interrupt()
        run_here(_until_done(future))
        if interrupted.is_set():
            done = not future.cancelled() and future.exception() is None
            raise Interrupted(
                "Interrupted in the moment in which it was done."
                if done
                else "Interrupted before it was done; run the cell again to have it done."
            )
    return future.result()


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    return await asyncio.shield(asyncio.ensure_future(work))


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
    _check_outside(turn.session, work)
    view = view or Silent(prompts.by_buttons)
    with terminal_interrupts(asyncio.current_task()):
        try:
            future = submit(turn.run(work))
            await follow(turn, future, view)
        except asyncio.CancelledError:
            await _abort(turn, future)
            view.finish(turn, Reply.of(turn))
            raise
        try:
            return conclude(turn, future, view)
        except TurnInterrupted:
            # A task that raised a `KeyboardInterrupt` would end the loop, and with it the kernel.
            raise asyncio.CancelledError from None
        finally:
            # Nothing awaits from here on: an interrupt that came meanwhile would find nobody.
            for _ in range(_PASSES):
                await asyncio.sleep(0)


def wait_for_turn(turn: Turn, work: Coroutine[Any, Any, None], view: View | None = None) -> Reply:
    """Follow a turn through the blocking door; as `await_turn`.

    Raises
    ------
    TurnInterrupted
        The user interrupted; the turn has been aborted.
    """
    _check_outside(turn.session, work)
    view = view or Silent(prompts.by_input)
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread can take input.
        turn.watched = False
    interrupted = threading.Event()
    # Now, since getting it takes a lock: an interrupt may come while this thread holds that.
    worker = runtime_loop()

    def interrupt() -> None:
        interrupted.set()
        worker.call_soon_threadsafe(turn.abort)

    # Before it is sent: the model may be asked before the machine comes back to this thread.
    with interrupts(interrupt):
        future = submit(turn.run(work))
        run_here(follow(turn, future, view, interrupt))
        # In here too: a second interrupt must not cost what the first one left to be shown.
        return conclude(turn, future, view, interrupted.is_set)


def _check_outside(session: str, work: Coroutine[Any, Any, Any]) -> None:
    """Refuse what a tool of the agent would have to wait for, and which waits for the tool."""
    try:
        check_outside(session)
    except BaseException:
        work.close()
        raise


def conclude(
    turn: Turn, future: Future[None], view: View, interrupted: Callable[[], bool] = lambda: False
) -> Reply:
    """Return what a turn that has ended came to, shown in a view, or raise why there is nothing."""
    if not turn.message_id and not interrupted():
        # Nothing was sent: what stopped it is an error of its own, not of the turn.
        wait_for_futures([future])
        if error := future.exception():
            view.clear()
            raise error
    reply = Reply.of(turn)
    try:
        view.finish(turn, reply)
    except Interrupted as why:
        raise TurnInterrupted(str(why), reply=reply) from None
    # Asked for last: whoever stops a cell in its last moment wants the cells behind it stopped.
    if error := failure_of(turn, reply, interrupted=interrupted()):
        raise error
    return reply


async def _until_done(future: Future[Any]) -> None:
    wrapped, told = asyncio.wrap_future(future), False
    while not wrapped.done():
        await asyncio.wait({wrapped}, timeout=_TICK)
        if runtime().silent and not told:
            told = True
            print(_SILENT, file=sys.stderr)
    if not wrapped.cancelled():
        # Its error is raised from the future itself.
        wrapped.exception()


async def follow(
    turn: Turn, future: Future[None], view: View, interrupt: Callable[[], object] | None = None
) -> None:
    """Show a turn until it ends, and lend its tools this thread."""
    bench = Bench(turn)
    try:
        await watch(turn, future, view, interrupt, bench)
    finally:
        await bench.close()


async def watch(
    turn: Turn,
    future: Future[None],
    view: View,
    interrupt: Callable[[], object] | None = None,
    bench: Bench | None = None,
) -> None:
    """Show a turn until it ends; its tools are lent this thread only if there is a bench."""
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    # What comes at once needs no word on what is being done before it.
    due = time.monotonic() + view.interval
    asked: set[int] = set()
    answering = False

    def pressing() -> bool:
        """Whether there is something to show now, and not with the next drawing."""
        new = any(id(pending) not in asked for pending in turn.open)
        shown = new or (turn.answering and not answering)
        return turn.outcome is not None or shown or bool(bench and bench.waiting)

    def changed() -> None:
        # Ten thousand pieces of an answer must not wake this loop ten thousand times.
        if time.monotonic() >= due or pressing():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(wake.set)

    turn.watchers.add(changed)
    try:
        # A failure comes before the runtime is done, and before the journal has all of the turn.
        while turn.outcome in (None, "failed") and not future.done():
            wake.clear()
            questions = [pending for pending in turn.open if id(pending) not in asked]
            # Also before a tool that may hold this thread for long.
            works = bench and bench.waiting
            pressing_now = (turn.answering and not answering) or questions or works
            if time.monotonic() >= due or pressing_now:
                answering = turn.answering
                begun = time.monotonic()
                view.draw(turn)
                due = (drawn := time.monotonic()) + max(view.interval, _SPARED * (drawn - begun))
            for pending in questions:
                asked.add(id(pending))
                try:
                    view.ask(pending)
                except KeyboardInterrupt:
                    if interrupt is None:
                        raise
                    interrupt()
            if bench is not None:
                bench.begin(wake.set)
            if bench is not None and bench.interrupted:
                if interrupt is None:
                    raise asyncio.CancelledError
                interrupt()
            pause = due - time.monotonic()
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`, which loses a cancellation that comes together with the event.
                async with asyncio.timeout(min(_TICK, pause) if pause > 0 else _TICK):
                    await wake.wait()
    finally:
        turn.watchers.discard(changed)


async def _abort(turn: Turn, future: Future[None]) -> None:
    """Abort a turn and wait for its end, whatever else interrupts."""
    runtime_loop().call_soon_threadsafe(turn.abort)
    while turn.outcome is None and not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


def run_here(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in this thread, whether or not a loop runs in it."""
    running = None
    with contextlib.suppress(RuntimeError):
        running = asyncio.get_running_loop()
    # Not while that error is handled: it would be the context of every error from here on.
    if running is None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(work)
        finally:
            loop.close()
        return
    import nest_asyncio2

    nest_asyncio2.apply(running)
    running.run_until_complete(work)


def terminal_interrupts(task: asyncio.Task[Any] | None) -> contextlib.AbstractContextManager[None]:
    """Have Ctrl-C cancel a task in a terminal, where, unlike a kernel's interrupt, it would not."""
    in_terminal = shell() is not None and not hasattr(shell(), "kernel")
    return interrupts(task.cancel) if in_terminal and task else contextlib.nullcontext()


@contextlib.contextmanager
def interrupts(interrupt: Callable[[], object]) -> Iterator[None]:
    """Have SIGINT call a function, in the main thread; right behind it a second is the same one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    last: float | None = None

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        last = time.monotonic()
        interrupt()

    def again(number: int, frame: FrameType | None) -> None:
        assert last is not None
        if time.monotonic() - last > _SAME:
            signal.signal(signal.SIGINT, before)
            if callable(before):
                before(number, frame)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if last is None else again)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Have SIGINT raise in what runs here, in the main thread: code of the user's.

    Whoever would have heard of it hears of it as well.

    Raises
    ------
    KeyboardInterrupt
        The user interrupted, whatever the code has made of that.
    """
    before = signal.getsignal(signal.SIGINT)
    running, interrupted = True, False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        if callable(before):
            before(signal.SIGINT, None)
        if running:
            raise KeyboardInterrupt

    with interrupts(interrupt):
        try:
            yield
        finally:
            running = False
            if interrupted:
                raise KeyboardInterrupt
