"""What a session's agent may call here, as the SDK takes it, and how a call is answered.

Nothing is run that was not allowed: a permission belongs to one call with its arguments, and is
used up by it. All else that can go wrong is told to the agent, and the turn goes on.
"""

from __future__ import annotations

import asyncio
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from copilot_magics.tools.capturing import Capture
from copilot_magics.tools.naming import RUN, TITLES
from copilot_magics.tools.own import Function, copilot_tool
from copilot_magics.tools.results import Told
from copilot_magics.tools.showing import new_figures
from copilot_magics.tools.signatures import Unfit
from copilot_magics.tools.tracebacks import below, described
from copilot_magics.tools.values import told
from copilot_magics.tools.work import Ended, Work

if TYPE_CHECKING:
    from copilot.session import CopilotSession
    from copilot.tools import Tool, ToolInvocation, ToolResult

    from copilot_magics.asking import Asking
    from copilot_magics.turn import Turn

_BUSY = 1.0
"""Seconds after which it is said that a call waits for the notebook's thread."""


class Toolbox:
    """The tools of one session.

    Parameters
    ----------
    session : str
        The session's ID.
    asking : Asking
        Who knows what was allowed, and which turn runs.
    """

    def __init__(self, session: str, asking: Asking) -> None:
        self._session = session
        self._asking = asking
        self._given: tuple[Function, ...] = ()

    def offer(self, own: tuple[Function, ...]) -> list[Tool]:
        """Return the tools as the SDK takes them, to create or resume a session with.

        Parameters
        ----------
        own : tuple of Function
            The session's own, beside those of the kernel.
        """
        self._given = _offered(own)
        return [self._tool(function) for function in self._given]

    async def renew(self, sdk: CopilotSession, own: tuple[Function, ...]) -> None:
        """Tell the runtime where the tools are others than it knows."""
        known = self._given
        if _offered(own) == known:
            return
        try:
            await sdk.set_tools(self.offer(own))
        except BaseException:
            # It may know nothing of them yet: they are told again with the next prompt.
            self._given = known
            raise

    def _tool(self, function: Function) -> Tool:
        from copilot.tools import Tool

        async def handle(invocation: ToolInvocation) -> ToolResult:
            return (await self._answer(function, invocation)).for_agent()

        return Tool(
            function.name,
            function.description,
            handle,
            function.signature.schema,
            skip_permission=False,
            defer="never",
        )

    async def _answer(self, function: Function, invocation: ToolInvocation) -> Told:
        turn = self._asking.turn
        call, arguments = invocation.tool_call_id, invocation.arguments
        if turn is None or not self._asking.take_leave(call, function.name, arguments):
            return Told("This call was not allowed.", failed=True)
        work = Work(
            lambda: _called(function, arguments, turn),
            alone=function.name == RUN,
            main_thread=function.name in TITLES,
            asks="*" if function.name == RUN else self._session,
        )
        turn.do(work)
        waiting = asyncio.ensure_future(self._watch(turn, work, function.name))
        try:
            done: Told = await asyncio.wrap_future(work.result)
            return done
        except asyncio.CancelledError:
            work.stop()
            if turn.outcome is None:
                raise
            return Told("The turn ended before this was done.", failed=True)
        except Ended as error:
            return Told(str(error), failed=True)
        finally:
            waiting.cancel()

    async def _watch(self, turn: Turn, work: Work, name: str) -> None:
        begun = asyncio.wrap_future(work.begun)
        # Not awaited itself: that would cancel it where this is cancelled.
        await asyncio.wait({begun}, timeout=_BUSY)
        if not begun.done():
            before = turn.status
            turn.say(f"{name} waits until the kernel is free")
            await asyncio.wait({begun})
            turn.say(before)


def _offered(own: tuple[Function, ...]) -> tuple[Function, ...]:
    """Return what a session of this kernel offers; of one name, the session's own."""
    from copilot_magics.doors import shell

    running = shell()
    notebook = _notebook_tools(running).functions if running is not None else ()
    by_name = {one.name: one for one in (*notebook, *copilot_tool.functions, *own)}
    return tuple(by_name.values())


@cache
def _notebook_tools(shell: Any) -> Any:
    from copilot_magics.tools.kernel import NotebookTools

    return NotebookTools(shell)


async def _called(function: Function, arguments: object, turn: Turn) -> Told:
    """Call a function, in the thread and the task that its work has."""
    from copilot_magics.doors import shell

    running = shell()
    capture = Capture(running, shown=not turn.quiet)
    turn.shown.append(capture.outputs)
    try:
        with capture.listening():
            variables = running.user_ns if running is not None else _globals(function)
            bound = function.signature.bind(arguments, variables)
            with new_figures():
                value = function.function(*bound.args, **bound.kwargs)
                if inspect.isawaitable(value):
                    value = await value
            return told(value, function.name)
    except Unfit as unfit:
        return Told(str(unfit), failed=True)
    except Exception as error:
        code = getattr(inspect.unwrap(function.function), "__code__", None)
        trace = below(error.__traceback__, code.co_filename) if code else None
        return Told(described(error, trace), failed=True)


def _globals(function: Function) -> dict[str, Any]:
    return getattr(inspect.unwrap(function.function), "__globals__", {})
