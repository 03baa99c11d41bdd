"""Whoever follows a turn hears every interrupt, whatever else happens in that moment."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from copilot_magics import doors
from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent
from copilot_magics.doors import await_turn, follow, interrupts, stoppable, wait_for_turn
from copilot_magics.errors import Interrupted, TurnInterrupted
from copilot_magics.reply import Reply
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


class Validating(Silent):
    """A view that runs code of the user's for the answer, which takes its time."""

    def __init__(self, code: Callable[[], object]) -> None:
        super().__init__(prompts.by_input)
        self._code = code

    def finish(self, turn: Turn, reply: Reply) -> None:
        try:
            with stoppable():
                self._code()
        except KeyboardInterrupt:
            raise Interrupted("Interrupted while it was validated.") from None


def interrupted() -> None:
    signal.raise_signal(signal.SIGINT)
    pytest.fail("the code went on")


def swallowed() -> None:
    with contextlib.suppress(BaseException):
        interrupted()


def turned() -> None:
    try:
        interrupted()
    except BaseException:
        raise ValueError("not valid") from None


CODES = pytest.mark.parametrize("code", [interrupted, swallowed, turned])


async def answered(turn: Turn) -> None:
    turn.sent("message")
    turn.end("answered")


@CODES
def test_an_interrupt_ends_the_users_code_behind_the_answer(code: Callable[[], object]) -> None:
    turn = Turn("prompt")
    with pytest.raises(TurnInterrupted, match="while it was validated") as raised:
        wait_for_turn(turn, answered(turn), Validating(code))
    assert raised.value.reply is not None
    assert raised.value.reply.outcome == "answered"


@CODES
async def test_an_awaited_turn_is_cancelled_then(code: Callable[[], object]) -> None:
    turn = Turn("prompt")
    # A kernel's handler cancels what it awaits, by a word to its loop.
    told: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: told.append(number))
    try:
        with pytest.raises(asyncio.CancelledError):
            await await_turn(turn, answered(turn), Validating(code))
    finally:
        signal.signal(signal.SIGINT, before)
    assert told == [signal.SIGINT]
    assert turn.outcome == "answered"


async def test_a_cancellation_in_the_last_moment_of_a_turn_is_not_lost() -> None:
    turn, loop = Turn("prompt"), asyncio.get_running_loop()
    here = asyncio.current_task()
    assert here is not None
    last = Validating(lambda: loop.call_soon(lambda: loop.call_soon(here.cancel)))
    with pytest.raises(asyncio.CancelledError):
        await await_turn(turn, answered(turn), last)


def test_what_comes_right_behind_an_interrupt_is_the_same_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("outside"))
    try:
        with interrupts(lambda: heard.append("inside")):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert heard == ["inside"]
        monkeypatch.setattr(doors, "_SAME", 0.0)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert heard == ["inside", "outside", "outside"]
        with interrupts(lambda: None):
            pass
        signal.raise_signal(signal.SIGINT)
        assert heard[2:] == ["outside", "outside"]
    finally:
        signal.signal(signal.SIGINT, before)
