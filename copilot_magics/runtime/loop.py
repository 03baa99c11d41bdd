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
            _loop = asyncio.new_event_loop()
            threading.Thread(
                target=_run, args=(_loop,), name="copilot-magics-runtime", daemon=True
            ).start()
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    if hasattr(signal, "pthread_sigmask"):
        # A process started here inherits this: until it has left the kernel's group, an interrupt
        # of the kernel must not end it.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    loop.run_forever()


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
