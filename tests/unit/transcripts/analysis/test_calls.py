"""Calls of tools: each once, with its result, whatever the runtime called it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from journals import event, prompt, sample, start, write_session

from copilot_magics.transcripts import get_messages

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "started": "datetime64[us, UTC]",
    "tool": "string",
    "tool_call_id": "string",
    "arguments": "string",
    "success": "boolean",
    "seconds": "Float64",
    "result_bytes": "Int64",
    "error": "string",
    "agent_id": "string",
}


def call(name: str, tool: str = "view", arguments: Any = None, **envelope: Any) -> bytes:
    data = {"toolCallId": name, "toolName": tool, "arguments": arguments or {}}
    return event("tool.execution_start", data, **envelope)


def result(name: str, text: str = "done", success: Any = True, **envelope: Any) -> bytes:
    data = {"toolCallId": name, "success": success, "result": {"content": text}}
    return event("tool.execution_complete", data, **envelope)


def read(home: Path, *lines: bytes) -> pd.DataFrame:
    write_session(home, "s", *lines)
    return get_messages("s")


def plain(table: pd.DataFrame, *columns: str) -> list[list[Any]]:
    chosen = table[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def test_the_calls_of_a_real_session(home: Path) -> None:
    sample(home)
    table = get_messages("rich").copilot.tools()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert table["tool"].tolist() == ["bash", "view", "ask_user", "task"]
    assert table["turn"].tolist() == [2, 2, 3, 4]
    assert table["success"].tolist() == [True, False, True, True]
    assert table["seconds"].tolist() == [0.087, 0.027, 0.012, 0.078]
    assert json.loads(table["arguments"][1]) == {"path": "/nonexistent"}
    assert table["error"].tolist()[1] == "Path does not exist"
    assert table["error"].notna().sum() == 1
    assert table["result_bytes"].tolist()[2] == len("User selected: blue")


def test_sizes_are_in_bytes_and_arguments_as_they_were_written(home: Path) -> None:
    table = read(
        home, start(), prompt("x"), call("a", arguments={"β": [1, 2.50]}), result("a", "größer")
    ).copilot.tools()
    assert plain(table, "arguments", "result_bytes") == [['{"β":[1,2.5]}', 8]]


def test_what_was_not_answered_and_what_was_not_begun(home: Path) -> None:
    frame = read(
        home, start(), prompt("x"), call("a"), call("b", "grep"), result("b"), result("lost")
    )
    columns = ("tool", "tool_call_id", "success", "seconds", "result_bytes")
    table = frame.copilot.tools()
    assert plain(table[table["tool_call_id"] == "a"], *columns) == [["view", "a", None, None, None]]
    assert plain(table[table["tool_call_id"] == "lost"], *columns) == [
        [None, "lost", True, None, 4]
    ]
    assert table["started"].isna().tolist() == [False, False, True]
    # A part of a session has the result alone, whose tool is known.
    part = frame[frame["type"] == "tool.execution_complete"].copilot.tools()
    assert plain(part, "tool", "turn") == [["grep", 1], [None, 1]]


def test_ids_that_come_again_are_calls_of_their_own(home: Path) -> None:
    table = read(
        home,
        start(),
        prompt("x"),
        call("call_0", "bash"),
        result("call_0", "1"),
        call("call_0", "view", agentId="sub"),
        call("call_0", "grep"),
        result("call_0", "333"),
        result("call_0", "22", agentId="sub"),
        prompt("y"),
        call("call_0", "edit"),
        call("call_0", "write"),
        result("call_0", "55555"),
    ).copilot.tools()
    assert plain(table, "turn", "tool", "result_bytes", "agent_id") == [
        [1, "bash", 1, None],
        [1, "view", 2, "sub"],
        [1, "grep", 3, None],
        [2, "edit", None, None],
        [2, "write", 5, None],
    ]


def test_calls_without_an_id_are_not_mixed_up(home: Path) -> None:
    nameless = event("tool.execution_start", {"toolName": "view"})
    table = read(home, start(), prompt("x"), nameless, nameless.replace(b"event-", b"other-"))
    assert len(table.copilot.tools()) == 2


def test_two_sessions_and_repeated_events(home: Path) -> None:
    lines = [start(), prompt("x"), call("a"), result("a")]
    write_session(home, "s", *lines)
    write_session(home, "t", *lines)
    frame = get_messages(["s", "t"])
    joined = pd.concat([frame, get_messages("s")])
    table = joined.copilot.tools()
    assert plain(table, "session", "success") == [["s", True], ["t", True]]


def test_what_is_no_success_and_no_argument(home: Path) -> None:
    table = read(
        home,
        start(),
        prompt("x"),
        event("tool.execution_start", {"toolCallId": "a", "toolName": "t"}),
        result("a", success="yes"),
        event("tool.execution_start", {"toolCallId": "b", "toolName": "t", "arguments": "text"}),
        event("tool.execution_complete", {"toolCallId": "b", "error": "broke", "success": False}),
    ).copilot.tools()
    assert plain(table, "arguments", "success", "error") == [
        [None, None, None],
        ['"text"', False, "broke"],
    ]


def test_an_empty_table_has_the_same_dtypes(home: Path) -> None:
    table = read(home, start()).copilot.tools()
    assert table.empty
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
