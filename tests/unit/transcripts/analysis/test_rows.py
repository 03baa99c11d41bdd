"""What was said, and where something stands."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages


def talk(home: Path) -> pd.DataFrame:
    write_session(
        home,
        "s",
        start(),
        prompt("Wo ist die STRASSE?"),
        event("tool.execution_start", {"toolName": "view", "arguments": {"path": "100%.txt"}}),
        prompt("asked of a sub-agent", agentId="sub"),
        answer("said by a sub-agent", agentId="sub"),
        event("user.message", {"content": "read this", "source": "skill-pdf"}),
        event("user.message", {"content": "go on", "isAutopilotContinuation": True}),
        answer(""),
        answer("Die Straße (a+b) ist da."),
        event("user.message", {"content": "by a command", "source": "command-review"}),
    )
    return get_messages("s")


def test_a_conversation_is_prompts_and_answers(home: Path) -> None:
    frame = talk(home)
    said = frame.copilot.conversation()
    assert said["content"].tolist() == [
        "Wo ist die STRASSE?",
        "Die Straße (a+b) ist da.",
        "by a command",
    ]
    pd.testing.assert_frame_equal(said, frame.loc[said.index])
    assert said.attrs == frame.attrs


def test_the_conversation_of_a_real_session(home: Path) -> None:
    sample(home)
    said = get_messages("rich").copilot.conversation()
    assert said["role"].tolist() == ["user", "assistant"] * 5 + ["user", "user", "assistant"]


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("strasse", [1, 8]),
        ("100%.", [2]),
        ("(a+b)", [8]),
        ("sub-agent", [3, 4]),
        ("nobody said this", []),
        (re.compile("Die .* da"), [8]),
        (re.compile("^die", re.IGNORECASE), [8]),
        (re.compile(r"(?<=ist )d"), [1, 8]),
    ],
    ids=["in-any-case", "no-regex", "brackets", "several", "nothing", "regex", "flags", "look"],
)
def test_finding(home: Path, what: str | re.Pattern[str], rows: list[int]) -> None:
    found = talk(home).copilot.find(what)
    assert found.index.tolist() == rows


def test_what_cannot_be_looked_for(home: Path) -> None:
    frame = talk(home)
    for what in (3, None, re.compile(b"bytes")):
        with pytest.raises(BadInput, match=r"Give a text, or a pattern of re\.compile\(\)"):
            frame.copilot.find(what)


def test_empty_frames_keep_their_columns(home: Path) -> None:
    empty = talk(home).head(0)
    for found in (empty.copilot.conversation(), empty.copilot.find("x")):
        pd.testing.assert_frame_equal(found, empty)


def test_what_a_damaged_journal_repeats_is_said_once(home: Path) -> None:
    asked, said = prompt("q"), answer("r")
    write_session(home, "a", asked, asked, said, said)
    messages = get_messages("a")
    assert messages.copilot.conversation()["content"].tolist() == ["q", "r"]
    without_ids = messages.drop(columns="event_id").copilot.conversation()
    assert without_ids["content"].tolist() == ["q", "q", "r", "r"]


def test_rows_of_nothing_are_passed_over(home: Path) -> None:
    write_session(home, "a", start(), prompt("q"), answer("r"))
    longer = get_messages("a").reindex(range(10))
    assert longer.copilot.conversation()["content"].tolist() == ["q", "r"]
