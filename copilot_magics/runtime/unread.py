"""What the SDK does not read of the runtime's events: what it cannot, and what would take it long.

A newer runtime may ask for kinds of leave that the SDK does not know, or say what it says in
another shape. The SDK then raises where nobody hears it, calls no handler, and the turn waits for
ever. Here a request for leave reaches the session's handler as the runtime sent it, a dict, and its
answer goes back as any other; and the events without which a turn would have no end or no answer
reach the session's listeners.

An answer comes in thousands of pieces, and half of the processor's time for a turn would go into
reading the times on them, which nobody asks for; so they reach the listeners as they were sent. And
what nobody listens to is not read at all: it would stand before a request for leave, or a tool's
call, which come right behind it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from copilot import CopilotClient

_logger = logging.getLogger("copilot.unread")

_VITAL = frozenset({"user.message", "assistant.message", "session.idle", "session.error"})
"""The events without which a turn does not begin, has no answer, or does not end."""

_PIECES = frozenset(
    {"assistant.message_delta", "assistant.reasoning_delta", "assistant.tool_call_delta"}
)
_UNHEARD = frozenset(
    {
        "assistant.idle",
        "assistant.streaming_delta",
        "assistant.turn_end",
        "assistant.turn_start",
        "pending_messages.modified",
        "session.mcp_servers_loaded",
        "session.tools_updated",
        "system.message",
    }
)
_OF_THE_MODEL, _FAILED = "model.", "model.call_failure"
"""What passes between the runtime and the model, step by step; of that only a failure is heard."""


class Event:
    """An event as the runtime sent it, to be used as the SDK's `SessionEvent` is.

    Parameters
    ----------
    raw : dict
        The event.
    """

    def __init__(self, raw: Any) -> None:
        self.type = str(raw.get("type"))
        agent = raw.get("agentId")
        self.agent_id = agent if isinstance(agent, str) else None
        data = raw.get("data")
        self.data = Fields(data if isinstance(data, dict) else {})


class Fields:
    """What an event says: a field of any name, which is None where it is not of its type.

    What has another shape than it should must not go further.
    """

    _types: ClassVar[dict[str, type]] = {"aborted": bool, "status_code": int}
    """Of those that are not text."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        value = self._raw.get(re.sub(r"_(.)", lambda found: found[1].upper(), name))
        return value if isinstance(value, self._types.get(name, str)) else None


def hear_unread(client: CopilotClient) -> None:
    """Have a started client hear what it cannot read.

    Parameters
    ----------
    client : CopilotClient
        The SDK has no public name for what it does with its notifications.
    """
    rpc: Any = client._client
    read = rpc.notification_handler
    answering: set[asyncio.Task[None]] = set()

    def hear(method: str, params: dict[str, Any]) -> None:
        event = params.get("event")
        kind = event.get("type") if isinstance(event, dict) else None
        session: Any = client._sessions.get(params.get("sessionId", ""))
        if method == "session.lifecycle" or _is_unheard(kind):
            return
        try:
            if kind in _PIECES and session is not None:
                session._dispatch_event(Event(event))
            else:
                read(method, params)
        except Exception:
            _logger.warning("A notification of the runtime cannot be read", exc_info=True)
            if session is None or not isinstance(event, dict):
                return
            if kind in _VITAL:
                session._dispatch_event(Event(event))
            request_id, request = _asked(event)
            if request is not None:
                handler = session._permission_handler
                task = asyncio.ensure_future(
                    session._execute_permission_and_respond(request_id, request, handler)
                )
                answering.add(task)
                task.add_done_callback(answering.discard)

    rpc.set_notification_handler(hear)


def _is_unheard(kind: object) -> bool:
    if kind in _UNHEARD:
        return True
    return isinstance(kind, str) and kind.startswith(_OF_THE_MODEL) and kind != _FAILED


def _asked(event: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Return the ID and the words of a request for leave that nobody has answered yet."""
    if event.get("type") != "permission.requested":
        return "", None
    data = event.get("data")
    if not isinstance(data, dict):
        return "", None
    request, request_id = data.get("permissionRequest"), data.get("requestId")
    if not isinstance(request_id, str) or data.get("resolvedByHook"):
        return "", None
    return request_id, request if isinstance(request, dict) else {"raw": repr(request)}
