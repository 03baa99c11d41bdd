"""What we write is private and whole; where things lie follows the environment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from copilot_magics import folders


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_follow_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folders.copilot_home() == home
    assert folders.session_state() == home / "session-state"
    monkeypatch.setenv("COPILOT_HOME", "~/elsewhere")
    assert folders.copilot_home() == Path.home() / "elsewhere"
    monkeypatch.delenv("COPILOT_HOME")
    assert folders.copilot_home() == Path.home() / ".copilot"


def test_what_is_written_is_private(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file.json"
    folders.write_private(file, b"one")
    folders.write_private(file, b"two")
    assert file.read_bytes() == b"two"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside(tmp_path: Path) -> None:
    in_the_way = tmp_path / "folder" / "file.json"
    in_the_way.mkdir(parents=True)
    with pytest.raises(OSError, match=r"file\.json is no file"):
        folders.write_private(in_the_way, b"one")
    assert list(in_the_way.parent.iterdir()) == [in_the_way]
