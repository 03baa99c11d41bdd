"""Full-text search for the picker: in processes of their own, one search at a time.

The sessions that may hold the text, the newest first, are shared out to two processes, which read
them. A search that nobody waits for any more is ended with its processes.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

import msgspec

from copilot_magics.folders import session_state
from copilot_magics.transcripts.narrowing import Narrowing
from copilot_magics.transcripts.search import Hit, Progress

_PROCESSES = 2
_DECODER = msgspec.json.Decoder(Progress)

Tell = Callable[[list[Hit], int, bool], None]
"""Takes new hits, how many sessions have been looked at, and whether that was all."""


class Search:
    """One search.

    Parameters
    ----------
    text : str
        What to search for.
    sessions : sequence of str
        The IDs of the sessions to search, in the order in which hits are wanted.
    tell : callable
        Called from threads of the search's own, one call at a time.
    """

    def __init__(self, text: str, sessions: Sequence[str], tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._read = 0
        self._ended = 0
        self._cancelled = False
        self._processes = [_start() for _ in range(_PROCESSES)]
        for process in self._processes:
            self._in_background(self._follow, process)
        self._narrowing = Narrowing(session_state(), sessions, text)
        self._in_background(self._share_out, text)

    def cancel(self) -> None:
        """End the search; nothing more is told."""
        with self._lock:
            self._cancelled = True
        self._narrowing.stop()
        for process in self._processes:
            process.kill()

    def _in_background(self, work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(
            target=work, args=arguments, name="copilot-magics-search", daemon=True
        ).start()

    def _share_out(self, text: str) -> None:
        inputs = [process.stdin for process in self._processes if process.stdin]
        # One that was ended takes no more, and nobody waits for the rest.
        with contextlib.suppress(OSError):
            for given in inputs:
                given.write(msgspec.json.encode(text) + b"\n")
            number = 0
            for left, others in self._narrowing:
                for session in left:
                    inputs[number % _PROCESSES].write(f"{session}\n".encode())
                    number += 1
                for given in inputs:
                    given.flush()
                self._say([], others)
        for given in inputs:
            with contextlib.suppress(OSError):
                given.close()

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        hits: list[Hit] = []
        unsaid = said = 0
        for line in process.stdout:
            unsaid += 1
            if (hit := _DECODER.decode(line).hit) is not None:
                hits.append(hit)
            # The first hits at once; then in heaps, as the page draws them.
            if unsaid >= 100 or (hits and unsaid >= min(said, 20)):
                self._say(hits, unsaid)
                said, unsaid, hits = said + unsaid, 0, []
        self._say(hits, unsaid, ended=True)
        process.stdout.close()
        process.wait()

    def _say(self, hits: list[Hit], read: int, *, ended: bool = False) -> None:
        with self._lock:
            self._read += read
            self._ended += ended
            if not self._cancelled:
                self._tell(hits, self._read, self._ended == _PROCESSES)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: a file in the notebook's folder must not pass for a module of ours.
        [sys.executable, "-P", "-m", "copilot_magics.transcripts.search"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # An interrupt of the kernel is not meant for it.
        start_new_session=True,
    )
