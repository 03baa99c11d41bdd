"""What is said of a session's last turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import answer, event, start, write_session

from copilot_magics import records
from copilot_magics.notebook import last_turn

CUT_SHORT = "Its last turn was cut short when its kernel ended; its prompt"


def sent(text: str, message: str) -> bytes:
    return event("user.message", {"content": text, "messageId": message})


@pytest.mark.parametrize(
    ("journal", "said"),
    [
        ([sent("one", "m1"), answer("1")], f"{CUT_SHORT} is not in the journal."),
        ([sent("one", "m1"), answer("1"), sent("two", "m2")], f"{CUT_SHORT} is in the journal."),
    ],
    ids=["before it reached the runtime", "before its kernel heard of it"],
)
def test_a_kernel_that_ended_while_it_sent_a_prompt(
    home: Path, journal: list[bytes], said: str
) -> None:
    write_session(home, "chat", start(), *journal)
    first = records.began("chat", None)
    records.sent("chat", first, "m1")
    records.ended("chat", first, "answered")
    records.began("chat", None)
    assert last_turn("chat") == said
