"""What a session offers its agent, and that no call is answered that was not allowed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from copilot.tools import ToolInvocation, ToolResult

from copilot_magics.asking import Asking
from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent
from copilot_magics.doors import follow
from copilot_magics.permissions import Policy
from copilot_magics.tools.offering import Toolbox
from copilot_magics.tools.own import Function, tool_of
from copilot_magics.turn import Turn

pytestmark = pytest.mark.timeout(60)


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


ADD = tool_of(add)


def cancels() -> None:
    """Raise what a loop takes for a cancellation."""
    raise asyncio.CancelledError


CANCELS = tool_of(cancels)


class Session:
    """One session's side of things, as far as tools are concerned."""

    def __init__(self, folder: Path, mode: str, *own: Function) -> None:
        self.asking = Asking()
        self.asking.obey(Policy(mode, [], [], folder), str(folder))
        self.asking.turn = self.turn = Turn("prompt")
        self.toolbox = Toolbox("session", self.asking)
        self.tools = {tool.name: tool for tool in self.toolbox.offer(own)}

    def follow(self) -> asyncio.Future[None]:
        return asyncio.ensure_future(follow(self.turn, Future(), Silent(prompts.by_input)))

    async def permit(self, tool: str, call: str, **arguments: object) -> str:
        request = {"kind": "custom-tool", "toolName": tool, "args": arguments, "toolCallId": call}
        return str((await self.asking.permission(request, None)).kind)

    async def call(self, tool: str, call: str, **arguments: object) -> ToolResult:
        handler: Any = self.tools[tool].handler
        invocation = ToolInvocation("session", call, tool, arguments)
        result = await handler(invocation)
        assert isinstance(result, ToolResult)
        return result


async def test_a_permission_is_for_one_call_with_its_arguments(tmp_path: Path) -> None:
    session = Session(tmp_path, "allow-all", ADD)
    following = session.follow()
    assert (await session.call("add", "1", a=1)).text_result_for_llm == "This call was not allowed."
    assert await session.permit("add", "1", a=1) == "approve-once"
    for call, a in (("2", 1), ("1", 2)):
        assert (await session.call("add", call, a=a)).result_type == "failure"
    assert (await session.call("add", "1", a=1)).text_result_for_llm == "2"
    assert (await session.call("add", "1", a=1)).result_type == "failure"
    refusing = Session(tmp_path, "deny", ADD)
    assert await refusing.permit("add", "1", a=1) == "reject"
    assert (await refusing.call("add", "1", a=1)).result_type == "failure"
    assert not refusing.turn.works
    session.turn.end("answered")
    await following


async def test_a_call_that_cancels_itself_is_answered(tmp_path: Path) -> None:
    session = Session(tmp_path, "allow-all", CANCELS)
    following = session.follow()
    await session.permit("cancels", "1")
    told = await session.call("cancels", "1")
    assert told.result_type == "failure"
    assert told.text_result_for_llm == "The tool was ended by its own CancelledError."
    session.turn.end("answered")
    await following


async def test_tools_that_were_not_taken_are_told_again(tmp_path: Path) -> None:
    session, taken = Session(tmp_path, "allow-all"), []

    class Runtime:
        answers = False

        async def set_tools(self, tools: list[Any]) -> None:
            if not self.answers:
                raise TimeoutError
            taken.append([tool.name for tool in tools])

    runtime: Any = Runtime()
    with pytest.raises(TimeoutError):
        await session.toolbox.renew(runtime, (ADD,))
    runtime.answers = True
    for _ in range(2):
        await session.toolbox.renew(runtime, (ADD,))
    assert taken == [["add"]]


async def test_without_a_turn_nothing_is_called(tmp_path: Path) -> None:
    session = Session(tmp_path, "allow-all", ADD)
    await session.permit("add", "1", a=1)
    session.asking.turn = None
    assert (await session.call("add", "1", a=1)).text_result_for_llm == "This call was not allowed."


async def test_a_call_that_has_to_wait_says_so_and_ends_with_its_turn(tmp_path: Path) -> None:
    session = Session(tmp_path, "allow-all", ADD)
    said = asyncio.Event()

    def changed() -> None:
        if session.turn.status == "add waits until the kernel is free":
            said.set()

    session.turn.watchers.add(changed)
    await session.permit("add", "1", a=1)
    answer = asyncio.ensure_future(session.call("add", "1", a=1))
    await said.wait()
    following = session.follow()
    assert (await answer).text_result_for_llm == "2"
    session.turn.end("answered")
    await following

    late = Session(tmp_path, "allow-all", ADD)
    await late.permit("add", "1", a=1)
    waiting = asyncio.ensure_future(late.call("add", "1", a=1))
    while not late.turn.works:  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0)
    late.turn.end("aborted")
    told = (await waiting).text_result_for_llm
    assert told == "The turn ended before this was done."
