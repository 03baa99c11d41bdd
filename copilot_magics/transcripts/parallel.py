"""Many sessions at once, on all cores.

This process reads, and so do others (`worker`), one for each other core; all take the next few
sessions when they are done with some. The others are started only where there is enough to read
that they pay; they are processes of their own and not forks, which would share a kernel's locks and
connections. Their rows come in memory that is shared, and so are not copied. One that fails costs
time and nothing else: what it did not answer is read here. An interrupt ends them all at once.
"""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import msgspec

from copilot_magics.transcripts.damage import Place, places, stack_depth
from copilot_magics.transcripts.gathering import Rows, Tell, gather
from copilot_magics.transcripts.journal import FILE
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.schema import Piece
from copilot_magics.transcripts.wire import Answer, Job, read, receive, send

PAYS = 64 * 1024**2
"""Bytes of journals from which on other processes save more than they cost."""

# To glibc: memory that was used for some sessions is used again for the next ones, not given back.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
_BATCH = 2 * 1024**2
_MOST = 8
_AHEAD = 2


class Found(NamedTuple):
    """What was read of some sessions: their rows, and the damage of their journals."""

    pieces: list[Piece]
    damage: list[Place]


def size_of(state: Path, session: str) -> int:
    """Return how many bytes a session's journal has; none where there is no journal."""
    try:
        # A text: to make a Path takes as long as to look.
        return os.stat(f"{state}/{session}/{FILE}").st_size
    except OSError:
        return 0


def gather_all(
    state: Path,
    sessions: Sequence[str],
    wanted: Restrictions,
    tell: Tell,
    processes: int | None = None,
    sizes: list[int] | None = None,
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
    sizes : list of int, optional
        `size_of` each session, where that is known already.

    Returns
    -------
    Found
        In the order of the sessions.
    """
    if sizes is None:
        sizes = [size_of(state, session) for session in sessions]
    if processes is None:
        processes = _cores() if sum(sizes) >= PAYS else 1
    # For one process, one batch: its rows lie closest together.
    batches = _batches(sessions, sizes, _BATCH if processes > 1 else None)
    work = _Work(batches)
    others = min(processes, len(batches)) - 1
    with _Helpers(others, Job(str(state), wanted), work) as helpers:
        while (number := work.take()) is not None:
            work.found[number] = _read(state, batches[number].sessions, wanted, tell)
            tell(work.news())
        while helpers.are_busy():
            tell(work.news())
        tell(work.news())
        work.found |= helpers.found()
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
    """Batches to be read, by their numbers; what this process found in those it has read."""

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

    def is_read(self, number: int) -> None:
        """Note that another process has read a batch."""
        with self._lock:
            self._unsaid += self.batches[number].size

    def news(self) -> int:
        """Return how many bytes other processes have read since this was asked last."""
        with self._lock:
            unsaid, self._unsaid = self._unsaid, 0
            return unsaid


class _Helper:
    """Another process, and a thread that gives it batches and takes its answers."""

    def __init__(self, job: bytes, work: _Work) -> None:
        self._work = work
        self._answers: dict[int, Answer] = {}
        self._is_gone = False
        self._file = _nameless_file()
        self._connection, theirs = socket.socketpair()
        given = (theirs.fileno(), self._file.fileno())
        with theirs:
            self.process = subprocess.Popen(
                # -P: a file in the notebook's folder must not pass for a module of ours.
                [
                    *(sys.executable, "-P", "-m", "copilot_magics.transcripts.worker"),
                    *map(str, given),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=given,
                env={**os.environ, **_KEEP_MEMORY},
                # An interrupt of the kernel is not meant for it; it is ended here.
                start_new_session=True,
            )
        self.thread = threading.Thread(
            target=self._follow, args=(job,), name="copilot-magics-transcripts", daemon=True
        )
        self.thread.start()

    def _follow(self, job: bytes) -> None:
        due: deque[int] = deque()
        try:
            send(self._connection, job)
            while True:
                # It has the next batch already when it is done with one.
                while len(due) < _AHEAD and (number := self._work.take()) is not None:
                    due.append(number)
                    sessions = self._work.batches[number].sessions
                    send(self._connection, msgspec.json.encode(sessions))
                if not due:
                    return
                answer = receive(self._connection)
                if answer is None:
                    raise ConnectionError
                self._work.is_read(due[0])
                self._answers[due.popleft()] = msgspec.json.decode(answer, type=Answer)
        except OSError:
            # It is gone: ended here, or of itself. What it did not answer is read here.
            self._is_gone = True

    def found(self) -> dict[int, Found]:
        """Return what was found in the batches that were answered."""
        if self._is_gone:
            warnings.warn(
                "A process that helped to read the sessions ended before it was done; what it had"
                " not read yet is read here.",
                RuntimeWarning,
                stacklevel=stack_depth(),
            )
        if not self._answers:
            return {}
        memory = memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))
        return {
            number: Found(read(memory[answer.start : answer.end]), answer.damage)
            for number, answer in self._answers.items()
        }

    def end(self) -> None:
        """End the process, and all that belongs to it."""
        self.process.kill()
        # Its end of the socket is closed now, which wakes the thread that waits for it.
        self.thread.join()
        self.process.wait()
        self._connection.close()
        self._file.close()


class _Helpers:
    """Other processes."""

    def __init__(self, count: int, job: Job, work: _Work) -> None:
        self._all: list[_Helper] = []
        try:
            for _ in range(count):
                self._all.append(_Helper(msgspec.json.encode(job), work))
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
        for helper in self._all:
            helper.thread.join(0.05)
        return any(helper.thread.is_alive() for helper in self._all)

    def found(self) -> dict[int, Found]:
        """Return what they have found."""
        return {number: one for helper in self._all for number, one in helper.found().items()}

    def _end(self) -> None:
        for helper in self._all:
            helper.end()


def _nameless_file() -> IO[bytes]:
    """Return a file that no other process can open, and that goes with the last that has it."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("copilot-magics"), "r+b", buffering=0)
    return tempfile.TemporaryFile()
