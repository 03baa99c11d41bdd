"""The terminal's table of sessions: it fits, and it cannot drive the terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from copilot_magics.display.table import sessions_table

MOMENT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def sessions(title: object, in_use: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": pd.array(["alice-churn"], dtype="string"),
            "title": pd.array([title], dtype="string"),
            "turns": pd.array([3], dtype="Int64"),
            "modified": pd.to_datetime([MOMENT]),
            "in_use": pd.array([in_use], dtype="string"),
        }
    )


def test_a_session_in_a_line() -> None:
    head, line = sessions_table(sessions("My title", "process 1")).splitlines()
    assert head.split() == ["session", "title", "turns", "modified", "in_use"]
    assert line.split() == ["alice-churn", "My", "title", "3", *local().split(), "yes"]


def local() -> str:
    return f"{MOMENT.astimezone():%Y-%m-%d %H:%M}"


def test_a_long_or_hostile_title_is_shortened_and_shown_as_text() -> None:
    table = sessions_table(sessions("\x1b[2J\n" + "t" * 100, pd.NA))
    assert "\x1b" not in table
    assert len(table.splitlines()) == 2
    assert max(map(len, table.splitlines())) <= 80
    assert "[2Jttt" in table
    assert "…" in table


def test_no_title_and_no_sessions() -> None:
    assert "NA" not in sessions_table(sessions(pd.NA, pd.NA))
    assert sessions_table(sessions("x", pd.NA).iloc[:0]) == "There are no sessions."
