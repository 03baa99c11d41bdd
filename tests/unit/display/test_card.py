"""A session at a glance."""

from __future__ import annotations

import re
from pathlib import Path

from journals import answer, prompt, start, write_session

from copilot_magics import Session
from copilot_magics.locking import SessionLock


def test_one_that_is_not_there_yet(home: Path) -> None:
    assert repr(Session("new-one")) == "Session('new-one')"
    assert "<code>new-one</code></strong><br>not created yet<" in Session("new-one")._repr_html_()


def test_one_that_is_used(home: Path) -> None:
    write_session(
        home, "talk", start(), prompt("Why?"), answer("So."), workspace="name: talk\ncwd: /home/a\n"
    )
    lock = SessionLock("talk", "/home/a/n.ipynb")
    told = repr(Session("talk"))
    assert re.fullmatch(
        r"<Session talk · “Why\?” · 1 turn · last used \d{4}-\d\d-\d\d \d\d:\d\d · m-1 · /home/a "
        r"· \d+ B · in use by /home/a/n\.ipynb \(process .*\)>",
        told,
    )
    lock.release()
    assert "in use" not in repr(Session("talk"))


def test_its_title_does_not_act(home: Path) -> None:
    write_session(home, "talk", prompt("<img src=x onerror=x()>\x1b[31m"))
    shown = Session("talk")._repr_html_()
    assert "&lt;img src=x onerror=x()&gt;[31m" in shown
    assert set(re.findall(r"<(\w+)", shown)) == {"div", "strong", "code", "br"}


def test_a_line_about_it_cannot_drive_a_terminal(home: Path) -> None:
    write_session(home, "talk", prompt("Why?\x1b[2J\u202e"))
    assert "Why?[2J" in repr(Session("talk"))
