"""``df.copilot`` on a session that the real runtime wrote, in two runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.transcripts import get_messages

Start = Callable[..., Notebook]

BASH = (
    'tool bash {"command": "echo hi", "description": "say hi"}\nthen tool view {"path": "/nowhere"}'
)
TASK = (
    'tool task {"agent_type": "explore", "name": "look", "description": "look", '
    '"prompt": "tool glob {\\"pattern\\": \\"*.nothing\\"}"}'
)


@pytest.fixture
def session(notebook: Start, tmp_path: Path, provider: ScriptedServer) -> str:
    """A session with answers, tools, a sub-agent, a failure, and a resume."""
    first = notebook(tmp_path / "work")
    first.run("%load_ext copilot_magics\n%copilot_session data --permissions allow-all")
    for said in ("say: one", BASH, TASK, "http 400"):
        first.run(f"%%copilot\n{said}")
    first.run("%copilot_session --disconnect")
    first.run("%copilot_session data --model scripted-mini")
    cell = first.run("%%copilot\nsay: two")
    assert cell.status == "ok", cell.text
    first.run("%copilot_session --disconnect")
    return "data"


def test_what_a_real_session_was(session: str) -> None:
    frame = get_messages(session)
    turns = frame.copilot.turns()
    assert turns["outcome"].tolist() == ["answered"] * 3 + ["failed", "answered"]
    assert turns["prompt"].tolist() == ["say: one", BASH, TASK, "http 400", "say: two"]
    assert turns["answer"].tolist()[0] == "one"
    assert turns["answer"].tolist()[4] == "two"
    assert turns["model"].tolist()[4] == "scripted-mini"
    assert turns["tool_names"].tolist()[1:3] == ["bash, view", "task, glob"]
    assert turns["errors"].tolist() == [0, 1, 0, 1, 0]
    assert (turns["seconds"] > 0).all()

    tools = frame.copilot.tools()
    assert tools["tool"].tolist() == ["bash", "view", "task", "glob"]
    assert tools["success"].tolist() == [True, False, True, True]
    assert tools["agent_id"].notna().tolist() == [False, False, False, True]
    assert (tools["seconds"] > 0).all()
    assert (tools["result_bytes"] > 0).all()
    assert tools["error"].notna().tolist() == [False, True, False, False]

    assert frame.copilot.errors()["type"].tolist() == ["tool.execution_complete", "session.error"]
    assert "<p>one</p>" in frame.copilot.to_html()


def test_usage_is_what_the_runtime_counted(session: str) -> None:
    frame = get_messages(session)
    last = frame[frame["type"] == "session.shutdown"].iloc[-1:]
    (metrics,) = last.copilot.payload().apply(lambda payload: payload["modelMetrics"])
    counted = {
        model: (told["requests"]["count"], told["usage"]["inputTokens"])
        for model, told in metrics.items()
    }
    sums = frame.copilot.usage().groupby("model")[["requests", "input_tokens"]].sum()
    assert {model: (asked, read) for model, asked, read in sums.itertuples()} == counted
    assert set(counted) == {"scripted", "scripted-mini"}
    by_turn = frame.copilot.turns()["input_tokens"]
    assert by_turn.sum() == sums["input_tokens"].sum()
    assert by_turn.isna().tolist() == [False, False, False, True, False]
