"""A journal that is read again: as it is then, whatever has happened to it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.recent import Recent
from copilot_magics.transcripts.restrictions import Restrictions

CALL = event("tool.execution_start", {"toolCallId": "c", "toolName": "bash", "arguments": {}})
RESULT = event("tool.execution_complete", {"toolCallId": "c", "result": {"content": "done"}})
LINES = [start(), prompt("one"), answer("1"), CALL]


def read(**restrictions: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_messages("s", **restrictions)


@pytest.fixture
def journal(home: Path) -> Path:
    journal = write_session(home, "s", *LINES) / "events.jsonl"
    assert len(read()) == 4
    return journal


def append(journal: Path, raw: bytes) -> None:
    with journal.open("ab") as file:
        file.write(raw)


def assert_read_anew(journal: Path) -> None:
    """What is read again is what somebody reads who never read it before."""
    again = read()
    elsewhere = journal.parent.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "events.jsonl").write_bytes(journal.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        anew = get_messages("elsewhere")
    pd.testing.assert_frame_equal(again.drop(columns="session"), anew.drop(columns="session"))
    where = [{**place, "session": "s"} for place in anew.attrs["copilot"]["damage"]]
    assert again.attrs["copilot"]["damage"] == where


def test_what_is_appended_is_read_on(journal: Path) -> None:
    append(journal, RESULT + b"\n" + prompt("two") + b"\n")
    frame = read()
    assert frame["turn"].tolist()[1:] == [1, 1, 1, 1, 2]
    assert frame["tool"].tolist()[-2] == "bash"
    assert_read_anew(journal)


def test_it_grows_byte_by_byte(journal: Path) -> None:
    more = RESULT + b"\nrubbish\n" + prompt("two") + b"\n"
    for place in range(len(more)):
        append(journal, more[place : place + 1])
        frame = read()
        whole = len(LINES) + (place >= len(RESULT) - 1) + (place >= len(more) - 2)
        assert len(frame) == whole
        assert frame["event_id"].is_unique
    assert [place["line"] for place in frame.attrs["copilot"]["damage"]] == [6]
    assert_read_anew(journal)


def test_a_last_line_without_an_end_is_read_again(journal: Path) -> None:
    append(journal, prompt("two"))
    assert read()["turn"].tolist()[-1] == 2
    assert read()["turn"].tolist()[-1] == 2
    append(journal, b"\n" + prompt("three"))
    assert read()["turn"].tolist()[-2:] == [2, 3]
    assert_read_anew(journal)


def rewritten(journal: Path) -> None:
    journal.write_bytes(
        b"".join(line + b"\n" for line in [start(), prompt("x" * 900), answer("y")])
    )


def rewritten_with_the_same_size(journal: Path) -> None:
    with journal.open("r+b") as file:
        file.seek(journal.read_bytes().index(b"one"))
        file.write(b"TWO")


def changed_in_place_and_appended_to(journal: Path) -> None:
    rewritten_with_the_same_size(journal)
    append(journal, RESULT + b"\n")


def cut(journal: Path) -> None:
    os.truncate(journal, len(LINES[0]) + len(LINES[1]) - 7)


def cut_and_appended_to(journal: Path) -> None:
    os.truncate(journal, len(LINES[0]) + 1)
    append(journal, b"".join(line + b"\n" for line in [prompt("other"), answer("z"), *LINES]))


def compacted(journal: Path) -> None:
    new = journal.with_name("new")
    new.write_bytes(LINES[0] + b"\n" + event("session.compaction_complete", {}) + b"\n")
    os.replace(new, journal)


def deleted_and_made_again(journal: Path) -> None:
    journal.unlink()
    journal.write_bytes(b"".join(line + b"\n" for line in LINES[:2]))


def emptied(journal: Path) -> None:
    journal.write_bytes(b"")


@pytest.mark.parametrize(
    "change",
    [
        rewritten,
        rewritten_with_the_same_size,
        changed_in_place_and_appended_to,
        cut,
        cut_and_appended_to,
        compacted,
        deleted_and_made_again,
        emptied,
    ],
    ids=lambda change: change.__name__.replace("_", " "),
)
def test_what_is_not_appended_is_read_anew(journal: Path, change: Callable[[Path], None]) -> None:
    change(journal)
    assert_read_anew(journal)


def test_a_journal_that_is_gone_has_no_rows(journal: Path) -> None:
    journal.unlink()
    assert read().empty


def test_what_is_wanted_is_kept_apart(journal: Path) -> None:
    assert read(types="user.message")["content"].tolist() == ["one"]
    append(journal, prompt("two") + b"\n")
    assert read(types="user.message")["turn"].tolist() == [1, 2]
    assert read(columns="content").columns.tolist() == ["content"]
    assert len(read()) == 5


def test_a_frame_that_is_changed_changes_no_other(journal: Path) -> None:
    before, frame = read(), read()
    frame.loc[:, "content"] = "changed"
    frame.loc[:, "turn"] = 7
    frame.loc[:, "role"] = "tool"
    frame.loc[:, "timestamp"] = pd.Timestamp(0, tz="UTC")
    frame["turn"].array._data[:] = 9
    frame["role"].cat.codes.to_numpy()
    frame.attrs["copilot"]["damage"].append({"line": 0})
    pd.testing.assert_frame_equal(read(), before)
    assert read().attrs == {"copilot": {"damage": []}}


def test_no_more_is_read_than_is_new(journal: Path) -> None:
    told: list[int] = []
    recent = Recent()
    recent.gather(journal.parent.parent, "s", Restrictions(), told.append)
    append(journal, RESULT + b"\n")
    recent.gather(journal.parent.parent, "s", Restrictions(), told.append)
    recent.gather(journal.parent.parent, "s", Restrictions(), told.append)
    assert told == [sum(len(line) + 1 for line in LINES), len(RESULT) + 1]


def test_no_more_is_kept_than_allowed(home: Path) -> None:
    state = home / "session-state"
    size = (write_session(home, "a", *LINES) / "events.jsonl").stat().st_size
    for session in ("b", "c"):
        write_session(home, session, *LINES)
    recent = Recent(most=2 * size)
    told: list[int] = []
    for session in ("a", "b", "b", "a", "c", "a", "b"):
        recent.gather(state, session, Restrictions(), told.append)
    assert told == [size] * 4
