"""One writer a session.

The runtime does not lock: two of them may hold one session, each sees only its own turns, and both
append to one journal. So whoever opens a session here holds a lock under COPILOT_HOME, which the
operating system releases when its holder dies, with a record beside it that says who holds it. The
record is not in the lock file, because opening that file may empty it. The terminal's copilot does
not take our lock; it leaves a mark in the session's folder, which is looked for before each prompt.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from copilot_magics.disk import refused
from copilot_magics.errors import SessionInUse
from copilot_magics.folders import (
    check_own_file,
    own_folder,
    own_state,
    read_private,
    session_state,
    write_private,
)
from copilot_magics.texts import DAMAGED, as_text

_PATIENCE = 0.3
"""Seconds to try: longer than the moment for which `holder` tests a lock."""

_MARK = re.compile(r"inuse\.(\d+)\.hold")


class Holder(msgspec.Struct, frozen=True):
    """Who holds a session: notebook (or ``""``), host, process ID and since when."""

    notebook: str
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        who = self.notebook or "a program without a notebook"
        return f"{who} (process {self.pid} on {self.host}, since {self.since:%Y-%m-%d %H:%M} UTC)"


class SessionLock:
    """The right to write to one session.

    Parameters
    ----------
    session : str
        The session's ID.
    notebook : str
        Path of the notebook that wants it, for whoever is refused.

    Raises
    ------
    SessionInUse
        Somebody else holds it; says who.
    StateUnusable
        The disk refuses, or what is there is not ours.
    """

    def __init__(self, session: str, notebook: str) -> None:
        from filelock import FileLock, Timeout

        self._session = session
        self._record, self._path = _record(session), _lock(session)
        # Not thread-local: it is taken on the runtime's loop and may be released elsewhere.
        self._lock = FileLock(self._path, mode=0o600, thread_local=False)
        try:
            own_folder(self._path.parent)
            check_own_file(self._path)
            self._lock.acquire(timeout=_PATIENCE, poll_interval=0.02)
        except Timeout:
            raise in_use(session, _read(session)) from None
        except OSError as error:
            raise refused(self._path, error) from error
        me = Holder(as_text(notebook), socket.gethostname(), os.getpid(), datetime.now(UTC))
        try:
            write_private(self._record, msgspec.json.encode(me))
        except BaseException:
            self._lock.release()
            raise

    def release(self) -> None:
        """Give the session back; where nothing is left of it, its lock file goes too.

        While the lock is held that is no race: whoever has opened the file meanwhile gets a lock
        on no file, and tries again.
        """
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._record.unlink()
            if not (session_state() / self._session).exists():
                # Windows does not remove what is open.
                with contextlib.suppress(OSError):
                    self._path.unlink()
            self._lock.release()


def holder(session: str) -> Holder | None:
    """Return who holds a session, or None; the record of one that died is removed."""
    from filelock import FileLock, Timeout

    if not _record(session).exists():
        return None
    probe = FileLock(_lock(session), mode=0o600)
    try:
        probe.acquire(timeout=0)
    except (Timeout, OSError):
        return _read(session)
    # While the lock is held here, nobody writes another one.
    with contextlib.suppress(OSError):
        _record(session).unlink()
    probe.release()
    return None


def in_use(session: str, who: object) -> SessionInUse:
    """Return the error for a session that somebody else holds: a `Holder`, or one in words."""
    let_go = (
        "End it there"
        if isinstance(who, str)
        else "Release it there with `%copilot_session --disconnect`"
    )
    return SessionInUse(
        f"The session {session!r} is in use by {who or 'another kernel'}.",
        f"{let_go}, read it here with `get_messages({session!r})`, "
        f"or go on from it with `%copilot_session --fork {session}`.",
    )


def held_sessions() -> list[str]:
    """Return the IDs of the sessions that kernels hold, or held when they were killed."""
    try:
        names = os.listdir(own_state() / "locks")
    except OSError:
        return []
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def users(sessions: Iterable[str], own_pid: int | None) -> dict[str, str]:
    """Return who uses sessions, kernel or terminal, in words.

    Parameters
    ----------
    sessions : iterable of str
        The IDs to look at.
    own_pid : int or None
        Process ID of this kernel's own runtime.

    Returns
    -------
    dict
        From the ID of each session that is in use to its user.
    """
    held, state = set(held_sessions()), str(session_state())
    found: dict[str, str] = {}
    for session in sessions:
        if session in held and (by := holder(session)):
            found[session] = str(by)
        elif pids := _foreign_runtimes(f"{state}/{session}", own_pid):
            found[session] = foreign(pids[0])
    return found


def foreign(pid: int) -> str:
    """Return the words for a runtime that is not ours."""
    return f"another Copilot runtime (process {pid})"


def foreign_runtimes(session: str, own_pid: int | None) -> list[int]:
    """Return the process IDs of other live runtimes that have marked a session as theirs.

    A runtime keeps ``inuse.<pid>.hold`` in the session's folder locked from its first prompt on.
    One that can be locked is what a dead runtime left, whoever has its process ID now.

    Parameters
    ----------
    session : str
        The session's ID.
    own_pid : int or None
        Process ID of this kernel's own runtime.
    """
    return _foreign_runtimes(f"{session_state()}/{session}", own_pid)


def _foreign_runtimes(folder: str, own_pid: int | None) -> list[int]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    marks = {
        int(found[1]): f"{folder}/{name}" for name in names if (found := _MARK.fullmatch(name))
    }
    return sorted(pid for pid, mark in marks.items() if pid != own_pid and _is_locked(mark))


def _is_locked(path: str) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(session: str) -> Path:
    return own_state() / "locks" / f"{session}.lock"


def _record(session: str) -> Path:
    return own_state() / "locks" / f"{session}.json"


def _read(session: str) -> Holder | None:
    try:
        return msgspec.json.decode(read_private(_record(session)), type=Holder)
    except (OSError, *DAMAGED):
        return None
