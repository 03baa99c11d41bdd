"""The event loop that talks to the Copilot runtime, in a thread of its own.

The kernel's own loop is busy whenever a cell computes; a loop of its own keeps the runtime answered
meanwhile. Everything that touches the SDK runs here, so none of it needs a lock; the doors to it
are `submit` (from any thread) and `asyncio.wrap_future` around what it returns.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_loop: asyncio.AbstractEventLoop | None = None
_starting = threading.Lock()


def loop() -> asyncio.AbstractEventLoop:
    """Return the runtime's loop, started in a daemon thread when first needed."""
    global _loop
    with _starting:
        if _loop is None:
            started = asyncio.new_event_loop()
            threading.Thread(
                target=_run, args=(started,), name="copilot-magics-runtime", daemon=True
            ).start()
            # Last: an interrupt on the way must not leave one that nobody runs.
            _loop = started
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    if hasattr(signal, "pthread_sigmask"):
        # A process started here inherits this: until it has left the kernel's group, an interrupt
        # of the kernel must not end it.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    loop.set_exception_handler(_report)
    loop.run_forever()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # A kernel that ends takes from under the SDK what it sends its answers with: no news to anyone.
    if threading.main_thread().is_alive():
        loop.default_exception_handler(context)


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run a coroutine on the runtime's loop.

    Parameters
    ----------
    work : coroutine
        What to run.

    Returns
    -------
    concurrent.futures.Future
        Its result; cancelling the future cancels the coroutine.
    """
    return asyncio.run_coroutine_threadsafe(work, loop())


def _forget() -> None:
    global _loop, _starting
    _loop = None
    _starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    # A forked child has no such thread; a later use there starts a loop of its own.
    os.register_at_fork(after_in_child=_forget)
