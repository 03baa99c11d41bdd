"""What is shown of a turn in the background, how its reply is named, and what excludes it."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import Future
from typing import Any

import pytest

from copilot_magics import working
from copilot_magics.answers.rounds import Rounds
from copilot_magics.background import BackgroundReply, start
from copilot_magics.display.background import Lines, tail
from copilot_magics.display.stream import Silent
from copilot_magics.errors import BadInput, StillRunning, TurnFailed
from copilot_magics.failures import Failure
from copilot_magics.turn import Turn


def test_the_end_of_an_answer_begins_at_a_line_and_in_its_fence() -> None:
    assert tail("short", 10) == "short"
    assert tail("one\ntwo\nthree", 7) == "…\n\nthree"
    assert tail("x" * 20, 5) == f"…\n\n{'x' * 5}"
    code = "```python\nx = 1\n" + "y = 2\n" * 10
    assert tail(code, 13) == "…\n\n```python\ny = 2\ny = 2\n"
    closed = f"```python\nx = 1\n```\n\n{'word ' * 10}"
    assert tail(closed, 50).startswith("…\n\nword")


class Worked:
    """A turn's work, for whoever has no runtime: it ends as it is told."""

    def __init__(self, failure: Failure | None = None) -> None:
        self.failure = failure
        self.go_on: Future[None] = Future()

    async def __call__(self, turn: Turn) -> None:
        turn.sent("m1")
        await asyncio.wrap_future(self.go_on)
        turn.end("failed" if self.failure else "answered", self.failure)


def begun(work: Worked, prompt: str = "a prompt") -> BackgroundReply:
    def leave(_pending: Any) -> None:
        pass

    turn = Turn(prompt)
    turn.session = "s"
    return start(Rounds(turn, Silent(leave)), work, lambda _reply: Lines("Out[1]"))


def test_a_reply_is_named_by_what_holds_it(capsys: pytest.CaptureFixture[str]) -> None:
    work = Worked()
    reply = begun(work)
    assert "on “a prompt” (" in working.status("s", {})
    assert "`Session('s').abort()` ends it" in working.status("s", {"_": reply, "Out": {}})
    assert "`Out[3].wait()` waits" in working.status("s", {"_": reply, "Out": {3: reply}})
    named = {"answer": reply, "Out": {3: reply}}
    assert "`answer.wait()` waits for it, `answer.stop()` ends it." in working.status("s", named)
    assert working.status("other", named) == ""
    with pytest.raises(StillRunning):
        reply.wait(0.01)
    assert (reply.done, reply.outcome, reply.message_id) == (False, None, "m1")
    work.go_on.set_result(None)
    assert reply.wait() is reply
    assert (reply.done, reply.outcome, reply.session) == (True, "answered", "s")
    assert working.status("s", named) == ""
    assert "the turn in the background has its answer: Out[1].text" not in capsys.readouterr().out


def test_what_it_says_where_nobody_waits_and_how_it_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = Worked(Failure("No more.", "Try later."))
    reply = begun(work)
    work.go_on.set_result(None)
    reply.over.result(30)
    assert reply.outcome == "failed"
    for _ in range(2):
        with pytest.raises(TurnFailed, match=r"No more\. Try later\."):
            reply.wait()
    told = "The turn in the background failed. TurnFailed: No more. Try later."
    assert told in capsys.readouterr().out
    reply.stop()
    with pytest.raises(AttributeError):
        reply.nothing  # noqa: B018


def test_it_can_be_kept_once_it_has_ended() -> None:
    work = Worked()
    reply = begun(work)
    with pytest.raises(BadInput, match="still runs"):
        pickle.dumps(reply)
    work.go_on.set_result(None)
    kept = pickle.loads(pickle.dumps(reply.wait()))
    assert (kept.session, kept.outcome, kept.done, kept.wait()) == ("s", "answered", True, kept)
