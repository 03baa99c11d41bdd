"""Who decides: modes, what is denied, what a person allowed, for every kind of request."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.permissions.asks import REQUESTS, STRANGE, read, shell, url, verdict, write

from copilot_magics.errors import BadInput
from copilot_magics.permissions import Pattern, Policy, understand


def test_a_bad_mode_and_a_pattern_that_allows_anything_are_refused() -> None:
    with pytest.raises(BadInput, match="Did you mean 'allow-all'"):
        Policy("allow_all", [], [], "/")
    for pattern in ("shell(sudo:*)", "shell(bash:*)", "shell(/usr/bin/env:*)", "shell(xargs rm:*)"):
        with pytest.raises(BadInput, match="any program"):
            Policy("ask", [pattern], [], "/")
        Policy("ask", [], [pattern], "/")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_rules(text: str) -> None:
    with contextlib.suppress(BadInput):
        Pattern.parse(text)
    for raw in (
        {"kind": "shell", "fullCommandText": text},
        {"kind": "read", "path": text, "intention": text},
        {"kind": "write", "fileName": text, "diff": text},
        {"kind": "url", "url": text},
        {"kind": "mcp", "serverName": text, "toolName": text, "args": text},
        {"kind": text},
    ):
        ask = understand(raw, "/")
        patterns = ["shell(git:*)", "write(a*)", "read(b)", "url(*.a.b)", "srv(x)", "tool(y)"]
        for mode in ("ask", "read-only", "allow-all", "deny"):
            Policy(mode, patterns, [], "/").decide(ask)
            Policy(mode, [], patterns, "/").decide(ask)


def test_deny_wins_over_everything() -> None:
    ask = shell("rm x")
    policy = Policy("allow-all", ["shell", "shell(rm:*)", "shell(rm x)"], ["shell(rm)"], "/")
    policy.allow_until_stop(ask)
    assert policy.decide(ask).verdict == "refuse"
    assert verdict(shell("ls"), "allow-all", deny=["shell"]) == "refuse"


def test_trusted_folders_are_read_too(folder: Path) -> None:
    state = folder.parent / ".copilot" / "session-state" / "abc"
    state.mkdir(parents=True)
    policy = Policy("ask", [], [], folder, trusted_reads=[state])
    assert policy.decide(read(state / "out.txt", folder)).verdict == "allow"
    assert policy.decide(read(state / "id_rsa", folder)).verdict == "ask"
    assert policy.decide(read(state.parent / "other", folder)).verdict == "ask"


# Every kind of request


@pytest.mark.parametrize("request_", [*REQUESTS, *STRANGE], ids=str)
def test_nothing_is_done_without_a_yes(request_: Any, folder: Path) -> None:
    ask = understand(request_, folder)
    assert ask.title
    assert ask.body
    assert verdict(ask, cwd=folder) == "ask"
    assert verdict(ask, "read-only", cwd=folder) == "refuse"
    assert verdict(ask, "deny", cwd=folder) == "refuse"


@pytest.mark.parametrize("request_", STRANGE, ids=str)
def test_what_is_unknown_is_asked_whatever_the_rules(request_: Any, folder: Path) -> None:
    everything = ["shell", "read", "write", "url", "tool"]
    ask = understand(request_, folder)
    assert verdict(ask, "allow-all", allow=everything, cwd=folder) == "ask"
    assert ask.option == ""


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_allow_all_allows_and_a_deny_makes_it_careful(request_: Any, folder: Path) -> None:
    ask = understand(request_, folder)
    assert verdict(ask, "allow-all", cwd=folder) == "allow"
    named = {"shell", "write", "read", "url", "mcp", "custom-tool"}
    wanted = "allow" if ask.kind in named else "ask"
    assert verdict(ask, "allow-all", deny=["shell(rm)"], cwd=folder) == wanted


def test_what_only_a_person_may_allow_is_asked(folder: Path) -> None:
    for more in ({"managedApprovalRequired": True}, {"requestSandboxBypass": True}):
        ask = understand({"kind": "shell", "fullCommandText": "ls", **more}, folder)
        assert verdict(ask, "allow-all", allow=["shell"], cwd=folder) == "ask"
        assert ask.notes


# Until the kernel stops


def test_until_stop_covers_what_was_shown_and_nothing_else(folder: Path) -> None:
    policy = Policy("ask", [], [], folder)
    other = folder / "src"
    shown = [
        (shell("git status", folder), [shell("git push", folder), shell("git status -s", folder),
         shell("git status; ls", folder), shell("git status", other), shell("git", folder)]),
        (write("a.txt", folder), [write("b.txt", folder), read("/a.txt", folder),
         write("a.txt", folder, diff="+y"), write("a.txt", folder, diff="+x\n+y"),
         write("a.txt", folder, newFileContents="y"),
         write("a.txt", folder, diff="", newFileContents="+x")]),
        (write("c.txt", folder, diff="", newFileContents="one"),
         [write("c.txt", folder, diff="", newFileContents="two"),
          write("c.txt", folder, diff="one")]),
        (write("link.txt", folder), [write("linked/c.txt", folder)]),
        (read("/etc/hosts", folder), [read("/etc/passwd", folder), write("/etc/hosts", folder)]),
        (url("https://a.b/c"), [url("https://a.b/d"), url("http://a.b/c"), url("https://a.b")]),
        (understand(REQUESTS[4], folder), [understand(REQUESTS[5], folder), understand(
            dataclasses.replace(REQUESTS[4], args={"a": 2}), folder)]),
        (understand(REQUESTS[6], folder), [understand(dataclasses.replace(
            REQUESTS[6], args={"a": [2]}), folder)]),
        (understand(REQUESTS[7], folder), [understand(
            dataclasses.replace(REQUESTS[7], **more), folder)
            for more in ({"fact": "another"}, {"subject": "x"}, {"citations": "x"})]),
        (understand(REQUESTS[8], folder), [understand(
            dataclasses.replace(REQUESTS[8], **more), folder)
            for more in ({"tool_args": {"command": "rm y"}}, {"hook_message": "x"})]),
        (understand(REQUESTS[9], folder), [understand(
            dataclasses.replace(REQUESTS[9], extension_name="x"), folder)]),
        (understand(STRANGE[0], folder), [understand({"kind": "teleport", "where": "x"}, folder)]),
    ]  # fmt: skip
    for ask, others in shown:
        assert policy.decide(ask).verdict == "ask"
        policy.allow_until_stop(ask)
        assert policy.decide(ask).verdict == ("ask" if ask.in_person else "allow")
        for different in others:
            assert policy.decide(different).verdict == "ask"
    (folder / "link.txt").unlink()
    (folder / "link.txt").symlink_to("/etc/hosts")
    assert policy.decide(write("link.txt", folder)).verdict == "ask"
    later = Policy("ask", [], [], folder)
    assert later.decide(shown[0][0]).verdict == "ask"
    later.keep_from(policy)
    assert later.decide(shown[0][0]).verdict == "allow"
