"""Many sessions at once, on all cores.

This process reads, and so do others (`worker`), one for each other core; all take the next few
sessions when they are done with some. The others are started only where there is enough to read
that they pay; they are processes of their own and not forks, which would share a kernel's locks and
connections. One that fails costs time and nothing else: what it did not answer is read here. An
interrupt ends them all at once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec

from copilot_magics.transcripts.damage import Place, places
from copilot_magics.transcripts.gathering import Rows, Tell, gather
from copilot_magics.transcripts.journal import journal_path
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.schema import Piece
from copilot_magics.transcripts.worker import Job, decode, receive, send

PAYS = 64 * 1024**2
"""Bytes of journals from which on other processes save more than they cost."""

_BATCH = 8 * 1024**2
_MOST = 8
_AHEAD = 2


class Found(NamedTuple):
    """What was read of some sessions: their rows, and the damage of their journals."""

    pieces: list[Piece]
    damage: list[Place]


def size_of(state: Path, session: str) -> int:
    """Return how many bytes a session's journal has; none where there is no journal."""
    try:
        return os.stat(journal_path(session, state)).st_size
    except OSError:
        return 0


def gather_all(
    state: Path,
    sessions: Sequence[str],
    wanted: Restrictions,
    tell: Tell,
    processes: int | None = None,
) -> Found:
    """Read sessions.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    sessions : sequence of str
        Their IDs; one without a journal has no rows.
    wanted : Restrictions
        What is wanted of them.
    tell : callable
        Called now and then with the bytes that have been read since.
    processes : int, optional
        How many read, this one included; as many as there are cores where left out, if that pays.

    Returns
    -------
    Found
        In the order of the sessions.
    """
    sizes = [size_of(state, session) for session in sessions]
    if processes is None:
        processes = _cores() if sum(sizes) >= PAYS else 1
    # For one process, one batch: its rows lie closest together.
    batches = _batches(sessions, sizes, _BATCH if processes > 1 else None)
    work = _Work(batches)
    with _Helpers(processes - 1, Job(str(state), wanted), work) as helpers:
        while (number := work.take()) is not None:
            work.found[number] = _read(state, batches[number].sessions, wanted, tell)
            tell(work.news())
        while helpers.are_busy():
            tell(work.news())
        tell(work.news())
    for number, batch in enumerate(batches):
        if number not in work.found:
            work.found[number] = _read(state, batch.sessions, wanted, tell)
    found = [work.found[number] for number in range(len(batches))]
    return Found(
        [piece for one in found for piece in one.pieces],
        [place for one in found for place in one.damage],
    )


def _cores() -> int:
    if os.name != "posix":
        # Windows has no sockets that a process of Python's could be given so.
        return 1
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST)
    return min(os.cpu_count() or 1, _MOST)


class _Batch(NamedTuple):
    sessions: list[str]
    size: int


def _batches(sessions: Sequence[str], sizes: list[int], most: int | None) -> list[_Batch]:
    batches: list[_Batch] = []
    for session, size in zip(sessions, sizes, strict=True):
        if batches and (most is None or batches[-1].size + size <= most):
            batches[-1].sessions.append(session)
            batches[-1] = batches[-1]._replace(size=batches[-1].size + size)
        else:
            batches.append(_Batch([session], size))
    return batches


def _read(state: Path, sessions: list[str], wanted: Restrictions, tell: Tell) -> Found:
    rows, damage = Rows(wanted), list[Place]()
    for session in sessions:
        damage += places(session, gather(state, session, rows, tell))
    return Found(rows.pieces, damage)


class _Work:
    """Batches to be read, by their numbers; what was found in those that have been."""

    def __init__(self, batches: list[_Batch]) -> None:
        self.batches = batches
        self.found: dict[int, Found] = {}
        self._lock = threading.Lock()
        self._next = 0
        self._unsaid = 0

    def take(self) -> int | None:
        """Return the next batch that nobody has taken."""
        with self._lock:
            if self._next == len(self.batches):
                return None
            self._next += 1
            return self._next - 1

    def has(self, number: int, found: Found) -> None:
        """Keep what another process found."""
        with self._lock:
            self.found[number] = found
            self._unsaid += self.batches[number].size

    def news(self) -> int:
        """Return how many bytes other processes have read since this was asked last."""
        with self._lock:
            unsaid, self._unsaid = self._unsaid, 0
            return unsaid


class _Helpers:
    """Other processes, each with a thread that gives it batches and takes its answers."""

    def __init__(self, count: int, job: Job, work: _Work) -> None:
        self._job, self._work = msgspec.json.encode(job), work
        self._connections: list[socket.socket] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []
        try:
            for _ in range(count):
                self._start()
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> _Helpers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def are_busy(self) -> bool:
        """Wait a moment for the answers that are still due; whether there are some."""
        for thread in self._threads:
            thread.join(0.05)
        return any(thread.is_alive() for thread in self._threads)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._connections.append(ours)
        with theirs:
            process = subprocess.Popen(
                # -P: a file in the notebook's folder must not pass for a module of ours.
                [
                    *(sys.executable, "-P", "-m", "copilot_magics.transcripts.worker"),
                    str(theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # An interrupt of the kernel is not meant for it; it is ended here.
                start_new_session=True,
            )
        self._processes.append(process)
        thread = threading.Thread(
            target=self._follow, args=(ours,), name="copilot-magics-transcripts", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _follow(self, connection: socket.socket) -> None:
        due: deque[int] = deque()
        try:
            send(connection, self._job)
            while True:
                # It has the next batch already when it is done with one.
                while len(due) < _AHEAD and (number := self._work.take()) is not None:
                    due.append(number)
                    send(connection, msgspec.json.encode(self._work.batches[number].sessions))
                if not due:
                    return
                damage, pieces = receive(connection), receive(connection)
                if damage is None or pieces is None:
                    return
                found = Found(decode(pieces), msgspec.json.decode(damage, type=list[Place]))
                self._work.has(due.popleft(), found)
        except OSError:
            # It is gone: ended here, or by the system. Whoever waits reads what is missing.
            return

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        # Their ends of the sockets are closed now, which wakes the threads that wait for them.
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.wait()
        for connection in self._connections:
            connection.close()
