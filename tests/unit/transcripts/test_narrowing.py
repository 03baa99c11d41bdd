"""Which sessions may hold a text: never fewer than those in which it was said."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import answer, event, prompt, start, write_session

from copilot_magics.folders import session_state
from copilot_magics.transcripts.narrowing import Narrowing
from copilot_magics.transcripts.search import first_hit


def narrowed(text: str, sessions: list[str]) -> tuple[list[str], int]:
    stretches = list(Narrowing(session_state(), sessions, text))
    return [name for left, _ in stretches for name in left], sum(n for _, n in stretches)


def test_what_has_it_is_left_in_order(home: Path) -> None:
    for name, said in (("c", "a Needle"), ("b", "hay"), ("a", "NEEDLES"), ("-d", "needle")):
        write_session(home, name, start(), prompt(said))
    assert narrowed("needle", ["c", "b", "a", "-d"]) == (["c", "a", "-d"], 1)
    assert narrowed("needle", []) == ([], 0)


def test_what_only_the_system_said_is_left_out(home: Path) -> None:
    system = event("system.message", {"content": 'the needle in {"type":"user.message"} needle'})
    spaced = json.dumps(json.loads(system)).encode()
    odd = json.dumps(dict(reversed(json.loads(prompt("needle")).items()))).encode()
    for name, line in {
        "system": system,
        "spaced": spaced,
        "together": system + prompt("needle"),
        "torn": system[:60] + answer("needle"),
        "odd": odd,
        "bom": b"\xef\xbb\xbf" + prompt("needle"),
        "unfinished": system[:60],
        "error": event("session.error", {"message": "needle"}),
    }.items():
        write_session(home, name, line)
    left, others = narrowed("needle", ["system", "spaced", "unfinished", "together", "torn"])
    assert (left, others) == (["together", "torn"], 3)
    assert narrowed("needle", ["odd", "bom", "error"]) == (["odd", "bom", "error"], 0)
    assert all(first_hit(name, "needle") for name in ("together", "torn", "odd", "bom", "error"))


def test_more_sessions_than_a_command_line_takes(home: Path) -> None:
    names = [f"{n:04}-{'x' * 90}" for n in range(700)]
    for name in names:
        write_session(home, name, prompt("needle" if name.startswith("06") else "hay"))
    assert len(list(Narrowing(session_state(), names, "needle"))) > 2
    assert narrowed("needle", names) == (names[600:], 600)


def test_bytes_that_are_no_text_hide_nothing(home: Path) -> None:
    write_session(home, "nul", raw=b"\0" * 5000 + b"\n" + prompt("needle") + b"\n")
    write_session(home, "utf16", raw=b"\xff\xfe\n" + prompt("needle") + b"\n")
    write_session(home, "broken", raw=b"\xc3\x28\n" + prompt("needle") + b"\n")
    assert narrowed("needle", ["nul", "utf16", "broken"]) == (["nul", "utf16", "broken"], 0)


def test_it_can_be_stopped_in_the_middle(home: Path) -> None:
    write_session(home, "a", prompt("needle"))
    narrowing = Narrowing(session_state(), ["a"] * 10_000, "needle")
    stretches = iter(narrowing)
    next(stretches)
    narrowing.stop()
    assert list(stretches) == []


@pytest.mark.parametrize("program", [None, "#!/bin/sh\nexit 2\n", "#!/bin/sh\nkill -9 $$\n"])
def test_without_ripgrep_every_session_may_have_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    write_session(home, "a", prompt("needle"))
    write_session(home, "b", prompt("hay"))
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    if program is not None:
        (scripts / "rg").write_text(program)
        (scripts / "rg").chmod(0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(scripts))
    assert narrowed("needle", ["a", "b"]) == (["a", "b"], 0)


texts = st.text(st.sampled_from('aAbB\\"\n\t éÉßİıſKkЖж日🙂.*'), min_size=1, max_size=6).filter(
    str.strip
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(said=texts, text=texts)
def test_a_session_in_which_it_was_said_is_never_left_out(home: Path, said: str, text: str) -> None:
    path = home / "session-state" / "s" / "events.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer(said + text.swapcase()) + b"\n")
    if first_hit("s", text) is not None:
        assert narrowed(text, ["s"]) == (["s"], 0)
