"""One prompt on its way to one reply: the runtime's events go in, the outcome comes out.

The runtime's idea of the end is not enough. A turn ends at ``session.idle``, at an error, when the
runtime dies, when somebody aborts it, or when its time is up; the conversation says which of those
it was, and the first word counts. A turn is changed on the runtime's loop alone; whoever shows it
reads it from any thread and is told through `Turn.changed` that there is something new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from copilot_magics.metering import Meter
from copilot_magics.pending import Pending, Question
from copilot_magics.records import Cell, Outcome
from copilot_magics.texts import check_text
from copilot_magics.toolcall import ToolCall
from copilot_magics.transcripts.reading import brief
from copilot_magics.words import one_line

if TYPE_CHECKING:
    from copilot_magics.failures import Failure
    from copilot_magics.mentions.resolving import Along
    from copilot_magics.permissions import Ask
    from copilot_magics.tools.capturing import Output
    from copilot_magics.tools.work import Work

_SILENCE = 10.0
"""Seconds without any event after which a turn is said to be silent."""


class Turn:
    """One prompt, from its sending to its end.

    Parameters
    ----------
    prompt : str
        The prompt, word for word.
    attachments : list of dict
        What goes with it, in the SDK's form.
    model : str
        Another model for this prompt only; empty for the session's.
    timeout : float
        Seconds after which it is given up; 0 for never.
    origin : Cell, optional
        Which cell asks.
    watched : bool
        Whether somebody is there to answer a question.

    Attributes
    ----------
    aside : str
        What the model is told behind the prompt; the journal has the prompt alone as what was said.
    schema : dict or None
        The JSON schema that the answer has to match, as far as the provider sees to it.
    first, earlier : str
        The ID of the prompt that it asks for again, and the answer that was not as it had to be.
    record : str
        What it is noted under.
    now, steered : bool, Turn or None
        Whether it is to be sent into the turn that is running, if one is; that one.
    background, verbose : bool
        Whether no cell waits for it; whether all that was counted is told at its end.
    behind, overheard : list of Turn, list of Pending
        The turns that wait for this one; what the one asks that this one waits for.
    steered_by : list of str
        The IDs of the prompts that were sent into it.
    works : list of Work
        What tools have to do in the thread that follows the turn.
    shown : list of list of Output
        What each of them has shown in the cell, as a notebook keeps it.
    quiet : bool
        Whether the cell is to show nothing of that.
    watchers : set of callable
        Called, on any thread, when there is something new to show.
    """

    def __init__(
        self,
        prompt: str,
        *,
        attachments: list[dict[str, Any]] | None = None,
        model: str = "",
        timeout: float = 0.0,
        origin: Cell | None = None,
        watched: bool = False,
    ) -> None:
        self.prompt = check_text(prompt, "The prompt")
        self.aside = ""
        self.schema: dict[str, Any] | None = None
        self.attachments = attachments or []
        self.along: Along | None = None
        self.model = model
        self.timeout = timeout
        self.origin = origin
        self.watched = watched
        self.session = ""
        self.message_id = ""
        self.first = self.earlier = self.record = ""
        self.status = "starting"
        self.outcome: Outcome | None = None
        self.failure: Failure | None = None
        self.answered_by = ""
        self.notices: list[str] = []
        self.tools: dict[str, ToolCall] = {}
        self.meter = Meter()
        self.now = self.background = self.verbose = False
        self.steered: Turn | None = None
        self.waiting: list[Pending] = []
        self.overheard: list[Pending] = []
        self.behind: list[Turn] = []
        self.steered_by: list[str] = []
        self.works: list[Work] = []
        self.shown: list[list[Output]] = []
        self.quiet = False
        self.watchers: set[Callable[[], None]] = set()
        self.noted: Callable[[Outcome], None] = lambda _outcome: None
        self.before: Callable[[Any], Awaitable[None]] | None = None
        self.hung = False
        self.under_way = asyncio.Event()
        self.ended = asyncio.Event()
        self.aborting = False
        self.begun = False
        self._task: asyncio.Task[Any] | None = None
        self._began = self._heard = time.monotonic()
        self._ended: float | None = None
        self._whole: list[str] = []
        self._pieces: list[str] = []
        self._early: list[Any] = []
        self._mine = False
        self._counted: list[str] = []

    @property
    def wording(self) -> str:
        """What the model is told: the prompt, and what stands behind it."""
        return f"{self.prompt}\n\n{self.aside}" if self.aside else self.prompt

    @property
    def extras(self) -> dict[str, Any]:
        """What goes with the prompt, as keywords of the SDK's ``send``."""
        extras: dict[str, Any] = {"attachments": self.attachments} if self.attachments else {}
        if self.aside:
            extras["display_prompt"] = self.prompt
        if self.schema is not None:
            extras["response_schema"] = self.schema
        return extras

    def following(self, prompt: str) -> Turn:
        """Return a turn that asks on behalf of the same cell, and counts and shows on from this."""
        turn = Turn(prompt, model=self.model, timeout=self.timeout, watched=self.watched)
        turn.origin = self.origin
        turn.session, turn.along = self.session, self.along
        turn.first = self.first or self.message_id
        turn.earlier = self.text
        turn.meter, turn.verbose = self.meter, self.verbose
        turn.notices = [line for line in self.notices if line not in self._counted]
        turn.tools = dict(self.tools)
        turn.shown, turn.quiet = self.shown, self.quiet
        return turn

    @property
    def last_message(self) -> str:
        """The newest message of the answer, without what was said on the way to it."""
        return "".join(self._pieces) or next(iter(self._whole[-1:]), "")

    @property
    def text(self) -> str:
        """The answer as far as it has come, Markdown."""
        partial = "".join(self._pieces)
        return "\n\n".join(part for part in (*self._whole, partial) if part.strip())

    @property
    def answering(self) -> bool:
        """Whether something of the answer has come."""
        return bool(self._pieces or self._whole)

    @property
    def duration(self) -> float:
        """Seconds since the prompt was sent, until its end."""
        return (time.monotonic() if self._ended is None else self._ended) - self._began

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what brings the turn to its end, until it has or somebody aborts it.

        Raises
        ------
        CopilotError
            Nothing could be sent.
        """
        self._task = asyncio.current_task()
        try:
            if self.aborting:
                work.close()
                raise asyncio.CancelledError
            await work
        except asyncio.CancelledError:
            if self.hung and not self.begun:
                # It may have waited behind another turn, which has ended with the runtime.
                self.notice("The Copilot runtime did not answer and was ended, with all it did.")
            self.end("aborted")
        except BaseException:
            self.end("failed")
            raise

    def abort(self) -> None:
        """End the turn from outside, on the runtime's loop; only the first call counts."""
        if not self.aborting and self.outcome is None and self._task is not None:
            self._task.cancel()
        self.aborting = True

    def sent(self, message_id: str) -> None:
        """Take the ID that the runtime gave the prompt, and the events that came before it."""
        self.message_id = message_id
        self.under_way.set()
        early, self._early = self._early, []
        for event in early:
            self.feed(event)

    @property
    def doing(self) -> str:
        """What the agent is doing, for how long, and whether nothing has come for a while."""
        line = f"{self.status} · {self.duration:.0f} s"
        if self.hung:
            return f"{line} · the Copilot runtime does not answer; wait, or stop the cell to end it"
        silent = time.monotonic() - self._heard
        return line if silent < _SILENCE else f"{line} · nothing has come for {silent:.0f} s"

    def begin(self) -> None:
        """Start the clock, once the prompt's turn in the session's queue has come."""
        self.begun = True
        self._began = self._heard = time.monotonic()
        self.say("thinking")

    def changed(self) -> None:
        """Tell whoever shows this turn that there is something new."""
        for watcher in list(self.watchers):
            watcher()

    @property
    def open(self) -> list[Pending]:
        """What waits for the user."""
        return [one for one in (*self.waiting, *self.overheard) if not one.answer.done()]

    @property
    def taken_in(self) -> bool:
        """Whether the agent has got the prompt."""
        return self._mine

    def say(self, status: str) -> None:
        """Change what the agent is said to be doing."""
        self.status = status
        self.changed()

    def notice(self, line: str) -> None:
        """Add a line that stays in the output."""
        self.notices.append(line)
        self.changed()

    def end(self, outcome: Outcome, failure: Failure | None = None) -> None:
        """End the turn; only the first call counts."""
        if self.outcome is not None:
            return
        # Before anybody can see the end: whoever does may ask at once how it was.
        self.noted(outcome)
        self._ended = time.monotonic()
        if self.verbose:
            self._counted = self.meter.lines(self.tools.values())
            self.notices += self._counted
        self.outcome, self.failure = outcome, failure
        for pending in self.waiting:
            pending.answer.cancel()
        self.waiting.clear()
        for work in self.works:
            work.stop()
        self.under_way.set()
        self.ended.set()
        self.changed()

    def ask(self, about: Ask | Question) -> Pending:
        """Have the user asked; the answer comes into the pending's future."""
        pending = Pending(about)
        self.waiting.append(pending)
        self.changed()
        for other in self.behind:
            # One in the background has no cell that waits.
            if other.watched and not other.background:
                other.overheard.append(pending)
                other.changed()
        return pending

    @property
    def at_work(self) -> bool:
        """Whether a tool has something to do in that thread, which may print."""
        return any(not work.result.done() for work in self.works)

    def do(self, work: Work) -> None:
        """Have something done in the thread that follows the turn."""
        self.works.append(work)
        self.changed()

    def feed(self, event: Any) -> None:
        """Take one event of the session (`copilot.session_events.SessionEvent`).

        Nothing before the prompt's own ``user.message`` belongs to this turn: the runtime may
        still be ending the one before.
        """
        if self.outcome is not None:
            return
        self._heard = time.monotonic()
        self.hung = False
        if not self.message_id:
            self._early.append(event)
            return
        kind = str(getattr(event.type, "value", event.type))
        if not self._mine:
            self._mine = kind == "user.message" and event.data.message_id == self.message_id
            if not self._mine and not self._is_own_error(kind, event.data):
                return
        if event.agent_id is None or kind in _OF_SUB_AGENTS:
            if handler := _HANDLERS.get(kind):
                handler(self, event.data)
            if line := self.meter.take(kind, event.data):
                self.notice(line)

    def _is_own_error(self, kind: str, data: Any) -> bool:
        # Where a prompt is refused before it is asked, the error does not say which it was.
        return kind == "session.error" and data.originating_message_id in (None, self.message_id)

    def _delta(self, data: Any) -> None:
        self._pieces.append(data.delta_content or "")
        self.say("answering")

    def _message(self, data: Any) -> None:
        self._pieces.clear()
        if data.content:
            self._whole.append(data.content)
        self.changed()

    def _started_over(self, data: Any) -> None:
        # After a failed call the answer begins anew; its first half must not be shown twice.
        self._pieces.clear()

    def _call_failed(self, data: Any) -> None:
        from copilot_magics.failures import hopeless, trying_again

        if failure := hopeless(data):
            self.end("failed", failure)
        self.say(trying_again(data))

    def _summing_up(self, data: Any) -> None:
        self.say("summing up the history, which is too long for the model")

    def _thinking(self, data: Any) -> None:
        if self.status != "thinking":
            self.say("thinking")

    def _tool_start(self, data: Any) -> None:
        told = one_line(brief(data.arguments) or "", 80)
        call = ToolCall(data.tool_name, told, data.arguments)
        self.tools[data.tool_call_id] = call
        self.say(f"{call.name}: {call.brief}" if call.brief else call.name)

    def _tool_end(self, data: Any) -> None:
        if call := self.tools.get(data.tool_call_id):
            call.succeeded, call.ended = bool(data.success), time.monotonic()
            told = data.result.content if data.result else data.error and data.error.message
            call.result = told or ""
        self.say("thinking")

    def _usage(self, data: Any) -> None:
        self.answered_by = data.model or self.answered_by

    def _error(self, data: Any) -> None:
        from copilot_magics.failures import explain

        self.end("failed", explain(data))

    def _idle(self, data: Any) -> None:
        self.end("aborted" if data.aborted else "answered")


_HANDLERS: dict[str, Callable[[Turn, Any], None]] = {
    "assistant.message_delta": Turn._delta,
    "assistant.message": Turn._message,
    "assistant.message_start": Turn._started_over,
    "assistant.reasoning_delta": Turn._thinking,
    "model.call_failure": Turn._call_failed,
    "session.compaction_start": Turn._summing_up,
    "session.compaction_complete": Turn._thinking,
    "tool.execution_start": Turn._tool_start,
    "tool.execution_complete": Turn._tool_end,
    "assistant.usage": Turn._usage,
    "session.error": Turn._error,
    "session.idle": Turn._idle,
}
_OF_SUB_AGENTS = frozenset({"tool.execution_start", "tool.execution_complete", "assistant.usage"})
