"""What a turn uses, and how full the model's context is: counted from the runtime's events.

Most of it matters to nobody, until it does: then it is one line of the output. A context that fills
up, a history that is summed up or cut, and a quota that runs out change what the next prompt can
count on. Everything else is told on request (``--verbose``, `Reply.usage`, `Reply.context`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from copilot_magics.words import counted

if TYPE_CHECKING:
    from copilot_magics.toolcall import ToolCall

_FULL = 0.8
"""The share of the context from which on it is worth a line."""

_SCARCE = 10.0
"""The share of a quota, in percent, from which on what is left is worth a line."""

_CUT_OFF = {
    "content_filter": "The provider's content filter cut the answer off.",
    "length": "The answer was cut off: it is as long as the provider lets one be.",
}
"""What is worth a line of why the model has ended."""

_SUMMED = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "cost": "cost",
}


@dataclass
class Meter:
    """What one turn has used so far.

    Attributes
    ----------
    usage : dict of str to float
        As `Reply.usage`.
    context : dict of str to int
        As `Reply.context`.
    """

    usage: dict[str, float] = field(default_factory=dict)
    context: dict[str, int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _finish: str = ""

    def take(self, kind: str, data: Any) -> str:
        """Take an event, and return the line that it is worth, if any.

        Parameters
        ----------
        kind : str
            The event's type.
        data : object
            What it says.
        """
        handler = _HANDLERS.get(kind)
        line = handler(self, data) if handler else ""
        if line in self._told:
            return ""
        self._told.add(line)
        return line

    def lines(self, tools: Iterable[ToolCall]) -> list[str]:
        """Return all that was counted, for whoever wants to know it.

        Parameters
        ----------
        tools : iterable of ToolCall
            What was called.
        """
        lines = []
        if self.context:
            parts = {"instructions": "system", "tools": "tools", "conversation": "conversation"}
            told = ", ".join(
                f"{self.context[name]:,} {what}"
                for what, name in parts.items()
                if name in self.context
            )
            lines.append(f"Context: {self._filling()}{f': {told}' if told else ''}.")
        if calls := self.usage.get("model_calls"):
            lines.append(f"Model: {', '.join([counted(int(calls), 'call'), *self._tokens()])}.")
        if done := [f"{call.name} {call.duration:.1f} s" for call in tools]:
            lines.append(f"Tools: {', '.join(done)}.")
        return lines

    def _tokens(self) -> list[str]:
        used = self.usage
        cached = used.get("cache_read_tokens", 0)
        told = [
            f"{used.get('input_tokens', 0):,.0f} tokens in ({cached:,.0f} from the cache)",
            f"{used.get('output_tokens', 0):,.0f} out",
        ]
        if thought := used.get("reasoning_tokens"):
            told[-1] += f" ({thought:,.0f} of them reasoning)"
        told.append(f"{used.get('cost', 0):g} premium requests")
        if "first_token" in used:
            told.append(f"first token after {used['first_token']:.2f} s")
        return told

    def _filling(self) -> str:
        tokens, limit = self.context["tokens"], self.context["limit"]
        return f"{tokens:,} of {limit:,} tokens ({tokens / limit:.0%})"

    def _call(self, data: Any) -> str:
        used = self.usage
        used["model_calls"] = used.get("model_calls", 0) + 1
        self._finish = getattr(data, "finish_reason", None) or ""
        for name, sent_as in _SUMMED.items():
            if value := getattr(data, sent_as, None):
                used[name] = used.get(name, 0) + value
        first = getattr(data, "time_to_first_token", None)
        if isinstance(first, timedelta):
            used.setdefault("first_token", first.total_seconds())
        return " ".join(_quotas(getattr(data, "_quota_snapshots", None) or {}))

    def _message(self, data: Any) -> str:
        # Only here: a call that was cut off may be made again, and then it is not what is told.
        return _CUT_OFF.get(self._finish, "")

    def _context(self, data: Any) -> str:
        if not data.token_limit:
            return ""
        told = {
            "tokens": data.current_tokens,
            "limit": data.token_limit,
            "system": data.system_tokens,
            "tools": data.tool_definitions_tokens,
            "conversation": data.conversation_tokens,
        }
        self.context = {name: value for name, value in told.items() if value is not None}
        if data.current_tokens < _FULL * data.token_limit or "full" in self._told:
            return ""
        # Once a turn: it grows with each call of the model.
        self._told.add("full")
        fixed = self.context.get("system", 0) + self.context.get("tools", 0)
        if 2 * fixed > data.current_tokens:
            mend = "Most of it are instructions and tools: a model that takes more has more room."
        else:
            mend = "When it is, the history is summed up; `%copilot_session --new` begins anew."
        return f"The context is getting full: {self._filling()}. {mend}"

    def _summed_up(self, data: Any) -> str:
        if not data.success:
            why = getattr(data, "error", None)
            return f"The history could not be summed up: {why}" if why else ""
        before = getattr(data, "pre_compaction_tokens", None)
        now = getattr(data, "post_compaction_tokens", None)
        size = f" ({before:,} tokens became {now:,})" if before and now else ""
        return f"The history had grown too long for the model: it goes on from a summary{size}."

    def _cut(self, data: Any) -> str:
        left_out = counted(data.messages_removed_during_truncation, "message")
        return f"The history had grown too long for the model: {left_out} were left out of it."

    def _limited(self, data: Any) -> str:
        most = data.session_limits.max_ai_credits if data.session_limits else None
        if most is None:
            return "This session has no limit of AI credits any more."
        return f"This session may use {most:g} AI credits."

    def _warned(self, data: Any) -> str:
        # That one is told in our own words, and names no command of the terminal.
        if str(data.message).startswith("Static context"):
            return ""
        return f"Copilot warns: {data.message}"


def _quotas(snapshots: dict[str, Any]) -> list[str]:
    lines = []
    for name, quota in snapshots.items():
        left = getattr(quota, "_remaining_percentage", 100.0)
        if getattr(quota, "_is_unlimited_entitlement", False) or left > _SCARCE:
            continue
        until = getattr(quota, "_reset_date", None)
        # GitHub calls the premium requests interactions.
        what = name.replace("_", " ").replace("interactions", "requests")
        line = f"{left:.0f} % of your {what} are left" if left > 0 else f"Your {what} are used up"
        lines.append(f"{line}{f', until {until:%Y-%m-%d}' if until else ''}.")
    return lines


_HANDLERS: dict[str, Callable[[Meter, Any], str]] = {
    "assistant.usage": Meter._call,
    "assistant.message": Meter._message,
    "session.usage_info": Meter._context,
    "session.compaction_complete": Meter._summed_up,
    "session.truncation": Meter._cut,
    "session.session_limits_changed": Meter._limited,
    "session.warning": Meter._warned,
}
