"""What the runtime was asked for is heard, also where whoever asked is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 0.5
"""Seconds that an interrupt waits for the answer to what it interrupts."""


async def heard(work: Coroutine[Any, Any, T], take: Callable[[T], None]) -> None:
    """Hand on what the runtime answers, also where the wait for it is interrupted.

    What was asked for may happen all the same, and then somebody must know of it.

    Parameters
    ----------
    work : coroutine
        What asks, and returns the answer.
    take : callable
        Takes the answer.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait({task}, timeout=PATIENCE)
        if task.done() and not task.cancelled() and not task.exception():
            take(task.result())
        task.cancel()
