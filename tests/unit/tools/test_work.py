"""A tool's work in the thread that follows the turn: done in order, ended with the turn."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent
from copilot_magics.doors import follow
from copilot_magics.errors import BadInput
from copilot_magics.tools.work import Ended, Work, check_outside, inside
from copilot_magics.turn import Turn

pytestmark = pytest.mark.timeout(60)


def of(function: Callable[[], Any], **options: Any) -> Work:
    async def call() -> Any:
        value = function()
        return await value if asyncio.iscoroutine(value) else value

    return Work(call, **options)


class Following:
    """A turn, and who follows it on this loop."""

    def __init__(self, interrupt: Callable[[], object] | None = None) -> None:
        self.turn, self.ended = Turn("prompt"), Future[None]()
        view = Silent(prompts.by_input)
        view.interval = 0.0
        self.task = asyncio.ensure_future(follow(self.turn, self.ended, view, interrupt))

    async def do(self, work: Work) -> Any:
        self.turn.do(work)
        return await asyncio.wrap_future(work.result)

    async def end(self) -> None:
        self.ended.set_result(None)
        self.turn.end("answered")
        await self.task


async def test_work_is_done_where_the_turn_is_followed() -> None:
    following = Following()
    assert await following.do(of(threading.current_thread)) is threading.main_thread()
    assert await following.do(of(lambda: asyncio.sleep(0, "slept"))) == "slept"
    with pytest.raises(ZeroDivisionError):
        await following.do(of(lambda: 1 / 0))
    with pytest.raises(Ended, match="SystemExit"):
        await following.do(of(lambda: exit_now()))
    assert await following.do(of(lambda: "and it goes on")) == "and it goes on"
    await following.end()


async def test_a_cancellation_of_its_own_is_an_error_like_others() -> None:
    async def of_what_it_awaits() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    async def of_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    following = Following()
    for function in (of_what_it_awaits, of_itself, cancelled):
        with pytest.raises(Ended, match="CancelledError"):
            await following.do(of(function))
    await following.end()


def cancelled() -> None:
    raise asyncio.CancelledError


def exit_now() -> None:
    raise SystemExit(1)


async def test_what_runs_alone_waits_for_the_other() -> None:
    following, gate, order = Following(), asyncio.Event(), []

    async def first() -> None:
        order.append("first begins")
        await gate.wait()
        order.append("first ends")

    async def second() -> None:
        order.append("second")

    works = [of(first, alone=True), of(second, alone=True)]
    for work in works:
        following.turn.do(work)
    # Others do not wait for it, and the turn is followed on.
    assert await following.do(of(lambda: "beside")) == "beside"
    assert order == ["first begins"]
    gate.set()
    await asyncio.gather(*(asyncio.wrap_future(work.result) for work in works))
    assert order == ["first begins", "first ends", "second"]
    await following.end()


@pytest.mark.parametrize("caught", [False, True])
async def test_an_interrupt_reaches_code_that_computes_and_ends_the_turn(caught: bool) -> None:
    interrupted = asyncio.Event()
    following = Following(interrupted.set)
    before = signal.getsignal(signal.SIGINT)

    def compute() -> None:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not interrupted")

    def swallow() -> str:
        with contextlib.suppress(KeyboardInterrupt):
            compute()
        return "swallowed"

    work = of(swallow if caught else compute)
    following.turn.do(work)
    await interrupted.wait()
    # Nothing is told to the agent, which would make something of it.
    assert not work.result.done()
    assert signal.getsignal(signal.SIGINT) is before
    following.ended.set_result(None)
    following.turn.end("aborted")
    await following.task
    assert work.result.cancelled()


async def test_the_awaited_door_is_cancelled_by_an_interrupt() -> None:
    following = Following()
    following.turn.do(of(lambda: signal.raise_signal(signal.SIGINT)))
    with pytest.raises(asyncio.CancelledError):
        await following.task


async def test_code_that_computes_ends_with_its_turn() -> None:
    following = Following()
    computing = threading.Event()

    def compute() -> None:
        computing.set()
        time.sleep(50)

    def end() -> None:
        computing.wait()
        following.turn.end("aborted")
        following.ended.set_result(None)

    ender = threading.Thread(target=end)
    ender.start()
    following.turn.do(of(compute))
    await following.task
    ender.join()
    # By the turn, not by the user.
    assert not any(work.interrupted for work in following.turn.works)


async def test_work_that_awaits_ends_with_its_turn() -> None:
    following, waits, cancelled = Following(), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    following.turn.do(of(wait))
    await waits.wait()
    await following.end()
    assert cancelled.is_set()


async def test_a_kernel_tool_needs_the_main_thread() -> None:
    def elsewhere() -> str:
        async def main() -> str:
            following = Following()
            assert await following.do(of(lambda: "own tools run anywhere"))
            with pytest.raises(Ended, match="held from another thread") as refused:
                await following.do(of(lambda: "not", main_thread=True))
            await following.end()
            return str(refused.value)

        return asyncio.run(main())

    assert await asyncio.to_thread(elsewhere)


async def test_a_tool_may_not_use_the_session_that_waits_for_it() -> None:
    following = Following()
    with pytest.raises(BadInput, match="waits for the tool"):
        await following.do(of(lambda: check_outside("mine"), asks="mine"))
    await following.do(of(lambda: check_outside("other"), asks="mine"))
    for session in ("", "mine", "other"):
        with pytest.raises(BadInput, match="cannot use Copilot itself"):
            await following.do(of(lambda session=session: check_outside(session), asks="*"))
    assert inside.get() == ""
    await following.end()
