"""What a person is shown of a request, and which option is named for it."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import copilot.session_events as events
import pytest
from unit.permissions.asks import REQUESTS, shell, url, verdict, write

from copilot_magics.permissions import understand, visible


def test_every_kind_the_sdk_knows_is_tried() -> None:
    known = set(events.PermissionRequest.__args__)
    assert known - {type(request) for request in REQUESTS} == {events.PermissionRequestWorkflow}


@pytest.mark.parametrize(
    "request_",
    [
        *REQUESTS,
        *(
            {"kind": "shell", "fullCommandText": text}
            for text in (
                "git status", "git commit -m 'it'\"'\"'s'", "sudo rm x", "a | b > c", "ls\ngit log",
                "echo $(x)\nrm y", "echo a:*", "echo ) (", "python -c 'x'", "echo {name} $x",
            )
        ),
        {"kind": "write", "fileName": "/tmp/it's a (file).txt", "diff": "+x"},
        {"kind": "read", "path": "/home/alice/.ssh/id_rsa", "intention": ""},
        {"kind": "url", "url": "http://127.0.0.1:9/a?b=c"},
    ],
    ids=str,
)  # fmt: skip
def test_the_option_that_is_named_allows_it(request_: Any, folder: Path) -> None:
    ask = understand(request_, folder)
    mode, allow, rest = "ask", [], shlex.split(ask.option)
    while rest:
        option, value, *rest = rest
        if option == "--permissions":
            mode = value
        else:
            allow.append(value)
    assert verdict(ask, mode, allow=allow, cwd=folder) == "allow"
    assert "\n" not in ask.option


def test_an_ask_shows_the_whole_truth(folder: Path) -> None:
    run = understand(dataclasses.replace(REQUESTS[0], full_command_text="ls\n rm x"), folder)
    assert (run.title, run.body, run.syntax) == ("run a command", "ls\n rm x", "bash")
    linked = write("link.txt", folder, toolCallId="c1")
    assert str(folder.parent / "else" / "b.txt") in linked.body
    assert linked.body.endswith("+x")
    assert (linked.syntax, linked.tool_call_id) == ("diff", "c1")
    tool = understand(REQUESTS[6], folder)
    assert '"my_tool"' in tool.body
    assert tool.syntax == "json"
    assert "TOKEN" in understand(REQUESTS[11], folder).body


@pytest.mark.parametrize(
    ("char", "shown"),
    [("\u202e", "\\u202e"), ("\u2066", "\\u2066"), ("\u200b", "\\u200b"), ("\x1b", "\\x1b"),
     ("\r", "\\x0d"), ("\x00", "\\x00"), ("\u00a0", "\\xa0"), ("\u2028", "\\u2028"),
     ("\x7f", "\\x7f"),
     ("\U000e0041", "\\U000e0041"), ("\ud800", "\\ud800"), ("\u3164", "\\u3164"),
     ("\ufeff", "\\ufeff"), ("\ufe00", "\\ufe00"), ("\ufe0f", "\\ufe0f"), ("\u180b", "\\u180b"),
     ("\u180f", "\\u180f"), ("\u115f", "\\u115f"), ("\u1160", "\\u1160"), ("\uffa0", "\\uffa0"),
     ("\u17b4", "\\u17b4"), ("\u034f", "\\u034f"), ("\u2065", "\\u2065"), ("\u2800", "\\u2800"),
     ("\U000e0100", "\\U000e0100"), ("\U000e01ef", "\\U000e01ef"), ("\U0001d159", "\\U0001d159"),
     ("\U00016fe4", "\\U00016fe4")],
)  # fmt: skip
def test_characters_that_deceive_are_written_out(char: str, shown: str, folder: Path) -> None:
    assert visible(f"a{char}b é日\n\t") == f"a{shown}b é日\n\t"
    for ask in (shell(f"ls {char} x"), url(f"https://a.b/{char}"), write(f"a{char}", folder)):
        assert char not in ask.body
        assert char not in ask.option
    for raw in ({"kind": f"x{char}"}, {"kind": "mcp", "serverName": "a", "toolName": char}):
        ask = understand(raw, folder)
        assert char not in ask.body + ask.title


def test_an_emoji_stays_as_it_is_and_hides_nothing() -> None:
    assert visible("\u2764\ufe0f \U0001f44d") == "\u2764\ufe0f \U0001f44d"
    assert visible("\u2764\ufe0f\ufe0f") == "\u2764\ufe0f\\ufe0f"
    assert visible("\u2764\ufe0e") == "\u2764\\ufe0e"
    assert visible("\ufe0f") == "\\ufe0f"


@pytest.mark.parametrize(
    ("filler", "is_long"),
    [("\t" * 200, True), ("漢" * 650, True), ("\uff21" * 650, True), ("x" * 1300, True),
     ("a\n" * 20, True), ("\t" * 100, False), ("漢" * 600, False), ("x" * 1200, False)],
)  # fmt: skip
def test_a_long_command_says_so_however_it_is_wide(filler: str, is_long: bool) -> None:
    notes = shell(f"ls {filler}; rm x").notes
    assert any("see its end" in note for note in notes) == is_long


def test_a_write_in_brief_is_its_file_and_not_what_is_written(tmp_path: Path) -> None:
    request = {"kind": "write", "fileName": "new.txt", "diff": "@@ -0,0 +1 @@\n+secret"}
    about = understand(request, tmp_path)
    assert about.brief.endswith("new.txt")
    assert "secret" in about.body
    assert "secret" not in about.brief
    assert understand({"kind": "shell", "fullCommandText": "ls"}, tmp_path).brief == "ls"
