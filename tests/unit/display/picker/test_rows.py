"""The picker's table, in step with the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session

from copilot_magics import binding, records, stars
from copilot_magics.display.picker.rows import Difference, Row, Table
from copilot_magics.locking import SessionLock

NOTHING = Difference([], [])


def ids(rows: list[Row]) -> list[str]:
    return [row.id for row in rows]


@pytest.fixture
def table(home: Path) -> Table:
    """Three sessions, of which ``a`` was used last; this notebook is bound to ``b``."""
    for age, session in enumerate(["a", "b", "c"]):
        folder = write_session(
            home,
            session,
            start(),
            prompt(f"prompt of {session}"),
            answer("yes"),
            workspace=f"name: {session}\ncwd: /home/{session}\n",
        )
        os.utime(folder / "events.jsonl", (2e9 - age, 2e9 - age))
    return Table("/home/c", lambda: "b")


def filled(table: Table) -> Table:
    table.look()
    while not table.complete:
        assert table.fill_in(0)
    return table


def row(table: Table, session: str) -> Row:
    found = table.get(session)
    assert found is not None
    return found


def test_at_first_a_row_is_what_the_folder_tells(table: Table) -> None:
    rows, gone = table.look()
    assert (sorted(ids(rows)), gone) == (["a", "b", "c"], [])
    assert ids(table.rows) == table.sessions == ["a", "b", "c"]
    first = row(table, "a")
    assert (first.turns, first.damaged, first.answered, first.title) == (None, None, None, "")
    assert (first.modified, first.folder) == (2_000_000_000_000, "/home/a")
    assert not table.complete


def test_then_it_is_filled_in_the_newest_first(table: Table) -> None:
    table.look()
    assert [ids(table.fill_in(0)) for _ in range(4)] == [["a"], ["b"], ["c"], []]
    assert table.complete
    first = row(table, "a")
    assert (first.turns, first.title, first.model) == (1, "prompt of a", "m-1")
    assert (first.damaged, first.answered) == (False, True)
    assert first.bytes == sum(
        path.stat().st_size for path in Path(os.environ["COPILOT_HOME"]).rglob("a/*")
    )


def test_only_the_newest_at_once(table: Table) -> None:
    assert ids(table.look(most=1).rows) == ["a"]
    assert table.sessions == ["a", "b", "c"]
    table.fill_in(10)
    assert not table.complete
    assert sorted(ids(table.look().rows)) == ["b", "c"]


def test_this_notebook_and_this_folder(table: Table, home: Path) -> None:
    table.look()
    assert [(r.id, r.here, r.in_folder) for r in table.rows] == [
        ("a", False, False),
        ("b", True, False),
        ("c", False, True),
    ]
    binding.bind("/home/c/x.ipynb", "a")
    assert table.look() == Difference([row(table, "a")], [])
    assert (row(table, "a").notebook, row(table, "a").in_folder) == ("/home/c/x.ipynb", True)


def test_what_changes_on_disk_changes_its_row(table: Table, home: Path) -> None:
    filled(table)
    assert table.look() == NOTHING
    with (home / "session-state" / "c" / "events.jsonl").open("ab") as file:
        file.write(prompt("more") + b"\n")
    (changed,), gone = table.look()
    # What was known stays in sight until the journal has been read again.
    assert (changed.id, changed.turns, changed.title, gone) == ("c", 1, "prompt of c", [])
    assert [r.turns for r in table.fill_in(0)] == [2]
    shutil.rmtree(home / "session-state" / "b")
    assert table.look() == Difference([], ["b"])
    assert (table.get("b"), table.sessions) == (None, ["a", "c"])


def test_who_uses_it_comes_and_goes(table: Table) -> None:
    filled(table)
    lock = SessionLock("a", "/home/me/n.ipynb")
    (used,), _ = table.look()
    assert used.user.startswith(f"/home/me/n.ipynb (process {os.getpid()} on ")
    lock.release()
    (free,), _ = table.look()
    assert (free.id, free.user) == ("a", "")
    assert table.look() == NOTHING


def test_a_star_comes_and_goes(table: Table) -> None:
    filled(table)
    stars.star("c", True)
    assert [(r.id, r.star) for r in table.look().rows] == [("c", True)]
    stars.star("c", False)
    assert [(r.id, r.star) for r in table.look().rows] == [("c", False)]


def test_the_model_that_was_asked_for_until_the_journal_names_one(home: Path) -> None:
    write_session(home, "new", start(selectedModel=None))
    records.remember("new", records.Settings(kind="openai", model="gpt"))
    table = Table("/", lambda: "")
    assert table.look().rows[0].model == "gpt"
    assert table.fill_in(0)[0].model == "gpt"


def test_damage_shows(home: Path) -> None:
    write_session(home, "torn", raw=start() + b"\n" + prompt("cut")[:50])
    table = filled(Table("/", lambda: ""))
    assert row(table, "torn").damaged


def test_a_folder_that_cannot_be_read(home: Path) -> None:
    home.mkdir()
    (home / "session-state").touch()
    with pytest.raises(NotADirectoryError):
        Table("/", lambda: "").look()
