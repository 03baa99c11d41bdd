"""All sessions, from Python, where nothing is bound and no runtime is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session

from copilot_magics import get_messages, prune_sessions
from copilot_magics.errors import BadInput, SessionNotFound


def test_without_a_session_a_time_alone_asks_for_all(home: Path) -> None:
    old = {"timestamp": "2020-01-01T10:00:00.000Z"}
    write_session(home, "a", start(), prompt("new"), prompt("old", **old))
    write_session(home, "b", start(), answer("new too"))
    write_session(home, "c", prompt("old", **old))
    frame = get_messages(since="2026-01-01", columns=["session", "content"])
    said = frame.dropna()
    assert said.to_numpy().tolist() == [["a", "new"], ["b", "new too"]]
    assert set(get_messages(until="2021-01-01")["content"]) == {"old"}


def test_what_cannot_be_deleted_is_said(home: Path, tmp_path: Path) -> None:
    write_session(home, "old", start(), prompt("old"))
    outside = tmp_path / "outside"
    (home / "session-state" / "old").rename(outside)
    (home / "session-state" / "old").symlink_to(outside)
    ahead = datetime.now() + timedelta(days=1)
    assert prune_sessions(ahead, dry_run=True)["session"].tolist() == ["old"]
    with pytest.raises(BadInput, match="may lead out of the folder of sessions"):
        prune_sessions(ahead, yes=True)
    assert outside.is_dir()
    with pytest.raises(BadInput, match="age='soon' is no moment"):
        prune_sessions("soon")


def test_without_a_session_and_a_time_it_says_what_to_type(home: Path) -> None:
    write_session(home, "a", start())
    with pytest.raises(BadInput, match=r"not bound to a session.*get_messages\('alice-churn'\)"):
        get_messages(types="user.message")
    with pytest.raises(SessionNotFound, match="There is no session 'b'"):
        get_messages(["a", "b"])
    with pytest.raises(BadInput, match="There is no engine 'spark'"):
        get_messages("a", engine="spark")
