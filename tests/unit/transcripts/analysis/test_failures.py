"""What went wrong in a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from journals import event, prompt, sample, start, write_session

from copilot_magics.transcripts import get_messages

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "timestamp": "datetime64[us, UTC]",
    "type": "string",
    "error": "string",
    "code": "string",
    "status": "Int64",
    "tool": "string",
    "tool_call_id": "string",
    "agent_id": "string",
    "event_id": "string",
}


def errors_of(home: Path, *lines: bytes) -> list[list[Any]]:
    write_session(home, "s", *lines)
    table = get_messages("s").copilot.errors()[["turn", "type", "error", "code", "status", "tool"]]
    chosen = table.astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def test_the_errors_of_a_real_session(home: Path) -> None:
    sample(home)
    table = get_messages("rich").copilot.errors()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert table["type"].tolist() == ["tool.execution_complete", "session.error"]
    assert table["tool"].tolist()[0] == "view"
    assert table["code"].tolist() == ["failure", "authentication"]
    assert table["status"].tolist()[1] == 401
    assert table["error"].tolist()[1].startswith("Authentication failed with provider")


def test_errors_by_name_and_by_what_they_say(home: Path) -> None:
    found = errors_of(
        home,
        start(),
        event("session.error", {"message": "early", "statusCode": "401"}),
        prompt("x"),
        event("tool.execution_start", {"toolCallId": "a", "toolName": "bash"}),
        event("tool.execution_complete", {"toolCallId": "a", "success": True}),
        event("subagent.failed", {"error": "broke"}, agentId="sub"),
        event("model.call_failure", {"errorMessage": "no answer", "statusCode": 503}),
        event("hook.end", {"success": False, "error": {"message": "refused", "code": "h"}}),
        event("session.compaction_complete", {"success": False, "error": "too long"}),
        event("session.brand_new_complete", {"success": True}),
        event("session.brand_new_failed", {"message": "new"}),
        event("session.error_reporting", {"message": "is no error"}),
    )
    assert found == [
        [None, "session.error", "early", None, None, None],
        [1, "subagent.failed", "broke", None, None, None],
        [1, "model.call_failure", "no answer", None, 503, None],
        [1, "hook.end", "refused", "h", None, None],
        [1, "session.compaction_complete", "too long", None, None, None],
        [1, "session.brand_new_failed", "new", None, None, None],
    ]


def test_an_empty_table_has_the_same_dtypes(home: Path) -> None:
    write_session(home, "s", start())
    table = get_messages("s").copilot.errors()
    assert table.empty
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
