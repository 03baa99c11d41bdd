"""Prompts that are sent into a turn while it runs (the SDK's ``mode="immediate"``).

The runtime takes one in before its next call of the model: after the tool that runs, or behind the
answer that is coming (a command that takes longer it leaves to itself, and hears of its end later).
One ``session.idle`` ends both. What it has not taken in when a turn is aborted, it forgets; what
comes in the moment of a turn's end becomes a turn of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from copilot_magics.failures import Failure
from copilot_magics.noting import begin
from copilot_magics.runtime.heard import heard
from copilot_magics.words import one_line

if TYPE_CHECKING:
    from copilot.session import CopilotSession

    from copilot_magics.records import Outcome
    from copilot_magics.turn import Turn

NOT_TAKEN_IN = Failure(
    "The turn that was running ended before the agent took this prompt in.", "Send it again."
)


class Steering:
    """What was sent into the turn that is running in one session; on the runtime's loop.

    Attributes
    ----------
    turns : list of Turn
        A turn for each prompt, which begins where the agent takes it in.
    """

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._taken_in: list[Turn] = []
        self._left: dict[Turn, Callable[[Outcome], None]] = {}

    async def send(self, sdk: CopilotSession, turn: Turn, running: Turn) -> None:
        """Send a prompt into the turn that is running, and wait for the end of both.

        Parameters
        ----------
        sdk : copilot.session.CopilotSession
            The session.
        turn : Turn
            The prompt's own; ended early, it leaves the one that is running alone.
        running : Turn
            That one.
        """
        sent = begin(turn, running)
        turn.steered = running
        turn.say("waiting until the agent takes it in")
        self.turns.append(turn)
        try:
            await heard(sdk.send(turn.wording, mode="immediate", **turn.extras), sent)
            await turn.ended.wait()
        except asyncio.CancelledError:
            if turn.outcome is None:
                # What becomes of the prompt is known only at the end of the turn that is running.
                self._left[turn] = turn.noted
                turn.noted = lambda _outcome: None
                turn.end("aborted")
            raise

    def feed(self, event: Any, running: Turn) -> None:
        """Take an event of the turn that is running."""
        if str(getattr(event.type, "value", event.type)) == "user.message":
            for turn in self.turns:
                if turn.message_id and turn.message_id == event.data.message_id:
                    self._taken_in.append(turn)
                    running.steered_by.append(turn.message_id)
                    running.notice(f"Told while it ran: {one_line(turn.prompt)}")
                    turn.notice("Sent into the turn that was running.")
        for turn in self.turns:
            if turn is not running:
                turn.feed(event)

    def end(self, running: Turn) -> None:
        """End what was sent into a turn that has ended.

        Parameters
        ----------
        running : Turn
            That one.
        """
        for turn in self.turns:
            if noted := self._left.get(turn):
                noted((running.outcome or "aborted") if turn in self._taken_in else "lost")
            turn.end("lost", NOT_TAKEN_IN)
        self.turns.clear()
        self._taken_in.clear()
        self._left.clear()

    async def is_pending(self, sdk: CopilotSession, turn: Turn) -> bool:
        """Whether the runtime has a prompt, though no turn has taken it in."""
        found = await sdk.rpc.queue.pending_items()
        # The events that were sent before this answer have come before it.
        return turn.taken_in or bool(found.items or found.steering_messages)
