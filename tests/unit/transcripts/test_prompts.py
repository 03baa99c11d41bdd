"""Where turns begin: the same places that the column ``turn`` of `get_messages` has."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.prompts import messages_of, prompts_of


def test_prompts_are_counted_as_turns_are(home: Path) -> None:
    twice = prompt("two", id="again")
    write_session(
        home,
        "s",
        start(),
        event("user.message", {"content": "one", "messageId": "m-1"}, id="first"),
        answer("yes"),
        prompt("a sub-agent's", agentId="a"),
        event("user.message", {"content": "a skill's", "source": "skill-x"}),
        twice,
        b'{"torn',
        twice,
        prompt("nameless", id=None),
        prompt("three"),
    )
    found = prompts_of("s")
    assert [(asked.turn, asked.text) for asked in found] == [
        (1, "one"),
        (2, "two"),
        (3, "nameless"),
        (4, "three"),
    ]
    assert found[0].event == "first"
    assert found[2].event == ""
    assert messages_of("s") == {"m-1"}
    with pytest.warns(UserWarning, match="damaged in 1 place"):
        rows = get_messages("s", types="user.message")
    by_event = dict(zip(rows["event_id"], rows["turn"], strict=True))
    assert all(by_event[asked.event] == asked.turn for asked in found if asked.event)


def test_a_real_journal_and_none(home: Path) -> None:
    sample(home)
    rows = get_messages("rich", columns=["turn"])
    assert [asked.turn for asked in prompts_of("rich")] == list(range(1, rows["turn"].max() + 1))
    assert prompts_of("none") == []
