"""A session's limit of AI credits is used up: the user says whether the agent goes on.

The runtime stops before its next call of the model, and waits for the answer; unanswered, the turn
would stand still for good.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from copilot_magics.pending import Question

if TYPE_CHECKING:
    from copilot.session import CopilotSession

    from copilot_magics.turn import Turn

_EXHAUSTED = "session_limits_exhausted.requested"
_asking: set[asyncio.Task[None]] = set()

_STOP = "Stop here"
_UNLIMITED = "Go on without a limit"


def hear(kind: str, data: Any, sdk: CopilotSession | None, turn: Turn | None) -> None:
    """Take an event of a session, on the runtime's loop; most are none of a limit's."""
    if kind == _EXHAUSTED and sdk is not None:
        task = asyncio.ensure_future(_exhausted(sdk, turn, data))
        _asking.add(task)
        task.add_done_callback(_asking.discard)


async def _exhausted(sdk: CopilotSession, turn: Turn | None, data: Any) -> None:
    from copilot.rpc import (
        UIHandlePendingSessionLimitsExhaustedRequest,
        UISessionLimitsExhaustedResponse,
        UISessionLimitsExhaustedResponseAction,
    )

    actions = UISessionLimitsExhaustedResponseAction
    used, most = data.used_ai_credits, data.max_ai_credits
    more = f"Go on with {most:g} more"
    said = f"This session has used {used:g} of the {most:g} AI credits that it may use."
    answer = _STOP
    if turn is not None and turn.watched:
        about = Question(f"{said} Go on?", [more, _UNLIMITED, _STOP], free=False)
        try:
            answer = await asyncio.wrap_future(turn.ask(about).answer)
        except asyncio.CancelledError:
            answer = _STOP
        turn.notice(f"{said} {answer}.")
    elif turn is not None:
        turn.notice(f"{said} Nobody is there to be asked whether to go on.")
    response = UISessionLimitsExhaustedResponse(
        {more: actions.ADD, _UNLIMITED: actions.UNSET}.get(answer, actions.CANCEL),
        additional_ai_credits=most if answer == more else None,
    )
    await sdk.rpc.ui.handle_pending_session_limits_exhausted(
        UIHandlePendingSessionLimitsExhaustedRequest(data.request_id, response)
    )
