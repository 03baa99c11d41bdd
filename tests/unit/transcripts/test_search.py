"""Full-text search over what was said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.transcripts.search import Hit, first_hit


def marked(hit: Hit | None) -> str:
    assert hit is not None
    return hit.text[hit.at : hit.at + hit.length]


def test_who_said_it_and_what_stands_around_it(home: Path) -> None:
    long = "word " * 50
    write_session(
        home,
        "a",
        start(),
        event("system.message", {"content": "churn is in the system's prompt"}),
        prompt(f"{long}why does\nCHURN rise {long}"),
        answer("churn rises"),
    )
    hit = first_hit("a", "churn")
    assert hit is not None
    assert (hit.session, hit.role, marked(hit)) == ("a", "user", "CHURN")
    assert hit.text.startswith("…")
    assert "why does CHURN rise word" in hit.text
    assert "\n" not in hit.text
    assert len(hit.text) < 200


@pytest.mark.parametrize(
    ("line", "role"),
    [
        (prompt("the needle"), "user"),
        (answer("the needle"), "assistant"),
        (event("tool.execution_start", {"arguments": {"command": "cat needle"}}), "tool"),
        (event("tool.execution_complete", {"result": {"content": "a needle"}}), "tool"),
        (event("session.error", {"message": "no needle"}), "session"),
    ],
)
def test_prompts_answers_tools_and_errors_are_searched(home: Path, line: bytes, role: str) -> None:
    write_session(home, "a", start(), line)
    hit = first_hit("a", "Needle")
    assert hit is not None
    assert (hit.role, marked(hit)) == (role, "needle")


@pytest.mark.parametrize(
    "text", ["content", "user.message", "timestamp", "event-", "copilotVersion", "selectedModel"]
)
def test_what_nobody_said_is_not_found(home: Path, text: str) -> None:
    write_session(home, "a", start(copilotVersion="1"), prompt("hello"), answer("good day"))
    assert first_hit("a", text) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ('he said "no" \\ yes', '"no" \\ Y'),
        ("tabs\tand lines\nhere", "\tand lines\nh"),
        ("Überraschung", "überr"),
        ("ВСЁ ХОРОШО", "всё хорошо"),
        ("日本語のテキスト", "語のテ"),
        ("a 🙂 b", "🙂"),
        ("<b>&amp;", "<B>&"),
        ("x.y*z", "x.y*"),
        ("ends with é", "é"),
    ],
)
def test_any_text_in_any_case(home: Path, said: str, text: str) -> None:
    write_session(home, "a", start(), prompt("something else"), answer(said))
    # A line holds no tab and no line break.
    assert marked(first_hit("a", text)).casefold() == re.sub(r"\s", " ", text.casefold())
    assert first_hit("a", f"{text}#") is None


def test_a_journal_larger_than_what_is_read_at_once(home: Path) -> None:
    lines = [answer("é" * 70_000) for _ in range(100)]
    for at in (0, 50, 99):
        session = f"large-{at}"
        write_session(home, session, *lines[:at], prompt("a Needle in it"), *lines[at:])
        assert marked(first_hit(session, "needle")) == "Needle"


def test_damage_and_absence_do_no_harm(home: Path) -> None:
    write_session(home, "torn", raw=b"needle garbage\n" + prompt("the needle") + prompt("x")[:30])
    assert marked(first_hit("torn", "needle")) == "needle"
    write_session(home, "empty", raw=b"")
    assert first_hit("empty", "needle") is None
    assert first_hit("none", "needle") is None


def test_a_process_tells_each_session(home: Path) -> None:
    write_session(home, "a", prompt("needle"))
    write_session(home, "b", prompt("hay"))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "copilot_magics.transcripts.search"],
        input='"needle"\nb\na\ngone\n',
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (first, third) == ({}, {})
    assert second["hit"] == {
        "session": "a",
        "role": "user",
        "text": "needle",
        "at": 0,
        "length": 6,
    }
    assert done.stderr == ""
