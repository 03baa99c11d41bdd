"""Going back: which turn is meant, what is said of it, and how a cell is known again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics import records, rewinding
from copilot_magics.errors import BadInput
from copilot_magics.forking import free_title
from copilot_magics.records import Cell
from copilot_magics.rewinding import Rewound, check_turn, turn_number


def titled(home: Path, session: str, title: str) -> None:
    write_session(home, session, start(), workspace=f"name: {title}\nuser_named: true\n")


@pytest.mark.parametrize(("given", "number"), [("3", 3), ("-1", -1), (0, 0), (np.int64(2), 2)])
def test_a_turn_is_an_integer_of_any_kind(given: object, number: int) -> None:
    assert turn_number(given) == number


@pytest.mark.parametrize("given", ["", "two", "1.5", 1.5, None, "٣x"])
def test_what_is_no_turn_says_what_is(given: object) -> None:
    with pytest.raises(BadInput, match=r"cannot be .* Give its number, from the column turn"):
        turn_number(given)


def test_the_turns_there_are(home: Path) -> None:
    write_session(home, "s", start(), prompt("one"), answer("1"), prompt("two"))
    assert [check_turn("s", turn) for turn in (0, 1, 2, -1, -2)] == [0, 1, 2, 1, 0]
    for turn in (3, -3, 10**20):
        with pytest.raises(BadInput, match=r"has 2 turns, .* from 0 \(its beginning\) to 2"):
            check_turn("s", turn)
    with pytest.raises(BadInput, match=r"has 0 turns, .* 0, which changes nothing"):
        check_turn("none", 1)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Rewound("s", 0, 1, "f", "t"), "back at its beginning; turn 1 is kept in the fork f “t”."),
        (Rewound("s", 2, 2, "f", "t"), "back at turn 2; turns 3 and 4 are kept in the fork f “t”."),
        (Rewound("s", 2, 5, "f", "t"), "back at turn 2; turns 3 to 7 are kept in the fork f “t”."),
        (Rewound("s", 2, 1, "", ""), "back at turn 2; turn 3 is gone, since it had no answer."),
    ],
)
def test_what_is_said(done: Rewound, said: str) -> None:
    assert str(done) == f"Session s is {said}"


def test_a_forks_title_is_its_own_and_fits(home: Path) -> None:
    titled(home, "s", "x" * 100)
    ending = "before rewind to turn 12"
    first = free_title("s", ending)
    assert first == f"{'x' * 75} {ending}"
    assert len(first) == 100
    for session in ("a", "b"):
        # Even two sessions may have it.
        titled(home, session, first)
    assert free_title("s", ending) == f"{'x' * 71} {ending} (2)"


def test_an_answer_is_found_in_its_turn(home: Path) -> None:
    write_session(
        home, "s", start(), prompt("one"), answer("1", id="a-1"), prompt("two"), answer("2")
    )
    assert rewinding._turn_of("s", "a-1") == 1
    with pytest.raises(BadInput, match="does not have that answer any more"):
        rewinding._turn_of("s", "gone")


@pytest.fixture
def kernel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_asked_here", "_earlier", "_unwritten"):
        monkeypatch.setattr(records, name, {})


def sent(cell: Cell, message: str) -> None:
    key = records.began("s", cell)
    records.sent("s", key, message)
    records.ended("s", key, "answered")


def test_what_a_cell_asked_before(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(records.source("s", "c1", 1, "one"), "m1")
    sent(records.source("s", "c2", 2, "two"), "m2")
    sent(records.source("s", "", 3, "three"), "m3")

    def before(cell: str, run: int, text: str) -> set[str]:
        return records.asked_by("s", records.source("s", cell, run, text))

    # By its ID, whatever it asks now; another run of it, not this one.
    assert before("c1", 5, "changed") == {"m1"}
    assert before("c1", 1, "another prompt of the same run") == set()
    assert before("c3", 5, "one") == set()
    # Without an ID, by what it asks.
    assert before("", 5, "three") == {"m3"}
    assert before("", 3, "three") == set()
    # A program that runs the notebook sends no IDs.
    assert before("", 5, "one") == {"m1"}
    assert records.asked_here("s") == {"m1", "m2", "m3"}
    monkeypatch.setattr(records, "_THIS_KERNEL", "the next one")
    assert records.asked_here("s") == set()
    assert before("c1", 1, "one") == {"m1"}


def test_what_was_cut_off_was_never_asked(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [records.source("s", f"c{n}", n, "go on") for n in (1, 2, 3)]
    for number, cell in enumerate(cells, 1):
        sent(cell, f"m{number}")
    records.hand_on("s", "fork", {"m1", "m2", "m3"})
    records.cut("s", {"m2", "m3", "unknown"})
    assert [line.message for line in records.asked("s")] == ["m1"]
    assert [line.message for line in records.asked("fork")] == ["m1", "m2", "m3"]
    monkeypatch.setattr(records, "_THIS_KERNEL", "the next one")
    answered = [records.answered_before("s", cell) for cell in cells]
    assert [line.message if line else None for line in answered] == ["m1", None, None]
    # What the journal never had was asked behind it, and is no last turn any more.
    lost = records.began("s", cells[1])
    records.ended("s", lost, "lost")
    sent(cells[2], "m4")
    records.cut("s", {"m4"})
    assert [line.key for line in records.asked("s")][1:] == [lost]
    sent(cells[2], "m5")
    again = records.began("s", cells[2])
    records.cut("s", {"m5"})
    assert again not in [line.key for line in records.asked("s")]
    records.cut("s", {line.message for line in records.asked("s")[1:]} | {"m2"})
    # Cut off once more, nothing changes; and the fork goes its own way.
    records.cut("s", {"m2"})
    records.cut("fork", {"m1", "m2", "m3"})
    assert [line.message for line in records.asked("s")] == ["m1"]
    assert records.asked("fork") == []


def test_only_an_answer_or_a_call_is_worth_a_fork(home: Path) -> None:
    write_session(
        home,
        "s",
        prompt("one", id="p"),
        event("assistant.turn_start"),
        answer(""),
        event("session.error", {"message": "no"}),
        prompt("two", id="q"),
        event("tool.execution_start", {"toolCallId": "c", "toolName": "bash"}),
    )
    going = rewinding._said_from("s", "p")
    assert [rewinding._is_answer(event) for event in going] == [False] * 4 + [True]
    assert rewinding._said_from("s", "none") == []
