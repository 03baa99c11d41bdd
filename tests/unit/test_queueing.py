"""One prompt at a time; who waits hears what is asked before it."""

from __future__ import annotations

import asyncio

import pytest

from copilot_magics.errors import SessionInUse
from copilot_magics.pending import Question
from copilot_magics.queueing import Queue
from copilot_magics.turn import Turn

ASKED = Question("Which?", [], True)


async def settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_asks_what_is_asked_before_it() -> None:
    queue = Queue("s")
    first, second, unseen = Turn("1", watched=True), Turn("2", watched=True), Turn("3")
    first.background = True
    order: list[str] = []

    async def ask(turn: Turn) -> None:
        async with queue.place(turn):
            order.append(turn.prompt)

    async with queue.place(first):
        early = first.ask(ASKED)
        waiting = [asyncio.ensure_future(ask(second)), asyncio.ensure_future(ask(unseen))]
        await settled()
        assert second.status.startswith("waiting for the turn in the background")
        late = first.ask(ASKED)
        assert second.open == [early, late]
        early.answer.set_result("this")
        assert second.open == [late]
        second.end("aborted")
        # It is not its own: its end does not answer for the other.
        assert not late.answer.done()
        assert late not in unseen.overheard
    await asyncio.gather(*waiting)
    assert order == ["2", "3"]
    assert second.overheard == []


async def test_nothing_but_prompts_waits_behind_the_background() -> None:
    queue = Queue("s")
    turn = Turn("1")
    async with queue.place(turn):
        queue.check_free()
        turn.background = True
        with pytest.raises(SessionInUse, match="works on a prompt in the background"):
            async with queue.alone():
                pass
    async with queue.alone():
        assert await queue.running() is None


async def test_what_can_be_sent_into_is_under_way() -> None:
    queue = Queue("s")
    turn = Turn("1")
    async with queue.place(turn):
        looked = asyncio.ensure_future(queue.running())
        await settled()
        assert not looked.done()
        turn.sent("m1")
        assert await looked is turn
        turn.end("answered")
        assert await queue.running() is None
