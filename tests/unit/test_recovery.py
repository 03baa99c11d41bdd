"""What has taken the place of a session's files is seen before anybody waits for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import prompt, start, write_session

from copilot_magics.errors import BadInput
from copilot_magics.recovery import begins, check_files


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)],
    ids=["a pipe", "a folder", "a device"],
)
@pytest.mark.parametrize("name", ["events.jsonl", "workspace.yaml", "plan.md"])
def test_what_is_no_file_is_refused_before_it_is_read(
    home: Path, name: str, make: Callable[[Path], None]
) -> None:
    path = write_session(home, "s", start(), prompt("one"), workspace="name: s\n") / name
    check_files("s")
    assert begins("s")
    path.unlink(missing_ok=True)
    check_files("s")
    make(path)
    with pytest.raises(BadInput, match=f"{name} is no file, so the session 's' cannot be taken up"):
        check_files("s")
    assert begins("s") == (name != "events.jsonl")


def test_a_file_in_the_place_of_a_session_is_refused(home: Path) -> None:
    write_session(home, "other", start())
    (home / "session-state" / "s").touch()
    with pytest.raises(BadInput, match="session-state/s is no folder"):
        check_files("s")
    check_files("not-there-yet")
