"""What is said of a session's last turn."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from journals import answer, event, start, write_session

from copilot_magics import records
from copilot_magics.notebook import last_turn

CUT_SHORT = "Its last turn was cut short when its kernel ended; its prompt"


def sent(text: str, message: str, **envelope: str) -> bytes:
    return event("user.message", {"content": text, "messageId": message}, **envelope)


def now() -> str:
    """Return the time as a journal has it, in whole milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("earlier", "reached"),
    [([], False), ([], True), ([sent("from a terminal", "m0")], False)],
    ids=["before it reached the runtime", "before its kernel heard of it", "after others' prompts"],
)
def test_a_kernel_that_ended_while_it_sent_a_prompt(
    home: Path, earlier: list[bytes], reached: bool
) -> None:
    first = records.began("chat", None)
    records.sent("chat", first, "m1")
    records.ended("chat", first, "answered")
    records.began("chat", None)
    last = [sent("two", "m2", timestamp=now())] if reached else []
    write_session(home, "chat", start(), sent("one", "m1"), answer("1"), *earlier, *last)
    known = "is in the journal" if reached else "is not in the journal"
    assert last_turn("chat") == f"{CUT_SHORT} {known}."
