"""A session as a file: Markdown to read, JSON lines to work with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.exporting import export
from copilot_magics.transcripts import read_journal

TALK = [
    start(),
    prompt("What is in *a.txt*?"),
    event(
        "tool.execution_start",
        {"toolCallId": "c", "toolName": "view", "arguments": {"path": "a.txt"}},
    ),
    event(
        "tool.execution_complete",
        {"toolCallId": "c", "success": True, "result": {"content": "```\nlines"}},
    ),
    answer("It has `lines`."),
    prompt("sub", agentId="a"),
    event("session.error", {"message": "no <b>more</b>"}),
]


def test_a_transcript_to_read(home: Path, tmp_path: Path) -> None:
    write_session(home, "talk", *TALK, workspace="name: My talk\nuser_named: true\n")
    path = export("talk", "markdown", tmp_path)
    assert path == tmp_path / "talk.md"
    text = path.read_text()
    for part in (
        "# My talk\n\nSession `talk`\n",
        "## You · 2026-03-01 10:00 UTC\n\nWhat is in *a.txt*?\n",
        "<details><summary>view a&#46;txt</summary>\n\nArguments:\n\n```text\npath: a.txt\n```\n",
        "Result:\n\n````text\n```\nlines\n````\n\n</details>\n",
        "## m-1 · 2026-03-01 10:00 UTC\n\nIt has `lines`.\n",
        "```text\nno <b>more</b>\n```",
    ):
        assert part in text
        text = text.partition(part)[2]
    assert "sub" not in text


def test_events_to_work_with(home: Path, tmp_path: Path) -> None:
    folder = sample(home)
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'garbage\n{"type":"cut')
    path = export("rich", "jsonl", tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    whole = (folder / "events.jsonl").read_text().splitlines()[:-2]
    assert lines == [json.loads(line) for line in whole]
    assert len(lines) == len(read_journal("rich").events)


def test_nothing_is_overwritten(home: Path, tmp_path: Path) -> None:
    write_session(home, "talk", *TALK)
    (tmp_path / "talk.md").write_text("mine")
    assert [export("talk", "markdown", tmp_path).name for _ in range(2)] == [
        "talk-2.md",
        "talk-3.md",
    ]
    assert (tmp_path / "talk.md").read_text() == "mine"


def test_what_cannot_be_exported(home: Path, tmp_path: Path) -> None:
    write_session(home, "talk", *TALK)
    with pytest.raises(SessionNotFound, match="Did you mean 'talk'"):
        export("tolk", "markdown", tmp_path)
    with pytest.raises(BadInput, match=r"There is no folder .*nowhere"):
        export("talk", "markdown", tmp_path / "nowhere")


def test_hostile_text_does_not_act_in_the_transcript(home: Path, tmp_path: Path) -> None:
    bad = "<script>x()</script>[l](javascript:x())"
    write_session(
        home,
        "talk",
        prompt(bad),
        answer(bad),
        event("tool.execution_start", {"toolName": bad, "arguments": {"command": bad}}),
        event("assistant.message", {"content": "x", "model": bad}),
        workspace=f"name: '{bad}'\nuser_named: true\n",
    )
    text = export("talk", "markdown", tmp_path).read_text()
    outside = "".join(text.split("```")[::2])
    assert "<script" not in outside
    assert "](javascript:" not in outside
