"""What the events of a session say about those that come after them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.parallel import gather_all
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.schema import unpack


def begun(tool: str, agent: str | None) -> bytes:
    said = {"toolCallId": "call_0", "toolName": tool, "arguments": {}}
    return event("tool.execution_start", said, agentId=agent)


def ended(agent: str | None) -> bytes:
    said = {"toolCallId": "call_0", "success": True, "result": {"content": "x"}}
    return event("tool.execution_complete", said, agentId=agent)


def results(session: str) -> list[str | None]:
    return get_messages(session, types="tool.execution_complete")["tool"].tolist()


def test_agents_that_use_the_same_call_id(home: Path) -> None:
    calls = [begun("bash", "a"), begun("view", "b"), begun("grep", None)]
    write_session(home, "s", *calls, ended("a"), ended("b"), ended(None))
    assert results("s") == ["bash", "view", "grep"]


@pytest.mark.parametrize(
    ("caller", "answerer"), [("a", None), (None, "a")], ids=["the result", "the call"]
)
def test_one_side_does_not_say_which_agent_it_is_of(
    home: Path, caller: str | None, answerer: str | None
) -> None:
    write_session(home, "s", begun("bash", "other"), begun("view", caller), ended(answerer))
    assert results("s") == ["view"]


ONE, TWO = prompt("one"), prompt("two")
ANSWER = answer("1")


def all_ways(home: Path, session: str) -> list[pd.DataFrame]:
    """Read a session at once, from what was kept, and in two processes."""
    for other in ("t", "u"):
        write_session(home, other, ONE)
    found = gather_all(
        home / "session-state",
        ["t", session, "u"],
        Restrictions(),
        lambda read: None,
        processes=2,
        sizes=[2**30] * 3,
    )
    frame = unpack(found.pieces)
    together = frame[frame["session"] == session].reset_index(drop=True)
    return [get_messages(session), get_messages(session), together]


def test_a_prompt_that_is_written_twice_is_one_turn(home: Path) -> None:
    write_session(home, "s", start(), ONE, ONE, ANSWER, ANSWER, TWO, ONE, TWO)
    for frame in all_ways(home, "s"):
        assert frame["turn"].fillna(0).tolist() == [0, 1, 1, 1, 1, 2, 2, 2]
    # Also where the prompts themselves are not wanted, or their IDs are not.
    assert get_messages("s", types="assistant.message")["turn"].tolist() == [1, 1]
    assert get_messages("s", columns="turn")["turn"].tolist()[1:] == [1, 1, 1, 1, 2, 2, 2]


def test_a_prompt_that_is_written_again_later_is_no_new_turn(home: Path) -> None:
    journal = write_session(home, "s", ONE, ANSWER) / "events.jsonl"
    assert get_messages("s")["turn"].tolist() == [1, 1]
    for line in (ONE + b"\n", TWO, b"\n" + TWO):
        with journal.open("ab") as file:
            file.write(line)
        get_messages("s")
    for frame in all_ways(home, "s"):
        assert frame["turn"].tolist() == [1, 1, 1, 2, 2]


def test_the_turns_of_events_that_are_written_twice(home: Path) -> None:
    write_session(home, "s", ONE, ONE, ANSWER, ANSWER)
    turns = get_messages("s").copilot.turns()
    assert turns[["turn", "prompt", "answer"]].to_numpy().tolist() == [[1, "one", "1"]]


def test_prompts_without_an_id_are_all_counted(home: Path) -> None:
    write_session(home, "s", prompt("a", id=None), prompt("a", id=None), ANSWER)
    assert get_messages("s")["turn"].tolist() == [1, 2, 2]


def test_sessions_count_each_for_itself(home: Path) -> None:
    write_session(home, "s", ONE, ANSWER)
    write_session(home, "a-fork", ONE, ANSWER)
    assert get_messages(["s", "a-fork"])["turn"].tolist() == [1, 1, 1, 1]
