"""Turns: what was asked, what came back, what it took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.transcripts import get_messages

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "started": "datetime64[us, UTC]",
    "seconds": "Float64",
    "prompt": "string",
    "answer": "string",
    "outcome": "string",
    "model": "string",
    "tools": "Int64",
    "tool_names": "string",
    "errors": "Int64",
    "input_tokens": "Int64",
    "output_tokens": "Int64",
    "cache_read_tokens": "Int64",
}
BEGIN, END = event("assistant.turn_start"), event("assistant.turn_end")
AGAIN, AGAIN_END = event("assistant.turn_start"), event("assistant.turn_end")
ABORT = event("abort", {"reason": "user_initiated"})


def read(home: Path, *lines: bytes) -> pd.DataFrame:
    write_session(home, "s", *lines)
    return get_messages("s")


def plain(table: pd.DataFrame, *columns: str) -> list[list[Any]]:
    chosen = table[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def call(name: str, tool: str, **envelope: Any) -> bytes:
    return event("tool.execution_start", {"toolCallId": name, "toolName": tool}, **envelope)


def test_the_turns_of_a_real_session(home: Path) -> None:
    sample(home)
    table = get_messages("rich").copilot.turns()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert table["turn"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert plain(table.head(1), "prompt", "answer", "outcome", "model", "tools", "errors") == [
        ["say: hello there", "hello there", "answered", "scripted", 0, 0]
    ]
    assert plain(table, "tools", "tool_names", "errors")[1:4] == [
        [2, "bash, view", 1],
        [1, "ask_user", 0],
        [1, "task", 0],
    ]
    assert plain(table, "outcome", "answer", "errors", "input_tokens")[5] == [
        "failed",
        None,
        1,
        None,
    ]
    assert table["seconds"].tolist()[0] == 0.36
    assert str(table["started"][0]) == "2026-11-23 06:46:02.389000+00:00"
    # Two requests of the agent, and one of the sub-agent.
    assert table["input_tokens"].tolist()[3] == 6410 + 2028 + 6500


def test_what_is_of_no_turn_and_what_is_of_sub_agents(home: Path) -> None:
    table = read(
        home,
        start(),
        answer("before the first prompt"),
        prompt("do it"),
        answer("I look."),
        answer(""),
        call("a", "grep", agentId="sub"),
        answer("found by the sub-agent", agentId="sub"),
        event("user.message", {"content": "read this", "source": "skill-pdf"}),
        call("b", "bash"),
        call("c", "bash"),
        answer("Done."),
    ).copilot.turns()
    assert plain(table, "prompt", "answer", "tools", "tool_names") == [
        ["do it", "I look.\n\nDone.", 3, "grep, bash"]
    ]


def test_seconds_end_with_what_the_agent_did(home: Path) -> None:
    def at(second: int) -> dict[str, str]:
        return {"timestamp": f"2026-03-01T10:00:{second:02}Z"}

    table = read(
        home,
        start(),
        prompt("one", **at(1)),
        answer("1", **at(4)),
        answer("of a sub-agent that goes on", agentId="sub", **at(9)),
        event("session.shutdown", **at(20)),
        event("session.resume", **at(30)),
        prompt("two", **at(40)),
        event("session.error", {"message": "no"}, **at(42)),
        prompt("three", **at(50)),
    ).copilot.turns()
    assert plain(table, "seconds") == [[3], [2], [None]]


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        ("answered", [BEGIN, answer("1"), END]),
        ("answered", [BEGIN, call("a", "view"), END, AGAIN, answer(""), AGAIN_END]),
        ("answered", [answer("by a runtime that tells of no turns")]),
        ("answered", [BEGIN, event("session.error"), END, AGAIN, answer("1"), AGAIN_END]),
        ("failed", [BEGIN, END, event("session.error")]),
        ("failed", [BEGIN, answer("half"), event("session.error"), END]),
        ("aborted", [BEGIN, ABORT, END]),
        ("aborted", [BEGIN, call("a", "view"), END, ABORT]),
        (None, []),
        (None, [BEGIN]),
        (None, [BEGIN, answer("I look."), call("a", "view")]),
        (None, [BEGIN, answer("of a sub-agent", agentId="sub")]),
    ],
    ids=[
        "answered",
        "an-empty-answer",
        "no-turn-events",
        "tried-again",
        "failed",
        "failed-midway",
        "aborted",
        "aborted-after-a-tool",
        "nothing-yet",
        "begun",
        "on-its-way",
        "sub-agent-only",
    ],
)
def test_how_a_turn_ended(home: Path, outcome: str | None, lines: list[bytes]) -> None:
    assert plain(read(home, start(), prompt("x"), *lines).copilot.turns(), "outcome") == [[outcome]]


def test_the_model_is_who_answered_last(home: Path) -> None:
    def change(model: str) -> bytes:
        return event("session.model_change", {"newModel": model})

    table = read(
        home,
        start(),
        prompt("one"),
        event("assistant.message", {"content": "1"}),
        change("m-2"),
        prompt("two"),
        event("assistant.message", {"content": "2"}),
        change("m-3"),
    ).copilot.turns()
    assert table["model"].tolist() == ["m-1", "m-2"]


def test_parts_and_several_sessions(home: Path) -> None:
    write_session(home, "s", start(), prompt("one"), answer("1"), prompt("two"), answer("2"))
    write_session(home, "t", start(), prompt("three"), answer("3"))
    frame = get_messages(["t", "s"])
    assert plain(frame.copilot.turns(), "session", "turn", "answer") == [
        ["t", 1, "3"],
        ["s", 1, "1"],
        ["s", 2, "2"],
    ]
    answers = frame[frame["role"] == "assistant"].copilot.turns()
    assert plain(answers, "prompt", "answer") == [[None, "3"], [None, "1"], [None, "2"]]
    assert answers["started"].notna().all()
    joined = pd.concat([frame, frame])
    pd.testing.assert_frame_equal(joined.copilot.turns(), frame.copilot.turns())


def test_an_empty_table_has_the_same_dtypes(home: Path) -> None:
    table = read(home, start()).copilot.turns()
    assert table.empty
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
