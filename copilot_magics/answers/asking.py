"""An answer through either door (`copilot_magics.doors`), in as many turns as it takes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from copilot_magics import doors
from copilot_magics.answers.rounds import Rounds
from copilot_magics.reply import Reply
from copilot_magics.turn import Turn

Work = Callable[[Turn], Coroutine[Any, Any, None]]
"""What brings a turn to its end, on the runtime's loop."""


def wait_for_answer(rounds: Rounds, work: Work) -> Reply:
    """Follow the turns of an answer through the blocking door.

    Parameters
    ----------
    rounds : Rounds
        The turns.
    work : callable
        What brings one of them to its end.
    """
    for turn in rounds:
        with rounds:
            reply = doors.wait_for_turn(turn, work(turn), rounds)
    return reply


async def await_answer(rounds: Rounds, work: Work) -> Reply:
    """Follow the turns of an answer through the awaited door; as `wait_for_answer`."""
    for turn in rounds:
        with rounds:
            reply = await doors.await_turn(turn, work(turn), rounds)
    return reply
