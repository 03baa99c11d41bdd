"""What `get_messages` reads is what the SDK's ``get_events()`` tells, event by event.

The sessions are the bare SDK's, with all kinds of events that can be provoked; it is asked by a
fresh runtime, after a resume, because a live one also tells of what is not kept.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from copilot import CopilotClient, CopilotSession, RuntimeConnection
from copilot.rpc import (
    HistoryRewindMode,
    HistoryRewindRequest,
    NameSetRequest,
    PermissionDecisionApproveOnce,
    PermissionDecisionReject,
    SessionsForkRequest,
)
from copilot.session_events import SessionEventType
from scripted import ScriptedServer

from copilot_magics.transcripts import get_messages

KNOWN = {one.value for one in SessionEventType}

# One grey pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

# Its own process group, as in `copilot_magics.runtime.process`.
_OWN_GROUP = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"


class Asker:
    """The bare SDK: a runtime, and whoever answers what it asks."""

    def __init__(self, runtime: Path, server: ScriptedServer, key: str, folder: Path) -> None:
        foreign = ("COPILOT_PROVIDER", "COPILOT_MODEL")
        env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.client = CopilotClient(
            connection=RuntimeConnection.for_stdio(
                path=sys.executable, args=["-ISc", _OWN_GROUP, str(runtime)]
            ),
            base_directory=os.environ["COPILOT_HOME"],
            use_logged_in_user=False,
            log_level="none",
            env=env,
        )
        self.options: dict[str, Any] = {
            "model": "scripted",
            "streaming": True,
            "enable_session_store": False,
            "working_directory": str(folder),
            "on_permission_request": self._permits,
            "on_user_input_request": lambda request, _: {"answer": "blue", "wasFreeform": False},
            "provider": {"type": "openai", "base_url": server.url, "api_key": key},
        }

    def _permits(self, request: Any, _: Any) -> Any:
        if "forbidden" in (getattr(request, "full_command_text", "") or ""):
            return PermissionDecisionReject(feedback="not that")
        return PermissionDecisionApproveOnce()


@pytest.fixture
async def runtimes(
    runtime_path: Path, provider: ScriptedServer, tmp_path: Path
) -> AsyncIterator[list[Asker]]:
    """Two runtimes: one that makes the sessions, one that has not seen them."""
    (tmp_path / "work").mkdir()
    askers = [Asker(runtime_path, provider, provider.key, tmp_path / "work") for _ in range(2)]
    for asker in askers:
        await asker.client.start()
    try:
        yield askers
    finally:
        for asker in askers:
            await asker.client.stop()


async def ask(session: CopilotSession, prompt: str, *, until: str = "session.idle") -> None:
    """Send a prompt, and wait for an event of the session's own agent."""
    done = asyncio.Event()
    stop = session.on(lambda event: done.set() if event.type.value == until else None)
    try:
        await session.send(prompt)
        await asyncio.wait_for(done.wait(), 60)
    finally:
        stop()


async def told_by(asker: Asker, session: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """Return a session's events as the SDK gives them, and as the runtime told them to it."""
    resumed = await asker.client.resume_session(session, **asker.options)
    parsed = await resumed.get_events()
    # The SDK's objects leave out the fields that it does not know.
    answer = await resumed._client.request("session.getMessages", {"sessionId": session})
    await resumed.disconnect()
    raw = answer["events"]
    # That it was resumed is told, and not kept before it is prompted.
    assert raw[-1]["type"] == "session.resume"
    return parsed[:-1], raw[:-1]


def assert_equal(frame: pd.DataFrame, parsed: list[Any], raw: list[dict[str, Any]]) -> None:
    assert frame["event_id"].tolist() == [str(event.id) for event in parsed]
    assert frame["event_id"].tolist() == [event["id"] for event in raw]
    assert frame["type"].tolist() == [event["type"] for event in raw]
    assert frame["timestamp"].tolist() == [pd.Timestamp(event.timestamp) for event in parsed]
    parents = [None if event.parent_id is None else str(event.parent_id) for event in parsed]
    for column, expected in (
        ("parent_id", parents),
        ("agent_id", [event.agent_id for event in parsed]),
    ):
        assert [None if pd.isna(value) else value for value in frame[column]] == expected
    for text, event in zip(frame["data"], raw, strict=True):
        assert json.loads(text) == event["data"]


async def test_rows_are_the_sdks_events(
    home: Path, runtimes: list[Asker], provider: ScriptedServer, tmp_path: Path
) -> None:
    maker, other = runtimes
    (tmp_path / "work" / "a.txt").write_text("here\n")
    session = await maker.client.create_session(session_id="all", name="all", **maker.options)
    (tmp_path / "work" / "plot.png").write_bytes(PNG)
    await ask(session, "say: größer than “😀”\\u2028 and\\nmore")
    await ask(session, 'tool bash {"command": "echo hi", "description": "greet"}')
    await ask(
        session, f'tool view {{"path": "{tmp_path}/none"}}\ntool bash {{"command": "exit 3"}}'
    )
    await ask(session, 'tool bash {"command": "echo forbidden"}')
    await ask(session, f'tool view {{"path": "{tmp_path}/work/plot.png"}}')
    await ask(session, 'ask {"question": "Which?", "choices": ["red", "blue"]}')
    await ask(
        session,
        'tool task {"agent_type": "explore", "name": "look", "description": "look",'
        ' "prompt": "say: sub done"}',
    )
    await ask(session, "http 500", until="session.error")
    await session.set_model("scripted-mini")
    await ask(session, "say: by another")
    await session.send("gate never")
    provider.wait_for_request(lambda request: request.prompt == "gate never")
    await session.abort()
    await ask(session, "say: go on")
    await session.rpc.name.set(NameSetRequest("Every kind of event"))
    forked = await maker.client.rpc.sessions.fork(SessionsForkRequest("all", name="a fork"))
    before = get_messages("all", types="user.message")
    await session.rpc.history.rewind(
        HistoryRewindRequest(before["event_id"].iloc[-1], HistoryRewindMode.CONVERSATION)
    )
    await ask(session, "say: after the rewind")
    await session.disconnect()
    again = await maker.client.resume_session("all", **maker.options)
    await ask(again, "say: resumed")
    await again.rpc.history.compact()
    await ask(again, "say: compacted")
    await again.disconnect()
    await maker.client.stop()

    for name in ("all", forked.session_id):
        parsed, raw = await told_by(other, name)
        frame = get_messages(name)
        assert frame.copilot.damage().empty
        # The journal has events beyond those, which the runtime keeps for itself.
        assert_equal(frame[frame["type"].isin(KNOWN)], parsed, raw)
    kinds = set(get_messages("all")["type"])
    assert kinds >= {
        *("session.start", "session.resume", "session.model_change", "session.error", "abort"),
        *("user.message", "system.message", "assistant.message", "assistant.turn_end"),
        *("tool.execution_start", "tool.execution_complete"),
        *("permission.requested", "permission.completed", "subagent.started"),
        *("session.compaction_start", "session.compaction_complete", "session.usage_record"),
    }
