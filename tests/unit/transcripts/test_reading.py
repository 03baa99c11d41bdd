"""What a person would read in each kind of event, in the words of any version of the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from copilot.generated.session_events import SessionEventType
from journals import event, prompt, write_session

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.reading import CONTENT


def test_every_event_type_the_sdk_knows_is_decided_on() -> None:
    known = {one.value for one in SessionEventType if one is not SessionEventType.UNKNOWN}
    assert known - set(CONTENT) == set()


EVENTS: list[tuple[str, Any, str | None]] = [
    ("user.message", {"content": "hi", "transformedContent": "<x>hi"}, "hi"),
    ("user.message", {"content": [{"text": "hi"}]}, None),
    ("assistant.message", {"content": "", "toolRequests": [{"name": "bash"}]}, None),
    ("assistant.message", {"content": "**yes**", "reasoningText": "hm"}, "**yes**"),
    ("assistant.reasoning", {"content": "hm", "reasoningId": "r"}, "hm"),
    ("assistant.intent", {"intent": "Looking"}, "Looking"),
    ("assistant.turn_start", {"turnId": "0"}, None),
    ("session.info", {"infoType": "mcp", "message": "Connected"}, "Connected"),
    ("session.warning", {"warningType": "x", "message": "Beware"}, "Beware"),
    ("session.error", {"errorType": "quota", "message": "No more", "stack": "at x"}, "No more"),
    ("session.title_changed", {"title": "Churn"}, "Churn"),
    ("session.model_change", {"previousModel": "a", "newModel": "b"}, "b"),
    ("session.handoff", {"sourceType": "remote", "context": "as text"}, "as text"),
    ("session.compaction_start", {}, None),
    ("session.compaction_complete", {"success": True, "summaryContent": "Said"}, "Said"),
    ("session.compaction_complete", {"success": False, "error": "too long"}, "too long"),
    ("session.snapshot_rewind", {"upToEventId": "e", "eventsRemoved": 3}, None),
    ("session.truncation", {"tokenLimit": 3}, None),
    ("session.task_complete", {"summary": "Done", "success": True}, "Done"),
    ("session.binary_asset", {"data": "iVBO", "mimeType": "image/png"}, "image/png"),
    ("session.binary_asset", {"data": "iVBO", "description": "a plot"}, "a plot"),
    ("abort", {"reason": "user initiated"}, "user initiated"),
    ("tool.execution_start", {"arguments": {"command": "ls", "x": 1}}, "ls"),
    ("tool.execution_start", {"arguments": {"command": 1, "path": "a.py"}}, "a.py"),
    ("tool.execution_start", {"arguments": {"n": 1}}, '{"n": 1}'),
    ("tool.execution_start", {"arguments": {}}, None),
    ("tool.execution_start", {"arguments": "as text"}, "as text"),
    ("tool.execution_start", {"arguments": None}, None),
    ("external_tool.requested", {"arguments": {"query": "q"}}, "q"),
    ("tool.execution_complete", {"result": {"content": "r", "detailedContent": "d"}}, "r"),
    ("tool.execution_complete", {"result": "as text"}, "as text"),
    ("tool.execution_complete", {"error": {"message": "no", "code": "denied"}}, "no"),
    ("tool.execution_complete", {"error": None, "result": {"content": "r"}}, "r"),
    ("tool.execution_partial_result", {"partialOutput": "so far"}, "so far"),
    ("permission.requested", {"permissionRequest": {"fullCommandText": "ls"}}, "ls"),
    ("permission.requested", {"permissionRequest": {"intention": "Read a"}}, "Read a"),
    ("permission.completed", {"result": {"kind": "approved"}}, "approved"),
    ("hook.start", {"hookType": "preToolUse", "input": {}}, "preToolUse"),
    ("hook.end", {"hookType": "preToolUse", "success": True}, "preToolUse"),
    ("hook.end", {"hookType": "x", "error": {"message": "exit 1"}}, "exit 1"),
    ("subagent.started", {"agentDescription": "Explores", "agentName": "e"}, "Explores"),
    ("subagent.failed", {"error": "broke"}, "broke"),
    ("skill.invoked", {"name": "pdf", "content": "# How to"}, "pdf"),
    ("user_input.requested", {"question": "Which?"}, "Which?"),
    ("user_input.completed", {"answer": "blue"}, "blue"),
    ("elicitation.requested", {"message": "Which?"}, "Which?"),
    ("exit_plan_mode.requested", {"planContent": "1. Look", "summary": "s"}, "1. Look"),
    ("human_response.recorded", {"response": {"answer": "blue"}}, "blue"),
    ("system.notification", {"content": "A shell has ended"}, "A shell has ended"),
    ("model.call_failure", {"errorMessage": "503"}, "503"),
    ("brand.new", {"message": "prose", "content": {"not": "prose"}}, "prose"),
    ("brand.new", {"error": {"message": "broke"}}, "broke"),
    ("brand.new", {"message": 3}, None),
    ("brand.new", [1, 2], None),
    ("brand.new", None, None),
]


@pytest.mark.parametrize("together", [False, True], ids=["alone", "beside another"])
def test_what_a_person_would_read(home: Path, together: bool) -> None:
    lines = []
    for kind, data, _ in EVENTS:
        lines += [event(kind, data)] + [event(kind, {"toolName": 7})] * together
    write_session(home, "s", *lines)
    frame = get_messages("s")
    found = [None if pd.isna(text) else text for text in frame["content"]]
    assert found[:: 1 + together] == [text for _, _, text in EVENTS]


def test_a_journal_of_an_early_runtime(home: Path) -> None:
    """Runtime 0.0.3xx knew no interaction IDs."""
    write_session(
        home,
        "s",
        event("session.start", {"sessionId": "s", "version": 1, "copilotVersion": "0.0.367"}),
        event("session.info", {"infoType": "authentication", "message": "Logged in as: alice"}),
        event("user.message", {"content": "list", "transformedContent": "list", "attachments": []}),
        event("assistant.turn_start", {"turnId": "0"}),
        event(
            "assistant.message",
            {
                "messageId": "m",
                "content": "",
                "toolRequests": [{"toolCallId": "c", "name": "bash"}],
            },
        ),
        event("tool.execution_start", {"toolCallId": "c", "toolName": "bash", "arguments": {}}),
        event("tool.execution_complete", {"toolCallId": "c", "result": {"content": "a.csv"}}),
        event("session.truncation", {"tokenLimit": 128000, "performedBy": "BasicTruncator"}),
        event("assistant.message", {"messageId": "n", "content": "a.csv", "toolRequests": []}),
        event("session.import_legacy", {"legacySession": {"chatMessages": []}}),
    )
    frame = get_messages("s")
    assert frame["turn"].fillna(0).tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert frame["tool"].tolist()[5:7] == ["bash", "bash"]
    assert frame["role"].tolist() == [
        *("session", "session", "user", "assistant", "assistant"),
        *("tool", "tool", "session", "assistant", "session"),
    ]
    assert frame["content"].dropna().tolist() == ["Logged in as: alice", "list", "a.csv", "a.csv"]


def test_the_same_call_id_again_names_the_later_tool(home: Path) -> None:
    lines = []
    for tool in ("bash", "view"):
        lines += [
            prompt(tool),
            event("tool.execution_start", {"toolCallId": "call_0", "toolName": tool}),
            event("permission.requested", {"permissionRequest": {"toolCallId": "call_0"}}),
            event("tool.execution_complete", {"toolCallId": "call_0", "success": True}),
        ]
    write_session(home, "s", *lines)
    frame = get_messages("s", roles=["tool", "session"])
    assert frame["tool"].tolist() == ["bash"] * 3 + ["view"] * 3
    assert frame["turn"].tolist() == [1] * 3 + [2] * 3
    results = get_messages("s", types="tool.execution_complete")
    assert results["tool"].tolist() == ["bash", "view"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("assistant.message", {"content": "x", "model": "m"}),
        ("session.start", {"selectedModel": "m"}),
        ("session.resume", {"selectedModel": "m"}),
        ("session.model_change", {"newModel": "m", "previousModel": "n"}),
        ("session.usage_record", {"usage": {"model": "m"}}),
        ("session.shutdown", {"currentModel": "m", "modelMetrics": {}}),
        ("assistant.turn_start", {"turnId": "0", "model": "m"}),
        ("brand.new", {"newModel": "m"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_model_an_event_names(home: Path, kind: str, data: dict[str, Any]) -> None:
    write_session(home, "s", event(kind, data))
    assert get_messages("s")["model"].tolist() == ["m"]
