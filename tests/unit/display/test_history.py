"""A conversation as one output: bounded, saying what it leaves out, and inert."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.display.history import History
from copilot_magics.transcripts import get_messages

BAD = "<script>x()</script> [l](javascript:x()) \x1b[31m\u202e"


def history(session: str, last: int | None = None) -> History:
    return History(session, get_messages(session), last)


def test_hostile_text_stays_text(home: Path) -> None:
    write_session(
        home,
        "s",
        start(),
        event("user.message", {"content": BAD, "attachments": [{"path": BAD}, "?", {"type": 1}]}),
        event(
            "tool.execution_start",
            {"toolCallId": "c", "toolName": BAD, "arguments": {"command": BAD}},
        ),
        event("tool.execution_complete", {"toolCallId": "c", "result": {"content": BAD}}),
        event("assistant.message", {"content": f"```\n{BAD}", "model": BAD}),
        event("session.error", {"message": BAD}),
        prompt("and then"),
    )
    shown = history("s")
    markdown = shown.bundle["text/markdown"]
    outside = re.sub(r"```text\n.*?\n```", "", markdown, flags=re.DOTALL)
    assert outside.count("&lt;script") == 4
    assert "<script>" not in outside
    assert "](javascript:" not in outside
    for text in (markdown, shown.text, shown.bundle["text/plain"]):
        assert "\x1b" not in text
        assert "\u202e" not in text
    # The fence that the answer left open ends with it.
    assert markdown.count("```") % 2 == 0
    assert "**You** · turn 2 · " in markdown


def test_the_newest_turns_are_shown_as_far_as_there_is_room(home: Path) -> None:
    lines = [line for n in range(60) for line in (prompt(f"p{n}"), answer(f"a{n} " + "x" * 9_000))]
    write_session(home, "s", start(), *lines)
    shown = history("s")
    markdown = shown.bundle["text/markdown"]
    assert len(markdown) < 210_000
    assert "\na59 " in markdown
    assert "\na0 " not in markdown
    first = 60 - markdown.count("**You**") + 1
    assert markdown.startswith(
        f"> Shown from turn {first} on; {first - 1} turns before it left out: "
        "`get_messages('s')` has all of them.\n\n---\n\n"
    )
    assert markdown.endswith("<sub>s · 60 turns</sub>")
    assert len(shown.bundle["text/plain"]) < 4_100
    assert history("s", 2).bundle["text/markdown"].count("**You**") == 2
    assert history("s", 20).text.startswith("Shown from turn 41 on; 40 turns before it left out")


def test_one_text_that_is_too_long_is_cut_and_says_so(home: Path) -> None:
    write_session(home, "s", start(), prompt("word " * 10_000), answer("~~~\n" + "y" * 300_000))
    markdown = history("s").bundle["text/markdown"]
    assert len(markdown) < 45_000
    assert "30,000 characters more; get_messages() has all of them." in markdown
    assert "**You** · turn 1" in markdown


@pytest.mark.parametrize("lines", [(), (start(),)])
def test_nothing_was_said(home: Path, lines: tuple[bytes, ...]) -> None:
    write_session(home, "s", *lines, raw=None if lines else b"")
    assert history("s").bundle["text/markdown"] == (
        "> Nothing was said in s yet.\n\n<sub>s · 0 turns</sub>"
    )
