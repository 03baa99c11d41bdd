"""Turns that go on beside the notebook: begun by one cell, while others run or none does.

A thread brings each to its end, so that whoever looks finds it there, whatever the notebook does.
In a kernel a task of its own loop shows it, asks what is to be asked and lends it the main thread,
in the moments that cells leave free. A kernel's interrupt ends a cell, never one of these.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Any, Protocol, Self

from copilot_magics import doors, working
from copilot_magics.answers.asking import Work
from copilot_magics.answers.rounds import Rounds, Wanted
from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent, Terminal, View
from copilot_magics.errors import AwaitInterrupted, BadInput, Interrupted, StillRunning
from copilot_magics.noting import wait
from copilot_magics.reply import Reply
from copilot_magics.runtime.loop import loop, submit
from copilot_magics.turn import Turn

if TYPE_CHECKING:
    from copilot_magics.pending import Pending

_GOES_ON = (
    "The waiting was interrupted; the turn goes on in the background, and `reply.stop()` ends it."
)
_TICK = 0.1
_SOON = 0.02


class Shown(View, Protocol):
    """Where a turn in the background is shown; called in the thread that follows it."""

    def end(self, turn: Turn, reply: Reply, error: BaseException | None) -> None:
        """Show what it came to."""


class BackgroundReply(Reply):
    """The reply to a prompt whose turn runs in the background.

    What it holds is what has come so far, until the turn has ended.

    Parameters
    ----------
    rounds : Rounds
        The turns in which it is had.

    Attributes
    ----------
    over : concurrent.futures.Future
        Done when the last of them has ended.
    """

    def __init__(self, rounds: Rounds) -> None:
        # Nothing of what a `Reply` holds is there yet: see `__getattr__`.
        self._rounds = rounds
        self._shown_by: int | None = None
        self._error: BaseException | None = None
        self.over: Future[None] = Future()
        self._watch: Callable[..., None] | None = None
        self._shown: Shown | None = None
        self._awaited_by = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        told = vars(Reply.of(self._rounds.turn))
        if name not in told:
            raise AttributeError(f"a Reply has no {name!r}")
        return None if name == "outcome" else told[name]

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.done:
            raise BadInput(
                "The turn of this reply still runs, and it cannot be kept yet.",
                "`reply.wait()` waits for its end.",
            )
        kept = {name: value for name, value in vars(self).items() if name in self._told}
        return _kept, (kept,)

    @property
    def turn(self) -> Turn:
        """The turn that is running, or the last one."""
        return self._rounds.turn

    @property
    def done(self) -> bool:
        """Whether the turn has ended."""
        return self.over.done()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until the turn has ended; see `Reply.wait`."""
        until = None if timeout is None else time.monotonic() + timeout
        interrupted = threading.Event()

        def enough() -> bool:
            return interrupted.is_set() or (until is not None and time.monotonic() >= until)

        def ask(pending: Pending) -> None:
            prompts.by_input(pending, None if until is None else until - time.monotonic())

        try:
            if not self.done:
                view = self._beside(ask)
                with doors.interrupts(interrupted.set):
                    doors.run_here(self._followed(view, enough, interrupted.set))
                    if self.done:
                        view.finish(self.turn, self)
        except KeyboardInterrupt:
            # Right before or behind the waiting proper.
            interrupted.set()
        if interrupted.is_set():
            raise Interrupted(
                "Interrupted in the moment in which the turn ended." if self.done else _GOES_ON
            )
        if not self.done:
            raise StillRunning(
                f"The turn still runs after {timeout:g} s; it goes on in the background.",
                "`reply.wait()` waits for its end, `reply.stop()` ends it.",
            )
        return self._concluded()

    def __await__(self) -> Generator[Any, None, Self]:
        """Await the turn's end; as `wait`."""
        return self._awaited().__await__()

    async def _awaited(self) -> Self:
        if not self.done:
            task = asyncio.current_task()
            view = self._beside()
            try:
                with doors.terminal_interrupts(task):
                    await self._followed(view, lambda: False)
            except asyncio.CancelledError:
                raise AwaitInterrupted(_GOES_ON) from None
            view.finish(self.turn, self)
        return self._concluded()

    def stop(self) -> None:
        """End the turn, if it still runs, and wait for its end; the session stays usable."""
        self.abort()
        if not self.done:
            doors.run_here(self._ended())

    def abort(self) -> None:
        """Have the turn ended, from any thread."""
        loop().call_soon_threadsafe(_abort, self.turn)

    def _concluded(self) -> Self:
        if self._error is not None:
            raise self._error
        return self

    async def _ended(self) -> None:
        await asyncio.wait({asyncio.wrap_future(self.over)})

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it, and is shown it there."""
        return self._awaited_by > 0

    async def _followed(
        self,
        view: View,
        enough: Callable[[], bool],
        interrupt: Callable[[], object] | None = None,
    ) -> None:
        """Follow the turn until its end, or until it is enough."""
        following: asyncio.Future[None] | None = None
        self._awaited_by += view is not self._shown
        try:
            while not self.done and not enough():
                if following is None or following.done():
                    # One of those who follow it lends it the thread.
                    how = doors.watch if self._shown and view is not self._shown else doors.follow
                    following = asyncio.ensure_future(how(self.turn, self.over, view, interrupt))
                    # It may be between two turns, or not quite at the end of one.
                    await asyncio.sleep(_SOON)
                await asyncio.wait({following}, timeout=_TICK)
        finally:
            self._awaited_by -= view is not self._shown
            if following is not None:
                following.cancel()

    def _beside(self, by_input: prompts.Asker | None = None) -> View:
        """Return what shows and asks for whoever waits, beside what the first cell shows.

        Parameters
        ----------
        by_input : callable, optional
            How a thread that is blocked by the waiting asks.
        """
        from copilot_magics.awaiting import can_await

        shell = doors.shell()
        if threading.current_thread() is not threading.main_thread():
            return Silent(_leave)
        if shell is None:
            return Silent(by_input or prompts.by_input)
        if not hasattr(shell, "kernel"):
            return Terminal(by_input or prompts.by_input)
        # Its buttons work while a cell awaits, but not while one blocks.
        return Silent(by_input or (_leave if can_await(shell) else prompts.by_input))

    def _run(self, work: Work) -> None:
        """Bring the turns to their end, in a thread of their own."""
        reply: Reply | None = None
        try:
            for turn in self._rounds:
                turn.background = True
                if self._watch is not None:
                    turn.watchers.add(self._watch)
                with self._rounds:
                    future = submit(turn.run(work(turn)))
                    with contextlib.suppress(BaseException):
                        future.result()
                    reply = doors.conclude(turn, future, self._rounds)
        except BaseException as error:
            self._error = error
            reply = getattr(error, "reply", None)
        told = vars(reply or Reply.of(self.turn))
        self._told = frozenset(told)
        self.__dict__.update(told | {"_shown_by": self._shown_by})
        working.replies.remove(self)
        self.over.set_result(None)
        self.turn.changed()

    def _interrupt_tools(self) -> None:
        """Tell the agent that its code was interrupted: the turn goes on."""
        from copilot_magics.tools.work import Ended

        for work in self.turn.works:
            if work.interrupted:
                work.interrupted = False
                with contextlib.suppress(InvalidStateError):
                    work.result.set_exception(Ended("KeyboardInterrupt: the user interrupted it"))

    async def _show(self, shown: Shown) -> None:
        """Show the turns until their end, on the kernel's loop."""
        self._shown = shown
        await self._followed(shown, lambda: False, self._interrupt_tools)
        shown.end(self.turn, self, self._error)


