"""A turn fed with events: what belongs to it, what it shows, and which word on its end counts."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_magics.failures import Failure
from copilot_magics.pending import Question
from copilot_magics.turn import Turn


def event(kind: str, agent_id: str | None = None, **data: Any) -> SimpleNamespace:
    return SimpleNamespace(
        type=SimpleNamespace(value=kind), agent_id=agent_id, data=SimpleNamespace(**data)
    )


def delta(text: str) -> SimpleNamespace:
    return event("assistant.message_delta", delta_content=text)


def begun(message_id: str = "m1") -> Turn:
    turn = Turn("hi")
    turn.sent(message_id)
    turn.feed(event("user.message", message_id=message_id))
    return turn


IDLE = event("session.idle", aborted=None)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"command": "git  status\n--short"}, "bash: git status --short"),
        ({"description": "why", "path": "a.txt"}, "bash: a.txt"),
        ({"x": 1}, 'bash: {"x": 1}'),
        ("text", "bash: text"),
        (None, "bash"),
        ({"command": "x" * 100}, f"bash: {'x' * 79}…"),
    ],
)
def test_a_tool_that_runs_is_named_with_its_argument_in_brief(arguments: Any, status: str) -> None:
    turn = begun()
    turn.feed(
        event("tool.execution_start", tool_name="bash", tool_call_id="c", arguments=arguments)
    )
    assert turn.status == status


def test_an_answer_grows_and_ends() -> None:
    turn = begun()
    turn.feed(delta("One "))
    assert (turn.text, turn.status, turn.outcome) == ("One ", "answering", None)
    turn.feed(delta("two."))
    turn.feed(event("assistant.message", content="One two."))
    assert turn.text == "One two."
    turn.feed(delta("Three."))
    assert turn.text == "One two.\n\nThree."
    turn.feed(IDLE)
    assert turn.outcome == "answered"


def test_what_came_before_the_prompt_belongs_to_another() -> None:
    turn = Turn("hi")
    turn.feed(delta("of the turn before"))
    turn.feed(IDLE)
    assert turn.outcome is None
    turn.feed(event("user.message", message_id="m1"))
    turn.feed(delta("mine"))
    # The ID comes last: what came before it is kept until then.
    turn.sent("m1")
    assert (turn.text, turn.outcome) == ("mine", None)
    turn.feed(IDLE)
    assert turn.outcome == "answered"


def test_sub_agents_show_their_tools_but_do_not_answer() -> None:
    turn = begun()
    turn.feed(event("assistant.message", agent_id="a", content="to its caller"))
    turn.feed(event("session.idle", agent_id="a", aborted=None))
    call = {"tool_name": "view", "tool_call_id": "1", "arguments": {"path": "a.txt"}}
    turn.feed(event("tool.execution_start", agent_id="a", **call))
    assert (turn.text, turn.outcome, turn.status) == ("", None, "view: a.txt")
    ended = {"tool_call_id": "1", "success": True, "result": SimpleNamespace(content="hello")}
    turn.feed(event("tool.execution_complete", agent_id="a", **ended))
    call = turn.tools["1"]
    assert (call.arguments, call.succeeded, call.result) == ({"path": "a.txt"}, True, "hello")
    assert turn.status == "thinking"


def test_why_a_tool_failed() -> None:
    turn = begun()
    turn.feed(event("tool.execution_start", tool_name="x", tool_call_id="1", arguments=None))
    why = SimpleNamespace(message="No such file")
    ended = {"tool_call_id": "1", "success": False, "result": None, "error": why}
    turn.feed(event("tool.execution_complete", **ended))
    assert (turn.tools["1"].succeeded, turn.tools["1"].result) == (False, "No such file")


def test_a_call_that_is_tried_again_starts_over() -> None:
    turn = begun()
    turn.feed(delta("Half"))
    failed = {"status_code": 500, "error_code": None, "error_message": "x", "error_type": None}
    turn.feed(event("model.call_failure", **failed))
    assert turn.status == "trying again after HTTP 500"
    turn.feed(event("assistant.message_start"))
    turn.feed(delta("Whole"))
    assert turn.text == "Whole"


def test_a_history_that_was_summed_up_is_told() -> None:
    turn = begun()
    turn.feed(event("session.compaction_start"))
    assert turn.status == "summing up the history, which is too long for the model"
    turn.feed(event("session.compaction_complete", success=False))
    assert turn.notices == []
    turn.feed(event("session.compaction_complete", success=True))
    (told,) = turn.notices
    assert "goes on from a summary" in told


def test_usage_is_summed() -> None:
    turn = begun()
    for n in (1, 2):
        turn.feed(event("assistant.usage", model="m", input_tokens=10, output_tokens=n, cost=None))
    assert turn.meter.usage == {"input_tokens": 20, "output_tokens": 3, "model_calls": 2}
    assert turn.answered_by == "m"


def test_the_first_word_on_the_end_counts() -> None:
    turn = begun()
    pending = turn.ask(Question("Which?", [], free=True))
    turn.end("failed", Failure("why"))
    turn.feed(IDLE)
    turn.end("aborted")
    assert (turn.outcome, turn.failure) == ("failed", Failure("why"))
    assert pending.answer.cancelled()
    assert turn.waiting == []
    assert turn.duration == turn.duration


def test_an_aborted_idle_is_no_answer() -> None:
    turn = begun()
    turn.feed(event("session.idle", aborted=True))
    assert turn.outcome == "aborted"


@pytest.mark.parametrize("sent", [False, True])
def test_a_runtime_that_was_ended_with_a_prompt_that_waited_is_told(sent: bool) -> None:
    async def hangs(turn: Turn) -> None:
        if sent:
            turn.begin()
        turn.hung = True
        raise asyncio.CancelledError

    turn = Turn("hello")
    asyncio.run(turn.run(hangs(turn)))
    told = ["The Copilot runtime did not answer and was ended, with all it did."]
    assert (turn.outcome, turn.notices) == ("aborted", [] if sent else told)


def test_unknown_events_are_no_matter() -> None:
    turn = begun()
    turn.feed(event("session.brand_new", anything=1))
    assert turn.outcome is None
