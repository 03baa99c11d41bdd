"""The terminal's table of sessions: it fits, and it cannot drive the terminal."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pandas as pd

from copilot_magics.display.frame import SessionsFrame
from copilot_magics.display.table import sessions_html, sessions_table

MOMENT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def sessions(title: object, in_use: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": pd.array(["alice-churn"], dtype="string"),
            "title": pd.array([title], dtype="string"),
            "turns": pd.array([3], dtype="Int64"),
            "modified": pd.to_datetime([MOMENT]),
            "bytes": [12_345],
            "in_use": pd.array([in_use], dtype="string"),
        }
    )


def test_a_session_in_a_line() -> None:
    head, line = sessions_table(sessions("My title", "process 1")).splitlines()
    assert head.split() == ["session", "title", "turns", "modified", "size", "in_use"]
    assert line.split() == ["alice-churn", "My", "title", "3", *local().split(), "12", "kB", "yes"]


def local() -> str:
    return f"{MOMENT.astimezone():%Y-%m-%d %H:%M}"


def test_a_long_or_hostile_title_is_shortened_and_shown_as_text() -> None:
    table = sessions_table(sessions("\x1b[2J\n" + "t" * 100, pd.NA))
    assert "\x1b" not in table
    assert len(table.splitlines()) == 2
    assert max(map(len, table.splitlines())) <= 80
    assert "[2J ttt" in table
    assert "…" in table


def test_no_title_and_no_sessions() -> None:
    assert "NA" not in sessions_table(sessions(pd.NA, pd.NA))
    assert sessions_table(sessions("x", pd.NA).iloc[:0]) == "There are no sessions."


def listed(**columns: object) -> pd.DataFrame:
    row = {
        "session": "alice-churn",
        "title": "My title",
        "turns": 3,
        "modified": MOMENT,
        "bytes": 12_345,
        "model": "m-1",
        "cwd": "/home/alice/churn",
        "notebook": pd.NA,
        "in_use": pd.NA,
        **columns,
    }
    return SessionsFrame({name: [value] for name, value in row.items()}).astype(
        dict.fromkeys(("session", "title", "model", "cwd", "notebook", "in_use"), "string")
    )


def html_of(frame: pd.DataFrame) -> str:
    return sessions_html(frame.to_dict("records"))


def test_a_notebook_shows_what_a_person_reads() -> None:
    shown = html_of(listed())
    cells = re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", shown)
    heads = "ID|title|turns|last used|model|folder|size|notebook|in use by"
    assert cells[:9] == heads.split("|")
    assert cells[9:] == [
        "<code>alice-churn</code>",
        "My title",
        "3",
        local(),
        "m-1",
        "/home/alice/churn",
        "12 kB",
        "",
        "",
    ]
    assert html_of(listed().iloc[:0]) == "<p>There are no sessions.</p>"
    many = pd.concat([listed()] * 100)
    assert html_of(many).count("<tr>") == 61
    assert "and 40 sessions more" in html_of(many)


def test_what_is_shown_does_not_act() -> None:
    bad = "\x1b[31m\u202e<script>x()</script>\"' onmouseover=x() $\\href{javascript:x()}{y}$"
    names = ("session", "title", "model", "cwd", "notebook", "in_use")
    shown = html_of(listed(**dict.fromkeys(names, bad * 20)))
    tags = set(re.findall(r"<([^\s>]+)", shown))
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "code", "span"} | {
        f"/{tag}" for tag in ("div", "table", "thead", "tbody", "tr", "th", "td", "code", "span")
    }
    assert set(re.findall(r" ([a-z]+)=\"", shown)) <= {"class", "style", "title"}
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.startswith('<div class="tex2jax_ignore mathjax_ignore">')


def test_what_is_listed_is_a_dataframe_with_a_look_of_its_own() -> None:
    frame = listed()
    own = SessionsFrame(frame)
    assert isinstance(own, pd.DataFrame)
    assert own._repr_html_() == html_of(frame)
    assert repr(own) == sessions_table(frame)
    assert type(own[["session", "title"]]) is pd.DataFrame
    assert type(own[own["turns"] > 1]) is pd.DataFrame
    pd.testing.assert_frame_equal(pd.DataFrame(own), pd.DataFrame(frame))
