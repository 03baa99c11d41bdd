"""What becomes of a turn whose runtime died, and of a runtime that does not answer any more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from copilot_magics import records
from copilot_magics.failures import Failure, cut_off
from copilot_magics.runtime.heard import PATIENCE
from copilot_magics.runtime.process import runtime
from copilot_magics.transcripts import has_message

if TYPE_CHECKING:
    from copilot_magics.turn import Turn

_NOT_AS_WANTED = (
    "The prompt and an answer are in the journal, but that was not of the type asked for; "
    "send the prompt again."
)


def died(turn: Turn, reason: str) -> None:
    """End a turn, and say how the runtime ended.

    Parameters
    ----------
    turn : Turn
        The turn.
    reason : str
        How the runtime ended.
    """
    if turn.message_id:
        known = has_message(turn.session, turn.message_id)
    else:
        asked = (line for line in records.asked(turn.session) if line.key == turn.record)
        known = not turn.first and any(
            records.reached_journal(turn.session, line) for line in asked
        )
    ours = bool(turn.first) and not known
    if ours:
        # The user's own prompt is there, and an answer: what is lost is what asks for another.
        records.sent(turn.session, turn.record, turn.first)
    if turn.aborting:
        # It did not answer, and was ended for that.
        turn.end("aborted")
        return
    what = runtime().obituary(reason, " while it worked")
    if ours:
        turn.end("failed", Failure(what, _NOT_AS_WANTED))
        return
    turn.end("failed" if known else "lost", cut_off(what, in_journal=known))


def died_all(turns: Iterable[Turn], reason: str) -> None:
    """End turns that ran at once."""
    for turn in turns:
        died(turn, reason)


async def answered(*works: Coroutine[Any, Any, Any]) -> None:
    """Have the runtime do one thing after the other, and end it where it does not.

    Parameters
    ----------
    *works : coroutine
        The things.
    """
    for work in works:
        if not runtime().alive:
            work.close()
            continue
        try:
            await asyncio.wait_for(work, PATIENCE)
        except Exception:
            # Whatever it was: the next prompt must not meet what this one left.
            await runtime().kill()
