"""What a tool does in the thread that waits for the turn: where a cell's code runs too.

The runtime's loop has a thread of its own; the notebook's objects belong to the main thread. So a
tool's work is put beside the turn, and whoever follows the turn does it, between two drawings. Work
that awaits lets the notebook go on meanwhile, questions and widgets included.

An interrupt must reach code that computes. The kernel's own handler would only schedule something
on the loop that this code holds, so each step of the work runs under a handler of ours, which
raises in it; and the turn ends then, whatever the code makes of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import Future, InvalidStateError
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput

if TYPE_CHECKING:
    from copilot_magics.turn import Turn

_PATIENCE = 2.0
"""Seconds that the end of a turn waits for work that awaits, and was told to stop."""


class Work:
    """One thing to do, and where its result goes.

    Parameters
    ----------
    call : callable
        Called in the thread that waits; what it returns is awaited there.
    alone : bool
        Whether it must not run beside other such work.
    main_thread : bool
        Whether it may run in the main thread only.
    asks : str
        ID of the session that this is done for; code that is not the user's own: ``"*"``, since
        it may ask none.
    """

    def __init__(
        self,
        call: Callable[[], Awaitable[Any]],
        *,
        alone: bool = False,
        main_thread: bool = False,
        asks: str = "",
    ) -> None:
        self.call = call
        self.alone = alone
        self.main_thread = main_thread
        self.asks = asks
        self.result: Future[Any] = Future()
        self.begun: Future[None] = Future()
        self.interrupted = False
        self._lock = threading.Lock()
        self._thread: int | None = None
        self.stopped = False

    async def run(self) -> None:
        """Do it, and give the result, or the error, to whoever waits for it."""
        token = inside.set(self.asks)
        try:
            value = await _Stepwise(self.call(), self)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and self.stopped:
                raise
            # Also where nobody stopped this, but it cancelled itself or what it waited for.
            self._give(self.result.set_exception, _plain(error))
        else:
            self._give(self.result.set_result, value)
        finally:
            inside.reset(token)

    def stop(self) -> None:
        """Have it end, from any thread: its turn has ended."""
        self.result.cancel()
        with self._lock:
            self.stopped = True
            if self._thread is not None and hasattr(signal, "pthread_kill"):
                # Also out of a system call that waits.
                signal.pthread_kill(self._thread, signal.SIGINT)

    def _give(self, give: Callable[[Any], None], what: object) -> None:
        if self.interrupted:
            # The turn ends now: with an answer, the model would be asked once more before that.
            return
        # It may have ended already, and nobody waits any more.
        with contextlib.suppress(InvalidStateError):
            give(what)

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Have an interrupt raise in what runs here."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        running = True

        def handle(_number: int, _frame: FrameType | None) -> None:
            if not self.stopped:
                self.interrupted = True
            if running:
                raise Interrupted

        before = signal.signal(signal.SIGINT, handle)
        try:
            try:
                with self._lock:
                    self._thread = threading.get_ident()
                yield
            finally:
                running = False
        finally:
            with self._lock:
                self._thread = None
            # What was sent until then is handled first, by the handler above.
            signal.signal(signal.SIGINT, before)


class _Stepwise:
    """Awaits something, each of its steps one that can be interrupted."""

    def __init__(self, awaitable: Awaitable[Any], work: Work) -> None:
        self._awaitable = awaitable
        self._work = work

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaitable.__await__()
        send: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        while True:
            try:
                with self._work.step():
                    awaited = send()
            except StopIteration as end:
                return end.value
            try:
                value = yield awaited
            except BaseException as error:
                send = _thrower(steps, error)
            else:
                # What it waited for may have come just when it was told to stop.
                stopped = self._work.stopped
                send = (
                    _thrower(steps, asyncio.CancelledError()) if stopped else _sender(steps, value)
                )


def _sender(steps: Generator[Any, Any, Any], value: Any) -> Callable[[], Any]:
    return lambda: steps.send(value)


def _thrower(steps: Generator[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)


def _plain(error: BaseException) -> BaseException:
    """Return an error that a loop can carry: others end the loop that hears of them."""
    if isinstance(error, Exception):
        return error
    return Ended(f"The tool was ended by its own {type(error).__name__}.")


class Ended(Exception):
    """A tool's work ended before it was done."""


class Interrupted(KeyboardInterrupt):
    """A signal came; any other `KeyboardInterrupt` is the work's own error."""


class Bench:
    """Does the work of one turn; for whoever follows the turn, on the loop that it waits on.

    Parameters
    ----------
    turn : Turn
        The turn.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._tasks: dict[asyncio.Task[None], Work] = {}

    @property
    def waiting(self) -> bool:
        """Whether there is work that can begin."""
        return any(map(_can_begin, self._turn.works))

    @property
    def interrupted(self) -> bool:
        """Whether the user interrupted some of the work: the turn is to be aborted."""
        return any(work.interrupted for work in self._turn.works)

    def begin(self, then: Callable[[], object]) -> None:
        """Begin what can begin; the function is called at the end of each.

        Nothing of it runs before whoever calls this waits again.
        """
        for work in list(self._turn.works):
            if not _can_begin(work):
                continue
            work.begun.set_result(None)
            if work.main_thread and threading.current_thread() is not threading.main_thread():
                work.result.set_exception(Ended(_ELSEWHERE))
                continue
            if work.alone:
                _alone.append(work)
            task = asyncio.ensure_future(work.run())
            self._tasks[task] = work
            task.add_done_callback(self._ended)
            task.add_done_callback(lambda _task: then())

    async def close(self) -> None:
        """End what is still going on, and wait for that, though not for ever."""
        for work in self._turn.works:
            work.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            # Whoever interrupts once more does not wait for it.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(self._tasks, timeout=_PATIENCE)

    def _ended(self, task: asyncio.Task[None]) -> None:
        work = self._tasks.pop(task)
        if work in _alone:
            _alone.remove(work)
        if not task.cancelled():
            task.exception()


_ELSEWHERE = (
    "This conversation is held from another thread than the main one, where the code of this "
    "notebook cannot run."
)
_alone: list[Work] = []


def _can_begin(work: Work) -> bool:
    return not work.begun.done() and not work.result.done() and not (work.alone and _alone)


inside: ContextVar[str] = ContextVar("inside", default="")
"""ID of the session whose tool runs here, ``*`` where it may ask no session; empty: no tool."""


def check_outside(session: str = "") -> None:
    """Refuse what would wait for itself.

    Parameters
    ----------
    session : str
        ID of the session that is to be used; empty: some session.

    Raises
    ------
    BadInput
        A tool of this session runs here, or code of the agent, which may use none.
    """
    by = inside.get()
    if by == "*":
        raise BadInput(
            "Code that the agent runs in this kernel cannot use Copilot itself.",
            "Run it in a cell of your own.",
        )
    if by and by == session:
        raise BadInput(
            f"A tool that the session {by!r} has called cannot use that session: it waits for the "
            f"tool.",
            "Ask another session there.",
        )