def _kept(told: dict[str, Any]) -> Reply:
    reply = Reply.__new__(Reply)
    reply.__dict__.update(told)
    return reply


def start(rounds: Rounds, work: Work, show: Callable[[BackgroundReply], Shown]) -> BackgroundReply:
    """Begin a turn that no cell waits for.

    Parameters
    ----------
    rounds : Rounds
        Its turns; what they are shown in is not drawn by them.
    work : callable
        What brings one of them to its end.
    show : callable
        Returns where its reply is shown.
    """
    reply = BackgroundReply(rounds)
    shown = show(reply)
    # Before it begins: whoever asks right behind it finds it in the session's queue.
    rounds.turn.background = True
    wait(rounds.turn)
    working.replies.append(reply)
    if hasattr(doors.shell(), "kernel") and _in_main_loop():
        task = asyncio.ensure_future(reply._show(shown))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    else:
        reply._watch = _Watch(reply, shown)
        reply.over.add_done_callback(reply._watch)
    threading.Thread(
        target=reply._run, args=(work,), name="copilot-magics-background", daemon=True
    ).start()
    return reply


def start_unseen(turn: Turn, work: Work, wanted: Wanted | None = None) -> BackgroundReply:
    """Begin a turn that no cell waits for, and of which nothing is shown but its questions."""
    from copilot_magics.display.background import Hidden

    rounds = Rounds(turn, Silent(_leave), wanted)
    return start(rounds, work, lambda _reply: Hidden(prompts.by_buttons))


class _Watch:
    """Where no loop runs between two inputs: shows what is new in the thread where it happens."""

    def __init__(self, reply: BackgroundReply, shown: Shown) -> None:
        self._reply, self._shown = reply, shown
        self._asked: set[int] = set()

    def __call__(self, *_over: object) -> None:
        reply = self._reply
        for pending in reply.turn.open:
            if id(pending) not in self._asked:
                self._asked.add(id(pending))
                if not reply.awaited:
                    self._shown.ask(pending)
        if reply.done and 0 not in self._asked and not reply.awaited:
            self._asked.add(0)
            self._shown.end(reply.turn, reply, reply._error)


def _abort(turn: Turn) -> None:
    if turn.steered is not None and turn.taken_in:
        # One `session.idle` ends both.
        turn.steered.abort()
    turn.abort()


def _leave(_pending: Pending) -> None:
    """Leave it to whoever else is asked."""


def _in_main_loop() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_tasks: set[asyncio.Task[None]] = set()

# At the exit proper nothing can be sent any more: Python's thread pools, which the SDK writes
# through, are closed by then; what is registered behind them is called before.
importlib.import_module("concurrent.futures.thread")
getattr(threading, "_register_atexit", atexit.register)(working.end)
