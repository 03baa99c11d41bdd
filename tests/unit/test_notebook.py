"""What is said of a session's last turn."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from journals import answer, event, start, write_session

from copilot_magics import notebook, records

CUT_SHORT = "Its last turn was cut short when its kernel ended; its prompt"


def sent(text: str, message: str, **envelope: str) -> bytes:
    return event("user.message", {"content": text, "messageId": message}, **envelope)


def last_turn(session: str) -> str:
    """Say how a session's last turn ended, in the next kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_THIS_KERNEL", "the next")
        return notebook.last_turn(session)


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


def test_what_waited_behind_the_last_turn_is_lost(home: Path) -> None:
    write_session(home, "chat", start(), sent("one", "m1"))
    assert last_turn("chat") == "No prompt was sent from a notebook yet."
    first = records.began("chat", None, waiting=True)
    assert last_turn("chat") == "Its last turn was lost; its prompt is not in the journal."
    records.sending("chat", first)
    records.sent("chat", first, "m1")
    assert last_turn("chat") == f"{CUT_SHORT} is in the journal."
    stopped = records.began("chat", None, waiting=True)
    records.ended("chat", stopped, "aborted")
    one = " 1 later prompt was never sent, and is lost."
    assert last_turn("chat") == f"{CUT_SHORT} is in the journal.{one}"
    second = records.began("chat", None, waiting=True)
    two = " 2 later prompts were never sent, and are lost."
    assert last_turn("chat") == f"{CUT_SHORT} is in the journal.{two}"
    # What was only kept waiting by those before it is asked in the end.
    records.sending("chat", second)
    records.ended("chat", second, "failed")
    assert last_turn("chat") == "Its last turn failed; its prompt is not in the journal."


def test_of_a_prompt_sent_into_a_turn_both_are_told(home: Path) -> None:
    write_session(home, "chat", start(), sent("one", "m1"))
    first = records.began("chat", None)
    records.sent("chat", first, "m1")
    into = records.began("chat", None, into=first)
    records.ended("chat", first, "aborted")
    records.ended("chat", into, "lost")
    assert last_turn("chat") == (
        "Its last turn was lost; its prompt is not in the journal. "
        "The turn it was sent into was aborted; its prompt is in the journal."
    )


def test_what_waits_is_not_cut_off_with_what_it_will_replace(home: Path) -> None:
    first = records.began("chat", None)
    records.sent("chat", first, "m1")
    waiting = records.began("chat", None, waiting=True)
    records.cut("chat", {"m1"})
    assert [line.key for line in records.asked("chat")] == [waiting]


def test_what_this_kernel_works_on_is_not_lost(home: Path) -> None:
    write_session(home, "chat", start(), sent("one", "m1"))
    first = records.began("chat", None, waiting=True)
    assert notebook.last_turn("chat") == "Its last turn waits to be sent."
    records.sending("chat", first)
    records.sent("chat", first, "m1")
    records.began("chat", None, waiting=True)
    assert notebook.last_turn("chat") == "Its last turn is being answered."
    assert last_turn("chat").endswith(" 1 later prompt was never sent, and is lost.")
