"""A session's limit of AI credits is used up: the user says whether the agent goes on.

The runtime stops before its next call of the model, and waits for the answer; unanswered, the turn
would stand still for good.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from copilot_magics.pending import Pending, Question

if TYPE_CHECKING:
    from copilot.session import CopilotSession

    from copilot_magics.turn import Turn

_EXHAUSTED = "session_limits_exhausted.requested"
_asking: set[asyncio.Task[None]] = set()

_STOP = "Stop here"
_UNLIMITED = "Go on without a limit"


def hear(kind: str, data: Any, sdk: CopilotSession | None, turn: Turn | None) -> None:
    """Take an event of a session, on the runtime's loop; most are none of a limit's."""
    if kind != _EXHAUSTED or sdk is None:
        return
    used, most = data.used_ai_credits, data.max_ai_credits
    said = f"This session has used {used:g} of the {most:g} AI credits that it may use."
    pending = None
    if turn is not None and turn.watched:
        choices = [f"Go on with {most:g} more", _UNLIMITED, _STOP]
        pending = turn.ask(Question(f"{said} Go on?", choices, free=False))
    elif turn is not None:
        turn.notice(f"{said} Nobody is there to be asked whether to go on.")
    task = asyncio.ensure_future(_answer(sdk, turn, data, pending, said))
    _asking.add(task)
    task.add_done_callback(_asking.discard)


async def _answer(
    sdk: CopilotSession, turn: Turn | None, data: Any, pending: Pending | None, said: str
) -> None:
    from copilot.rpc import (
        UIHandlePendingSessionLimitsExhaustedRequest,
        UISessionLimitsExhaustedResponse,
        UISessionLimitsExhaustedResponseAction,
    )

    actions, answer = UISessionLimitsExhaustedResponseAction, _STOP
    if turn is not None and pending is not None:
        with contextlib.suppress(asyncio.CancelledError):
            answer = await asyncio.wrap_future(pending.answer)
        turn.notice(f"{said} {answer}.")
    more = answer not in (_STOP, _UNLIMITED)
    action = actions.ADD if more else actions.UNSET if answer == _UNLIMITED else actions.CANCEL
    await sdk.rpc.ui.handle_pending_session_limits_exhausted(
        UIHandlePendingSessionLimitsExhaustedRequest(
            data.request_id,
            UISessionLimitsExhaustedResponse(
                action, additional_ai_credits=data.max_ai_credits if more else None
            ),
        )
    )
