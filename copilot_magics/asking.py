"""What the runtime asks while a turn runs: may the agent do this, and what does the user say.

Our own rules decide first. What they leave open goes to whoever follows the turn, once; where no
one does, it is refused, with the option that would allow it. Runs on the runtime's loop.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from copilot_magics.pending import Question
from copilot_magics.permissions import Ask, Policy, understand
from copilot_magics.turn import Turn
from copilot_magics.words import one_line

_NOBODY = {
    "answer": "Nobody is there to answer. Go on with your best judgement.",
    "wasFreeform": True,
}
TOOL = "custom-tool"
"""The kind of a request for a tool that runs here."""

_WORDS = {"once": "Allowed once", "until-stop": "Allowed until this kernel stops"}


class Asking:
    """The handlers of one session's requests.

    Attributes
    ----------
    policy : Policy
        The rules.
    cwd : str
        The working folder, which relative paths are relative to.
    turn : Turn or None
        The turn that is running.
    """

    policy: Policy
    cwd: str

    def __init__(self) -> None:
        self.turn: Turn | None = None
        self._answered: tuple[object, str] = (None, "")
        self._leave: set[tuple[str | None, tuple[str, ...]]] = set()

    def obey(self, policy: Policy, cwd: str) -> None:
        """Take other rules; what was allowed until this kernel stops stays allowed."""
        if hasattr(self, "policy"):
            policy.keep_from(self.policy)
        self.policy, self.cwd = policy, cwd

    async def permission(self, request: Any, _invocation: Any) -> Any:
        """Answer a permission request (`copilot.rpc.PermissionDecision`)."""
        from copilot.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject

        about = understand(request, self.cwd)
        decision = self.policy.decide(about)
        verdict, reason, turn = decision.verdict, decision.reason, self.turn
        if verdict == "ask" and turn is not None and turn.watched:
            verdict, reason = await self._put(turn, about)
        elif verdict != "allow":
            if verdict == "ask":
                reason = "Nobody is there to be asked"
                reason += f"; `{about.option}` would allow it." if about.option else "."
            if turn is not None:
                turn.notice(f"Refused ({about.title}): {one_line(about.brief)}. {reason}")
        if verdict == "allow":
            if about.kind == TOOL:
                self._leave.add((about.tool_call_id, about.key))
            return PermissionDecisionApproveOnce()
        return PermissionDecisionReject(feedback=reason)

    def take_leave(self, call: str, tool: str, arguments: object) -> bool:
        """Say whether this call of a tool of ours was allowed, and use the permission up.

        Parameters
        ----------
        call : str
            The call's ID.
        tool : str
            The tool's name.
        arguments : object
            What it is called with.
        """
        about = understand({"kind": TOOL, "toolName": tool, "args": arguments}, self.cwd)
        allowed = (call, about.key) in self._leave
        self._leave.discard((call, about.key))
        return allowed

    async def question(self, request: Any, _invocation: Any) -> Any:
        """Answer a question of the agent (`copilot.session.UserInputResponse`)."""
        turn = self.turn
        if turn is None or not turn.watched:
            return _NOBODY
        choices = list(request.get("choices") or [])
        about = Question(request["question"], choices, bool(request.get("allowFreeform", True)))
        try:
            answer = await asyncio.wrap_future(turn.ask(about).answer)
        except asyncio.CancelledError:
            return _NOBODY
        turn.notice(f"{one_line(about.text)} — {one_line(answer)}")
        return {"answer": answer, "wasFreeform": answer not in choices}

    async def _put(self, turn: Turn, about: Ask) -> tuple[Literal["allow", "refuse"], str]:
        # The runtime may request one thing twice for one call of a tool.
        same = about if about.tool_call_id else object()
        if self._answered[0] == same:
            answer = self._answered[1]
        else:
            try:
                answer = await asyncio.wrap_future(turn.ask(about).answer)
            except asyncio.CancelledError:
                return "refuse", "The turn ended before the user answered."
            self._answered = (same, answer)
            word = _WORDS.get(answer, "Denied")
            turn.notice(f"{word} ({about.title}): {one_line(about.brief)}")
            if answer == "until-stop":
                self.policy.allow_until_stop(about)
        if answer == "deny":
            return "refuse", "The user refused this."
        return "allow", ""
