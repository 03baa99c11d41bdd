"""What is kept of the sessions' files: for as long as they stay as they are, and no longer."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.transcripts import memory as module
from copilot_magics.transcripts.catalog import SessionFacts, catalog, facts, find
from copilot_magics.transcripts.workspace import Workspace, read_workspace


@pytest.fixture
def kept(home: Path) -> Path:
    return home / "copilot_magics" / "catalog.msgpack"


def another_kernel() -> None:
    module._memories.clear()


def known(session: str) -> SessionFacts:
    found = facts(session)
    assert found is not None
    return found


def rewrite_unseen(path: Path, content: bytes) -> None:
    """Change a file so that nothing tells of it."""
    status = path.stat()
    assert len(content) == status.st_size
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_journal_that_stays_as_it_is_is_read_once_by_all_kernels(home: Path) -> None:
    journal = write_session(home, "s", start(), prompt("one"), answer("1")) / "events.jsonl"
    (before,) = catalog()
    rewrite_unseen(journal, journal.read_bytes().replace(b"user.message", b"user.massage"))
    assert catalog() == [before]
    another_kernel()
    assert catalog() == [before]
    assert before.turns == 1


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_what_is_no_file_is_not_read(home: Path, kept: Path, kind: str) -> None:
    folder = write_session(
        home, "s", start(), prompt("one"), workspace="name: Mine\nuser_named: true\n"
    )
    catalog()

    def replace(path: Path) -> None:
        path.unlink()
        if kind == "a pipe":
            os.mkfifo(path)
        elif kind == "a device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()

    assert known("s").title == "Mine"
    replace(folder / "workspace.yaml")
    replace(kept)
    another_kernel()
    assert (known("s").title, find("Mine")) == ("one", None)
    assert read_workspace(str(folder / "workspace.yaml")) == Workspace()
    replace(folder / "events.jsonl")
    assert facts("s") is None
    assert catalog() == []


@pytest.mark.parametrize("in_another", [False, True], ids=["this kernel", "another kernel"])
def test_what_has_changed_is_read_again(home: Path, in_another: bool) -> None:
    folder = write_session(home, "s", start(), prompt("one"), workspace="name: s\n")
    journal, workspace = folder / "events.jsonl", folder / "workspace.yaml"
    assert catalog()[0].turns == 1

    def seen() -> SessionFacts:
        if in_another:
            another_kernel()
        return known("s")

    with journal.open("ab") as file:
        file.write(prompt("two") + b"\n")
    assert seen().turns == 2
    status = journal.stat()
    changed = journal.read_bytes().replace(b'"one"', b'"eno"').replace(b">one", b">eno")
    journal.write_bytes(changed)
    os.utime(journal, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert seen().title == "eno"
    replacement = journal.with_name("replacement")
    replacement.write_bytes(changed.replace(b"eno", b"two"))
    os.utime(replacement, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    replacement.rename(journal)
    assert seen().title == "two"
    workspace.write_text("name: Mine\nuser_named: true\n")
    assert (seen().title, find("mine")) == ("Mine", "s")
    workspace.unlink()
    assert (seen().title, find("mine")) == ("two", None)
    journal.unlink()
    assert facts("s") is None


def test_only_its_user_can_read_it(home: Path, kept: Path) -> None:
    write_session(home, "s", start(), prompt("one"))
    catalog()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x92\x00\x80", b"\x92\x01\x81\xa1s\x01"])
def test_a_damaged_file_holds_nothing(home: Path, kept: Path, damage: bytes) -> None:
    write_session(home, "s", start(), prompt("one"))
    listed = catalog()
    kept.write_bytes(damage)
    another_kernel()
    assert catalog() == listed
    another_kernel()
    assert catalog() == listed


def test_where_nothing_can_be_written_one_reads_all_the_same(home: Path) -> None:
    write_session(home, "s", start(), prompt("one"))
    (home / "copilot_magics").write_text("in the way")
    assert [found.title for found in catalog()] == ["one"]


def test_a_session_that_is_gone_leaves_nothing(home: Path, kept: Path) -> None:
    for session in ("stays", "goes", "deleted"):
        write_session(home, session, start(), prompt(f"secret of {session}"))
    catalog()
    assert kept.read_bytes().count(b"secret of") == 3
    shutil.rmtree(home / "session-state" / "goes")
    catalog()
    assert b"secret of goes" not in kept.read_bytes()
    # Another kernel has it in its memory, and this one is told.
    other = module.Memory(kept)
    shutil.rmtree(home / "session-state" / "deleted")
    module.memory().forget("deleted")
    assert b"secret of deleted" not in kept.read_bytes()
    write_session(home, "new", start())
    other.outline("new", str(home / "session-state" / "new" / "events.jsonl"))
    other.keep(["stays", "new"], lambda: ["stays", "new"])
    assert b"secret of deleted" not in kept.read_bytes()
    assert b"secret of stays" in kept.read_bytes()


def test_one_that_is_deleted_while_it_is_written_leaves_nothing(home: Path, kept: Path) -> None:
    for session in ("stays", "goes"):
        write_session(home, session, start(), prompt(f"secret of {session}"))
        known(session)
    module.memory().keep(["stays", "goes"], lambda: ["stays"])
    assert b"secret of goes" not in kept.read_bytes()
    assert b"secret of stays" in kept.read_bytes()


def test_nothing_new_is_not_written_again(home: Path, kept: Path) -> None:
    write_session(home, "s", start(), event("session.idle"))
    catalog()
    before = kept.stat().st_ino
    catalog()
    catalog()
    assert kept.stat().st_ino == before
