"""Moments in between: what happens to a kernel while it talks to its runtime.

Imported inside a kernel (`arm`), where every request of the SDK passes through here; nothing of our
own is changed. A test says beforehand what is to strike at which request (`plan`): no luck is
needed to hit the moment before it is sent, or the one after it was answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from copilot._jsonrpc import JsonRpcClient
from runtimes import runtime_of, strike

if TYPE_CHECKING:
    from kernels import Notebook

_LINGER = 0.3
"""Seconds that a request takes longer, for an interrupt to find it under way."""

_planned: dict[str, tuple[str, str, int]] = {}
_request = JsonRpcClient.request


def arm(kernel: Notebook) -> None:
    """Have a kernel's requests pass through here."""
    folder = str(Path(__file__).parent)
    told = kernel.run(f"import sys\nsys.path.append({folder!r})\nimport moments\nmoments.listen()")
    assert told.status == "ok", told.outputs


def plan(kernel: Notebook, method: str, when: str, what: str, skip: int = 0) -> None:
    """Plan what happens in a kernel, once.

    Parameters
    ----------
    kernel : Notebook
        The kernel.
    method : str
        At which request, such as ``session.send``.
    when : str
        ``before`` it is sent, or ``after`` it was answered and before anybody has heard of it.
    what : str
        ``interrupt``, ``kill``, ``runtime`` and a fault (`runtimes.strike`), or the path of a file
        to make there, after which it never goes on.
    skip : int
        How many such requests go unharmed before it.
    """
    kernel.run(f"moments._planned[{method!r}] = ({when!r}, {what!r}, {skip})")


def listen() -> None:
    """In the kernel: have the SDK's requests pass through here."""
    JsonRpcClient.request = _listened  # type: ignore[method-assign]


async def _listened(self: Any, method: str, *args: Any, **options: Any) -> Any:
    when, what, skip = _planned.pop(method, ("", "", 0))
    if skip:
        _planned[method] = (when, what, skip - 1)
        when = ""
    if when == "before":
        await _strike(what)
    answer = await _request(self, method, *args, **options)
    if when == "after":
        await _strike(what)
    return answer


async def _strike(what: str) -> None:
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "interrupt":
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        await asyncio.sleep(_LINGER)
    elif what.startswith("runtime "):
        strike(runtime_of(psutil.Process()), what.removeprefix("runtime "))
    else:
        _make(what)
        await asyncio.Event().wait()


def _make(path: str) -> None:
    Path(path).touch()
