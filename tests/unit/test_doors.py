"""Whoever follows a turn hears every interrupt, whatever else happens in that moment."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent
from copilot_magics.doors import follow, wait_for_turn
from copilot_magics.errors import TurnInterrupted
from copilot_magics.turn import Turn


async def test_a_cancellation_that_comes_with_a_piece_of_the_answer_is_not_lost() -> None:
    view = Silent(prompts.by_input)
    view.interval = 0.0
    turn, future = Turn("prompt"), Future[None]()
    following = asyncio.ensure_future(follow(turn, future, view))
    for _ in range(3):
        await asyncio.sleep(0)
    turn.changed()
    # Now the follower has been woken, and has not run yet.
    await asyncio.sleep(0)
    following.cancel()
    done, _ = await asyncio.wait({following}, timeout=5)
    future.set_result(None)
    assert done
    assert following.cancelled()


class Sudden(Turn):
    """A turn that is interrupted in the moment in which it is handed to the runtime's loop."""

    def run(self, work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        signal.raise_signal(signal.SIGINT)
        return super().run(work)


def test_an_interrupt_in_the_moment_of_sending_aborts_the_turn() -> None:
    turn = Sudden("prompt")
    with pytest.raises(TurnInterrupted) as raised:
        wait_for_turn(turn, asyncio.sleep(3600))
    assert turn.outcome == "aborted"
    assert raised.value.reply is not None
    assert raised.value.reply.outcome == "aborted"
