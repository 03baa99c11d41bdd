"""Code that the agent runs in the kernel against the same code in a cell.

The clock of a call is the model's: from the request that it answers with the call to the next,
which carries the result. A call of a tool that does nothing, through the bare SDK, tells how much
of that is the runtime's. The clock of a cell is the front end's.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

from common import notebooks, verdict
from directives import Request
from kernels import Notebook
from scripted import ScriptedServer

LIMIT = 20.0
ROUNDS = 40
CODE = "table = [n * n for n in range(100_000)]\nprint(sum(table))\nlen(table)"

BARE_TOOL = """
from copilot.tools import Tool, ToolResult
from copilot.rpc import PermissionDecisionApproveOnce

async def nothing(invocation):
    return ToolResult(text_result_for_llm="done")

async def allow(request, invocation):
    return PermissionDecisionApproveOnce()

await session.disconnect()
session = await client.resume_session(
    "bare", model="scripted", streaming=True, enable_session_store=False, enable_file_hooks=False,
    provider=dict(type="openai", base_url={url!r}, api_key="a-key-that-is-long-enough"),
    tools=[Tool("nothing", "Do nothing.", nothing, {{"type": "object", "properties": {{}}}})],
    on_permission_request=allow,
)
"""


class Clock:
    """Notes when each request reaches the scripted model."""

    def __init__(self, server: ScriptedServer) -> None:
        self.at: list[float] = []
        self._record: Callable[[Request], None] = server.record
        server.record = self.record  # type: ignore[method-assign]

    def record(self, request: Request) -> None:
        """Note one."""
        self.at.append(time.perf_counter())
        self._record(request)


def called(notebook: Notebook, clock: Clock, code: str) -> float:
    """Return the milliseconds from the request that is answered by a call to the one after it."""
    clock.at.clear()
    in_a_cell(notebook, code)
    asked, again = clock.at
    return 1000 * (again - asked)


def in_a_cell(notebook: Notebook, code: str) -> float:
    """Return the milliseconds from a cell's request to its reply."""
    begun = time.perf_counter()
    cell = notebook.run(code)
    if cell.status != "ok":
        raise RuntimeError(cell.text)
    return 1000 * (time.perf_counter() - begun)


def main() -> bool:
    """Measure, print, and say whether the limit is kept."""
    call = f"tool notebook_run {json.dumps({'code': CODE})}"
    with notebooks() as (ours, bare, server):
        ours.run("%copilot_session bench --allow 'tool(notebook_run)'")
        bare.run(BARE_TOOL.format(url=server.url))
        clock = Clock(server)
        sides: dict[str, Callable[[], float]] = {
            "the code in a cell": lambda: in_a_cell(ours, CODE),
            "the code called by the agent": lambda: called(ours, clock, f"%%copilot\n{call}"),
            "nothing, called through the bare SDK": lambda: called(
                bare, clock, "await ask('tool nothing {}', show=True)"
            ),
        }
        for measure in sides.values():
            measure()
        took: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, measure in sides.items():
                took[name].append(measure())
    cell, agent, nothing = (statistics.median(times) for times in took.values())
    for name, times in took.items():
        print(f"{name}: {statistics.median(times):.1f} ms")
    print(f"with all that the runtime does for a call: {agent - cell:.1f} ms more than the cell")
    ours_alone = agent - nothing
    return verdict(
        "a call, without the runtime's part, more than the cell, ms", ours_alone - cell, LIMIT
    )


if __name__ == "__main__":
    sys.exit(not main())
