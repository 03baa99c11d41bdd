"""What has changed among the sessions on disk since somebody last looked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from journals import prompt, start, write_session

from copilot_magics.transcripts.changes import Changes, Watch

NOTHING = Changes([], [])


@pytest.fixture
def watch(home: Path) -> Watch:
    """Two sessions, seen."""
    for age, session in enumerate(["new", "old"]):
        folder = write_session(home, session, start(), workspace=f"name: {session}\n")
        os.utime(folder / "events.jsonl", (2e9 - age, 2e9 - age))
    watch = Watch(home / "session-state")
    assert watch.look() == Changes(["new", "old"], [])
    return watch


def test_nothing_has_changed(watch: Watch) -> None:
    assert watch.look() == NOTHING


def test_a_session_is_made_and_deleted(home: Path, watch: Watch) -> None:
    folder = write_session(home, "made", start())
    assert watch.look() == Changes(["made"], [])
    shutil.rmtree(folder)
    assert watch.look() == Changes([], ["made"])
    assert watch.look() == NOTHING


def test_a_journal_grows_a_title_changes_and_somebody_takes_it_up(home: Path, watch: Watch) -> None:
    folder = home / "session-state" / "old"
    with (folder / "events.jsonl").open("ab") as file:
        file.write(prompt("more") + b"\n")
    assert watch.look() == Changes(["old"], [])
    (folder / "workspace.yaml").write_text("name: A new title\n")
    assert watch.look() == Changes(["old"], [])
    (folder / "inuse.123.hold").touch()
    assert watch.look() == Changes(["old"], [])
    assert watch.look() == NOTHING


def test_the_newest_first_and_the_others_with_the_next_look(home: Path, watch: Watch) -> None:
    again = Watch(home / "session-state")
    assert again.look(most=1) == Changes(["new"], [])
    assert again.look() == Changes(["old"], [])
    assert again.look() == NOTHING


def test_what_is_no_session_does_not_count(home: Path, watch: Watch) -> None:
    write_session(home, "unprompted", workspace="name: x\n")
    (home / "session-state" / "a-file").touch()
    (home / "session-state" / "no id at all").mkdir()
    assert watch.look() == NOTHING


def test_a_folder_that_is_none(home: Path) -> None:
    assert Watch(home / "session-state").look() == NOTHING
    home.mkdir()
    (home / "session-state").touch()
    with pytest.raises(NotADirectoryError):
        Watch(home / "session-state").look()
