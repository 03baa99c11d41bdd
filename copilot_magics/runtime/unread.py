"""Requests for leave that the SDK cannot read are answered too.

A newer runtime may ask for kinds of leave that the SDK does not know, or in another shape. The SDK
then raises where nobody hears it, calls no handler, and the turn waits for ever. Here such a
request reaches the session's handler as the runtime sent it, a dict, and its answer goes back
as any other.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot import CopilotClient

_logger = logging.getLogger("copilot.unread")


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
        try:
            read(method, params)
        except Exception:
            _logger.warning("A notification of the runtime cannot be read", exc_info=True)
            session = client._sessions.get(params.get("sessionId", ""))
            request_id, request = _asked(params)
            if session is not None and request is not None:
                handler: Any = session._permission_handler
                task = asyncio.ensure_future(
                    session._execute_permission_and_respond(request_id, request, handler)
                )
                answering.add(task)
                task.add_done_callback(answering.discard)

    rpc.set_notification_handler(hear)


def _asked(params: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Return the ID and the words of a request for leave that nobody has answered yet."""
    event = params.get("event")
    if not isinstance(event, dict) or event.get("type") != "permission.requested":
        return "", None
    data = event.get("data")
    if not isinstance(data, dict):
        return "", None
    request, request_id = data.get("permissionRequest"), data.get("requestId")
    if not isinstance(request_id, str) or data.get("resolvedByHook"):
        return "", None
    return request_id, request if isinstance(request, dict) else {"raw": repr(request)}
