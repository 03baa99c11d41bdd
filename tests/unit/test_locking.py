"""One writer a session: the lock is the system's, and a record beside it says who."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest

from copilot_magics import folders, locking
from copilot_magics.errors import SessionInUse, StateUnusable

HOLD = """
import sys
from copilot_magics.locking import SessionLock
lock = SessionLock("chat", "/a/other.ipynb")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_holder() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_refused_and_told_who(home: Path) -> None:
    with other_holder() as other:
        with pytest.raises(SessionInUse) as caught:
            locking.SessionLock("chat", "/b/mine.ipynb")
        said = str(caught.value)
        assert "'chat' is in use by /a/other.ipynb" in said
        assert f"process {other.pid} on" in said
        assert "--disconnect" in said
        assert "get_messages('chat')" in said
        found = locking.holder("chat")
        assert found is not None
        assert (found.notebook, found.pid) == ("/a/other.ipynb", other.pid)
        # Whoever asked has not taken it, nor changed the record.
        assert locking.holder("chat") == found


def test_a_dead_holder_holds_nothing(home: Path) -> None:
    with other_holder() as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert locking.holder("chat") is None
        lock = locking.SessionLock("chat", "/b/mine.ipynb")
        found = locking.holder("chat")
        assert found is not None
        assert found.notebook == "/b/mine.ipynb"
        lock.release()


def test_a_released_lock_can_be_taken_again(home: Path) -> None:
    lock = locking.SessionLock("chat", "")
    with pytest.raises(SessionInUse, match="a program without a notebook"):
        locking.SessionLock("chat", "")
    locking.SessionLock("another", "").release()
    lock.release()
    lock.release()
    assert locking.holder("chat") is None
    locking.SessionLock("chat", "").release()


def test_locks_are_private_and_hold_no_more_than_who(home: Path) -> None:
    lock = locking.SessionLock("chat", "/a/n.ipynb")
    folder = folders.own_state() / "locks"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["chat.json", "chat.lock"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert (folder / "chat.lock").read_bytes() == b""
    lock.release()
    assert list(folder.iterdir()) == []


def test_a_damaged_record_still_refuses(home: Path) -> None:
    with other_holder():
        (folders.own_state() / "locks" / "chat.json").write_bytes(b"{")
        with pytest.raises(SessionInUse, match="in use by another kernel"):
            locking.SessionLock("chat", "")


def test_a_folder_that_cannot_be_written_is_said(home: Path) -> None:
    locking.SessionLock("chat", "").release()
    locks = folders.own_state() / "locks"
    (locks / "chat.lock").mkdir()
    with pytest.raises(StateUnusable, match=r"chat.lock is no file"):
        locking.SessionLock("chat", "")


@contextmanager
def mark(pid: int, *, locked: bool) -> Iterator[None]:
    folder = folders.session_state() / "chat"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"inuse.{pid}.lock").write_text(f"{pid}\n")
    with (folder / f"inuse.{pid}.hold").open("wb") as file:
        if locked:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_foreign_runtimes_are_those_that_hold_their_mark(home: Path) -> None:
    assert locking.foreign_runtimes("chat", None) == []
    with mark(11, locked=True), mark(12, locked=False), mark(13, locked=True):
        assert locking.foreign_runtimes("chat", 13) == [11]
        assert locking.foreign_runtimes("chat", None) == [11, 13]
    # What a dead runtime left, even where the process ID is somebody's now.
    with mark(os.getpid(), locked=False):
        assert locking.foreign_runtimes("chat", None) == []


def hold_until_told(told: str) -> None:
    Path(told).read_bytes()


def test_a_forked_child_does_not_keep_the_lock(home: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    lock = locking.SessionLock("chat", "")
    child = multiprocessing.get_context("fork").Process(target=hold_until_told, args=(str(fifo),))
    child.start()
    lock.release()
    locking.SessionLock("chat", "").release()
    fifo.write_bytes(b"end")
    child.join()
    assert child.exitcode == 0


def test_a_deleted_sessions_lock_is_removed_while_it_is_held(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between a release and a removal somebody could take the lock, and another one a new file.
    unlink, removed = Path.unlink, []

    def watched(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".lock":
            with pytest.raises(filelock.Timeout):
                filelock.FileLock(path).acquire(timeout=0)
            removed.append(path.name)
        unlink(path, missing_ok)

    lock = locking.SessionLock("chat", "")
    monkeypatch.setattr(Path, "unlink", watched)
    lock.release()
    assert removed == ["chat.lock"]
    locking.SessionLock("chat", "").release()
