"""Whether the runtime answers, while a prompt waits for it.

From a prompt's first need of the runtime to its end: a runtime that hangs is not dead, and may wake
up. So it is said in the cell, and to wait or to stop the cell, which ends the runtime too, is the
user's choice. Where nobody is there to choose, it is ended after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from copilot_magics.runtime.process import BEAT, runtime
from copilot_magics.turn import Turn

_LOOKS = 3
"""How often in a row it may not answer where nobody watches; each look takes eleven seconds."""


async def watched(turn: Turn, work: Coroutine[Any, Any, None]) -> None:
    """Bring a turn to its end, and have it say so while the runtime does not answer.

    Raises
    ------
    RuntimeUnavailable
        The runtime ended before the prompt was sent.
    CopilotError
        Nothing could be sent.
    """
    watch = asyncio.create_task(_watch(turn))
    try:
        await runtime().told(work)
    except asyncio.CancelledError:
        await runtime().end_silent()
        raise
    finally:
        watch.cancel()


async def _watch(turn: Turn) -> None:
    looks = 0
    while True:
        await asyncio.sleep(BEAT)
        turn.hung = not await runtime().answers()
        looks = looks + 1 if turn.hung else 0
        if looks >= _LOOKS and not turn.watched:
            await runtime().end_silent()
