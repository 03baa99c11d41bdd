"""What the agent did on the way to an answer: one folded line a call of a tool.

The line says which tool, what for, and how it went; opened, it shows the call's arguments and its
result, as far as a notebook should hold them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from copilot_magics.display.inert import entities, fenced, plain
from copilot_magics.tools.naming import code_of

if TYPE_CHECKING:
    from copilot_magics.toolcall import ToolCall

_SHOWN = 3_000
"""Characters of a call's arguments, and of its result, that are shown."""

_HOW = {True: ("✓", ""), False: ("✗", " <em>failed</em>"), None: ("⋯", " <em>running</em>")}
_CUT_OFF = ("⋯", " <em>not finished</em>")


def tools_markdown(calls: Sequence[ToolCall], room: int, *, ended: bool = False) -> str:
    """Return calls as Markdown, each a line to open.

    Parameters
    ----------
    calls : sequence of ToolCall
        The calls, oldest first.
    room : int
        Characters for what the lines open to; where it is used up, the oldest calls keep their
        line alone.
    ended : bool
        Whether the turn has ended, and with it what was still running.
    """
    written: list[str] = []
    for call in reversed(calls):
        opened = _opened(call) if room > 0 else "Left out here: `get_messages()` has it."
        room -= len(opened)
        written.append(
            f"<details><summary>{_summary(call, ended)}</summary>\n\n{opened}\n\n</details>"
        )
    return "\n\n".join(reversed(written))


def tool_line(call: ToolCall) -> str:
    """Return a call as a line of plain text."""
    return plain(f"· {call.name} {call.brief}{' (failed)' if call.succeeded is False else ''}")


def _summary(call: ToolCall, ended: bool) -> str:
    mark, ending = _CUT_OFF if ended and call.succeeded is None else _HOW[call.succeeded]
    brief = f" <code>{entities(call.brief)}</code>" if call.brief else ""
    return f"{mark} {entities(call.name)}{brief}{ending}"


def _opened(call: ToolCall) -> str:
    code = code_of(call.name, call.arguments)
    told = {"Code": code} if code is not None else {"Arguments": arguments_text(call.arguments)}
    told["Result"] = call.result
    parts = [
        f"{name}:\n\n{fenced(_bounded(text), 'python')}"
        if name == "Code"
        else f"{name}:\n\n{fenced(_bounded(text))}"
        for name, text in told.items()
        if text
    ]
    return "\n\n".join(parts) or "No arguments."


def arguments_text(arguments: Any) -> str:
    """Write arguments as one reads them: a name a line, long texts below theirs."""
    if not isinstance(arguments, dict):
        return "" if arguments is None else _value(arguments)
    lines = []
    for name, value in arguments.items():
        text = _value(value)
        lines.append(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)


def _bounded(text: str) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}\n… {len(text) - _SHOWN:,} more characters: get_messages() has them"
