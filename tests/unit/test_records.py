"""What is remembered beside the journal: who answers, and which cell asked what."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from copilot_magics import folders, records
from copilot_magics.records import Cell, Settings


@pytest.fixture
def turns(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(records, "_asked_here", {})
    monkeypatch.setattr(records, "_earlier", {})
    monkeypatch.setattr(records, "_unwritten", {})
    return folders.own_state() / "sessions" / "chat.turns.jsonl"


def next_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_THIS_KERNEL", f"{records._THIS_KERNEL}'")
    monkeypatch.setattr(records, "_asked_here", {})
    monkeypatch.setattr(records, "_earlier", {})


def ask(prompt: str, message: str, *, cell: str = "", run: int = 1) -> Cell:
    asked = records.source("chat", cell, run, prompt)
    send(asked, message, "answered")
    return asked


def send(asked: Cell | None, message: str, outcome: records.Outcome | None) -> None:
    key = records.began("chat", asked)
    if message:
        records.sent("chat", key, message)
    if outcome:
        records.ended("chat", key, outcome)


def test_settings_are_remembered(home: Path) -> None:
    assert records.settings("chat") is None
    kept = Settings("openai", "http://127.0.0.1/v1", "MY_KEY", "responses", "", "m", "/work")
    records.remember("chat", kept)
    assert records.settings("chat") == kept
    records.remember("chat", Settings("github"))
    assert records.settings("chat") == Settings("github")
    records.forget("chat")
    assert records.settings("chat") is None


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"kind": 3}'])
def test_damaged_settings_are_none(home: Path, damage: bytes) -> None:
    records.remember("chat", Settings("github"))
    (folders.own_state() / "sessions" / "chat.json").write_bytes(damage)
    assert records.settings("chat") is None


def test_turns_are_kept_in_order_with_their_outcome(turns: Path) -> None:
    ask("one", "m1")
    send(records.source("chat", "", 2, "two"), "m2", None)
    send(None, "m3", "lost")
    send(None, "", None)
    assert [(t.message, t.outcome) for t in records.asked("chat")] == [
        ("m1", "answered"),
        ("m2", None),
        ("m3", "lost"),
        ("", None),
    ]
    assert all(isinstance(t.at, datetime) and t.at <= datetime.now(UTC) for t in _known(turns))


def test_no_prompt_is_written_and_nobody_else_can_read(turns: Path) -> None:
    ask("a secret question", "m1")
    records.remember("chat", Settings("github"))
    assert b"secret" not in turns.read_bytes()
    for path in (turns, folders.own_state() / "sessions" / "chat.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(turns.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.own_state().stat().st_mode) == 0o700


def test_a_torn_line_costs_that_line(turns: Path) -> None:
    ask("one", "m1")
    with turns.open("ab") as file:
        file.write(b'{"key":"k2","ker\n')
    ask("three", "m3")
    assert [t.message for t in records.asked("chat")] == ["m1", "m3"]


def test_a_line_torn_by_a_crash_costs_no_other(turns: Path) -> None:
    ask("one", "m1")
    with turns.open("ab") as file:
        file.write(b'{"key":"k2","ker')
    ask("three", "m3")
    assert [t.message for t in records.asked("chat")] == ["m1", "m3"]


def test_a_record_never_costs_a_turn(turns: Path) -> None:
    turns.mkdir(parents=True)
    ask("one", "m1")
    # This kernel knows of it all the same, and writes it down with the next one.
    assert [prompt.message for prompt in records.asked("chat")] == ["m1"]
    turns.rmdir()
    ask("two", "m2")
    assert turns.read_bytes().count(b'"m1"') == 1
    assert [prompt.message for prompt in records.asked("chat")] == ["m1", "m2"]


def test_the_same_kernel_has_not_answered_before(
    turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask("one", "m1", cell="c1")
    assert records.answered_before("chat", asked) is None
    next_kernel(monkeypatch)
    found = records.answered_before("chat", asked)
    assert found is not None
    assert found.message == "m1"


def test_a_cell_is_known_by_its_id_and_prompt(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("one", "m1", cell="c1")
    next_kernel(monkeypatch)

    def before(cell: str, prompt: str, session: str = "chat") -> str | None:
        found = records.answered_before(session, records.source(session, cell, 7, prompt))
        return found.message if found else None

    assert before("c1", "one") == "m1"
    assert before("c2", "one") is None
    assert before("c1", "changed") is None
    # A program that runs the notebook sends no IDs.
    assert before("", "one") == "m1"
    assert before("", "one") is None
    assert before("c1", "one", "another") is None


def test_without_cell_ids_the_order_of_like_prompts_counts(
    turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, prompt in enumerate(["go on", "stop", "go on"]):
        ask(prompt, f"m{number}", run=number)
    next_kernel(monkeypatch)
    found = [
        records.answered_before("chat", records.source("chat", "", number, prompt))
        for number, prompt in enumerate(["go on", "stop", "go on", "go on"])
    ]
    assert [known.message if known else None for known in found] == ["m0", "m1", "m2", None]


def test_a_cell_that_asks_in_a_loop_is_counted_anew_in_each_run(
    turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("again", "m0", cell="c", run=1)
    ask("again", "m1", cell="c", run=1)
    next_kernel(monkeypatch)
    for run in (5, 6):
        sources = [records.source("chat", "c", run, "again") for _ in range(3)]
        found = [records.answered_before("chat", source) for source in sources]
        assert [known.message if known else None for known in found] == ["m0", "m1", None]


def test_only_whole_answers_count_and_the_newest_first(
    turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = records.source("chat", "c", 1, "one")
    send(asked, "m1", "answered")
    send(asked, "m2", "answered")
    send(asked, "m3", "failed")
    next_kernel(monkeypatch)
    found = records.answered_before("chat", asked)
    assert found is not None
    assert found.message == "m2"


def _known(turns: Path) -> list[records.Asked]:
    lines = [msgspec.json.decode(line, type=records.Asked) for line in turns.open("rb")]
    return [line for line in lines if line.at is not None]
